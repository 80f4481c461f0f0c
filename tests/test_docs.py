"""The Python examples of README.md and docs/ run as they stand; those of docstrings are doctests."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_table_of_support_is_current():
    printed = subprocess.run([sys.executable, ROOT / "docs" / "make_support.py"], capture_output=True, text=True, check=True)
    assert printed.stdout == (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
