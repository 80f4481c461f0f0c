"""Time the peers of one row, interleaved in one process, and hold their results against each other and the exact values."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gridsample import reference
from gridsample.bench.bounds import Bound, find_bound
from gridsample.bench.peers import PEERS, Prepared, Unsupported
from gridsample.bench.workloads import Workload, make

__all__ = ["OURS", "Agreement", "Reading", "Settings", "Timing", "measure", "time_interleaved"]

OURS = "gridsample"

TOLERANCES = {"float32": 1e-3, "float16": 1e-3, "uint8": 1}
"""Inputs are noise: these allow for float32 coordinates on axes of some thousands of samples, for rounding, and for no more."""

TIES = 1e-3
"""Share of values that may differ in nearest mode, where rounding decides which of two samples is read."""


class Settings(NamedTuple):
    """How long to measure."""

    pause: float = 0.02
    """Seconds before each visit: an OpenMP peer's threads keep spinning after a call and would steal the cores."""
    visit: float = 0.005
    """A visit repeats a shorter call until it takes so many seconds, and counts their mean."""
    budget: float = 3.0
    """Seconds for the rounds of one row and thread count, as far as 5 to 41 rounds allow."""
    rounds: int | None = None
    """A fixed number of rounds instead."""


class Agreement(NamedTuple):
    """How far two results differ."""

    max_difference: float
    share_off: float
    """Share of values beyond the tolerance."""
    holds: bool


@dataclass
class Timing:
    """One peer in one row."""

    times_ms: list[float]
    """Of each round, per call."""
    agreement: Agreement
    """With gridsample's result, all values."""
    error: Agreement
    """Against the exact values, on a sample."""
    ratios: list[float] = field(default_factory=list)
    """Time over gridsample's, round by round."""

    @property
    def median_ms(self) -> float:
        """Return the median time of a call."""
        return float(np.median(self.times_ms))

    @property
    def ratio(self) -> float:
        """Return the median ratio: 2 means twice gridsample's time."""
        return float(np.median(self.ratios))


@dataclass
class Reading:
    """One row with one thread count."""

    row: Workload
    threads: int
    timings: dict[str, Timing]
    skipped: dict[str, str]
    bound: Bound

    @property
    def best(self) -> str | None:
        """Return the fastest of the peers that agree with gridsample."""
        agreeing = [name for name, timing in self.timings.items() if name != OURS and timing.agreement.holds]
        return min(agreeing, key=lambda name: self.timings[name].ratio, default=None)


def measure(row: Workload, threads: int, names: Sequence[str], settings: Settings) -> Reading:
    """Prepare, check and time gridsample and the peers ``names``."""
    input, grid = make(row)
    prepared, skipped = _prepare(row, input, grid, threads, [OURS, *(name for name in names if name != OURS)])
    entries, points, exact = _exact_sample(row, input, grid)
    timings: dict[str, Timing] = {}
    ours = prepared[OURS].result(prepared[OURS].call())
    for name, peer in prepared.items():
        theirs = ours if name == OURS else peer.result(peer.call())
        picked = theirs[entries].reshape(len(entries), row.input[1], -1)[..., points]
        timings[name] = Timing([], _compare(row, theirs, ours), _compare(row, picked, exact))
    del ours, theirs
    for name, times in time_interleaved({name: peer.call for name, peer in prepared.items()}, settings).items():
        timings[name].times_ms = [seconds * 1e3 for seconds in times]
    for timing in timings.values():
        timing.ratios = [a / b for a, b in zip(timing.times_ms, timings[OURS].times_ms, strict=True)]
    return Reading(row, threads, timings, skipped, find_bound(row, input, grid, threads))


def _prepare(
    row: Workload, input: np.ndarray, grid: np.ndarray, threads: int, names: Sequence[str]
) -> tuple[dict[str, Prepared], dict[str, str]]:
    prepared, skipped = {}, {}
    for name in names:
        if PEERS[name].version() is None:
            skipped[name] = "not installed"
            continue
        try:
            if row.dtype not in PEERS[name].dtypes:
                raise Unsupported(f"not for {row.dtype}, or not with float32 coordinates")
            prepared[name] = PEERS[name].prepare(row, input, grid, threads)
        except Unsupported as reason:
            skipped[name] = str(reason)
    return prepared, skipped


def _exact_sample(row: Workload, input: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evaluate the definition in float64 at some points of some batch entries: entries, flat points, values (n, C, points)."""
    rng = np.random.default_rng(0)
    batch, ndim = grid.shape[0], grid.shape[-1]
    entries = rng.choice(batch, min(batch, 4), replace=False)
    points = rng.integers(0, np.prod(row.out), 2048)
    picked = grid[entries].reshape(len(entries), -1, ndim)[:, points]
    picked = picked.reshape(*picked.shape[:2], *(1,) * (ndim - 1), ndim).astype(np.float64)
    values = reference.grid_sample(input[entries].astype(np.float64), picked, row.mode, row.padding, row.align_corners)
    if input.dtype.kind == "u":
        values = values.clip(0, np.iinfo(input.dtype).max)
    return entries, points, values.reshape(len(entries), row.input[1], -1)


def _compare(row: Workload, result: np.ndarray, expected: np.ndarray) -> Agreement:
    if result.shape != expected.shape:
        return Agreement(float("inf"), 1.0, False)
    worst, off = 0.0, 0
    for one, other in zip(result, expected, strict=True):  # entry by entry, since some results are of a gigabyte
        wide = np.result_type(one, np.float32)  # differences of bytes would wrap around
        difference = np.nan_to_num(np.abs(one.astype(wide) - other), copy=False, nan=np.inf)
        worst = max(worst, float(difference.max(initial=0)))
        off += int(np.count_nonzero(difference > TOLERANCES[row.dtype]))
    share = off / result.size
    return Agreement(worst, share, share <= (TIES if row.mode == "nearest" else 0))


def time_interleaved(calls: dict[str, Callable[[], Any]], settings: Settings) -> dict[str, list[float]]:
    """Visit everyone once per round, in an order that changes; return seconds per call, round by round."""
    repeats, one_round = {}, 0.0
    for name, call in calls.items():
        _visit(call, 1, settings.pause)  # warms up
        seconds = _visit(call, 1, 0)
        repeats[name] = max(1, round(settings.visit / seconds))
        one_round += settings.pause + repeats[name] * seconds
    rounds = settings.rounds or int(np.clip(settings.budget / one_round, 5, 41))
    times: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls), random.Random(0).shuffle
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                times[name].append(_visit(calls[name], repeats[name], settings.pause))
    finally:
        gc.enable()
    return times


def _visit(call: Callable[[], Any], repeats: int, pause: float) -> float:
    """Return the mean seconds of ``repeats`` calls in a row, after a pause."""
    time.sleep(pause)
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats
