"""The readings as JSON (everything) and as tables (ratios first)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gridsample.bench.agreement import Agreement
from gridsample.bench.means import geometric_means
from gridsample.bench.measure import OURS, Reading, Timed
from gridsample.bench.passes import FORWARD, Pass
from gridsample.bench.peers import PEERS
from gridsample.bench.workloads import Workload
from gridsample.files._atomic import replacing

__all__ = [
    "NONE",
    "LeftOut",
    "Table",
    "best_cell",
    "digits",
    "in_threads",
    "named",
    "peer_cell",
    "reasons",
    "save",
    "tables",
    "write",
]

NONE = "-"
"""In a cell: not run."""

LeftOut = tuple[Workload, str]
"""A row, and why it was not measured."""


class Table(NamedTuple):
    """Text in rows and columns, for the terminal and for Markdown."""

    title: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Return the table as Markdown, under its title."""
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join([f"## {self.title}", "", *("| " + " | ".join(line) + " |" for line in lines), ""])


def tables(readings: Sequence[Reading], what: Pass = FORWARD) -> list[Table]:
    """Return the speed and the agreement of all rows, for each thread count."""
    found = []
    for threads in sorted({reading.threads for reading in readings}):
        chosen = [reading for reading in readings if reading.threads == threads]
        peers = [name for name in PEERS if name != OURS and any(name in reading.timings for reading in chosen)]
        done = f"{what.title}, {in_threads(threads)}"
        found.append(
            Table(
                f"{done}: time of each peer over gridsample's",
                ["row", "case", "gridsample", "over the bound", "best peer", *peers],
                [*(_speed_row(reading, peers) for reading in chosen), _mean_row(chosen, peers)],
            )
        )
        found.append(
            Table(
                f"{done}: largest difference from gridsample",
                ["row", "gridsample from exact", *peers],
                [_agreement_row(reading, peers) for reading in chosen],
            )
        )
    return found


def _speed_row(reading: Reading, peers: Sequence[str]) -> list[str]:
    ours = reading.timings[OURS]
    low, high = np.percentile(ours.times_ms, (25, 75))
    cells = [reading.row.id, reading.row.what, f"{digits(ours.median_ms)} ms ({digits(low)} to {digits(high)})"]
    cells.append(f"{ours.median_ms / reading.bound.ms:.1f}x {reading.bound.by}")
    cells.append(best_cell(reading))
    return cells + [peer_cell(reading, name) for name in peers]


def _mean_row(readings: Sequence[Reading], peers: Sequence[str]) -> list[str]:
    means = geometric_means(readings)
    cells = [f"{means[name].ratio:.2f}x ({means[name].rows})" if name in means else NONE for name in peers]
    return ["", "geometric mean (of so many rows)", "", "", "", *cells]


def in_threads(count: int) -> str:
    """Return how many threads there are, in words."""
    return f"{count} thread{'s' if count > 1 else ''}"


def digits(value: float) -> str:
    """Return a number with three digits."""
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def best_cell(timed: Timed) -> str:
    """Return the ratio of the best peer, its quartiles and its name."""
    if timed.best is None:
        return NONE
    timing = timed.timings[timed.best]
    low, high = np.percentile(timing.ratios, (25, 75))
    return f"{timing.ratio:.2f}x ({low:.2f} to {high:.2f}) {timed.best}"


def peer_cell(timed: Timed, name: str) -> str:
    """Return the ratio of a peer, marked where its result differs."""
    if name not in timed.timings:
        return NONE
    timing = timed.timings[name]
    return f"{timing.ratio:.2f}x{'' if timing.agreement.holds else ' ≠'}"


def _agreement_row(reading: Reading, peers: Sequence[str]) -> list[str]:
    cells = [_difference(reading.timings[name].agreement) if name in reading.timings else NONE for name in peers]
    return [reading.row.id, _difference(reading.timings[OURS].error), *cells]


def _difference(agreement: Agreement) -> str:
    if agreement.holds:
        return f"{agreement.max_difference:.1e}"
    return f"{agreement.max_difference:.1e} ≠ ({agreement.share_off:.2%} of values)"


def write(
    path: Path,
    context: dict[str, Any],
    readings: Sequence[Reading],
    left_out: Sequence[LeftOut] = (),
    what: Pass = FORWARD,
) -> None:
    """Write ``path``.json and ``path``.md."""
    data = {
        "timed": what.title,
        "readings": [
            asdict(reading) | {"row": reading.row._asdict(), "best": reading.best, "median_ms": _medians(reading)}
            for reading in readings
        ],
        "geometric_means": [
            {"threads": threads, "peer": name, **mean._asdict()}
            for threads in sorted({reading.threads for reading in readings})
            for name, mean in geometric_means([reading for reading in readings if reading.threads == threads]).items()
        ],
        "left_out": [{"row": row.id, "why": why} for row, why in left_out],
    }
    not_run = [*(f"{row.id}: {why}" for row, why in left_out), *reasons(readings)]
    save(path, context | data, what.title, f"{what.what} {_WHAT}", tables(readings, what), not_run)


def _medians(reading: Reading) -> dict[str, float]:
    return {name: timing.median_ms for name, timing in reading.timings.items()}


_WHAT = (
    "Medians of interleaved rounds (quartiles in brackets); 2x means that the peer takes twice gridsample's time. "
    "≠ marks a peer whose result differs from gridsample's; it is never the best peer, and the geometric mean, over all other "
    "rows that the peer ran, is without that row. - means not run."
)


def reasons(found: Sequence[Timed]) -> list[str]:
    """Return which peers did not run, and why."""
    return [f"{name}: {why}" for name, why in sorted({skipped for timed in found for skipped in timed.skipped.items()})]


def named(path: Path, suffix: str) -> Path:
    """Return the path of one of the files that are written: ``path`` may have dots of its own."""
    return path.with_name(path.name + suffix)


def save(path: Path, data: dict[str, Any], title: str, what: str, found: Sequence[Table], not_run: Sequence[str]) -> None:
    """Write ``data`` to ``path``.json; machine, versions, what it is, tables and what did not run to ``path``.md.

    ``path``.png, if there is one, is removed: it shows what was measured before.
    """
    machine = data["machine"]
    commit = f"gridsample at {machine['commit']}; " if machine["commit"] else ""
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in data["versions"].items())
    lines = [
        f"# {title}",
        "",
        f"{machine['cpu']}, {machine['cores']} cores; instruction set {machine['cpu_info']['isa']}; {machine['system']}; "
        f"Python {machine['python']}; {commit}{machine['date']}.",
        "",
        f"{versions}.",
        "",
        what,
        "",
    ]
    skipped = ["## Not run", "", *(f"* {reason}" for reason in not_run), ""] if not_run else []
    markdown = "\n".join([*lines, *(table.markdown() for table in found), *skipped])
    path.parent.mkdir(parents=True, exist_ok=True)
    named(path, ".png").unlink(missing_ok=True)
    with replacing(named(path, ".json")) as everything, replacing(named(path, ".md")) as text:
        everything.write((json.dumps(data, indent=1, default=str) + "\n").encode())
        text.write(markdown.encode())
