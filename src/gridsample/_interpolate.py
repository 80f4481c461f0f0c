"""Resizing: ``torch.nn.functional.interpolate`` on NumPy arrays."""

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gridsample import _engine, _memory
from gridsample._arrays import as_image, channels_first, channels_last, check_space, too_large
from gridsample._compose import Composition, Source
from gridsample._coords import index_axes
from gridsample._maps import Points
from gridsample._modes import BOUNDARIES
from gridsample._sample import run
from gridsample._spec import MAX_NDIM, as_flag, choose, describe, make_spec, numbers_of, spatial_sizes

__all__ = ["RESIZE_MODES", "interpolate"]

RESIZE_MODES = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "cubic": "cubic",
    "bicubic": "cubic",
    "tricubic": "cubic",
    "area": "area",
}
"""Mode names and the kernels that they mean."""


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool = False,
    *,
    antialias: bool = False,
    channels: str = "first",
) -> np.ndarray:
    r"""Resize images or volumes: ``torch.nn.functional.interpolate`` on NumPy arrays.

    Parameters
    ----------
    input : array
        (N, C, W), (N, C, H, W) or (N, C, D, H, W), of any dtype of ``gridsample``.
    size : int or sequence of int, optional
        The spatial sizes of the output; one for all axes, or one for each.
    scale_factor : float or sequence of float, optional
        Instead of ``size``: the output has ``floor(n * scale_factor)`` samples, that far apart to the bit.
    mode : {"nearest", "nearest-exact", "linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "area"}
        "nearest" is PyTorch's, which rounds down: its samples lie half a pixel off; "nearest-exact" rounds to the nearest.
        "area" is the mean of what an output pixel covers. The number of axes is the input's, whatever the name says.
    align_corners : bool
        The centres of the end samples stay where they are; otherwise their outer edges do. Of linear and cubic.
    antialias : bool
        Of linear and cubic: widen the kernel when making smaller, so that every input sample counts.
    channels : {"first", "last"}
        Where the channels are: "last" means (N, \*spatial, C).

    Returns
    -------
    array
        (N, C, \*size), or with the channels last, of the dtype of ``input``. Integers are rounded half to even and saturated.

    Raises
    ------
    TypeError
        A dtype is unknown, or a flag is not True or False.
    ValueError
        Shapes do not fit, both or none of ``size`` and ``scale_factor`` are given, a mode is unknown, or it has no
        ``align_corners`` or ``antialias``.

    See Also
    --------
    grid_sample : reads at arbitrary positions.

    Notes
    -----
    Cubic is Keys' with a = -0.75, with ``antialias`` -0.5, as in PyTorch 2.13.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> row = np.array([[[0.0, 10.0]]])
    >>> gridsample.interpolate(row, 4, mode="linear")
    array([[[ 0. ,  2.5,  7.5, 10. ]]])
    >>> gridsample.interpolate(row, 3, mode="linear", align_corners=True)
    array([[[ 0.,  5., 10.]]])
    """
    image = as_image("input", input)
    kernel = RESIZE_MODES[choose("mode", mode, RESIZE_MODES)]
    align_corners, antialias = as_flag("align_corners", align_corners), as_flag("antialias", antialias)
    last = choose("channels", channels, ("first", "last")) == "last"
    ndim = image.ndim - 2
    if not 1 <= ndim <= MAX_NDIM:
        raise ValueError(f"input: expected (N, C, W), (N, C, H, W) or (N, C, D, H, W); got {describe(image)}")
    for name, flag in (("align_corners", align_corners), ("antialias", antialias)):
        if flag and kernel in ("nearest", "area"):
            raise ValueError(f"{name}: expected False, since mode {mode!r} has none; got True")
    spatial = image.shape[1:-1] if last else image.shape[2:]
    check_space(spatial, image)
    sizes, given = _sizes(size, scale_factor, spatial)
    shape = (*image.shape[:1], *sizes, image.shape[-1]) if last else (*image.shape[:2], *sizes)
    if math.prod(max(n, 1) for n in shape) > sys.maxsize // 64:  # positions and weights of one output take less than 64 bytes
        raise too_large("size" if scale_factor is None else "scale_factor", shape, image.dtype)
    axes = [_Axis(n, m, _scale(n, m, s, align_corners), align_corners) for n, m, s in zip(spatial, sizes, given, strict=True)]
    if kernel == "area" or antialias or (kernel == "linear" and image.dtype.name in ("float32", "float64")):
        planes = channels_first(image) if last else image
        found = _weighted(planes, [axis.rows(kernel, antialias) for axis in axes])
        return np.ascontiguousarray(channels_last(found)) if last else found
    computed = np.float64 if image.dtype.name == "float64" else np.float32
    positions = tuple(axis.positions(mode, computed) for axis in axes)
    if kernel == "nearest" and image.flags.c_contiguous and image.dtype.isnative:
        return _taken(image, positions, last)
    where = Source((Composition(ndim, [Table(positions)]),), sizes)
    spec = make_spec(kernel, (BOUNDARIES["border"].code,) * ndim, index_axes(ndim))
    resized: np.ndarray = run(
        image, where, spec, "size", channels=channels, dtype=None, fill_value=0, return_mask=False, out=None
    )
    return resized


def _taken(image: np.ndarray, positions: tuple[np.ndarray, ...], last: bool) -> np.ndarray:
    """Return the samples at the positions along each axis of a contiguous image, whose channels may be ``last``."""
    first, channels = (1, image.shape[-1]) if last else (2, 1)
    spatial = image.shape[first : first + len(positions)]
    *rows, columns = (np.minimum(at, n - 1).astype(np.int64) for at, n in zip(positions, spatial, strict=True))
    offset = np.arange(math.prod(image.shape[:first]))
    for at, n in zip(rows, spatial, strict=False):
        offset = np.add.outer(offset * n, at).ravel()
    column = np.add.outer(columns * channels, np.arange(channels)).ravel()
    out = _memory.empty((*image.shape[:first], *map(len, positions), *image.shape[first + len(positions) :]), image.dtype)
    if out.size:
        _engine.take(image, offset * (spatial[-1] * channels), column, out.reshape(len(offset), len(column)))
    return out


class Table(NamedTuple):
    """A map that takes index i of an axis to the i-th of that axis' positions."""

    positions: tuple[np.ndarray, ...]

    def __call__(self, points: Points) -> Points:
        """Look up."""
        return tuple(found[p.astype(np.intp)] for found, p in zip(self.positions, points, strict=True))


class _Axis(NamedTuple):
    """One axis from ``n`` to ``m`` samples; ``scale`` is the distance of outputs in inputs."""

    n: int
    m: int
    scale: float
    align_corners: bool

    def positions(self, mode: str, computed: type) -> np.ndarray:
        """Return where each output reads.

        PyTorch rounds what its nearest modes compute to float32 or float64, once after the multiplication and subtraction, and
        that to float32: it decides between two samples.
        """
        outputs = np.arange(self.m, dtype=np.float64)
        if not mode.startswith("nearest"):
            return outputs * self.scale if self.align_corners else (outputs + 0.5) * self.scale - 0.5
        scale = float(computed(self.scale))
        if mode == "nearest":
            moved = computed(outputs * scale)
        else:
            moved = np.maximum(computed((outputs + 0.5) * scale - 0.5), 0) + computed(0.5)
        return np.floor(moved.astype(np.float32)).astype(np.float64)

    def rows(self, kernel: str, antialias: bool) -> "_Rows":
        """Return which inputs each output is a weighted sum of: of the modes area and linear, or of antialiased kernels."""
        outputs, n, m = np.arange(self.m), self.n, self.m
        if kernel == "area":  # the mean of what an output covers
            first, end = outputs * n // m, -(-(outputs + 1) * n // m)
            return _Rows.of(n, first, end, lambda index: np.ones(index.shape))
        if not antialias:
            position = self.positions("linear", np.float64).clip(0, n - 1)
            first = np.minimum(np.floor(position).astype(np.int64), max(n - 2, 0))
            return _Rows.of(n, first, np.minimum(first + 2, n), lambda index: 1 - np.abs(index - position[:, None]))
        wide = max(self.scale, 1.0)  # the kernel is as wide as an output when that is wider than an input
        reach, centre = {"linear": 1, "cubic": 2}[kernel] * wide, self.scale * (outputs + 0.5)
        first, end = (np.trunc(centre + side + 0.5).astype(np.int64).clip(0, n) for side in (-reach, reach))
        weigh = (lambda t: np.maximum(1 - t, 0)) if kernel == "linear" else _keys
        return _Rows.of(n, first, end, lambda index: weigh(np.abs((index - centre[:, None] + 0.5) / wide)))


