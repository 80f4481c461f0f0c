"""Code that others wrote gives the same with one import changed: each example runs with both lines."""

import re
from pathlib import Path

import numpy as np
import pytest

from .tolerances import GREY, GREY_32NDS, NDIMAGE_FLOAT32

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "one_import").glob("*.py"))
CHANGED = re.compile(r"^.*  # was: (.*)$", re.MULTILINE)


def run(code):
    names = {"__name__": "example"}
    exec(compile(code, "example", "exec"), names)
    return names["main"]()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_one_import_is_changed(path):
    code = path.read_text(encoding="utf-8")
    assert len(CHANGED.findall(code)) == 1
    result, expected = run(code), run(CHANGED.sub(r"\1", code))
    assert result.dtype == expected.dtype
    assert result.std() > 0
    whole = result.dtype.kind in "iu"
    levels = (GREY_32NDS if "undistort" in code else 2 * GREY) if whole else NDIMAGE_FLOAT32 * max(1, np.abs(expected).max())
    assert np.abs(result.astype(float) - expected.astype(float)).max() <= levels


def test_every_example_is_in_the_table():
    table = (EXAMPLES[0].parent / "README.md").read_text(encoding="utf-8")
    assert {*re.findall(r"^\| `(\w+\.py)`", table, re.MULTILINE)} == {path.name for path in EXAMPLES}
