"""Where and with what it was measured; the readings as JSON (everything) and as tables (ratios first)."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gridsample
from gridsample.bench.agreement import Agreement
from gridsample.bench.measure import OURS, Reading, Timing
from gridsample.bench.peers import PEERS

__all__ = ["Table", "describe_machine", "describe_versions", "tables", "write"]


_NONE = "-"


class Table(NamedTuple):
    """Text in rows and columns, for the terminal and for Markdown."""

    title: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Return the table as Markdown, under its title."""
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join([f"## {self.title}", "", *("| " + " | ".join(line) + " |" for line in lines), ""])


def describe_machine() -> dict[str, Any]:
    """Describe the processor and what gridsample makes of it."""
    cpuinfo = Path("/proc/cpuinfo")
    models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")] if cpuinfo.exists() else []
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu_info": gridsample.cpu_info(),
        "commit": commit.stdout.strip() or None,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def describe_versions(names: Sequence[str]) -> dict[str, str | None]:
    """Return the version of each peer, None for those not installed."""
    return {name: PEERS[name].version() for name in names} | {"numpy": np.__version__}


def tables(readings: Sequence[Reading]) -> list[Table]:
    """Return the speed and the agreement of all rows, for each thread count."""
    found = []
    for threads in sorted({reading.threads for reading in readings}):
        chosen = [reading for reading in readings if reading.threads == threads]
        peers = [name for name in PEERS if name != OURS and any(name in reading.timings for reading in chosen)]
        count = f"{threads} thread{'s' if threads > 1 else ''}"
        found.append(
            Table(
                f"Time of each peer over gridsample's, {count}",
                ["row", "case", "gridsample", "over the bound", "best peer", *peers],
                [_speed_row(reading, peers) for reading in chosen],
            )
        )
        found.append(
            Table(
                f"Largest difference from gridsample, {count}",
                ["row", "gridsample from exact", *peers],
                [_agreement_row(reading, peers) for reading in chosen],
            )
        )
    return found


def _speed_row(reading: Reading, peers: Sequence[str]) -> list[str]:
    ours, best = reading.timings[OURS], reading.best
    low, high = np.percentile(ours.times_ms, (25, 75))
    cells = [reading.row.id, reading.row.what, f"{_digits(ours.median_ms)} ms ({_digits(low)} to {_digits(high)})"]
    cells.append(f"{ours.median_ms / reading.bound.ms:.1f}x {reading.bound.by}")
    cells.append(f"{_ratio(reading.timings[best])} {best}" if best else _NONE)
    return cells + [_peer_cell(reading.timings[name]) if name in reading.timings else _NONE for name in peers]


def _digits(value: float) -> str:
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def _ratio(timing: Timing) -> str:
    low, high = np.percentile(timing.ratios, (25, 75))
    return f"{timing.ratio:.2f}x ({low:.2f} to {high:.2f})"


def _peer_cell(timing: Timing) -> str:
    return f"{timing.ratio:.2f}x{'' if timing.agreement.holds else ' ≠'}"


def _agreement_row(reading: Reading, peers: Sequence[str]) -> list[str]:
    cells = [_difference(reading.timings[name].agreement) if name in reading.timings else _NONE for name in peers]
    return [reading.row.id, _difference(reading.timings[OURS].error), *cells]


def _difference(agreement: Agreement) -> str:
    if agreement.holds:
        return f"{agreement.max_difference:.1e}"
    return f"{agreement.max_difference:.1e} ≠ ({agreement.share_off:.2%} of values)"


def write(path: Path, context: dict[str, Any], readings: Sequence[Reading]) -> None:
    """Write ``path``.json and ``path``.md."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        asdict(reading) | {"row": reading.row._asdict(), "best": reading.best, "median_ms": _medians(reading)}
        for reading in readings
    ]
    path.with_name(path.name + ".json").write_text(json.dumps(context | {"readings": rows}, indent=1, default=str) + "\n")
    path.with_name(path.name + ".md").write_text(_markdown(context, readings), encoding="utf-8")


def _medians(reading: Reading) -> dict[str, float]:
    return {name: timing.median_ms for name, timing in reading.timings.items()}


def _markdown(context: dict[str, Any], readings: Sequence[Reading]) -> str:
    machine = context["machine"]
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in context["versions"].items())
    lines = [
        "# Readings",
        "",
        f"{machine['cpu']}, {machine['cores']} cores; {machine['cpu_info']}; {machine['system']}; Python {machine['python']}; "
        f"gridsample at {machine['commit']}; {machine['date']}.",
        "",
        f"{versions}.",
        "",
        "Medians of interleaved rounds (quartiles in brackets); 2x means that the peer takes twice gridsample's time. "
        "Over the bound is gridsample's time over the least that this machine allows: by memory, to copy as many bytes as the "
        "row must move; by loads, to read as many rows of taps from the first-level cache. "
        "≠ marks a peer whose result differs from gridsample's; it is never the best peer. - means not run.",
        "",
    ]
    reasons = sorted({(name, reason) for reading in readings for name, reason in reading.skipped.items()})
    skipped = ["## Not run", "", *(f"* {name}: {reason}" for name, reason in reasons), ""] if reasons else []
    return "\n".join([*lines, *(table.markdown() for table in tables(readings)), *skipped])
