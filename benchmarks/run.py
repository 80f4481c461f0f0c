"""Measure gridsample beside its peers: ``python benchmarks/run.py --rows quick``. See README.md beside this file."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from measure import OURS, Reading, Settings, measure
from peers import PEERS
from report import describe_machine, describe_versions, tables, write
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from workloads import QUICK, ROWS, Workload

RESULTS = Path(__file__).parent / "results"


def bench(
    rows: Sequence[Workload], threads: Sequence[int], peers: Sequence[str], settings: Settings, out: Path
) -> list[Reading]:
    """Measure every row with every thread count; write and print what was found."""
    context = {
        "machine": describe_machine(),
        "versions": describe_versions([OURS, *(name for name in peers if name != OURS)]),
        "settings": settings._asdict(),
    }
    readings: list[Reading] = []
    console = Console(width=None if sys.stdout.isatty() else 180)  # a file is as wide as the tables
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    # No refreshing thread: it would run while others are timed.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("", total=len(rows) * len(threads))
        for row in rows:
            for count in threads:
                progress.update(task, description=f"{row.id} {row.what}, {count} threads", refresh=True)
                readings.append(measure(row, count, peers, settings))
                write(out, context, readings)  # after each, so that an interrupted run leaves something
                progress.advance(task)
    for found in tables(readings):
        table = Table(*found.header, title=found.title, box=SIMPLE_HEAD, title_justify="left")
        for cells in found.rows:
            table.add_row(*cells)
        console.print(table)
    console.print(f"written: {out}.json, {out}.md")
    return readings


def _chosen(text: str, known: Sequence[str], what: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"unknown {what} {', '.join(unknown)}; known: {', '.join(known)}")
    return names


def main(
    rows: Annotated[str, typer.Option(help="Row ids with commas between, 'quick', or 'all'.")] = "quick",
    threads: Annotated[str, typer.Option(help="Thread counts with commas between.")] = "1,2",
    peers: Annotated[str, typer.Option(help="Peers with commas between, or 'all'.")] = "all",
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Rounds per row; by default as many as fit 3 seconds, 5 to 41.")
    ] = None,
    pause: Annotated[float, typer.Option(min=0, help="Milliseconds to wait before each visit.")] = 3,
    out: Annotated[Path, typer.Option(help="Writes OUT.json and OUT.md.", show_default="latest, in results/")] = RESULTS
    / "latest",
) -> None:
    """Time gridsample and its peers, interleaved, with equal threads; check that they agree."""
    table = {row.id: row for row in ROWS}
    ids = {"quick": QUICK, "all": tuple(table)}.get(rows) or _chosen(rows, tuple(table), "row")
    names = tuple(PEERS) if peers == "all" else _chosen(peers, tuple(PEERS), "peer")
    counts = [int(count) for count in _chosen(threads, [str(n) for n in range(1, 1025)], "thread count")]
    settings = Settings(pause=pause / 1000, rounds=repeats)
    readings = bench([table[id] for id in ids], counts, names, settings, out)
    wrong = sorted({reading.row.id for reading in readings if not reading.timings[OURS].error.holds})
    if wrong:
        raise SystemExit(f"gridsample is wrong in {', '.join(wrong)}: nothing measured there counts")


if __name__ == "__main__":
    typer.run(main)
