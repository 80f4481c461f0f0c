"""The least time that this machine allows a row: what it must move through memory, and what it must load from the cache."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

import gridsample
from gridsample._grid_sample import MODES
from gridsample._modes import KERNELS
from gridsample.bench.workloads import Workload

__all__ = ["Bound", "find_bound", "find_training_bound"]

REPEATS = 15
"""Of each measurement, of which the shortest counts."""


class Bound(NamedTuple):
    """Milliseconds, and what sets them: "memory" or "loads"."""

    ms: float
    by: str


def find_bound(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Bound:
    """Return the larger of two times.

    Memory: image, grid and result each cross memory once, at the rate of a copy whose arrays are together as large. Loads: each
    point reads one row of taps for each channel and combination of taps along the leading axes, or of channels side by side
    four for each tap, at the rate at which the same kernel reads rows in 1-D, of many channels, from the first-level cache.
    """
    taps = KERNELS[MODES[row.mode]].taps
    points = row.input[0] * math.prod(row.out)
    channels = row.input[1] if row.layout == "planar" else taps * math.ceil(row.input[1] / 4)
    rows = points * channels * taps ** (len(row.out) - 1)
    result = points * row.input[1] * input.itemsize
    nbytes = min(input.nbytes, rows * taps * input.itemsize) + grid.nbytes + result
    memory = _seconds_to_copy(nbytes, threads)
    loads = rows / (_load_rate(row.mode, row.dtype) * threads)
    return Bound(max(memory, loads) * 1e3, "memory" if memory >= loads else "loads")


def find_training_bound(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Bound:
    """Return the time of memory alone: image, grid, result, and the gradient of each, cross it once."""
    result = math.prod(row.result) * input.itemsize
    return Bound(_seconds_to_copy(2 * (input.nbytes + grid.nbytes + result), threads) * 1e3, "memory")


def _seconds_to_copy(nbytes: int, threads: int) -> float:
    return nbytes / _copy_rate(1 << round(math.log2(nbytes)), threads)


@lru_cache
def _copy_rate(footprint: int, threads: int) -> float:
    """Return the bytes per second that are read and written by copying one half of the footprint to the other."""
    halves = [np.ones(max(1, footprint // 2 // threads), np.uint8) for _ in range(2 * threads)]
    pairs = [*zip(halves[:threads], halves[threads:], strict=True)]
    with ThreadPoolExecutor(threads) as pool:
        seconds = _shortest(lambda: list(pool.map(lambda pair: np.copyto(*pair), pairs)))
    return 2 * threads * halves[0].nbytes / seconds


@lru_cache
def _load_rate(mode: str, dtype: str) -> float:
    """Return the rows of taps per second that one thread reads from the cache."""
    channels, points = 64, 1 << 12
    image = np.ones((1, channels, 64), dtype)
    grid = np.linspace(-0.8, 0.8, points, dtype=np.float32).reshape(1, points, 1)
    out = np.empty((1, channels, points), dtype)
    before = gridsample.get_num_threads()
    gridsample.set_num_threads(1)
    try:
        seconds = _shortest(lambda: gridsample.grid_sample(image, grid, mode, "border", out=out))
    finally:
        gridsample.set_num_threads(before)
    return channels * points / seconds


def _shortest(call: Callable[[], Any]) -> float:
    best = math.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best
