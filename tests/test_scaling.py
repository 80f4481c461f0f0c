"""``gridsample bench --scaling``, on tiny sweeps: it measures what it says, and bounds its memory and time."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import gridsample
from gridsample.bench import agreement, command, measure, memory, peers, scaling, sweeps, workloads
from gridsample.cli.commands import app
from tests.tolerances import AFFINE, assert_close

INSTANT = measure.Settings(pause=0, wake=0, visit=0, rounds=2)

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _restore_threads():
    before = gridsample.get_num_threads()
    yield
    gridsample.set_num_threads(before)


@pytest.fixture
def tiny(monkeypatch):
    """Make all sweeps small, and return the steps of some thread counts."""

    def shrunk(name, sweep):
        def row(size):
            whole = sweep.row(size)
            input = (*whole.input[:2], *(min(axis, size + 3, 9) for axis in whole.input[2:]))
            return whole._replace(input=input, out=input[2:])

        return sweep._replace(sizes=sweep.sizes[: 2 if name == "image" else 1], row=row)

    for name, sweep in sweeps.SWEEPS.items():
        monkeypatch.setitem(sweeps.SWEEPS, name, shrunk(name, sweep))
    return sweeps.plan([1, 2])


def test_plan():
    steps = sweeps.plan([2, 1, 2])
    sizes = {name: [step.size for step in steps if step.sweep == name] for name in sweeps.SWEEPS}
    assert [sizes["image"][0], sizes["image"][-1]] == [64, 16384]
    assert [sizes["volume"][0], sizes["volume"][-1]] == [32, 512]
    assert [sizes["channels"][0], sizes["channels"][-1]] == [1, 1024]
    assert sizes["threads"] == [1, 2]
    assert all(step.threads == (step.size if step.sweep == "threads" else 2) for step in steps)
    assert len({step.row.id for step in steps}) == len(steps)
    for name, sweep in sweeps.SWEEPS.items():
        grown = [math.prod(sweep.row(size).result) for size in sizes[name]]
        assert grown == sorted(grown)
        assert len(set(grown)) == (1 if name == "threads" else len(grown))
    quick = sweeps.plan([1, 2], quick=True)
    assert {*quick} < {*steps}
    assert [step.size for step in quick if step.sweep == "image"] == [64, 256, 1024, 4096]


def test_rotations_are_affine_grids():
    for row in (sweeps.SWEEPS["image"].row(64), sweeps.SWEEPS["volume"].row(32), sweeps.SWEEPS["batch"].row(2)):
        row = row._replace(out=(5, 7, 9)[: len(row.out)])
        matrices = workloads._rotations(row, np.random.default_rng(3), 0.1)
        expected = gridsample.affine_grid(matrices, (row.input[0], 1, *row.out))
        found = workloads.MAPS["affine"](row, np.random.default_rng(3))
        assert found.dtype == np.float32
        assert_close(found, expected, AFFINE["float32"])


def test_scale_writes_all(tiny, tmp_path, capsys):
    points = command.scale(tiny, ["torch", "scipy"], INSTANT, tmp_path / "new" / "mine")
    assert [(point.sweep, point.size, point.threads) for point in points] == [
        (step.sweep, step.size, step.threads) for step in tiny
    ]
    found = json.loads((tmp_path / "new" / "mine.json").read_text())
    assert found["versions"]["gridsample"] == gridsample.__version__
    assert found["left_out"] == []
    for stored, point in zip(found["points"], points, strict=True):
        assert stored["row"]["id"] == point.row.id
        assert stored["temporary_bytes"] == point.temporary_bytes
        assert point.timings["gridsample"].error.holds
        for name, timing in point.timings.items():
            ns = timing.median_ms * 1e6 / math.prod(point.row.result)
            assert stored["ns_per_value"][name] == point.ns_per_value(name) == pytest.approx(ns)
    markdown = (tmp_path / "new" / "mine.md").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    for sweep in sweeps.SWEEPS.values():
        assert f"## {sweep.title} ({sweep.label})" in markdown
        assert sweep.title in printed
    assert "scipy: runs on one thread only" in markdown
    assert (tmp_path / "new" / "mine.png").read_bytes().startswith(b"\x89PNG")


def test_too_much_memory_is_left_out(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scaling, "free_bytes", lambda: 0)
    assert command.scale(tiny, ["torch"], INSTANT, tmp_path / "none") == []
    found = json.loads((tmp_path / "none.json").read_text())
    assert [(left["sweep"], left["size"]) for left in found["left_out"]] == [(step.sweep, step.size) for step in tiny]
    assert "more than half of the 0 GiB that are free" in found["left_out"][0]["why"]
    assert f"left out: {tiny[0].row.what}: needs" in capsys.readouterr().out
    assert "* image 64: needs" in (tmp_path / "none.md").read_text(encoding="utf-8")
    assert (tmp_path / "none.png").exists()


def test_what_would_take_too_long_is_left_out(tiny):
    """A slow library alone; a step, if gridsample itself is slow."""
    first, second = tiny[:2]
    assert scaling.why_not(first, [], INSTANT) is None
    point = scaling.measure_step(first, [], ["torch"], INSTANT)
    assert {"gridsample", "torch"} == point.timings.keys()
    point.timings["torch"].times_ms = [1e6, 1e6]
    slow = scaling.measure_step(second, [point], ["torch"], INSTANT)
    assert slow.timings.keys() == {"gridsample"}
    assert "would take more than" in slow.skipped["torch"]
    third = scaling.measure_step(second, [point, slow], ["torch"], INSTANT)
    assert third.skipped == slow.skipped
    point.timings["gridsample"].times_ms = [1e6, 1e6]
    assert "would take about" in scaling.why_not(second, [point], INSTANT)
    assert scaling.why_not(tiny[2], [point], INSTANT) is None  # of another sweep


def test_temporary_memory_is_seen():
    size = 32 * MIB
    taken = memory.temporary_bytes(lambda: np.ones(size, np.uint8).copy())
    if taken is None:
        pytest.skip("this system does not tell")
    assert 2 * size - MIB < taken < 2 * size + 8 * MIB
    image, grid = np.ones((1, 1, 9, 9), "f4"), np.zeros((1, 3072, 4096, 2), "f4")
    taken = memory.temporary_bytes(lambda: gridsample.grid_sample(image, grid))
    # The result, though the memory of one before it could be used again; less than 32 MiB the C library may keep, whoever asks.
    assert 47 * MIB < taken < 56 * MIB


def test_temporary_memory_does_not_grow_with_the_image(tiny):
    row = sweeps.SWEEPS["image"].row(64)
    for side in (64, 2048):
        step = tiny[0]._replace(row=row._replace(input=(1, 1, side, side), out=(side, side)))
        taken = scaling.measure_step(step, [], [], INSTANT).temporary_bytes
        assert taken is None or taken < 2 * MIB  # the larger image has 16


def test_free_memory(tmp_path, monkeypatch):
    assert memory.free_bytes() > 0
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.free_bytes() > 0
    assert memory.temporary_bytes(lambda: None) is None
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:    5000 kB\n")
    assert memory.free_bytes() == 5000 * 1024
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_bytes() == 5000 * 1024
    (tmp_path / "memory.max").write_text("51000\n")
    assert memory.free_bytes() == 50000


def test_results_are_compared_block_by_block(monkeypatch):
    """Every value counts, wherever it is."""
    row = sweeps.SWEEPS["image"].row(64)._replace(input=(2, 3, 5, 7), out=(5, 7))
    expected = np.random.default_rng(0).random(row.result, np.float32)
    for block in (1, 40, 1 << 22):
        monkeypatch.setattr(agreement, "_BLOCK", block)
        assert agreement.compare(row, expected, expected) == (0, 0, True)
        for at in ((0, 0, 0, 0), (1, 2, 4, 6)):
            wrong = expected.copy()
            wrong[at] += 3
            assert agreement.compare(row, wrong, expected) == (pytest.approx(3, abs=1e-5), 1 / wrong.size, False)


def test_tolerance_follows_the_coordinates():
    assert agreement.tolerance(sweeps.SWEEPS["image"].row(2048)) == 1e-3
    assert agreement.tolerance(sweeps.SWEEPS["image"].row(16384)) == pytest.approx(3.9e-3, rel=0.01)


def test_the_command_measures(tiny, tmp_path):
    options = ["--scaling", "--quick", "--threads", "1,2", "--peers", "torch", "--rounds", "2", "-o", str(tmp_path / "mine")]
    result = CliRunner().invoke(app, ["bench", *options])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.md", "mine.png"]
    found = json.loads((tmp_path / "mine.json").read_text())
    assert [point["threads"] for point in found["points"] if point["sweep"] == "threads"] == [1, 2]
    assert found["settings"] == {"pause": 0.012, "wake": 0.012, "visit": 0.005, "budget": 1, "rounds": 2}


def test_wrong_results_are_an_error(tiny, tmp_path, monkeypatch):
    def prepare(row, input, grid, threads):
        return peers.Prepared(lambda: np.full(row.result, 2, np.float32))

    monkeypatch.setitem(peers.PEERS, "gridsample", peers.PEERS["gridsample"]._replace(prepare=prepare))
    result = CliRunner().invoke(
        app, ["bench", "--scaling", "--peers", "gridsample", "--rounds", "1", "-o", str(tmp_path / "x")]
    )
    assert result.exit_code == 1
    assert "gridsample is wrong in batch 1, " in result.stderr


def test_ctrl_c_leaves_what_was_measured(tiny, tmp_path, monkeypatch):
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return scaling.measure_step(*arguments)

    monkeypatch.setattr(command, "measure_step", interrupted)
    options = ["--scaling", "--peers", "torch", "--rounds", "1", "-o", str(tmp_path / "part")]
    result = CliRunner().invoke(app, ["bench", *options])
    assert result.exit_code == 130
    assert result.stderr.startswith("interrupted; what was measured is in ")
    assert len(json.loads((tmp_path / "part.json").read_text())["points"]) == 2


@pytest.mark.parametrize(("options", "named"), [(["--quick"], "--quick"), (["--scaling"], "--scaling")])
def test_rows_goes_alone(options, named, tmp_path):
    result = CliRunner().invoke(app, ["bench", "--rows", "R1", *options, "-o", str(tmp_path / "x")])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --rows: ")
    assert named in result.stderr
    assert not list(tmp_path.iterdir())
