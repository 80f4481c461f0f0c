"""Draw the picture of kept readings again: ``python benchmarks/redraw.py benchmarks/results/NAME.json`` writes ``NAME.png``."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridsample.bench import passes
from gridsample.bench.agreement import Agreement
from gridsample.bench.bounds import Bound
from gridsample.bench.chart import draw
from gridsample.bench.measure import Reading, Timed, Timing
from gridsample.bench.scaling import Point
from gridsample.bench.scaling_chart import draw_scaling
from gridsample.bench.workloads import Workload

__all__ = ["redraw"]


def redraw(path: Path) -> None:
    """Write the picture beside what `gridsample bench` has written."""
    kept = json.loads(path.read_text())
    picture = path.with_name(f"{path.name.removesuffix('.json')}.png")
    if "points" in kept:
        alone = ("sweep", "size", "took_s", "temporary_bytes")
        points = [Point(**vars(_timed(point)), **{name: point[name] for name in alone}) for point in kept["points"]]
        draw_scaling(picture, points, kept)
    else:
        readings = [Reading(**vars(_timed(reading)), bound=Bound(*reading["bound"])) for reading in kept["readings"]]
        titles = {what.title: what for what in (passes.FORWARD, passes.BACKWARD)}
        draw(picture, readings, titles[kept.get("timed", passes.FORWARD.title)], kept)  # the oldest do not say


def _timed(kept: Mapping[str, Any]) -> Timed:
    row = {name: tuple(value) if isinstance(value, list) else value for name, value in kept["row"].items()}
    timings = {
        name: Timing(found["times_ms"], Agreement(*found["agreement"]), Agreement(*found["error"]), found["ratios"])
        for name, found in kept["timings"].items()
    }
    return Timed(Workload(**row), kept["threads"], timings, kept["skipped"])


def main() -> None:
    """Draw every file that is named."""
    parser = argparse.ArgumentParser(description="Draw the pictures of kept readings again.")
    parser.add_argument("readings", nargs="+", type=Path, metavar="READINGS.json", help="what `gridsample bench` has written")
    for path in parser.parse_args().readings:
        if not path.is_file():
            parser.error(f"READINGS.json: there is no file {path}")
        redraw(path)


if __name__ == "__main__":
    main()
