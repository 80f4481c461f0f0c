"""What SciPy's ndimage means by its modes, orders and dtypes, on top of the core: ``scipy`` and ``skimage`` are its faces.

NOTE [what SciPy does otherwise]
* Its "constant" replaces a whole sample once its centre is outside, by the least bit: the outside rule "fill".
* Its "wrap" has period n - 1. The coordinate is brought inside here, before the core sees it.
* Order 0 rounds halves up, the core to even. Coordinates are rounded here, after they were brought inside.
* Whole numbers are rounded half away from zero, and saturated; a bool is True from 1 on.
* Splines of the modes "nearest" and "grid-constant" are those of the image with 12 samples more on every side.
* Arrays may have more than three axes: see ``_ndimage_deep``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gridsample import _engine, reference
from gridsample._compose import Composition, as_mapped, boxes, points_of
from gridsample._coords import index_axes
from gridsample._maps import Points, stack
from gridsample._modes import BOUNDARIES, COMPLEX_DTYPES, KERNELS, OUTSIDE_RULES
from gridsample._ndimage_arguments import MODES, Unsupported, as_cval
from gridsample._ndimage_deep import BLOCK, sample_deep
from gridsample._spec import MAX_NDIM, Spec, describe
from gridsample._spline import filter_axes

__all__ = ["Axes", "Mapping", "computed_for", "resample", "spline_boundary"]

_PAD = 12
_FLOATS = ("float32", "float64", *COMPLEX_DTYPES)
_NARROW = ("bool", "uint8", "int8", "uint16", "int16", "float32", "complex64", "float16")


class Axes(NamedTuple):
    """(position + shift) * scale along each axis, rounded as in SciPy: whether the last sample is inside depends on it."""

    shift: tuple[float, ...]
    scale: tuple[float, ...]

    def __call__(self, points: Points) -> Points:
        """Shift and scale."""
        return tuple((p + shift) * scale for p, shift, scale in zip(points, self.shift, self.scale, strict=True))


class Mapping:
    """A caller's function from a tuple of output indices to a tuple of input coordinates, one for each axis.

    It is called with arrays of many points; if it cannot do that, or does not return the same then as for single points, it is
    called for every point, as SciPy does.
    """

    def __init__(self, function: Callable[..., Any], ndim: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Take a function of (indices, *arguments, **keywords) that returns ``ndim`` coordinates."""
        self._function = function
        self._ndim = ndim
        self._arguments = arguments
        self._keywords = keywords
        self._takes_arrays: bool | None = None

    def _call(self, indices: tuple[Any, ...]) -> Any:
        return self._function(indices, *self._arguments, **self._keywords)

    def _alone(self, indices: tuple[int, ...]) -> np.ndarray:
        found = np.asarray(self._call(indices), np.float64)
        if found.shape != (self._ndim,):
            raise ValueError(
                f"mapping: expected it to return {self._ndim} coordinates, as input has axes; got {found!r:.80} for {indices}"
            )
        return found

    def _together(self, whole: list[np.ndarray], shape: tuple[int, ...]) -> Points | None:
        """Call it with arrays; None if that is not the same as calling it for each point."""
        try:
            moved = tuple(np.broadcast_to(np.asarray(one, np.float64), shape) for one in self._call(tuple(whole)))
        except Exception:  # whatever a function made for numbers does with arrays
            return None
        if len(moved) != self._ndim:
            return None
        if self._takes_arrays is None:
            corners = {(0,) * len(shape), tuple(n // 2 for n in shape), tuple(n - 1 for n in shape)}
            for at in corners:
                alone = self._alone(tuple(int(one[at]) for one in whole))
                if not np.array_equal(alone, [one[at] for one in moved], equal_nan=True):
                    return None
        return moved

    def __call__(self, points: Points) -> Points:
        """Return where a block of points comes from."""
        shape = np.broadcast_shapes(*(p.shape for p in points))
        whole = [np.broadcast_to(p, shape).astype(np.intp) for p in points]
        if self._takes_arrays is not False:
            moved = self._together(whole, shape)
            if moved is not None:
                self._takes_arrays = True
                return moved
            self._takes_arrays = False
        found = np.empty((self._ndim, *shape))
        for at in np.ndindex(shape):
            found[(slice(None), *at)] = self._alone(tuple(int(one[at]) for one in whole))
        return tuple(found)


def resample(
    input: np.ndarray,
    where: Composition | np.ndarray,
    output: np.ndarray,
    order: int,
    mode: str,
    cval: Any,
    prefilter: bool,
) -> None:
    """Fill ``output`` (C, *out) with ``input`` (C, *spatial) read at ``where``: a map, or coordinates (ndim, *out)."""
    if output.size == 0:
        return
    cval = as_cval(cval, complex if input.dtype.kind == "c" else float)
    if input.size == 0:
        if mode not in ("constant", "grid-constant"):
            raise Unsupported(
                f"input: expected a sample to read, as there is none outside in mode {mode!r}; got {describe(input[0])}"
            )
        output[...] = _rounded(np.full(output.shape, cval), output.dtype)
        return
    image = computed_for(input, output)
    rule, pad = MODES[mode], 0
    if order > 1 and prefilter:
        pad = _PAD if rule.pads else 0
        image = _coefficients(image, order, mode, cval, pad)
    sizes = image.shape[1:]
    kernel = {0: "nearest", 1: "linear"}.get(order, f"bspline{order}")
    boundary = rule.wide if order > 1 else rule.narrow
    outside = "fill" if rule.fills else "boundary"
    straight = output.dtype.name in _FLOATS and (output.dtype.kind == "c") == (image.dtype.kind == "c")
    moves = order == 0 or mode == "wrap"
    read = _reader(image, kernel, boundary, outside, cval)
    spatial = output.shape[1:]
    if straight and not moves and not pad and isinstance(where, np.ndarray) and where.dtype.name in ("float32", "float64"):
        read(np.moveaxis(where, 0, -1), output)
        return
    mapped = as_mapped(where) if isinstance(where, Composition) and straight and not moves and len(sizes) <= MAX_NDIM else None
    if mapped is not None:
        read(mapped, output, pad)
        return
    for box in boxes(spatial, BLOCK if len(sizes) > MAX_NDIM else 0):
        points = points_of(where, box) if isinstance(where, Composition) else tuple(one[box] for one in where)
        if pad:
            points = tuple(p + pad for p in points)
        if moves:
            points = tuple(_moved(p, n, order, mode) for p, n in zip(points, sizes, strict=True))
        shape = tuple(one.stop - one.start for one in box)
        target = output[(slice(None), *box)]
        if straight:
            read(stack(points, shape), target)
        else:
            values = np.empty(target.shape, image.dtype if image.dtype.name in _FLOATS else np.float32)
            read(stack(points, shape), values)
            target[...] = _rounded(values, output.dtype)


def computed_for(input: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Return the input in the dtype to read it in: its own, or float64 where it or the result holds more than float32 does."""
    if input.dtype.kind == "b":
        input = input.view(np.uint8)
    narrow = input.dtype.name in _NARROW and output.dtype.name in _NARROW
    dtype = input.dtype if narrow else np.dtype(np.complex128 if input.dtype.kind == "c" else np.float64)
    return input.astype(dtype, copy=np.may_share_memory(input, output))


def _coefficients(image: np.ndarray, order: int, mode: str, cval: Any, pad: int) -> np.ndarray:
    """Return the spline coefficients of an image (C, *spatial), padded, in the float dtype that it is computed in."""
    dtype = np.dtype(image.dtype if image.dtype.name in _FLOATS else np.float32)
    if pad:
        width = [(0, 0)] + [(pad, pad)] * (image.ndim - 1)
        image = image.astype(dtype, copy=False)
        image = np.pad(image, width, "edge") if mode == "nearest" else np.pad(image, width, constant_values=cval)
    out = image if pad else np.empty(image.shape, dtype)
    filter_axes(image, out, order, [(axis, spline_boundary(mode)) for axis in range(1, image.ndim)])
    return out


def spline_boundary(mode: str) -> int:
    """Return the code of the boundary that coefficients are filtered with."""
    return BOUNDARIES[MODES[mode].wide].code


Reader = Callable[..., None]


def _reader(image: np.ndarray, kernel: str, boundary: str, outside: str, cval: Any) -> Reader:
    """Return what fills an array (C, *out) with the image (C, *spatial) at coordinates (*out, ndim)."""
    channels, ndim = image.shape[0], image.ndim - 1

    def read_deep(coords: np.ndarray, out: np.ndarray) -> None:
        sample_deep(image, coords, out, kernel, boundary, cval, lambda part: _reader(part, kernel, boundary, "boundary", cval))
        if outside == "fill":
            ends = np.array(image.shape[1:]) - 1
            out[:, ~((coords >= 0) & (coords <= ends)).all(-1)] = cval

    if ndim > MAX_NDIM:
        return read_deep
    rules = (BOUNDARIES[boundary].code,) * ndim
    spec = Spec(KERNELS[kernel].code, rules, index_axes(ndim), -0.75, OUTSIDE_RULES[outside], False, (0,) * ndim)
    fill = np.full(channels, cval).view(np.float64)

    padded = spec._replace(axes=tuple(axis._replace(shift=_PAD) for axis in spec.axes))

    def read(coords: np.ndarray | _engine.Mapped, out: np.ndarray, pad: int = 0) -> None:
        points = coords[None] if isinstance(coords, np.ndarray) else coords
        _engine.sample(image[None], points, out[None], padded if pad else spec, fill)

    return read


def _moved(x: np.ndarray, size: int, order: int, mode: str) -> np.ndarray:
    """Return coordinates along an axis as the core must get them: see NOTE [what SciPy does otherwise]."""
    x = np.asarray(x, np.float64)
    with np.errstate(invalid="ignore"):
        if mode == "wrap":
            x = _wrapped(x, size)
        elif order == 0 and mode == "mirror":
            x = _mirrored(x, size)
        elif order == 0 and mode in ("reflect", "grid-mirror"):
            x = reference.BOUNDARY_RULES["reflection_edge"](x, size)
        if order == 0:
            up = np.floor(x + 0.5)
            x = up if mode != "constant" else np.where((x >= 0) & (x <= size - 1), up, x)
    return x


def _wrapped(x: np.ndarray, size: int) -> np.ndarray:
    """Bring coordinates inside with period ``size - 1``; -(size - 1) becomes size - 1, not 0."""
    if size == 1:
        return np.zeros_like(x)
    span = size - 1
    below, above = x + span * (np.trunc(-x / span) + 1), x - span * np.trunc(x / span)
    return np.where(x < 0, below, np.where(x > span, above, x))


def _mirrored(x: np.ndarray, size: int) -> np.ndarray:
    """Mirror coordinates about the centres of the end samples; those less than one beyond the last stay where they are."""
    if size == 1:
        return np.zeros_like(x)
    period = 2 * size - 2
    below, above = x + period * np.trunc(-x / period), x - period * np.trunc(x / period)
    below = np.where(below <= 1 - size, below + period, -below)
    above = np.where(above >= size, period - above, above)
    return np.where(x < 0, below, np.where(x > size - 1, above, x))


def _rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return floats as SciPy stores them in an array of this dtype."""
    if dtype.kind == "b":
        return np.trunc(values) != 0
    if dtype.kind not in "iu":
        return values
    low, high = float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    if dtype.itemsize == 8:
        high = float(np.nextafter(high, 0))  # the float next to the limit is one too many
    values = np.nan_to_num(values, posinf=high, neginf=low)
    return np.trunc(np.clip(values + np.copysign(0.5, values), low, high)).astype(dtype)
