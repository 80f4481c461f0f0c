"""The Python examples of README.md and docs/ run as they stand; those of docstrings are doctests."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridsample import _ndimage_arguments, _opencv_arguments, opencv
from gridsample._grid_sample import MODES, padding_names
from gridsample._modes import BOUNDARIES, KERNELS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, code in enumerate(FENCED.findall(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_example_runs(code):
    exec(compile(code, "example", "exec"), {})


def test_there_are_examples():
    assert EXAMPLES


def test_guide_shows_what_comes_out():
    """One session from its first example to its last."""
    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    lines = "\n\n".join(re.findall(r"^```pycon\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    session = doctest.DocTestParser().get_doctest(lines, {}, "guide.md", None, 0)
    said = []
    assert doctest.DocTestRunner().run(session, out=said.append).failed == 0, "".join(said)
    assert len(session.examples) > 20


def rows_of(table):
    """Return the cells of the rows of a table of the guide whose head begins so."""
    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    _, *rows = page.split(f"| {table}")[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_boundaries_of_the_guide():
    """The pictures of the table are those of ours."""
    pictures = {name: f"`{row.picture}`".replace(" | a b c d | ", " ‖ a b c d ‖ ") for name, row in BOUNDARIES.items()}
    assert {name: picture for name, picture, _ in rows_of("boundary | outside")} == pictures


def test_kernels_of_the_guide():
    """Every kernel, and what it is called in each dialect."""
    rows = rows_of("`grid_sample`, mode")
    assert [kernel for _, kernel, *_ in rows] == [*KERNELS]
    flags = {name: [] for name in KERNELS}
    for name in (name for name in opencv.__all__ if name.startswith("INTER_")):
        flags[_opencv_arguments.KERNELS[getattr(opencv, name)]].append(name)
    for mode, kernel, order, known, taps in rows:
        assert MODES[mode] == kernel
        spline = {"nearest": 0, "linear": 1}.get(kernel, KERNELS[kernel].order)
        assert order == (str(spline) if spline in range(6) and (spline or kernel == "nearest") else "-")
        assert sorted(known.split(", ")) == (sorted(flags[kernel]) or ["-"])
        assert int(taps) == KERNELS[kernel].taps


def test_boundaries_of_dialects_in_the_guide():
    """Every boundary, and what it is called in each dialect."""
    rows = rows_of("`grid_sample`, padding_mode")
    assert {boundary for _, boundary, *_ in rows} == {*BOUNDARIES}
    for padding, boundary, modes, border in rows:
        name, _, corners = padding.partition(" with align_corners=")
        for align_corners in [corners == "True"] if corners else [False, True]:
            assert padding_names(align_corners)[name] == boundary
        for mode in modes.removesuffix(" with cval=0").split(", "):
            rule = _ndimage_arguments.MODES[mode]
            assert rule.narrow == rule.wide == ("constant" if boundary == "zeros" else boundary)
        expected = "constant" if boundary == "zeros" else boundary
        assert _opencv_arguments.BOUNDARIES[getattr(opencv, border.removesuffix(" with borderValue=0"))] == expected


@pytest.mark.parametrize("page", ["support", "api"])
def test_printed_page_is_current(page):
    printed = subprocess.run([sys.executable, ROOT / "docs" / f"make_{page}.py"], capture_output=True, text=True, check=True)
    assert printed.stdout == (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
