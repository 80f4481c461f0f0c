"""The definition of every mode in slow, plain NumPy: the specification, and the oracle of the tests.

Nothing here is fast and everything is meant to be read. The coordinate is computed in the dtype of the coordinates (16-bit ones
in float32), since that decides which samples are read; weights and sums are in float64.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from gridsample._coords import AxisMap, index_axes, normalized_axes
from gridsample._modes import COMPLEX_DTYPES, DTYPES, KERNELS
from gridsample.reference_kernels import WIDE_KERNEL_WEIGHTS

__all__ = ["BOUNDARY_RULES", "KERNEL_WEIGHTS", "grid_sample", "sample", "spline_coefficients", "unnormalize"]

_FAR = 8.0  # so many samples outside, every tap of every kernel is outside


def unnormalize(given: np.ndarray, axis: AxisMap) -> np.ndarray:
    """Define the index coordinates of given ones: ``fma(given + pre, scale, shift)``, rounded once at the fma.

    Parameters
    ----------
    given : array, float32 or float64
        Coordinates along one axis, in the caller's units.
    axis : AxisMap
        The three numbers of that axis, as ``gridsample._coords`` makes them.

    Returns
    -------
    array
        Index coordinates, of the shape and dtype of ``given``.

    Raises
    ------
    AttributeError
        ``given`` is no array.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference
    >>> from gridsample._coords import normalized_axes
    >>> (axis,) = normalized_axes((4,), align_corners=False)
    >>> reference.unnormalize(np.array([-1.0, 0.0, 1.0]), axis)
    array([-0.5,  1.5,  3.5])
    """
    with np.errstate(over="ignore", invalid="ignore"):  # to an infinity or NaN, of which every boundary makes something
        moved = given + given.dtype.type(axis.pre)
        if given.dtype == np.float32:
            return (moved.astype(np.float64) * axis.scale + axis.shift).astype(np.float32)
        return (moved.astype(np.longdouble) * np.longdouble(axis.scale) + np.longdouble(axis.shift)).astype(np.float64)


# Kernels: fraction, parameter a -> weights of the taps, first tap first. The first tap is at floor(x) - (taps - 1) // 2.
# The fraction is an array or, where derivatives are wanted, a polynomial.


def _nearest(f: Any, a: float) -> list[Any]:
    return [f**0]


def _linear(f: Any, a: float) -> list[Any]:
    return [1 - f, f]


def _cubic(f: Any, a: float) -> list[Any]:
    def near(t: Any) -> Any:  # |t| <= 1
        return ((a + 2) * t - (a + 3)) * t * t + 1

    def far(t: Any) -> Any:  # 1 <= |t| <= 2
        return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a

    return [far(f + 1), near(f), near(1 - f), far(2 - f)]


KERNEL_WEIGHTS: dict[str, Callable[[Any, float], list[Any]]] = {
    "nearest": _nearest,
    "linear": _linear,
    "cubic": _cubic,
    **WIDE_KERNEL_WEIGHTS,
}


# Boundaries: a coordinate or an index anywhere -> one inside the array (or left outside, which reads 0 or the fill value).


def _clamp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Clamp, and take NaN to ``low``."""
    return np.where(x > low, np.minimum(x, x.dtype.type(high)), x.dtype.type(low))


