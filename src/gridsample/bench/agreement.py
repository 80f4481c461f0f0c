"""How far results differ: from each other, and from the exact values."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gridsample import reference
from gridsample.bench.workloads import Workload

__all__ = ["TIES", "Agreement", "Check", "Sample", "against_exact", "compare", "differ", "take_sample", "tolerance"]

TIES = 1e-3
"""Share of values that may differ in nearest mode, where rounding decides which of two samples is read."""

_BLOCK = 1 << 22
"""Values that are compared at once: some results are of gigabytes."""


class Agreement(NamedTuple):
    """How far two results differ."""

    max_difference: float
    share_off: float
    """Share of values beyond the tolerance."""
    holds: bool


Check = Callable[[Any], Agreement]
"""Holds a result against the exact values."""


class Sample(NamedTuple):
    """Some points of some batch entries."""

    entries: np.ndarray
    points: np.ndarray
    """Flat indices, the same of all entries."""
    grids: list[np.ndarray]
    """Of each entry the points' positions in float64, (1, points, 1, ..., ndim)."""


def tolerance(row: Workload) -> float:
    """Return how far values may differ.

    Inputs are noise: 1e-3 allows for float32 coordinates on axes of some thousands of samples, for rounding, and for no more.
    Longer axes have coarser coordinates. A byte may be rounded the other way.
    """
    return 1 if row.dtype == "uint8" else max(1e-3, 2 * max(row.input[2:]) * 2.0**-23)


def take_sample(row: Workload, grid: np.ndarray) -> Sample:
    """Return the same points for the same row."""
    rng = np.random.default_rng(0)
    batch, ndim = grid.shape[0], grid.shape[-1]
    entries = rng.choice(batch, min(batch, 4), replace=False)
    points = rng.integers(0, np.prod(row.out), 2048)
    shape = (1, -1, *(1,) * (ndim - 1), ndim)
    picked = [grid[entry].reshape(-1, ndim)[points].astype(np.float64).reshape(shape) for entry in entries]
    return Sample(entries, points, picked)


def against_exact(row: Workload, input: np.ndarray, grid: np.ndarray) -> Check:
    """Evaluate the definition in float64 on a sample, and return what holds results (N, C, *out) against it."""
    entries, points, grids = take_sample(row, grid)
    exact = np.empty((len(entries), row.input[1], len(points)))
    for values, entry, picked in zip(exact, entries, grids, strict=True):
        image = input[entry : entry + 1].astype(np.float64)
        found = reference.grid_sample(image, picked, row.mode, row.padding, row.align_corners)
        values[:] = found.reshape(values.shape)
    if input.dtype.kind == "u":
        exact = exact.clip(0, np.iinfo(input.dtype).max)

    def check(result: np.ndarray) -> Agreement:
        picked = result.reshape(*row.result[:2], -1)[entries[:, None], :, points].transpose(0, 2, 1)
        return compare(row, picked, exact)

    return check


def compare(row: Workload, result: np.ndarray, expected: np.ndarray) -> Agreement:
    """Return how far ``result`` (N, C, *out) is from what is expected, and whether that is near enough."""
    return differ(result, expected, tolerance(row), TIES if row.mode == "nearest" else 0)


def differ(result: np.ndarray, expected: np.ndarray, tolerance: float, share_allowed: float) -> Agreement:
    """Return how far an array is from what is expected; no more than the share of values may be beyond the tolerance."""
    if result.shape != expected.shape:
        return Agreement(float("inf"), 1.0, False)
    worst, off = 0.0, 0
    for block in _blocks(result.shape):
        one, other = result[block], expected[block]
        wide = np.result_type(one, np.float32)  # differences of bytes would wrap around
        difference = np.nan_to_num(np.abs(one.astype(wide) - other), copy=False, nan=np.inf)
        worst = max(worst, float(difference.max(initial=0)))
        off += int(np.count_nonzero(difference > tolerance))
    share = off / result.size
    return Agreement(worst, share, share <= share_allowed)


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[int, slice, slice]]:
    step = max(1, _BLOCK * shape[2] // math.prod(shape[1:]))
    for entry in range(shape[0]):
        for first in range(0, shape[2], step):
            yield entry, slice(None), slice(first, first + step)
