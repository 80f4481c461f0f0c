"""The points of the sweeps as JSON and as a table for each sweep."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gridsample.bench.measure import OURS
from gridsample.bench.peers import PEERS
from gridsample.bench.report import NONE, Table, best_cell, digits, in_threads, peer_cell, reasons, save
from gridsample.bench.scaling import Point
from gridsample.bench.sweeps import SWEEPS, THREADS, Step

__all__ = ["LeftOut", "tables", "write"]

LeftOut = tuple[Step, str]
"""A step, and why it was not measured."""

_WHAT = (
    "Bilinear sampling with border padding at the positions of a rotation, float32. Medians of interleaved rounds (quartiles "
    "in brackets), as nanoseconds per value of the result: they stay the same where time grows as the work does, and halve "
    "where twice as many threads take half the time. 2x means that the peer takes twice gridsample's time; ≠ marks a peer "
    "whose result differs. Temporary memory is by how much the resident memory of the process grows, at its peak, while "
    "gridsample is called with out=; some hundred KiB may be noise. - means not run, or not known."
)


def tables(points: Sequence[Point]) -> list[Table]:
    """Return a table for each sweep."""
    found = []
    for name, sweep in SWEEPS.items():
        chosen = [point for point in points if point.sweep == name]
        peers = [peer for peer in PEERS if peer != OURS and any(peer in point.timings for point in chosen)]
        if chosen:
            count = "" if name == THREADS else f", {in_threads(chosen[0].threads)}"
            header = ["size", "gridsample, ns per value", "temporary memory", "best peer", *peers]
            found.append(Table(f"{sweep.title} ({sweep.label}){count}", header, [_cells(point, peers) for point in chosen]))
    return found


def _cells(point: Point, peers: Sequence[str]) -> list[str]:
    ours, median = point.timings[OURS], point.ns_per_value(OURS)
    low, high = np.percentile(ours.times_ms, (25, 75)) * median / ours.median_ms
    time = f"{digits(median)} ({digits(low)} to {digits(high)})"
    memory = NONE if point.temporary_bytes is None else f"{point.temporary_bytes / 2**20:.2f} MiB"
    return [str(point.size), time, memory, best_cell(point), *(peer_cell(point, name) for name in peers)]


def write(path: Path, context: dict[str, Any], points: Sequence[Point], left_out: Sequence[LeftOut]) -> None:
    """Write ``path``.json and ``path``.md."""
    data = {
        "points": [
            asdict(point)
            | {
                "row": point.row._asdict(),
                "best": point.best,
                "ns_per_value": {name: point.ns_per_value(name) for name in point.timings},
            }
            for point in points
        ],
        "left_out": [{"sweep": step.sweep, "size": step.size, "why": why} for step, why in left_out],
    }
    not_run = [*(f"{step.sweep} {step.size}: {why}" for step, why in left_out), *reasons(points)]
    save(path, context | data, "Scaling", _WHAT, tables(points), not_run)
