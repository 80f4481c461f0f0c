"""Arrays of more than three axes: sums, over the taps along the first of them, of samples of the volumes of the last three."""

from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np

from gridsample import reference
from gridsample._spec import MAX_NDIM

__all__ = ["BLOCK", "sample_deep"]

BLOCK = 1 << 20
"""Points of a block: many, so that many of them read the same volume."""


def sample_deep(
    image: np.ndarray, coords: np.ndarray, out: np.ndarray, kernel: str, boundary: str, cval: Any, reader: Callable[..., Any]
) -> None:
    """Fill ``out`` (C, *out) with ``image`` (C, *spatial) read at ``coords`` (*out, ndim), positions of any dtype.

    ``reader`` makes, of volumes (C, D, H, W), what fills an array (C, n) with their samples at (n, 3).
    """
    lead, channels = coords.shape[-1] - MAX_NDIM, len(image)
    points = coords.reshape(-1, coords.shape[-1])
    fill = cval if boundary == "constant" else 0
    if kernel == "nearest":  # elements, and no sums
        ((index, inside, _),) = _taps(points, image.shape[1:], kernel, boundary)
        out[...] = np.where(inside, image.reshape(channels, -1)[:, index], fill).reshape(out.shape)
        return
    volumes = image.reshape(channels, -1, *image.shape[-MAX_NDIM:])
    sizes = image.shape[1 : 1 + lead]
    order = _by_volume(points[:, :lead], sizes)
    points = points[order]
    total = np.zeros((channels, len(points)), np.complex128 if out.dtype.kind == "c" else np.float64)
    values = np.empty((channels, len(points)), out.dtype)
    for index, inside, weight in _taps(points, sizes, kernel, boundary):
        values[:, ~inside] = fill
        for volume, run in _runs(np.where(inside, index, -1)):
            reader(volumes[:, volume])(points[run, lead:], values[:, run])
        total += weight * values
    found = np.empty(total.shape, out.dtype)
    found[:, order] = total
    out[...] = found.reshape(out.shape)


def _by_volume(places: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Return an order of points in which those that read the same volumes follow each other."""
    halves = np.array(sizes) * 2 + 4  # of samples, since taps are counted from the nearest sample or from the one before
    at = np.clip(np.nan_to_num(np.floor(2 * places)) + 4, 0, halves).astype(np.int64)
    key = np.ravel_multi_index(tuple(at.T), tuple(halves + 1))
    return np.argsort(key.astype(np.int16) if np.prod(halves + 1) < 1 << 15 else key, kind="stable")  # a radix sort of 16 bits


def _taps(
    points: np.ndarray, sizes: tuple[int, ...], kernel: str, boundary: str
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield, for each combination of one tap along each of the first axes, its volumes, whether there are any, and weights."""
    taps = [reference.axis_taps(points[:, axis], size, kernel, boundary) for axis, size in enumerate(sizes)]
    weights = [reference.KERNEL_WEIGHTS[kernel](fraction, -0.75) for _, _, fraction in taps]
    for chosen in product(range(len(weights[0])), repeat=len(taps)):
        each = zip(taps, weights, chosen, strict=True)
        indices, insides, factors = zip(*((taps[k], inside[k], along[k]) for (taps, inside, _), along, k in each), strict=True)
        yield np.ravel_multi_index(indices, sizes), np.logical_and.reduce(insides), np.multiply.reduce(factors)


def _runs(volume: np.ndarray) -> Iterator[tuple[int, slice]]:
    """Yield each volume and points that follow each other and read it; those of -1 read none."""
    starts = [0, *(np.flatnonzero(np.diff(volume)) + 1), len(volume)]
    for first, last in pairwise(starts):
        if volume[first] >= 0:
            yield int(volume[first]), slice(first, last)
