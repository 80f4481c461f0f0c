"""How time and memory grow with the work: the steps of the sweeps, timed as rows are, as far as memory and patience go."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import gridsample
from gridsample.bench.measure import LEAST_ROUNDS, OURS, Settings, Timed, time_row
from gridsample.bench.memory import free_bytes, temporary_bytes
from gridsample.bench.sweeps import Step
from gridsample.bench.workloads import Workload, make

__all__ = ["Point", "measure_step", "why_not"]

PATIENCE = 20.0
"""Seconds that a library may take for a step, going by the size before. Those that would take more are left out."""

CALLS = 4
"""Of each library beside the rounds, or what takes as long: to compare, to warm up, to choose rounds, to make arrays."""

SHARE = 0.5
"""Of the free memory that a step may need."""

TOO_SLOW = f"large sizes would take more than {PATIENCE:.0f} s each"

HELD, HELD_BY_PEER = 1.8, 0.4
"""What a step needs at its peak, over the bytes of image, grid and result: temporaries, copies for peers, their results."""


@dataclass
class Point(Timed):
    """One step as it was measured."""

    sweep: str
    size: int
    took_s: float
    """Everything: making the arrays, preparing, checking, rounds."""
    temporary_bytes: int | None
    """What a call of gridsample takes while it lasts, beside its arguments and ``out``."""

    @property
    def image_bytes(self) -> int:
        """Return the size of what is sampled."""
        return math.prod(self.row.input) * np.dtype(self.row.dtype).itemsize

    def ns_per_value(self, name: str) -> float:
        """Return the median time of a call over the values that it returns."""
        return self.timings[name].median_ms * 1e6 / math.prod(self.row.result)


def why_not(step: Step, before: Sequence[Point], settings: Settings) -> str | None:
    """Return why a step is left out, None if it is not: too much memory, or time going by what was measured."""
    forecast = _forecast(step, before, settings)
    peers = [name for name, seconds in forecast.items() if name != OURS and seconds <= PATIENCE]
    needed, free = (HELD + HELD_BY_PEER * len(peers)) * _nbytes(step.row), free_bytes()
    if needed > SHARE * free:
        return f"needs {needed / 2**30:.2g} GiB, more than half of the {free / 2**30:.2g} GiB that are free"
    seconds = forecast.get(OURS, 0)
    return f"would take about {seconds:.0f} s" if seconds > PATIENCE else None


def _forecast(step: Step, before: Sequence[Point], settings: Settings) -> dict[str, float]:
    """Return the seconds that each library would take, infinite if it took too long for a smaller size."""
    smaller = [point for point in before if point.sweep == step.sweep]
    if not smaller:
        return {}
    last, calls = smaller[-1], CALLS + (settings.rounds or LEAST_ROUNDS)
    growth = math.prod(step.row.result) / math.prod(last.row.result)
    slow = {name for name, why in last.skipped.items() if why == TOO_SLOW}
    return {name: timing.median_ms / 1e3 * growth * calls for name, timing in last.timings.items()} | dict.fromkeys(
        slow, math.inf
    )


def measure_step(step: Step, before: Sequence[Point], names: Sequence[str], settings: Settings) -> Point:
    """Time gridsample and the peers ``names``, check them, and measure the memory of a call of gridsample."""
    start = time.perf_counter()
    row = step.row
    slow = [name for name, seconds in _forecast(step, before, settings).items() if name != OURS and seconds > PATIENCE]
    input, grid = make(row)
    timed = time_row(row, input, grid, step.threads, [name for name in names if name not in slow], settings)
    timed.skipped |= dict.fromkeys(slow, TOO_SLOW)
    out = np.full(row.result, 0, row.dtype)  # written, so that its pages are there
    memory = temporary_bytes(lambda: gridsample.grid_sample(input, grid, row.mode, row.padding, row.align_corners, out=out))
    took = time.perf_counter() - start
    return Point(**vars(timed), sweep=step.sweep, size=step.size, took_s=took, temporary_bytes=memory)


def _nbytes(row: Workload) -> int:
    grid = row.input[0] * math.prod(row.out) * len(row.out) * 4
    return (math.prod(row.input) + math.prod(row.result)) * np.dtype(row.dtype).itemsize + grid
