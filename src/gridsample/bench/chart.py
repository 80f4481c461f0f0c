"""The readings as a picture: how many times as long as gridsample each peer takes, row by row."""

from collections.abc import Sequence
from pathlib import Path

from gridsample.bench.measure import OURS, Reading
from gridsample.bench.passes import FORWARD, Pass
from gridsample.bench.peers import PEERS
from gridsample.files._atomic import replacing

__all__ = ["MARKERS", "draw"]

MARKERS = dict(zip(PEERS, "*os^Dv<>PX", strict=False))
"""Of each peer, in all pictures."""


def draw(path: Path, readings: Sequence[Reading], what: Pass = FORWARD) -> None:
    """Write a PNG with one panel for each thread count; peers whose results differ are left out."""
    from matplotlib.figure import Figure

    counts = sorted({reading.threads for reading in readings})
    names = [name for name in PEERS if name != OURS and any(name in reading.timings for reading in readings)]
    rows = list(dict.fromkeys(reading.row.id for reading in readings))
    figure = Figure(figsize=(7 * len(counts), 1.5 + 0.35 * len(rows)), layout="constrained")
    figure.suptitle(what.title)
    panels = figure.subplots(1, len(counts), sharey=True, sharex=True, squeeze=False)[0]
    for panel, threads in zip(panels, counts, strict=True):
        found = {reading.row.id: reading.timings for reading in readings if reading.threads == threads}
        for name in names:
            holds = {row: found[row][name] for row in found if name in found[row] and found[row][name].agreement.holds}
            panel.scatter(
                [timing.ratio for timing in holds.values()],
                [rows.index(row) for row in holds],
                label=f"{name} {PEERS[name].version()}",
                marker=MARKERS[name],
                zorder=3,
            )
        panel.axvline(1, color="black", linewidth=1)
        panel.set_xscale("log")
        panel.set_title(f"{threads} thread{'s' if threads > 1 else ''}")
        panel.set_xlabel("time over gridsample's: right of 1 the peer is slower")
        panel.grid(axis="both", alpha=0.3)
    cases = {reading.row.id: reading.row.what for reading in readings}
    panels[0].set_yticks(range(len(rows)), [f"{cases[row]}  {row}" for row in rows])
    panels[0].invert_yaxis()
    if names:
        panels[-1].legend(loc="best", fontsize="small")
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
