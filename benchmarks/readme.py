"""Write the speed table of the README from kept readings: ``python benchmarks/readme.py benchmarks/results/NAME.json``."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gridsample.bench.agreement import Agreement
from gridsample.bench.workloads import ROWS

__all__ = ["ROWS_SHOWN", "speed_table"]

ROWS_SHOWN = ("R1", "R3", "R5", "R7", "W2", "W5", "W20", "P1u", "P1uc")
COLUMNS = {"PyTorch": ("torch", "torch-channels-last"), "OpenVINO": ("openvino",), "OpenCV": ("opencv",)}
"""Heading, and the peers of which the fastest counts."""

BEGIN, END = "<!-- speed -->\n", "<!-- /speed -->\n"


def speed_table(results: Mapping[str, Any], source: str) -> str:
    """Return the ratios of the rows shown, as Markdown: each peer's time over gridsample's, for every thread count."""
    readings = {(reading["row"]["id"], reading["threads"]): reading for reading in results["readings"]}
    threads = sorted({count for _, count in readings})
    versions = [f"{heading} {results['versions'].get(names[0]) or 'not run'}" for heading, names in COLUMNS.items()]
    lines = [
        "## Speed",
        "",
        f"Time of each peer over gridsample's with {' / '.join(map(str, threads))} threads, measured side by side on "
        f"{results['machine']['cores']} virtual cores of an {results['machine']['cpu'].split('@')[0].strip()} "
        f"({results['machine']['cpu_info']['isa']}); 2x means that the peer takes twice as long. - is what a peer cannot "
        "do, or does otherwise. PyTorch in the faster of its two memory formats, OpenCV on interleaved images.",
        "",
        f"| | {' | '.join(versions)} |",
        "|" + "---|" * (len(COLUMNS) + 1),
    ]
    for row in ROWS:
        if row.id in ROWS_SHOWN and (row.id, threads[0]) in readings:
            cells = [_cell([readings[row.id, count]["timings"] for count in threads], peers) for peers in COLUMNS.values()]
            size = " x ".join(map(str, row.input))
            what = row.what if row.mode in row.what or row.mode == "bilinear" else f"{row.what}, {row.mode}"
            lines.append(f"| {what}: {size} {row.dtype} | {' | '.join(cells)} |")
    lines += [
        "",
        f"All of it, with the spread: [{source}]({source}). Again: `pip install '.[bench]' && gridsample bench`. What "
        "bounds each row and what was tried is in [docs/performance.md](docs/performance.md).",
    ]
    return "\n".join(lines) + "\n"


def _cell(timings: list[Mapping[str, Any]], peers: tuple[str, ...]) -> str:
    """Return the smallest ratio of the peers that agree, for each thread count."""
    ratios = [
        [np.median(found[name]["ratios"]) for name in peers if name in found and _agrees(found[name])] for found in timings
    ]
    return " / ".join(f"{min(each):.1f}x" for each in ratios) if all(ratios) else "-"


def _agrees(timing: Mapping[str, Any]) -> bool:
    return Agreement(*timing["agreement"]).holds


def main(path: Path) -> None:
    """Put the table between the two marks of the README."""
    root = Path(__file__).parents[1]
    readme = root / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2] if END in rest else rest
    table = speed_table(json.loads(path.read_text()), path.with_suffix(".md").resolve().relative_to(root).as_posix())
    readme.write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the speed table of the README from kept readings.")
    parser.add_argument("readings", type=Path, metavar="READINGS.json", help="what `gridsample bench` has written")
    path = parser.parse_args().readings
    if not path.is_file():
        parser.error(f"READINGS.json: there is no file {path}")
    main(path)
