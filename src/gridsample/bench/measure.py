"""Time the peers of one row, interleaved in one process, and hold their results against each other and the exact values."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gridsample.bench.agreement import Agreement
from gridsample.bench.bounds import Bound
from gridsample.bench.passes import FORWARD, Pass
from gridsample.bench.peers import PEERS
from gridsample.bench.peers.base import Prepared, Unsupported
from gridsample.bench.workloads import Workload, make

__all__ = ["LEAST_ROUNDS", "OURS", "Reading", "Settings", "Timed", "Timing", "measure", "time_interleaved", "time_row"]

OURS = "gridsample"

LEAST_ROUNDS = 5
"""However long they take."""


class Settings(NamedTuple):
    """How long to measure."""

    pause: float = 0.02
    """Seconds before each visit: an OpenMP peer's threads keep spinning after a call and would steal the cores."""
    wake: float = 0.012
    """Seconds of calls after the pause that are not counted: threads sleep by then, as may a virtual machine's processors."""
    visit: float = 0.005
    """A visit repeats a shorter call until it takes so many seconds, and counts their mean."""
    budget: float = 3.0
    """Seconds for the rounds of one row and thread count, as far as 5 to 41 rounds allow."""
    rounds: int | None = None
    """A fixed number of rounds instead."""


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
class Timed:
    """Everybody in one row with one thread count."""

    row: Workload
    threads: int
    timings: dict[str, Timing]
    skipped: dict[str, str]

    @property
    def best(self) -> str | None:
        """Return the fastest of the peers that agree with gridsample."""
        agreeing = [name for name, timing in self.timings.items() if name != OURS and timing.agreement.holds]
        return min(agreeing, key=lambda name: self.timings[name].ratio, default=None)


@dataclass
class Reading(Timed):
    """The same beside what the machine allows."""

    bound: Bound


def measure(row: Workload, threads: int, names: Sequence[str], settings: Settings, what: Pass = FORWARD) -> Reading:
    """Prepare, check and time gridsample and the peers ``names``, and find the bound of the row."""
    input, grid = make(row)
    timed = time_row(row, input, grid, threads, names, settings, what)
    return Reading(**vars(timed), bound=what.find_bound(row, input, grid, threads))


def time_row(
    row: Workload,
    input: np.ndarray,
    grid: np.ndarray,
    threads: int,
    names: Sequence[str],
    settings: Settings,
    what: Pass = FORWARD,
) -> Timed:
    """Prepare, check and time gridsample and the peers ``names`` on the arrays of ``row``."""
    prepared, skipped = _prepare(what, row, input, grid, threads, [OURS, *(name for name in names if name != OURS)])
    check = what.against_exact(row, input, grid)
    timings: dict[str, Timing] = {}
    ours = prepared[OURS].result(prepared[OURS].call())
    for name, peer in prepared.items():
        theirs = ours if name == OURS else peer.result(peer.call())
        timings[name] = Timing([], what.compare(row, theirs, ours), check(theirs))
    del ours, theirs
    for name, times in time_interleaved({name: peer.call for name, peer in prepared.items()}, settings).items():
        timings[name].times_ms = [seconds * 1e3 for seconds in times]
    for timing in timings.values():
        timing.ratios = [a / b for a, b in zip(timing.times_ms, timings[OURS].times_ms, strict=True)]
    return Timed(row, threads, timings, skipped)


def _prepare(
    what: Pass, row: Workload, input: np.ndarray, grid: np.ndarray, threads: int, names: Sequence[str]
) -> tuple[dict[str, Prepared], dict[str, str]]:
    prepared, skipped = {}, {}
    for name in names:
        if PEERS[name].version() is None:
            skipped[name] = "not installed"
            continue
        try:
            prepare = what.prepare_by(name)
            if row.dtype not in PEERS[name].dtypes:
                raise Unsupported(f"not for {row.dtype}, or not with float32 coordinates")
            prepared[name] = prepare(row, input, grid, threads)
        except Unsupported as reason:
            skipped[name] = str(reason)
    return prepared, skipped


def time_interleaved(calls: dict[str, Callable[[], Any]], settings: Settings) -> dict[str, list[float]]:
    """Visit everyone once per round, in an order that changes; return seconds per call, round by round."""
    repeats, wakes, one_round = {}, {}, 0.0
    for name, call in calls.items():
        _visit(call, 1, settings.pause)  # warms up
        seconds = _visit(call, 1, 0)
        repeats[name] = max(1, round(settings.visit / seconds))
        wakes[name] = int(np.ceil(settings.wake / seconds)) if seconds < _LONG else 0
        one_round += settings.pause + (repeats[name] + wakes[name]) * seconds
    rounds = settings.rounds or int(np.clip(settings.budget / one_round, LEAST_ROUNDS, 41))
    times: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls), random.Random(0).shuffle
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                times[name].append(_visit(calls[name], repeats[name], settings.pause, wakes[name]))
    finally:
        gc.enable()
    return times


_LONG = 0.05
"""Seconds beside which it does not count how long sleeping threads take to wake."""


def _visit(call: Callable[[], Any], repeats: int, pause: float, wakes: int = 0) -> float:
    """Return the mean seconds of ``repeats`` calls in a row, after a pause, and after ``wakes`` calls that wake the threads."""
    time.sleep(pause)
    for _ in range(wakes):
        call()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats
