"""The benchmark harness itself, on tiny shapes: it measures what it says. Nothing here asserts a speed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import gridsample
from gridsample.bench import bounds, command, machine, measure, peers, report, workloads
from gridsample.bench.agreement import Agreement
from gridsample.bench.command import bench
from gridsample.bench.workloads import Workload
from gridsample.cli.commands import app

# The scripts beside the package find each other as ``python benchmarks/readme.py`` does.
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import readme

INSTANT = measure.Settings(pause=0, wake=0, visit=0, rounds=2)

MACHINE = {**dict.fromkeys(("cpu", "cores", "system", "python", "commit", "date")), "cpu_info": {"isa": "avx512"}}
"""What is said of a machine; it is not known of which commit an installed package is."""

INSIDE = Workload("inside", "a volume read inside only", (1, 1, 6, 7, 8), (5, 6, 7), "scattered", align_corners=True)
"""No tap is outside, so that peers with other edges agree too."""


def tiny(row: Workload) -> Workload:
    limits = (2, 3, *(9,) * len(row.out))
    return row._replace(
        input=tuple(min(size, limit) for size, limit in zip(row.input, limits, strict=True)),
        out=tuple(min(size, 9) for size in row.out),
    )


ROWS = {row.id: tiny(row) for row in workloads.ROWS}


def reading(id, threads=1, differs=(), **ratios):
    """Make up what was measured of a row: the ratios of peers, of which some differ."""
    timings = {
        name: measure.Timing([ratio], Agreement(0.0, 0.0, name not in differs), Agreement(0.0, 0.0, True), [ratio])
        for name, ratio in {"gridsample": 1.0, **ratios}.items()
    }
    return measure.Reading(ROWS[id], threads, timings, {}, bounds.Bound(1.0, "memory"))


@pytest.fixture(autouse=True)
def _restore_threads():
    before = gridsample.get_num_threads()
    yield
    gridsample.set_num_threads(before)


def test_ids_are_unique():
    assert len(ROWS) == len(workloads.ROWS)
    assert set(workloads.QUICK) <= set(ROWS)


@pytest.mark.parametrize("row", workloads.ROWS, ids=lambda row: row.id)
def test_row_is_consistent(row):
    assert row.result == (*row.input[:2], *row.out)
    assert len(row.out) == len(row.input) - 2
    assert row.map in workloads.MAPS
    assert row.layout in ("planar", "channels_last")


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.id)
def test_row_builds(row):
    input, grid = workloads.make(row)
    assert input.shape == row.input
    assert grid.shape == (row.input[0], *row.out, len(row.out))
    assert (input.dtype, grid.dtype) == (row.dtype, np.float32)
    assert np.isfinite(grid).all()
    assert (input.strides[1] == input.itemsize) == (row.layout == "channels_last" or row.input[2:] == (1,) * len(row.out))
    again, grid_again = workloads.make(row)
    np.testing.assert_array_equal(again, input)
    np.testing.assert_array_equal(grid_again, grid)
    assert not np.array_equal(workloads.make(row, seed=1)[1], grid) or row.map == "cameras"


@pytest.mark.parametrize(
    "row", [ROWS["R1"], ROWS["R5"], ROWS["W5"], ROWS["W24n"], ROWS["P1hc"], ROWS["P1uc"], INSIDE], ids=lambda row: row.id
)
@pytest.mark.parametrize("name", peers.PEERS)
def test_peer_agrees_or_says_why_not(name, row):
    if peers.PEERS[name].version() is None:
        pytest.skip(f"{peers.PEERS[name].module} is not installed")
    reading = measure.measure(row, 1, [name], INSTANT)
    assert reading.timings["gridsample"].error.holds
    if name in reading.skipped:
        assert reading.skipped[name]
    else:
        assert reading.timings[name].agreement.holds
        assert len(reading.timings[name].times_ms) == len(reading.timings[name].ratios) == INSTANT.rounds


@pytest.mark.parametrize("row", [ROWS[id] for id in ("R7", "W13", "W15n", "W23", "V1")], ids=lambda row: row.id)
@pytest.mark.parametrize("name", ["volresample", "torch-interpol"])
def test_volume_peer_agrees_everywhere(name, row):
    """With their own units and borders, also at the edges."""
    if peers.PEERS[name].version() is None:
        pytest.skip(f"{peers.PEERS[name].module} is not installed")
    reading = measure.measure(row, 1, [name], INSTANT)
    if reading.skipped:
        assert (name, row.mode) == ("volresample", "bspline3")
    else:
        assert reading.timings[name].agreement.holds


def test_peer_that_is_not_installed_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setitem(peers.PEERS, "torch", peers.PEERS["torch"]._replace(module="no_such_library"))
    assert measure.measure(ROWS["R1"], 1, ["torch"], INSTANT).skipped == {"torch": "not installed"}


def test_without_peers(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(peers.PEERS, "torch", peers.PEERS["torch"]._replace(module="no_such_library"))
    bench([ROWS["R1"]], [1], ["torch"], INSTANT, tmp_path / "alone")
    printed = capsys.readouterr().out
    assert "not installed: torch; pip install 'gridsample[bench]'" in printed
    assert "R1 image, bilinear, 1 thread " in printed
    assert (tmp_path / "alone.png").exists()


def test_wrong_peer_is_marked_and_never_best(monkeypatch, tmp_path):
    def prepare(row, input, grid, threads):
        return peers.Prepared(lambda: np.full(row.result, 2, np.float32))

    monkeypatch.setitem(peers.PEERS, "torch", peers.Peer("torch", "numpy", prepare))
    (reading,) = bench([ROWS["R1"]], [1], ["torch"], INSTANT, tmp_path / "wrong")
    assert not reading.timings["torch"].agreement.holds
    assert reading.best is None
    assert "≠ (100.00% of values)" in (tmp_path / "wrong.md").read_text(encoding="utf-8")


def test_the_commit_is_that_of_the_package(monkeypatch, tmp_path):
    """Not of the tree in which somebody has an environment with it; and git need not be there."""
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "machine.py"))
    for arguments in (["init", "-q"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    assert machine.describe_machine()["commit"] is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.describe_machine()["commit"] is None


def test_run_writes_json_and_markdown(tmp_path, capsys):
    bench([ROWS["R1"], ROWS["R7"]], [1, 2], tuple(peers.PEERS), INSTANT, tmp_path / "new" / "v1.0")
    found = json.loads((tmp_path / "new" / "v1.0.json").read_text())
    assert [(reading["row"]["id"], reading["threads"]) for reading in found["readings"]] == [
        ("R1", 1), ("R1", 2), ("R7", 1), ("R7", 2),
    ]  # fmt: skip
    assert found["versions"]["gridsample"] == gridsample.__version__
    assert found["machine"]["cpu_info"]["isa"] == gridsample.cpu_info()["isa"]
    for reading in found["readings"]:
        assert {*reading["timings"], *reading["skipped"]} == set(peers.PEERS)
        assert reading["median_ms"].keys() == reading["timings"].keys()
    markdown = (tmp_path / "new" / "v1.0.md").read_text(encoding="utf-8")
    assert "| R7 | volume |" in markdown
    assert "scipy: runs on one thread only" in markdown
    assert "R7" in capsys.readouterr().out
    table = readme.speed_table(found, "v1.0.md")
    assert re.search(r"\| volume: [\d x]+ float32 \| [\d.]+x / [\d.]+x \| - \| - \|", table)
    assert f"PyTorch {found['versions']['torch']} |" in table


def test_the_last_row_is_the_geometric_mean(tmp_path):
    """Of the rows that a peer ran and in which it agrees, for each thread count."""
    readings = [
        reading("R1", torch=2.0, opencv=3.0, scipy=9.0, differs=["scipy"]),
        reading("R7", torch=8.0),
        reading("W5", torch=100.0, opencv=1 / 3, differs=["torch"]),
        reading("R1", threads=2, torch=0.5),
    ]
    one, _, two, _ = report.tables(readings)
    assert one.header[5:] == ["torch", "opencv", "scipy"]
    assert [row[0] for row in one.rows] == ["R1", "R7", "W5", ""]
    assert one.rows[-1][1].startswith("geometric mean")
    assert one.rows[-1][5:] == ["4.00x (2)", "1.00x (2)", "-"]
    assert two.rows[-1][5:] == ["0.50x (1)"]
    assert all(len(row) == len(table.header) for table in (one, two) for row in table.rows)
    report.write(tmp_path / "made-up", {"machine": MACHINE, "versions": {}}, readings)
    assert json.loads((tmp_path / "made-up.json").read_text())["geometric_means"] == [
        {"threads": 1, "peer": "torch", "ratio": pytest.approx(4), "rows": 2},
        {"threads": 1, "peer": "opencv", "ratio": pytest.approx(1), "rows": 2},
        {"threads": 2, "peer": "torch", "ratio": pytest.approx(0.5), "rows": 1},
    ]
    assert "cores; instruction set avx512; " in (tmp_path / "made-up.md").read_text(encoding="utf-8")
    assert "gridsample at" not in (tmp_path / "made-up.md").read_text(encoding="utf-8")
    assert "| 4.00x (2) | 1.00x (2) | - |\n\n" in (tmp_path / "made-up.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "wrong", [("--rows", "R99"), ("--peers", "torch,nobody"), ("--threads", "many"), ("--rounds", "few"), ("--pause", "-1")]
)
def test_bad_options_are_refused(wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["bench", *wrong])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert wrong[1].split(",")[-1] in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command on one small row."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workloads, "ROWS", (ROWS["R1"],))

    def run(*options):
        given = ["--rows", "R1", "--threads", "1", "--peers", "torch", "--rounds", "2", "--pause", "0", *options]
        return CliRunner().invoke(app, ["bench", *given])

    return run


@pytest.mark.parametrize("script", ["readme", "redraw", "double_backward", "without_grid"])
def test_scripts_say_how_they_are_used(script):
    if script == "without_grid":
        pytest.importorskip("kornia_rs")

    def start(*arguments):
        path = Path(readme.__file__).with_name(f"{script}.py")
        return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, check=False)

    told = start("--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: {script}.py")
    wrong = start("no-such-thing")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(f"usage: {script}.py")
    assert "no-such-thing" in wrong.stderr


def test_rows_are_listed():
    result = CliRunner().invoke(app, ["bench", "--list"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == [*ROWS]
    assert (
        "volume, cubic spline                   1 x 1 x 128 x 128 x 128 float32 -> 128 x 128 x 128, bspline3" in result.stdout
    )
    assert "--list" in CliRunner().invoke(app, ["bench", "--rows", "foo"]).stderr


def test_the_command_measures(run, tmp_path):
    result = run("-o", "mine")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.md", "mine.png"]
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_is_missing(run, tmp_path):
    result = run("-o", "no/where")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert f"error: no/where.json: there is no folder {tmp_path / 'no'}" in result.stderr


@pytest.mark.parametrize("suffix", [".json", ".md", ".png"])
def test_files_that_are_there_stay_unless_told(run, tmp_path, suffix):
    kept = tmp_path / f"mine{suffix}"
    kept.write_bytes(b"kept")
    result = run("-o", "mine")
    assert (result.exit_code, result.stderr) == (1, f"error: mine{suffix}: there is such a file already; --force replaces it\n")
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert run("-o", "mine", "--force").exit_code == 0
    assert kept.read_bytes() != b"kept"


def test_without_a_name_the_files_are_written_again(run):
    assert [run().exit_code for _ in range(2)] == [0, 0]


def test_a_picture_of_earlier_readings_goes(run, tmp_path, monkeypatch):
    """Whatever happens before that of the new ones is drawn."""

    def interrupted(*_):
        raise KeyboardInterrupt

    run("-o", "mine")
    monkeypatch.setattr(command, "draw", interrupted)
    result = run("-o", "mine", "--force")
    assert (result.exit_code, result.stderr) == (130, "interrupted; what was measured is in mine.json and mine.md\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.md"]


def test_ctrl_c_before_anything_is_measured(run, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    run("-o", "mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(command, "measure", interrupted)
    result = run("-o", "mine", "--force")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_bounds(monkeypatch):
    """The slower of two: bytes at the rate of a copy, rows of taps at that of the cache."""
    monkeypatch.setattr(bounds, "_copy_rate", lambda footprint, threads: 1e9 * threads)
    monkeypatch.setattr(bounds, "_load_rate", lambda mode, dtype: 1e9)
    row = Workload("x", "x", (1, 3, 16, 16), (32, 32), "smooth", "bicubic")
    arrays = workloads.make(row)
    nbytes = 3 * 16 * 16 * 4 + 32 * 32 * 2 * 4 + 3 * 32 * 32 * 4
    assert bounds.find_bound(row, *arrays, 2) == (pytest.approx(nbytes / 2e9 * 1e3), "memory")
    monkeypatch.setattr(bounds, "_load_rate", lambda mode, dtype: 1e8)
    assert bounds.find_bound(row, *arrays, 2) == (pytest.approx(3 * 4 * 32 * 32 / 2e8 * 1e3), "loads")


def test_rates_are_measured():
    assert bounds._copy_rate(1 << 20, 2) > 0
    assert bounds._load_rate("bicubic", "uint8") > 0
