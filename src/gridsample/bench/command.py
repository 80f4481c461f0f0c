"""What ``gridsample bench`` does."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridsample.bench import report, scaling_report
from gridsample.bench.chart import draw
from gridsample.bench.machine import describe_machine, describe_versions
from gridsample.bench.measure import OURS, Reading, Settings, measure
from gridsample.bench.passes import FORWARD, Pass
from gridsample.bench.scaling import Point, measure_step, why_not
from gridsample.bench.scaling_chart import draw_scaling
from gridsample.bench.sweeps import Step
from gridsample.bench.workloads import Workload

__all__ = ["bench", "scale"]


def bench(
    rows: Sequence[Workload],
    threads: Sequence[int],
    peers: Sequence[str],
    settings: Settings,
    out: Path,
    what: Pass = FORWARD,
) -> list[Reading]:
    """Measure every row that can be with every thread count; write and print what was found, and what was left out."""
    context, console = _describe(peers, settings), _console()
    readings: list[Reading] = []
    left_out = [(row, why) for row in rows if (why := what.why_not(row))]
    timed = [row for row in rows if not what.why_not(row)]
    with _saying_where(out, readings):
        with _progress(console, len(timed) * len(threads)) as show:
            for row in timed:
                for number in threads:
                    show(f"{row.id} {row.what}, {report.in_threads(number)}")
                    readings.append(measure(row, number, peers, settings, what))
                    report.write(out, context, readings, left_out, what)  # after each: an interrupted run leaves something
        draw(report.named(out, ".png"), readings, what, context)
    _print(console, report.tables(readings, what), context, out, [f"{row.id}: {why}" for row, why in left_out])
    return readings


def scale(steps: Sequence[Step], peers: Sequence[str], settings: Settings, out: Path) -> list[Point]:
    """Measure the steps that memory and time allow; write and print what was found, and what was left out."""
    context, console = _describe(peers, settings), _console()
    points: list[Point] = []
    left_out: list[scaling_report.LeftOut] = []
    with _saying_where(out, points):
        with _progress(console, len(steps)) as show:
            for step in steps:
                show(f"{step.row.what}, {report.in_threads(step.threads)}")
                why = why_not(step, points, settings)
                if why:
                    left_out.append((step, why))
                else:
                    points.append(measure_step(step, points, peers, settings))
                scaling_report.write(out, context, points, left_out)
        draw_scaling(report.named(out, ".png"), points, context)
    _print(console, scaling_report.tables(points), context, out, [f"{step.row.what}: {why}" for step, why in left_out])
    return points


@contextmanager
def _saying_where(out: Path, found: Sequence[Any]) -> Iterator[None]:
    """Let Ctrl-C say where what was found until then is."""
    try:
        yield
    except KeyboardInterrupt:
        if found:
            raise KeyboardInterrupt(f"what was measured is in {out}.json and {out}.md") from None
        raise


def _describe(peers: Sequence[str], settings: Settings) -> dict[str, Any]:
    return {
        "machine": describe_machine(),
        "versions": describe_versions([OURS, *(name for name in peers if name != OURS)]),
        "settings": settings._asdict(),
    }


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 180)  # a file is as wide as the tables


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[str], None]]:
    """Show how much is done; give what is called with the description of each step that begins."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    done = count()
    # No refreshing thread: it would run while others are timed.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("", total=total)
        yield lambda description: progress.update(task, description=description, completed=next(done), refresh=True)
        progress.update(task, completed=total)


def _print(
    console: Console, tables: Sequence[report.Table], context: dict[str, Any], out: Path, left_out: Sequence[str]
) -> None:
    for found in tables:
        table = Table(*found.header, title=found.title, box=SIMPLE_HEAD, title_justify="left")
        for cells in found.rows:
            table.add_row(*cells)
        console.print(table)
    missing = [name for name, version in context["versions"].items() if version is None]
    if missing:
        console.print(f"not installed: {', '.join(missing)}; pip install 'gridsample\\[bench]' brings them", soft_wrap=True)
    console.print(f"written: {out}.json, {out}.md, {out}.png")
    for why in left_out:
        console.print(f"left out: {why}", soft_wrap=True)
