"""The readings as a picture: how many times as long as gridsample each peer takes, row by row."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridsample.bench.measure import OURS, Reading
from gridsample.bench.passes import Pass
from gridsample.bench.peers import PEERS
from gridsample.bench.report import in_threads
from gridsample.files._atomic import replacing

__all__ = ["MARKERS", "draw", "finish_axis", "save"]

MARKERS = dict(zip(PEERS, "*os^Dv<>PX", strict=False))
"""Of each peer, in all pictures; as are colours, which follow the order of ``PEERS``."""


def draw(path: Path, readings: Sequence[Reading], what: Pass, context: Mapping[str, Any]) -> None:
    """Write a PNG with one panel for each thread count; peers whose results differ are left out."""
    from matplotlib.figure import Figure

    counts = sorted({reading.threads for reading in readings})
    cases = {reading.row.id: reading.row.what for reading in readings}
    rows = list(cases)
    figure = Figure(figsize=(7 * len(counts), 2.5 + 0.35 * len(rows)), layout="constrained")
    machine = context["machine"]
    figure.suptitle(
        f"{what.title}: time of each peer over gridsample's\nright of 1 the peer is slower\n"
        f"{machine['cpu']}, {machine['cores']} cores, {machine['cpu_info']['isa']}"
    )
    panels = figure.subplots(1, len(counts), sharey=True, sharex=True, squeeze=False)[0]
    drawn: dict[str, Any] = {}
    for panel, threads in zip(panels, counts, strict=True):
        found = {reading.row.id: reading.timings for reading in readings if reading.threads == threads}
        for number, name in enumerate(PEERS):
            holds = {row: found[row][name] for row in found if name in found[row] and found[row][name].agreement.holds}
            if holds and name != OURS:
                ratios, places = [timing.ratio for timing in holds.values()], [rows.index(row) for row in holds]
                drawn[name] = panel.scatter(ratios, places, color=f"C{number}", marker=MARKERS[name], zorder=3)
        panel.axvline(1, color="black", linewidth=1)
        panel.annotate(
            OURS,
            (1, 1),
            (0, 3),
            ha="center",
            xycoords=panel.get_xaxis_transform(),
            textcoords="offset points",
            fontsize="small",
        )
        panel.set_title(in_threads(threads), pad=18)
        panel.set_xlabel("time over gridsample's")
        panel.set_xscale("log")
        finish_axis(panel.xaxis, (1, 2, 3, 5))
        panel.grid(axis="both", alpha=0.3)
    panels[0].set_yticks(range(len(rows)), [f"{cases[row]}  {row}" for row in rows])
    panels[0].set_ylim(len(rows) - 0.4, -0.6)  # downwards; points are not on the frame
    low, high = panels[0].get_xlim()
    panels[0].set_xlim(min(low, 0.45), max(high, 2.2))  # more than one number beside it
    if drawn:
        names = [name for name in PEERS if name in drawn]
        labels = [f"{name} {context['versions'][name]}" for name in names]
        columns = min(len(names), 3 * len(counts))
        figure.legend([drawn[name] for name in names], labels, loc="outside lower center", ncols=columns, frameon=False)
    save(path, figure)


def finish_axis(axis: Any, steps: Sequence[int]) -> None:
    """Label a logarithmic axis with plain numbers: these multiples of powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def save(path: Path, figure: Any) -> None:
    """Write a figure as PNG, whole or not at all."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
