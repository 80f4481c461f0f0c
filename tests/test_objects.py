"""The compiled objects: code for one ISA cannot end up in another, or in what every processor runs.

They are looked up where the build of the installed package has left them.
"""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gridsample

BUILDS = sorted((Path(__file__).parents[1] / "build").glob("*/_native*.so"), key=lambda module: module.stat().st_mtime)
ISAS = gridsample.cpu_info()["compiled"]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads ELF objects"),
    pytest.mark.skipif(not shutil.which("nm") or not shutil.which("objdump"), reason="needs binutils, as the compiler does"),
    pytest.mark.skipif(not BUILDS, reason="gridsample was not built in this folder: no objects"),
]


def objects(target):
    """Return the objects of a CMake target in the newest build."""
    found = sorted(BUILDS[-1].parent.rglob(f"CMakeFiles/{target}.dir/**/*.o"))
    assert found, f"no objects of {target} below {BUILDS[-1].parent}"
    return found


def symbols(path):
    """Return the (type, name) of every symbol that an object defines for others; weak ones are of type V, W or u."""
    listing = subprocess.run(["nm", "-C", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2)[1:] for line in listing.splitlines()]
    return [(kind, name) for kind, name in rows if kind.isupper() or kind in "uvw"]


TABLES = {
    "tiles": "tiles_table",
    "sample": "isa",
    "derivatives": "derivatives_table",
    "prefilter": "prefilter_table",
    "weighted": "weighted_table",
}


@pytest.mark.parametrize(("part", "table"), TABLES.items())
@pytest.mark.parametrize("isa", ISAS)
def test_isa_object_exports_its_table_only(isa, part, table):
    (path,) = objects(f"gs_{isa}_{part}")
    (exported,) = symbols(path)
    assert exported in {("D", f"gs::{isa}::{table}"), ("R", f"gs::{isa}::{table}")}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks for AVX")
@pytest.mark.parametrize(
    "target",
    ["gs_baseline", *(f"gs_scalar_{part}" for part in TABLES), "_native", "nanobind-static"],
)
def test_baseline_has_no_avx(target):
    """Every mnemonic of AVX begins with v, and none of SSE's or of plain x86-64's that a compiler uses does."""
    for path in objects(target):
        code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
        assert re.search(r"^ .*:\t", code, re.MULTILINE), f"{path}: no instruction"
        assert not re.search(r"^ .*:\t(v\w+ .*|.*%[yz]mm.*)$", code, re.MULTILINE), path


@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks for x86's instruction")
@pytest.mark.parametrize("part", ["sample", "derivatives"])
@pytest.mark.parametrize("isa", ISAS)
def test_memory_is_asked_for_early(isa, part):
    """A compiler may drop the calls of a function that only prefetches: then nothing is wrong but the speed."""
    (path,) = objects(f"gs_{isa}_{part}")
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    assert len(re.findall(r"\tprefetcht0 ", code)) >= 20
