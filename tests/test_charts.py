"""The pictures of the benchmark: they say what they show, and can be drawn again."""

import pytest

from gridsample.bench import chart, command, passes, sweeps
from tests.test_benchmarks import INSTANT, MACHINE, ROWS, reading

# Found beside the package, as tests.test_benchmarks has said.
import redraw  # isort: skip


@pytest.fixture
def figures(monkeypatch):
    """Return the figures that are drawn from here on; they are written as ever."""
    drawn, save = [], chart.save
    for module in ("chart", "scaling_chart"):
        monkeypatch.setattr(f"gridsample.bench.{module}.save", lambda path, figure: drawn.append(figure) or save(path, figure))
    return drawn


def ticks(axis):
    axis.figure.canvas.draw()
    return [tick.label1.get_text() for tick in axis.get_major_ticks()]


def test_what_a_picture_says(figures, tmp_path):
    """What it shows, and who is in it; with room about its points, and plain numbers at its ticks."""
    context = {"machine": MACHINE | {"cpu": "A CPU", "cores": 2}, "versions": {"torch": "2.1", "opencv": "5.0", "scipy": "1"}}
    rows = ("R1", "R7", "W5")
    readings = [
        reading(row, threads, torch=0.6 * threads, opencv=30.0, scipy=9.0, differs=["scipy"])
        for row in rows
        for threads in (1, 2)
    ]
    chart.draw(tmp_path / "x.png", readings, passes.FORWARD, context)
    (figure,) = figures
    assert figure.get_suptitle() == (
        "Forward: time of each peer over gridsample's\nright of 1 the peer is slower\nA CPU, 2 cores, avx512"
    )
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["torch 2.1", "opencv 5.0"]
    assert [panel.get_title() for panel in figure.axes] == ["1 thread", "2 threads"]
    for panel in figure.axes:
        assert panel.get_legend() is None
        assert [text.get_text() for text in panel.texts] == ["gridsample"]
        assert {"0.5", "1", "2", "3", "5", "10", "20", "30"} <= {*ticks(panel.xaxis)}
        bottom, top = panel.get_ylim()
        assert bottom > len(rows) - 0.7
        assert top < -0.3


def test_a_picture_without_peers(figures, tmp_path):
    chart.draw(tmp_path / "x.png", [reading("R1")], passes.FORWARD, {"machine": MACHINE, "versions": {}})
    assert figures[0].legends == []
    assert {"0.5", "1", "2"} <= {*ticks(figures[0].axes[0].xaxis)}


def test_the_ideal_is_not_hidden(figures, tmp_path):
    """By gridsample's line, which may be the same."""
    steps = [
        step._replace(row=step.row._replace(input=(1, 3, 9, 9), out=(9, 9)))
        for step in sweeps.plan([1, 2])
        if step.sweep == sweeps.THREADS
    ]
    command.scale(steps, ["torch"], INSTANT, tmp_path / "x")
    lines = {line.get_label(): line.get_zorder() for line in figures[0].axes[4].get_lines()}
    assert lines.pop("half the time with twice the threads") > max(lines.values())


def test_drawn_again(tmp_path):
    """From what is kept, as at first."""
    command.bench([ROWS["R1"], ROWS["R7"]], [1, 2], ["torch", "scipy"], INSTANT, tmp_path / "rows.1")
    command.scale([step for step in sweeps.plan([1]) if step.size == 64], ["torch"], INSTANT, tmp_path / "scaling")
    for picture in (tmp_path / "rows.1.png", tmp_path / "scaling.png"):
        before = picture.read_bytes()
        picture.unlink()
        redraw.redraw(picture.with_suffix(".json"))
        assert picture.read_bytes() == before