def _zeros(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(x, -_FAR, size + _FAR)


def _border(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(x, 0, size - 1)


def fold(x: np.ndarray, boundary: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of an array that ``x`` is the mirror image of, and where the mirrored array is read backwards."""
    low, span = (-0.5, size) if boundary == "reflection_edge" else (0.0, size - 1)
    if span == 0:
        return np.zeros_like(x), np.zeros(x.shape, bool)
    with np.errstate(invalid="ignore", over="ignore"):
        period = x.dtype.type(2 * span)
        moved = np.rint((x - x.dtype.type(low)) / period) * period
        turned = x - moved < low
        return np.where(turned, x.dtype.type(2 * low) + moved - x, x - moved), turned


def _reflection_edge(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(fold(x, "reflection_edge", size)[0], 0, size - 1)


def _reflection_center(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(fold(x, "reflection_center", size)[0], 0, size - 1)


def _wrap(x: np.ndarray, size: int) -> np.ndarray:
    """Repeat with period ``size``. The result is less than ``size``; its right neighbour may be ``size``, which is 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        x = x - np.floor(x / x.dtype.type(size)) * x.dtype.type(size)
    return _clamp(np.where(x < size, x, x.dtype.type(0)), 0, size)


BOUNDARY_RULES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "zeros": _zeros,
    "border": _border,
    "reflection_edge": _reflection_edge,
    "reflection_center": _reflection_center,
    "constant": _zeros,
    "wrap": _wrap,
}


_AROUND_NEAREST = ("nearest", "bspline2", "bspline4")
"""Kernels whose taps lie about the nearest sample; those of the others lie about the interval that the point is in."""


def folds(kernel: str, boundary: str) -> bool:
    """Return whether coordinates are mirrored in place of the taps of a wide kernel: not where the last tap has weight 0."""
    return KERNELS[kernel].taps > 2 and boundary.startswith("reflection") and kernel not in _AROUND_NEAREST


AxisTaps = tuple[list[np.ndarray], list[np.ndarray], np.ndarray]  # indices, validity, fraction


def axis_taps(x: np.ndarray, size: int, kernel: str, boundary: str) -> AxisTaps:
    """Return indices and validity of the taps along one axis, and the fraction that their weights are of.

    Narrow kernels (nearest, linear) send the coordinate through the boundary and then take its neighbours; wide ones take
    the neighbours of the coordinate and send each index through the boundary. Both are as in PyTorch. Kernels are even, so a
    wide one reads the same at the place of the array that a point outside is the mirror image of, with its window turned round.
    """
    rule = BOUNDARY_RULES[boundary]
    wide = KERNELS[kernel].taps > 2
    masks = boundary in ("zeros", "constant")
    if not wide:
        x = rule(x, size)
    elif masks or boundary == "border":
        x = _clamp(x, -_FAR, size + _FAR)
    else:
        if folds(kernel, boundary):
            x, turned = fold(x, boundary, size)
        x = np.where(np.isfinite(x), x, x.dtype.type(0))
    start = np.rint(x) if kernel in _AROUND_NEAREST else np.floor(x)
    if folds(kernel, boundary):
        start = np.where(turned, np.ceil(x) - 1, start)
    taps = KERNELS[kernel].taps
    first = -((taps - 1) // 2)
    indices, valid = [], []
    for tap in range(taps):
        index = start + x.dtype.type(first + tap)
        if (wide and not masks) or boundary == "wrap":
            index = rule(index, size)
        inside = (index >= 0) & (index <= size - 1)
        indices.append(np.where(inside, index, 0).astype(np.int64))
        valid.append(inside)
    return indices, valid, (x - start).astype(np.float64)


def _index_coords(points: np.ndarray, axes: tuple[AxisMap, ...], image: np.ndarray) -> list[np.ndarray]:
    """Return the index coordinate along each axis; what is computed in float64 is so from here on."""
    x = [unnormalize(points[..., axis.component], axis) for axis in axes]
    return [at.astype(np.float64) for at in x] if image.dtype.name in ("float64", "complex128", "int32") else x


def _centers_inside(x: list[np.ndarray], axes: tuple[AxisMap, ...], spatial: tuple[int, ...]) -> np.ndarray:
    inside = [(at >= -axis.margin) & (at <= n - 1 + axis.margin) for at, axis, n in zip(x, axes, spatial, strict=True)]
    return np.logical_and.reduce(inside)


def _tap_products(
    taps: list[AxisTaps], weights: list[list[np.ndarray]]
) -> Iterator[tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]]:
    """Yield index, validity and weight of every combination of one tap along each axis."""
    for chosen in product(range(len(weights[0])), repeat=len(taps)):
        index: tuple[np.ndarray, ...] = ()
        valid, weight = np.array(True), np.array(1.0)
        for (indices, inside, _), along, tap in zip(taps, weights, chosen, strict=True):
            index, valid, weight = (*index, indices[tap]), valid & inside[tap], weight * along[tap]
        yield index, valid, weight


def _round_to(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return float64 values as ``dtype``: integers rounded half to even and saturated, NaN to the lowest."""
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            return _clamp(np.rint(values), limits.min, limits.max).astype(dtype)
        return values.astype(dtype)


def _sample(
    input: Any,
    coords: Any,
    kernel: str,
    boundaries: tuple[str, ...],
    axes: tuple[AxisMap, ...],
    *,
    dtype: Any = None,
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    out: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the result and which centres are inside, for input (N, C, *spatial) and coords (N, *out, ndim)."""
    batch = max(input.shape[0], coords.shape[0]) if 0 not in (input.shape[0], coords.shape[0]) else 0
    points_shape = coords.shape[1:-1]
    result = np.zeros((batch, input.shape[1], *points_shape))
    mask, is_nan = np.zeros((2, batch, *points_shape), bool)
    fill = np.broadcast_to(np.asarray(fill_value, np.float64), input.shape[1]).reshape(-1, *[1] * len(points_shape))
    unread = fill if "constant" in boundaries else np.zeros_like(fill)
    for n in range(batch):
        image = input[n if input.shape[0] > 1 else 0]
        points = coords[n if coords.shape[0] > 1 else 0]
        x = _index_coords(points, axes, image)
        taps = [
            axis_taps(at, size, kernel, boundary) for at, size, boundary in zip(x, image.shape[1:], boundaries, strict=True)
        ]
        weights = [KERNEL_WEIGHTS[kernel](fraction, cubic_a) for _, _, fraction in taps]
        for index, valid, weight in _tap_products(taps, weights):
            values = np.where(valid, image[(slice(None), *index)].astype(np.float64), unread)
            with np.errstate(invalid="ignore", over="ignore"):
                result[n] += weight * values
        if "constant" in boundaries:  # to the bit, whatever the weights sum up to: infinite fill values too
            read = np.logical_and.reduce([np.logical_or.reduce(inside) for _, inside, _ in taps])
            result[n] = np.where(read, result[n], unread)
        mask[n] = _centers_inside(x, axes, image.shape[1:])
        if outside == "fill":
            result[n] = np.where(mask[n], result[n], fill)
        if nan == "propagate":
            is_nan[n] = np.logical_or.reduce([np.isnan(at) for at in x])
            result[n][:, is_nan[n]] = np.nan
    rounded = _round_to(result, np.dtype(dtype or input.dtype).newbyteorder("="))
    if outside == "keep" and out is not None:
        rounded = np.where((~mask & ~is_nan)[:, None], out, rounded)
    return rounded, mask


def _sample_parts(
    input: np.ndarray, *problem: Any, dtype: Any = None, fill_value: Any = 0, out: np.ndarray | None = None, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """``_sample``, of complex numbers too: real and imaginary parts are apart, so that no infinity of one reaches the other."""
    if input.dtype.kind != "c":
        return _sample(input, *problem, dtype=dtype, fill_value=fill_value, out=out, **options)
    dtype = np.dtype(dtype or input.dtype).newbyteorder("=")
    (real, mask), (imag, _) = (
        _sample(
            part(input),
            *problem,
            dtype=COMPLEX_DTYPES[dtype.name],
            fill_value=part(fill_value),
            out=None if out is None else part(out),
            **options,
        )
        for part in (np.real, np.imag)
    )
    result = np.empty(real.shape, dtype)
    result.real, result.imag = real, imag
    return result, mask


def _native_order(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _as_coords(coords: Any) -> np.ndarray:
    coords = _native_order(np.asarray(coords))
    return coords.astype(np.float32) if coords.dtype.itemsize == 2 else coords


_GOES_ON_AS = {"zeros": "reflection_center", "constant": "reflection_center", "border": "reflection_edge"}
"""How coefficients go on where samples do so with a constant: as in SciPy."""


def spline_coefficients(input: Any, order: int, boundary: str, axis: int) -> np.ndarray:
    """Define ``gridsample.spline_coefficients`` along one axis: what gives the samples when it is sampled at them.

    Parameters
    ----------
    input : array
        Samples, of any shape.
    order : {2, 3, 4, 5, 7}
        Of the spline.
    boundary : str
        As of ``gridsample.sample``.
    axis : int
        Along which to filter.

    Returns
    -------
    array
        Of the shape of ``input``, float64 or complex128.

    Raises
    ------
    KeyError
        There is no such order or boundary; nothing else is checked.

    Examples
    --------
    >>> from gridsample import reference
    >>> reference.spline_coefficients([0.0, 1.0, 0.0], 3, "reflection_center", 0).round(3) + 0.0
    array([-1.,  2., -1.])
    """
    values = np.moveaxis(np.asarray(input), axis, 0)
    values = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    kernel, size = f"bspline{order}", len(values)
    indices, _, fraction = axis_taps(np.arange(float(size)), size, kernel, _GOES_ON_AS.get(boundary, boundary))
    matrix = np.zeros((size, size))
    for index, weight in zip(indices, KERNEL_WEIGHTS[kernel](fraction, 0.0), strict=True):
        np.add.at(matrix, (np.arange(size), index), weight)
    solved = np.linalg.solve(matrix, values.reshape(size, -1)).reshape(values.shape)
    return np.moveaxis(solved, 0, axis)


def _prefiltered(
    input: np.ndarray, kernel: str, boundaries: tuple[str, ...], axes: tuple[AxisMap, ...], fill_value: Any
) -> tuple[np.ndarray, tuple[AxisMap, ...]]:
    """Return the coefficients of a spline through ``input`` (N, C, *spatial), padded where it goes on with a constant."""
    order = KERNELS[kernel].order
    pad = 12 if order <= 5 else 24
    values = input.astype(np.complex128 if input.dtype.kind == "c" else np.float64)
    fill = np.broadcast_to(np.asarray(fill_value, values.dtype), input.shape[1]).reshape(-1, *[1] * len(axes))
    moved = list(axes)
    for axis, boundary in enumerate(boundaries):
        if boundary in _GOES_ON_AS:
            width = [(0, 0)] * values.ndim
            width[axis + 2] = (pad, pad)
            if boundary == "border":
                values = np.pad(values, width, "edge")
            else:
                constant = fill if boundary == "constant" else np.zeros_like(fill)
                values = np.pad(values - constant, width) + constant
            moved[axis] = axes[axis]._replace(shift=axes[axis].shift + pad, margin=axes[axis].margin - pad)
    for axis, boundary in enumerate(boundaries):
        values = spline_coefficients(values, order, boundary, axis + 2)
    computed = input.dtype if input.dtype.kind == "c" else DTYPES[input.dtype.name].computed
    return values.astype(computed), tuple(moved)


def _sample_or_filter(
    input: np.ndarray,
    coords: np.ndarray,
    kernel: str,
    boundaries: tuple[str, ...],
    axes: tuple[AxisMap, ...],
    *,
    prefilter: bool = True,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:
    if prefilter and KERNELS[kernel].order:
        options["dtype"] = options.get("dtype") or input.dtype
        input, axes = _prefiltered(input, kernel, boundaries, axes, options.get("fill_value", 0))
    return _sample_parts(input, coords, kernel, boundaries, axes, **options)


def sample(
    input: Any, coords: Any, kernel: str = "linear", boundary: Any = "zeros", *, return_mask: bool = False, **options: Any
) -> Any:
    r"""Define ``gridsample.sample`` for input (N, C, \*spatial) and coords (N, \*out, ndim).

    Parameters
    ----------
    input : array
        (N, C, \*spatial), with any number of spatial axes.
    coords : array
        (N, \*out, ndim), in index units, axis 0 first.
    kernel : str
        As of ``gridsample.sample``.
    boundary : str, or a sequence of one for each spatial axis
        As of ``gridsample.sample``.
    return_mask : bool
        Return (result, mask), as ``gridsample.sample``.
    options : keyword arguments
        ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``, ``out``: as of ``gridsample.sample``.

    Returns
    -------
    array
        (N, C, \*out), a new array.

    Raises
    ------
    KeyError
        A kernel or a boundary is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference
    >>> reference.sample(np.array([[[0.0, 10.0, 20.0]]]), np.array([[[0.5], [2.5]]]), boundary="border")
    array([[[ 5., 20.]]])
    """
    input, coords = _native_order(np.asarray(input)), _as_coords(coords)
    ndim = coords.shape[-1]
    boundaries = (boundary,) * ndim if isinstance(boundary, str) else tuple(boundary)
    result = _sample_or_filter(input, coords, kernel, boundaries, index_axes(ndim), **options)
    return result if return_mask else result[0]


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: Any = "zeros",
    align_corners: bool = False,
    *,
    return_mask: bool = False,
    **options: Any,
) -> Any:
    r"""Define ``gridsample.grid_sample``; ``mode`` is nearest, bilinear, bicubic or the name of another kernel.

    Parameters
    ----------
    input : array
        (N, C, \*spatial), with any number of spatial axes.
    grid : array
        (N, \*out, ndim), normalised, x first.
    mode : str
        As of ``gridsample.grid_sample``.
    padding_mode : str, or a sequence of one for each spatial axis
        As of ``gridsample.grid_sample``.
    align_corners : bool
        Where -1 and 1 are: at the outer edges of the end samples (False), or at their centres (True).
    return_mask : bool
        Return (result, mask), as ``gridsample.grid_sample``.
    options : keyword arguments
        ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``, ``out``: as of ``gridsample.grid_sample``.

    Returns
    -------
    array
        (N, C, \*out), a new array.

    Raises
    ------
    KeyError
        A mode or a padding is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference
    >>> reference.grid_sample(np.array([[[0.0, 10.0, 20.0]]]), np.array([[[0.0], [1.0]]]))
    array([[[10., 10.]]])
    """
    input, grid = _native_order(np.asarray(input)), _as_coords(grid)
    kernel = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    ndim = input.ndim - 2
    mirror = "reflection_center" if align_corners else "reflection_edge"
    paddings = (padding_mode,) * ndim if isinstance(padding_mode, str) else tuple(padding_mode)
    boundaries = tuple(mirror if padding == "reflection" else padding for padding in paddings)
    result = _sample_or_filter(input, grid, kernel, boundaries, normalized_axes(input.shape[2:], align_corners), **options)
    return result if return_mask else result[0]
