"""``gridsample bench --backward``, on tiny shapes: training steps are timed, and gradients compared. No speed is asserted."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import gridsample
import gridsample.torch
from gridsample.bench import bounds, chart, gradients, measure, peers, training, workloads
from gridsample.bench.command import bench
from gridsample.bench.passes import BACKWARD
from gridsample.bench.workloads import Workload
from gridsample.cli.commands import app
from tests.test_benchmarks import INSIDE, INSTANT, ROWS

TRICUBIC = Workload("tricubic", "a volume, tricubic", (1, 1, 6, 7, 8), (5, 6, 7), "scattered", "bicubic")


@pytest.fixture(autouse=True)
def _restore_threads():
    before = gridsample.get_num_threads(), torch.get_num_threads()
    yield
    gridsample.set_num_threads(before[0])
    torch.set_num_threads(before[1])


def spoil(monkeypatch, name, which):
    """Make a peer double one of its gradients: 0 is the image's, 1 the grid's."""
    prepare = training.STEPS[name]

    def prepare_wrong(*arguments):
        prepared = prepare(*arguments)

        def result(found):
            return tuple(array * 2 if index == which else array for index, array in enumerate(prepared.result(found)))

        return prepared._replace(result=result)

    monkeypatch.setitem(training.STEPS, name, prepare_wrong)


def run(*options):
    return CliRunner().invoke(app, ["bench", "--backward", *options])


@pytest.mark.parametrize("row", [ROWS[id] for id in ("R1", "R3h", "R5", "R7", "W5", "W24n")] + [INSIDE], ids=lambda row: row.id)
@pytest.mark.parametrize("name", peers.PEERS)
def test_peer_agrees_or_says_why_not(name, row):
    if peers.PEERS[name].version() is None:
        pytest.skip(f"{peers.PEERS[name].module} is not installed")
    found = measure.measure(row, 1, [name], INSTANT, BACKWARD)
    assert found.timings["gridsample"].error.holds
    if name not in training.STEPS:
        assert found.skipped == {name: "no gradients"}
    elif name == "torch-channels-last" and (len(row.out) == 3 or row.input[1] == 1):
        assert "channel" in found.skipped[name]
    else:
        assert found.timings[name].agreement.holds
        assert len(found.timings[name].times_ms) == len(found.timings[name].ratios) == INSTANT.rounds


@pytest.mark.parametrize("row", [ROWS["V1"], ROWS["R1f16"], TRICUBIC], ids=lambda row: row.id)
def test_what_only_gridsample_can_do_is_timed(row):
    found = measure.measure(row, 1, ["torch", "torch-channels-last"], INSTANT, BACKWARD)
    assert found.timings.keys() == {"gridsample"}
    assert found.skipped.keys() == {"torch", "torch-channels-last"}
    assert found.timings["gridsample"].error.holds
    assert found.timings["gridsample"].error.max_difference > 0  # something was compared


@pytest.mark.parametrize(("module", "name"), [(gridsample.torch, "gridsample"), (torch.nn.functional, "torch")])
def test_a_step_is_the_call_and_both_gradients(monkeypatch, module, name):
    calls, sample = [], module.grid_sample
    monkeypatch.setattr(module, "grid_sample", lambda *arguments: calls.append(arguments) or sample(*arguments))
    input, grid = workloads.make(ROWS["R1"])
    prepared = training.STEPS[name](ROWS["R1"], input, grid, 2)
    assert torch.get_num_threads() == 2
    for steps in (1, 2):
        by_input, by_grid = prepared.result(prepared.call())
        assert len(calls) == steps
    expected = gridsample.grid_sample_backward(training.make_upstream(ROWS["R1"]), input, grid)
    np.testing.assert_allclose(by_input, expected[0], atol=1e-5)
    np.testing.assert_allclose(by_grid, expected[1], atol=1e-4)


@pytest.mark.parametrize("which", [0, 1])
def test_wrong_peer_is_marked_and_never_best(monkeypatch, tmp_path, which):
    spoil(monkeypatch, "torch", which)
    (found,) = bench([ROWS["R1"]], [1], ["torch"], INSTANT, tmp_path / "wrong", BACKWARD)
    assert not found.timings["torch"].agreement.holds
    assert found.timings["torch"].agreement.max_difference == pytest.approx(1, rel=1e-3)
    assert found.best is None
    assert json.loads((tmp_path / "wrong.json").read_text())["geometric_means"] == []
    assert "1.0e+00 ≠ (" in (tmp_path / "wrong.md").read_text(encoding="utf-8")


def test_wrong_gradients_of_gridsample_are_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(workloads, "ROWS", (ROWS["R1"],))
    spoil(monkeypatch, "gridsample", 1)
    result = run("--rows", "R1", "--threads", "1", "--peers", "torch", "--rounds", "1", "-o", str(tmp_path / "x"))
    assert result.exit_code == 1
    assert "gridsample is wrong in R1" in result.stderr


@pytest.mark.parametrize(("mode", "lenient"), [("nearest", 0), ("bilinear", 1), ("bicubic", None)])
def test_differences_are_relative_and_rounding_may_decide(mode, lenient):
    """A value in two thousand may differ where rounding decides: of the image's in nearest mode, of the grid's in bilinear."""
    row = Workload("x", "x", (1, 1, 64, 64), (64, 64), "smooth", mode)
    shapes = row.input, (1, *row.out, 2)
    expected = [np.full(shape, size) for shape, size in zip(shapes, (-50.0, 4000.0), strict=True)]
    near = [array * (1 + 5e-4) for array in expected]
    assert gradients.compare(row, near, expected) == (pytest.approx(5e-4), 0, True)
    assert not gradients.compare(row, [array * (1 + 2e-3) for array in expected], expected).holds
    for which in (0, 1):
        flipped = [array.copy() for array in expected]
        flipped[which].flat[:2] *= -1
        assert gradients.compare(row, flipped, expected) == (2, 2 / flipped[which].size, which == lenient)
    none = [np.zeros(shape) for shape in shapes]
    assert gradients.compare(row, none, none) == (0, 0, True)
    assert not gradients.compare(row, [none[0], none[1] + np.nan], none).holds
    assert not gradients.compare(row, [none[0][..., :-1], none[1]], none).holds


def test_bound_is_the_bytes_of_everything(monkeypatch):
    monkeypatch.setattr(bounds, "_copy_rate", lambda footprint, threads: 1e9 * threads)
    row = Workload("x", "x", (1, 3, 16, 16), (32, 32), "smooth", "bicubic")
    nbytes = 2 * (3 * 16 * 16 * 4 + 32 * 32 * 2 * 4 + 3 * 32 * 32 * 4)
    found = BACKWARD.find_bound(row, *workloads.make(row), 2)
    assert found == (pytest.approx(nbytes / 2e9 * 1e3), "memory")


def test_the_command_measures(tmp_path, monkeypatch):
    """The quick rows, without those that have no gradients, whose reason is told."""
    drawn = []
    monkeypatch.setattr(workloads, "ROWS", (ROWS["R1"], ROWS["P1u"]))
    monkeypatch.setattr(workloads, "QUICK", ("R1", "P1u"))
    monkeypatch.setattr("gridsample.bench.command.draw", lambda *given: drawn.append(given[2].title) or chart.draw(*given))
    result = run("--quick", "--threads", "1", "--peers", "torch,opencv", "--rounds", "2", "-o", str(tmp_path / "mine"))
    assert result.exit_code == 0, result.output
    assert "left out: P1u: uint8 has no gradients" in result.output
    assert "Forward + backward, 1 thread: time" in result.output
    assert drawn == ["Forward + backward"]
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "mine.json").read_text())
    assert found["timed"] == "Forward + backward"
    assert [one["row"]["id"] for one in found["readings"]] == ["R1"]
    assert found["left_out"] == [{"row": "P1u", "why": "uint8 has no gradients"}]
    assert [(mean["peer"], mean["rows"]) for mean in found["geometric_means"]] == [("torch", 1)]
    markdown = (tmp_path / "mine.md").read_text(encoding="utf-8")
    assert markdown.startswith("# Forward + backward\n")
    assert "* P1u: uint8 has no gradients\n" in markdown
    assert ("* opencv: no gradients\n" in markdown) == (peers.PEERS["opencv"].version() is not None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scaling"], "--backward: goes without --scaling"),
        (["--rows", "P1u,P2u"], "--rows: nothing to time: P1u: uint8 has no gradients, P2u: uint8 has no gradients"),
    ],
)
def test_what_cannot_be_is_refused(options, said, tmp_path):
    result = run(*options, "-o", str(tmp_path / "x"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {said}")
    assert not list(tmp_path.iterdir())


def test_without_pytorch(monkeypatch, tmp_path):
    monkeypatch.setitem(peers.PEERS, "torch", peers.PEERS["torch"]._replace(module="no_such_library"))
    result = run("--rows", "R1", "-o", str(tmp_path / "x"))
    assert result.exit_code == 1
    assert "--backward: needs PyTorch, which is not installed: pip install 'gridsample[bench]'" in result.stderr
    assert not list(tmp_path.iterdir())
