"""The definition of every mode in slow, plain NumPy: the specification, and the oracle of the tests.

Nothing here is fast and everything is meant to be read. The coordinate is computed in the dtype of the coordinates, since
that decides which samples are read; weights and sums are in float64.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from gridsample._coords import AxisMap, index_axes, normalized_axes
from gridsample._modes import KERNELS

__all__ = ["BOUNDARY_RULES", "KERNEL_WEIGHTS", "grid_sample", "sample", "unnormalize"]

_FAR = 8.0  # so many samples outside, every tap of every kernel is outside


def unnormalize(given: np.ndarray, axis: AxisMap) -> np.ndarray:
    """``fma(given + pre, scale, shift)`` in the dtype of ``given``, rounded once at the fma."""
    with np.errstate(over="ignore"):  # to an infinity, of which every boundary makes something
        moved = given + given.dtype.type(axis.pre)
        if given.dtype == np.float32:
            return (moved.astype(np.float64) * axis.scale + axis.shift).astype(np.float32)
        return (moved.astype(np.longdouble) * np.longdouble(axis.scale) + np.longdouble(axis.shift)).astype(np.float64)


# Kernels: fraction -> weights of the taps, first tap first. The first tap is at floor(x) - (taps - 1) // 2.


def _nearest(f: np.ndarray) -> list[np.ndarray]:
    return [np.ones_like(f)]


def _linear(f: np.ndarray) -> list[np.ndarray]:
    return [1 - f, f]


def _cubic(f: np.ndarray, a: float = -0.75) -> list[np.ndarray]:
    def near(t: np.ndarray) -> np.ndarray:  # |t| <= 1
        return ((a + 2) * t - (a + 3)) * t * t + 1

    def far(t: np.ndarray) -> np.ndarray:  # 1 <= |t| <= 2
        return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a

    return [far(f + 1), near(f), near(1 - f), far(2 - f)]


KERNEL_WEIGHTS: dict[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "nearest": _nearest,
    "linear": _linear,
    "cubic": _cubic,
}


# Boundaries: a coordinate or an index anywhere -> one inside the array (or left outside, which reads 0).


def _clamp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Clamp, and take NaN to ``low``."""
    return np.where(x > low, np.minimum(x, x.dtype.type(high)), x.dtype.type(low))


def _zeros(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(x, -_FAR, size + _FAR)


def _border(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(x, 0, size - 1)


def _fold(x: np.ndarray, low: float, span: float) -> np.ndarray:
    """Mirror about ``low`` and ``low + span``; what is between them stays as it is."""
    if span == 0:
        return np.zeros_like(x)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(x - x.dtype.type(low))
        period = x.dtype.type(2 * span)
        distance = np.abs(distance - np.floor(distance / period) * period)
        folded = np.minimum(distance, period - distance) + x.dtype.type(low)
    return np.where((x < low) | (x > low + span), folded, x)


def _reflection_edge(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(_fold(x, -0.5, size), 0, size - 1)


def _reflection_center(x: np.ndarray, size: int) -> np.ndarray:
    return _clamp(_fold(x, 0, size - 1), 0, size - 1)


BOUNDARY_RULES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "zeros": _zeros,
    "border": _border,
    "reflection_edge": _reflection_edge,
    "reflection_center": _reflection_center,
}


_AxisTaps = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]  # indices, validity, weights


def _axis_taps(x: np.ndarray, size: int, kernel: str, boundary: str) -> _AxisTaps:
    """Return indices, validity and weights of the taps along one axis.

    Narrow kernels (nearest, linear) send the coordinate through the boundary and then take its neighbours; wide ones take
    the neighbours of the coordinate and send each index through the boundary. Both are as in PyTorch.
    """
    rule = BOUNDARY_RULES[boundary]
    wide = KERNELS[kernel].taps > 2
    if not wide:
        x = rule(x, size)
    elif boundary in ("zeros", "border"):
        x = _clamp(x, -_FAR, size + _FAR)
    else:
        x = np.where(np.isfinite(x), x, x.dtype.type(0))
    start = np.rint(x) if kernel == "nearest" else np.floor(x)
    weights = KERNEL_WEIGHTS[kernel]((x - start).astype(np.float64))
    first = -((len(weights) - 1) // 2)
    indices, valid = [], []
    for tap in range(len(weights)):
        index = start + x.dtype.type(first + tap)
        if wide and boundary != "zeros":
            index = rule(index, size)
        inside = (index >= 0) & (index <= size - 1)
        indices.append(np.where(inside, index, 0).astype(np.int64))
        valid.append(inside)
    return indices, valid, weights


def _sample(input: np.ndarray, coords: np.ndarray, kernel: str, boundary: str, axes: tuple[AxisMap, ...]) -> np.ndarray:
    batch = max(input.shape[0], coords.shape[0]) if 0 not in (input.shape[0], coords.shape[0]) else 0
    out = np.zeros((batch, input.shape[1], *coords.shape[1:-1]))
    for n in range(batch):
        image = input[n if input.shape[0] > 1 else 0]
        points = coords[n if coords.shape[0] > 1 else 0]
        taps = [
            _axis_taps(unnormalize(points[..., axis.component], axis), size, kernel, boundary)
            for axis, size in zip(axes, image.shape[1:], strict=True)
        ]
        for chosen in product(range(len(taps[0][0])), repeat=len(axes)):
            index: tuple[np.ndarray, ...] = ()
            valid, weight = np.array(True), np.array(1.0)
            for (indices, inside, weights), tap in zip(taps, chosen, strict=True):
                index, valid, weight = (*index, indices[tap]), valid & inside[tap], weight * weights[tap]
            values = image[(slice(None), *index)].astype(np.float64)
            with np.errstate(invalid="ignore", over="ignore"):
                out[n] += np.where(valid, weight * values, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return out.astype(input.dtype.newbyteorder("="))


def sample(input: Any, coords: Any, kernel: str = "linear", boundary: str = "zeros") -> np.ndarray:
    """Define ``gridsample.sample`` for input (N, C, *spatial) and coords (N, *out, ndim)."""
    input, coords = np.asarray(input), np.asarray(coords)
    coords = coords.astype(coords.dtype.newbyteorder("="), copy=False)
    return _sample(input, coords, kernel, boundary, index_axes(coords.shape[-1]))


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False
) -> np.ndarray:
    """Define ``gridsample.grid_sample``; ``mode`` is nearest, bilinear or bicubic."""
    input, grid = np.asarray(input), np.asarray(grid)
    grid = grid.astype(grid.dtype.newbyteorder("="), copy=False)
    kernel = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}[mode]
    boundary = padding_mode
    if padding_mode == "reflection":
        boundary = "reflection_center" if align_corners else "reflection_edge"
    return _sample(input, grid, kernel, boundary, normalized_axes(input.shape[2:], align_corners))
