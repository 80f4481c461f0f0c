"""The points of the sweeps as a picture: a panel for each sweep, and one for memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridsample.bench.chart import MARKERS, finish_axis, save
from gridsample.bench.measure import OURS
from gridsample.bench.peers import PEERS
from gridsample.bench.report import in_threads
from gridsample.bench.scaling import Point
from gridsample.bench.sweeps import SWEEPS, THREADS

__all__ = ["draw_scaling"]

FLOOR = 1 / 8
"""MiB: less is drawn as so much, since it cannot be told from noise."""


def draw_scaling(path: Path, points: Sequence[Point], context: Mapping[str, Any]) -> None:
    """Write a PNG; peers whose results differ are left out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 9.5), layout="constrained")
    *panels, last = figure.subplots(2, 3).flat
    for panel in panels[1:]:
        panel.sharey(panels[0])
    for name, panel in zip(SWEEPS, panels, strict=True):
        _draw_sweep(panel, name, [point for point in points if point.sweep == name])
    for panel in (panels[0], panels[3]):
        panel.set_ylabel("nanoseconds per value of the result")
    _draw_memory(last, points)
    machine = context["machine"]
    figure.suptitle(
        "Time for each value of the result, as the work grows: lower is faster; flat: time grows as the work does\n"
        f"reading float32 images at the positions of a rotation, bilinear; {machine['cpu']}, {machine['cores']} cores"
    )
    lines = {line.get_label(): line for panel in panels for line in panel.get_lines() if line.get_label() in PEERS}
    labels = [f"{name} {context['versions'][name]}" for name in lines]
    if lines:
        figure.legend(lines.values(), labels, loc="outside lower center", ncols=min(len(lines), 5), frameon=False)
    save(path, figure)


def _draw_sweep(panel: Any, name: str, points: Sequence[Point]) -> None:
    sweep = SWEEPS[name]
    if not points:
        _say(panel, sweep.title, "too large or too slow here")
        return
    for number, peer in enumerate(PEERS):
        shown = [point for point in points if peer in point.timings and point.timings[peer].agreement.holds]
        if shown:
            panel.plot(
                [point.size for point in shown],
                [point.ns_per_value(peer) for point in shown],
                label=peer,
                color=f"C{number}",
                marker=MARKERS[peer],
                linewidth=2.5 if peer == OURS else 1,
                zorder=4 if peer == OURS else 3,
            )
    sizes = [point.size for point in points]
    if name == THREADS:
        ideal = [points[0].ns_per_value(OURS) * sizes[0] / size for size in sizes]
        # Above gridsample's line, which may be the same.
        panel.plot(sizes, ideal, "k--", linewidth=1, zorder=5, label="half the time with twice the threads")
        panel.legend(handles=panel.get_lines()[-1:], loc="best", fontsize="small")
    used = f", {in_threads(points[0].threads)}" if name != THREADS else ""
    _finish(panel, f"{sweep.title}{used}", sweep.label)
    panel.set_xticks(sizes, [str(size) for size in sizes], fontsize="small")
    panel.set_xticks([], minor=True)


def _draw_memory(panel: Any, points: Sequence[Point]) -> None:
    title = "Memory that a call takes beyond its arrays"
    known = [(point, point.temporary_bytes) for point in points if point.temporary_bytes is not None]
    if not known:
        _say(panel, title, "this system does not tell")
        return
    for number, (name, sweep) in enumerate(SWEEPS.items()):
        shown = [(point, taken) for point, taken in known if point.sweep == name]
        images = [point.image_bytes / 2**20 for point, _ in shown]
        panel.plot(images, [max(taken / 2**20, FLOOR) for _, taken in shown], "osD^v"[number], alpha=0.6, label=sweep.title)
    _finish(panel, title, "size of the image, MiB")
    largest = max(point.image_bytes for point, _ in known) / 2**20
    panel.plot([FLOOR, max(largest, 1)], [FLOOR, max(largest, 1)], "k--", linewidth=1, label="as much as the image")
    panel.set_ylabel(f"MiB; {FLOOR:g} stands for that or less")
    panel.set_ylim(FLOOR / 2, None)
    panel.legend(loc="upper left", fontsize="small")


def _say(panel: Any, title: str, why: str) -> None:
    panel.set_title(title)
    panel.text(0.5, 0.5, why, ha="center", transform=panel.transAxes)


def _finish(panel: Any, title: str, label: str) -> None:
    panel.set_title(title)
    panel.set_xlabel(label)
    panel.set_xscale("log")
    panel.set_yscale("log")
    finish_axis(panel.xaxis, (1,))
    finish_axis(panel.yaxis, (1, 2, 5))
    panel.grid(alpha=0.3)
