"""What ``gridsample bench`` does."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridsample.bench.chart import draw
from gridsample.bench.measure import OURS, Reading, Settings, measure
from gridsample.bench.report import describe_machine, describe_versions, tables, write
from gridsample.bench.workloads import Workload

__all__ = ["bench"]


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
    draw(out.with_name(out.name + ".png"), readings)
    missing = [name for name, version in context["versions"].items() if version is None]
    if missing:
        console.print(f"not installed: {', '.join(missing)}; pip install 'gridsample\\[bench]' brings them", soft_wrap=True)
    console.print(f"written: {out}.json, {out}.md, {out}.png")
    return readings