class _Rows(NamedTuple):
    """The rows of a matrix (m, n), zero but for a few columns: the first of these, (m,), and what is there, (m, taps)."""

    start: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, n: int, first: np.ndarray, end: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray]) -> "_Rows":
        """Make rows of columns ``first`` to ``end``; ``weigh`` gives their weights up to a factor."""
        taps = int((end - first).max())
        start = np.minimum(first, n - taps)
        index = start[:, None] + np.arange(taps)
        weights = np.where((index >= first[:, None]) & (index < end[:, None]), weigh(index), 0.0)
        return cls(start, weights / weights.sum(axis=1, keepdims=True))

    def change_nothing(self, n: int) -> bool:
        """Whether the matrix is that which is 1 at its diagonal."""
        where = self.start + self.weights.argmax(axis=1)
        return bool(np.array_equal(where, np.arange(n)) and (self.weights.max(axis=1) == 1).all())


def _keys(t: np.ndarray, a: float = -0.5) -> np.ndarray:
    near, far = ((a + 2) * t - (a + 3)) * t * t + 1, ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _sizes(size: Any, scale_factor: Any, spatial: tuple[int, ...]) -> tuple[tuple[int, ...], list[float | None]]:
    """Return the output's sizes, and the scale factors if they were given."""
    ndim = len(spatial)
    if (size is None) == (scale_factor is None):
        raise ValueError(f"size: expected either size or scale_factor; got size={size!r}, scale_factor={scale_factor!r}")
    if size is not None:
        return spatial_sizes("size", (size,) * ndim if np.ndim(size) == 0 else size, ndim), [None] * ndim
    factors = numbers_of("scale_factor", scale_factor, None)
    if factors.shape not in ((), (ndim,)) or factors.min() <= 0:
        raise ValueError(f"scale_factor: expected a number above 0, or one for each of {ndim} axes; got {scale_factor!r}")
    each = [float(factor) for factor in np.broadcast_to(factors, ndim)]
    # An infinite size is too large, as this one is.
    sizes = tuple(math.floor(min(n * factor, sys.maxsize)) for n, factor in zip(spatial, each, strict=True))
    if min(sizes) < 1:
        raise ValueError(f"scale_factor: expected one that leaves a sample of {spatial}; got {scale_factor!r}")
    return sizes, list(each)


def _scale(n: int, m: int, factor: float | None, align_corners: bool) -> float:
    if align_corners:
        return (n - 1) / (m - 1) if m > 1 else 0.0
    return 1 / factor if factor else n / m


def _weighted(image: np.ndarray, rows: list[_Rows]) -> np.ndarray:
    """Multiply an image (N, C, *spatial) by a matrix along each spatial axis; in floats, rounded once at the end."""
    dtype = image.dtype.newbyteorder("=")
    computed = np.dtype(np.float64) if dtype.name in ("int32", "float64", "complex128") else np.dtype(np.float32)
    found = np.ascontiguousarray(image, dtype if dtype.kind == "c" else computed)
    # The axis that shrinks most goes first: the others then have less to do.
    order = sorted(range(len(rows)), key=lambda k: len(rows[k].start) / image.shape[k + 2])
    order = [axis for axis in order if not rows[axis].change_nothing(image.shape[axis + 2])]
    last = len(rows) - 1
    at_once = order[-2:] == [last - 1, last] and dtype.kind != "c"
    for axis in order[:-2] if at_once else order:
        found = _along(found, axis + 2, rows[axis], computed)
    if at_once:
        found = _along(found, last + 1, rows[last - 1], computed, rows[last])
    if dtype.kind in "iu":
        found = np.clip(np.rint(found), np.iinfo(dtype).min, np.iinfo(dtype).max)
    if found is image or found.base is image:
        return found.copy()
    return found.astype(dtype, copy=False)


def _along(image: np.ndarray, axis: int, rows: _Rows, computed: np.dtype, then: _Rows | None = None) -> np.ndarray:
    """Multiply by a matrix along an axis of a contiguous array, and ``then`` along the one after it, which is the last.

    Parts of complex numbers are neighbours along an inner axis.
    """
    parts = 2 if image.dtype.kind == "c" else 1
    behind = (len(then.start),) if then else image.shape[axis + 1 :]
    out = _memory.empty((*image.shape[:axis], len(rows.start), *behind), image.dtype)
    outer = math.prod(image.shape[:axis])
    _engine.weighted(
        image.view(computed).reshape(outer, image.shape[axis], math.prod(image.shape[axis + 1 :]) * parts),
        rows.start,
        rows.weights.astype(computed),
        out.view(computed).reshape(outer, len(rows.start), math.prod(behind) * parts),
        (then.start, then.weights.astype(computed)) if then else None,
    )
    return out
