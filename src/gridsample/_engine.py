"""The only importer of the native core: makes arrays that it can read, and calls it."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gridsample import _native
from gridsample._coords import AxisMap
from gridsample._modes import COMPLEX_DTYPES, DTYPES, KERNELS, dtype_name
from gridsample._native import Again, choose_isa, current_isa, get_num_threads, set_num_threads, use_threads, vector_bytes
from gridsample._spec import Spec

__all__ = [
    "SMALL",
    "STEPS",
    "WIDE",
    "Again",
    "Held",
    "Mapped",
    "Step",
    "again",
    "choose_isa",
    "current_isa",
    "derivatives",
    "get_num_threads",
    "is_plain",
    "isa_names",
    "prefilter",
    "sample",
    "sample_bits",
    "set_num_threads",
    "take",
    "transpose",
    "use_threads",
    "vector_bytes",
    "weighted",
]

WIDE = {kernel.code: kernel.taps > _native.MOST_TAPS_CONVERTED for kernel in KERNELS.values()}
"""Kernels that have code for planes of float32 and float64 only: other images are converted first."""

STEPS: dict[str, int] = _native.MAP_STEPS
"""Kinds of maps that the core takes points through."""

SMALL = 1 << 20
"""Bytes of a result up to which it counts how long the checks of a call take: such calls are made with ``again``."""


class Step(NamedTuple):
    """A map that the core takes points through: its kind, and what that is made of."""

    kind: int
    """One of ``STEPS``."""
    numbers: np.ndarray
    """float64: what native/kernels/map_steps.h says."""
    field: np.ndarray | None = None
    """(..., ndim), float32 or float64, axis 0 first, of any stride."""
    relative: bool = False


class Mapped(NamedTuple):
    """Coordinates that the core computes, the same for all of a batch: where maps take the indices of a point."""

    matrix: np.ndarray
    """(ndim, out_ndim + 1), float64, contiguous, constants last; if it is projective with a row more, what to divide by."""
    steps: tuple[Step, ...] = ()
    """What follows."""


def sample(
    input: np.ndarray,
    coords: np.ndarray | Mapped,
    out: np.ndarray,
    spec: Spec,
    fill: np.ndarray,
    mask: np.ndarray | None = None,
) -> None:
    """Fill ``out`` (N, C, *out) with ``input`` (N, C, *spatial) read at ``coords`` (N, *out, ndim).

    ``fill`` is float64, one for each channel (two, if complex); ``mask``, bool (N, *out), gets whether a centre is inside.
    """
    input = _readable(input)
    if isinstance(coords, np.ndarray):
        coords = _readable(coords)
    if out.ndim == 3 and (spec.relative or not isinstance(coords, np.ndarray)):  # where places count there are two axes or more
        coords = (
            coords[:, None]
            if isinstance(coords, np.ndarray)
            else coords._replace(matrix=np.insert(coords.matrix, 0, 0.0, axis=1))
        )
        out, mask = out[:, :, None], None if mask is None else mask[:, None]
    target = out if is_plain(out) else out.astype(out.dtype.newbyteorder("="))
    if input.dtype.kind == "c":
        _sample_complex(input, coords, target, spec, fill, mask)
    else:
        _call(input, coords, target, spec, fill, mask)
    if target is not out:
        out[...] = target


class Held(NamedTuple):
    """Arrays as a caller holds them, of which those of the core are views; coordinates (*out, ndim), or one of two (*out)."""

    input: np.ndarray
    points: np.ndarray
    out: np.ndarray
    apart: bool = False
    """The coordinates are two arrays of one layout, of which ``points`` is that of axis 0."""


def again(
    input: np.ndarray, coords: np.ndarray | Mapped, out: np.ndarray, spec: Spec, held: Held | None = None
) -> Again | None:
    """Return what fills ``out`` as ``sample`` with fill values of 0, for these arrays and others of their layouts and dtypes.

    It is called with what is ``held``, which are the same arrays if not given. It is True if it did, False for arrays that are
    not as these; None, if these are not such as the core reads and writes where they are.
    """
    points = coords.matrix if isinstance(coords, Mapped) else coords
    plain = all(a.size and is_plain(a) and a.dtype.kind in "iuf" for a in (input, points, out))
    if not plain or WIDE[spec.kernel] or (points is coords and _in_rows(points, _OF_COORDS) is not points):
        return None
    held = held or Held(input, points, out)
    return _native.again(
        _bits(input),
        None if points is not coords else _bits(points),
        None if points is coords else points,
        _bits(out),
        np.zeros(input.shape[1]),
        (_code(input), _code(points), _code(out)),
        (held.input, held.points, held.out),
        held.apart,
        *_modes(spec),
    )


def _modes(spec: Spec) -> tuple[int, tuple[int, ...], tuple[AxisMap, ...], tuple[int, ...], float, int, bool]:
    return (spec.kernel, spec.boundaries, spec.axes, spec.orders, spec.cubic_a, spec.outside, spec.nan_propagates)


def prefilter(input: np.ndarray, out: np.ndarray, axis: int, order: int, boundary: int) -> None:
    """Fill ``out`` with the spline coefficients of ``input`` along one axis: the same array, or apart; of the same dtype."""
    source = _readable(input)
    target = source if out is input else out if is_plain(out) else out.astype(out.dtype.newbyteorder("="))
    parts = _real_parts(target)
    _native.prefilter(parts if target is source else _real_parts(source), parts, _code(parts), axis, order, boundary)
    if target is not out:
        out[...] = target


def weighted(
    input: np.ndarray,
    start: np.ndarray,
    weights: np.ndarray,
    out: np.ndarray,
    then: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Fill ``out`` (outer, m, inner) with sums of neighbours of ``input`` (outer, n, inner): contiguous, of one real dtype.

    Sum i is that of ``weights`` (m, taps), of that dtype, times the samples from ``start[i]``, int64, on. With ``then``, such
    starts and weights, the same is done along the last axis after that.
    """
    then_start, then_weights = then or (None, None)
    _native.weighted(input, start, weights, then_start, then_weights, out)


def take(input: np.ndarray, row: np.ndarray, column: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` (rows, columns) with elements of ``input``, all contiguous, at the sums of two offsets, int64."""
    _native.take(_bits(input), row, column, _bits(out))


def transpose(input: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` (batch, columns, rows) with ``input`` (batch, rows, columns); float32, contiguous."""
    _native.transpose(input, out)


def _call(
    input: np.ndarray, coords: np.ndarray | Mapped, out: np.ndarray, spec: Spec, fill: np.ndarray, mask: np.ndarray | None
) -> None:
    if WIDE[spec.kernel]:
        computed = DTYPES[dtype_name(input.dtype)].computed
        planes = input.strides[-1] == input.itemsize
        input = input.astype(computed, order="K" if planes else "C", copy=not planes)
    points = coords.matrix if isinstance(coords, Mapped) else coords
    codes = (_code(input), _code(points), _code(out))
    given = coords if isinstance(coords, Mapped) else _bits(coords)
    sample_bits(_bits(input), given, _bits(out), codes, spec, fill, mask)


def sample_bits(
    input: np.ndarray,
    coords: np.ndarray | Mapped,
    out: np.ndarray,
    codes: tuple[int, int, int],
    spec: Spec,
    fill: np.ndarray,
    mask: np.ndarray | None = None,
) -> None:
    """Call the core with arrays that it can use where they are, and the codes of their dtypes."""
    _native.sample(
        input,
        _in_rows(coords, _OF_COORDS) if isinstance(coords, np.ndarray) else None,
        coords.matrix if isinstance(coords, Mapped) else None,
        [_step(step) for step in coords.steps] if isinstance(coords, Mapped) else [],
        out,
        None if mask is None else mask.view(np.uint8),
        fill,
        codes,
        *_modes(spec),
        spec.relative,
    )


def sums_elements(channels: int, samples: int, items: int) -> int:
    """Return how many numbers ``derivatives`` needs for the sums of so many images at a time."""
    return _native.sums_elements(channels, samples, items)


def derivatives(
    grad: np.ndarray,
    coords: np.ndarray,
    spec: Spec,
    fill: np.ndarray,
    sizes: tuple[int, ...],
    second: bool,
    clear: bool,
    *,
    input: np.ndarray | None = None,
    tangent: np.ndarray | None = None,
    direction: np.ndarray | None = None,
    grad_input: np.ndarray | None = None,
    grad_coords: np.ndarray | None = None,
    grad_out: np.ndarray | None = None,
    sums: np.ndarray | None = None,
) -> None:
    """Fill the last three arrays before ``sums``, as ``native/derivatives.h`` says.

    What comes back to the image is added to ``grad_input``, which is cleared first if ``clear`` says so. All but ``coords`` are
    of one dtype, float32 or float64. ``sizes`` are the spatial ones of the image; ``sums`` is memory of ``sums_elements``
    numbers, or None.
    """
    coords, grad = _in_rows(_readable(coords), _OF_COORDS), _in_rows(grad, _OF_VALUES)
    _native.derivatives(
        grad,
        _bits(coords),
        input,
        tangent,
        direction,
        grad_input,
        grad_coords,
        grad_out,
        sums,
        fill,
        (_code(grad), _code(coords)),
        second,
        clear,
        sizes,
        *_modes(spec),
    )


def _sample_complex(
    input: np.ndarray, coords: np.ndarray | Mapped, out: np.ndarray, spec: Spec, fill: np.ndarray, mask: np.ndarray | None
) -> None:
    """Sample real and imaginary parts as channels that lie side by side: those of all channels at once where they lie so."""
    if all(array.shape[1] <= 1 or array.strides[1] == array.itemsize for array in (input, out)):
        _call(_real_channels(input), coords, _real_channels(out), spec, fill, mask)
        return
    for channel in range(input.shape[1]):
        one = slice(channel, channel + 1)
        parts = fill[2 * channel : 2 * channel + 2]
        _call(_real_channels(input[:, one]), coords, _real_channels(out[:, one]), spec, parts, mask)
        mask = None


def _real_channels(array: np.ndarray) -> np.ndarray:
    """View complex (N, C, ...), its channels side by side, as real (N, 2 C, ...)."""
    real = np.dtype(COMPLEX_DTYPES[dtype_name(array.dtype)])
    shape = (array.shape[0], 2 * array.shape[1], *array.shape[2:])
    strides = (array.strides[0], real.itemsize, *array.strides[2:])
    return as_strided(array.real, shape, strides, writeable=array.flags.writeable)


def _real_parts(array: np.ndarray) -> np.ndarray:
    """View a complex array as a real one with an axis more, of two; leave a real one."""
    if array.dtype.kind != "c":
        return array
    real = np.dtype(COMPLEX_DTYPES[dtype_name(array.dtype)])
    return as_strided(array.real, (*array.shape, 2), (*array.strides, real.itemsize), writeable=array.flags.writeable)


def isa_names(*, runnable: bool) -> tuple[str, ...]:
    """Return the instruction sets of this build, or those of them that this machine can run, the most capable first."""
    return tuple(_native.isa_names(runnable))


def _code(array: np.ndarray) -> int:
    return DTYPES[dtype_name(array.dtype)].code


def _step(step: Step) -> tuple[int, np.ndarray, np.ndarray | None, int, bool]:
    return (step.kind, step.numbers, step.field, 0 if step.field is None else _code(step.field), step.relative)


def _bits(array: np.ndarray) -> np.ndarray:
    """View 16-bit floats as their bits, since not every one of them can be passed on as what it is."""
    return array.view(np.uint16) if dtype_name(array.dtype) in ("float16", "bfloat16") else array


def is_plain(array: np.ndarray) -> bool:
    """Whether the core can use an array where it is: of native byte order, its elements at whole elements of memory."""
    flags, itemsize = array.flags, array.dtype.itemsize
    if not (array.dtype.isnative and flags.aligned):
        return False
    if not flags.c_contiguous:
        for stride in array.strides:
            if stride % itemsize:
                return False
    return True


_OF_COORDS, _OF_VALUES = slice(1, -1), slice(2, None)


def _in_rows(array: np.ndarray, points: slice) -> np.ndarray:
    """Return an array, some of whose axes are those of points, with short rows of points one after the other.

    Those cost less to copy than to be sampled each for itself, in a vector that is mostly empty: rows of less than a group of
    points, which the core merges where they lie in memory one after the other.
    """
    size, stride = array.shape[points][-2:], array.strides[points][-2:]
    if len(size) < 2 or not 1 < size[1] < _native.GROUP or size[0] == 1 or stride[0] == size[1] * stride[1]:
        return array
    if array.strides[0] == 0:  # the same for all batch items
        return np.broadcast_to(np.ascontiguousarray(array[:1]), array.shape)
    return np.ascontiguousarray(array)


def _readable(array: np.ndarray) -> np.ndarray:
    return array if is_plain(array) else array.astype(array.dtype.newbyteorder("="), order="C")
