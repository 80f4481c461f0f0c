"""The native core against the reference: every kernel, boundary, number of axes, dtype and thread count, at awkward sizes."""

import numpy as np
import pytest

import gridsample
from gridsample import _engine, reference
from gridsample._grid_sample import PADDING_MODES
from gridsample._modes import BOUNDARIES

from .points import BASIC, FLOATS, index_points, make_input, normalized_points
from .test_dtypes import innermost
from .tolerances import assert_native

pytestmark = pytest.mark.isa

MODES = ("nearest", "bilinear", "bicubic")
THREADS = (1, 2, 7)
CHANNELS = 3
ROWS = 10

COLUMNS = (1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 300)
"""Points in a row: about the lanes of every ISA, the groups and the tiles; rows shorter than 64 are merged."""

SPATIAL = {
    1: ((1,), (2,), (3,), (5,), (16,), (17,), (64,)),
    2: ((1, 5), (2, 17), (3, 1), (5, 16), (16, 3), (17, 2)),
    3: ((1, 5, 2), (2, 3, 17), (3, 2, 1), (5, 1, 16), (16, 17, 3), (4, 4, 4)),
}

all_pairs = pytest.mark.parametrize(("image", "coords"), [(image, coords) for image in FLOATS for coords in FLOATS])
all_dims = pytest.mark.parametrize("ndim", SPATIAL)
all_modes = pytest.mark.parametrize("mode", MODES)
all_paddings = pytest.mark.parametrize("padding_mode", PADDING_MODES)
all_corners = pytest.mark.parametrize("align_corners", [False, True])


def as_grid(rows):
    """Make points (rows, columns, ndim) a grid for an input of batch 1: in 1-D, each row is a batch item."""
    count, columns, ndim = rows.shape
    return rows.reshape({1: (count, columns, 1), 2: (1, count, columns, 2), 3: (1, -1, 2, columns, 3)}[ndim])


def flat(result):
    """Bring values (N, C, *out) into the order of the points, (C, count)."""
    return np.moveaxis(result, 1, 0).reshape(result.shape[1], -1)


def bits(array):
    return np.ascontiguousarray(array).tobytes()


def busy_points(ndim, taps):
    """Return a number of points of which each of the threads gets several chunks of work."""
    reads_per_chunk = 1 << 17  # as in native/run.cpp
    count = 2 * max(THREADS) * reads_per_chunk // (CHANNELS * taps**ndim + 8)
    return count - count % 500


@all_pairs
@all_dims
@all_corners
@all_paddings
@all_modes
def test_grid_sample(mode, padding_mode, align_corners, ndim, image, coords):
    options = (mode, padding_mode, align_corners)
    points = normalized_points(ROWS * max(COLUMNS), ndim, coords)
    for spatial in SPATIAL[ndim]:
        x = make_input((1, CHANNELS, *spatial), image)
        expected = reference.grid_sample(x, points[None], *options)[0]
        for columns in COLUMNS:
            grid = as_grid(points[: ROWS * columns].reshape(ROWS, columns, ndim))
            result = gridsample.grid_sample(x, grid, *options)
            assert result.shape == (len(grid), CHANNELS, *grid.shape[1:-1])
            assert_native(flat(result), expected[:, : ROWS * columns], x, points, mode)


@all_pairs
@all_dims
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", BASIC)
def test_sample(kernel, boundary, ndim, image, coords):
    for spatial in SPATIAL[ndim]:
        x = make_input((1, CHANNELS, *spatial), image)
        points = index_points(ROWS * max(COLUMNS), spatial, coords)
        expected = reference.sample(x, points[None], kernel, boundary)[0]
        for columns in COLUMNS:
            at = points[: ROWS * columns].reshape(1, ROWS, columns, ndim)
            result = gridsample.sample(x, at, kernel, boundary)
            assert result.shape == (1, CHANNELS, ROWS, columns)
            assert_native(flat(result), expected[:, : ROWS * columns], x, points, kernel)


@all_pairs
@all_dims
@all_corners
@all_paddings
@all_modes
def test_threads(mode, padding_mode, align_corners, ndim, image, coords, set_threads):
    options = (mode, padding_mode, align_corners)
    count = busy_points(ndim, {"nearest": 1, "bilinear": 2, "bicubic": 4}[mode])
    x = make_input((1, CHANNELS, *(19, 16, 21)[:ndim]), image)
    points = normalized_points(count, ndim, coords)
    grid = as_grid(points.reshape(-1, 250, ndim))
    results = []
    for threads in THREADS:
        set_threads(threads)
        results.append(gridsample.grid_sample(x, grid, *options))
    assert_native(flat(results[0]), reference.grid_sample(x, points[None], *options)[0], x, points, mode)
    for threads, result in zip(THREADS, results, strict=True):
        assert bits(result) == bits(results[0]), f"{threads} threads"


@pytest.mark.skipif(len(_engine.isa_names(runnable=True)) < 2, reason="this machine runs one ISA of this build only")
@all_pairs
@all_dims
@all_corners
@all_paddings
@all_modes
def test_isas(mode, padding_mode, align_corners, ndim, image, coords, set_isa):
    points = normalized_points(ROWS * 101, ndim, coords)
    grid = as_grid(points.reshape(ROWS, 101, ndim))
    for spatial in SPATIAL[ndim]:
        x = make_input((1, CHANNELS, *spatial), image)
        results = {}
        for isa in _engine.isa_names(runnable=True):
            assert set_isa(isa)
            assert gridsample.cpu_info()["isa"] == isa
            results[isa] = bits(gridsample.grid_sample(x, grid, mode, padding_mode, align_corners))
        assert len(set(results.values())) == 1, spatial


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("dtype", FLOATS)
@all_modes
def test_large_output(mode, dtype, shift):
    """Outputs of several megabytes are written past the caches: the same bits, wherever they begin in memory."""
    x = make_input((1, 1, 40, 50), dtype)
    grid = normalized_points(1100 * 1003, 2, dtype).reshape(1, 1100, 1003, 2)
    memory = np.full(1100 * 1003 + 18, np.nan, dtype)
    begin = -memory.__array_interface__["data"][0] % 64 // memory.itemsize + shift
    out = memory[begin : begin + 1100 * 1003].reshape(1, 1, 1100, 1003)
    gridsample.grid_sample(x, grid, mode, out=out)
    parts = [gridsample.grid_sample(x, grid[:, first : first + 100], mode) for first in range(0, 1100, 100)]
    assert bits(out) == bits(np.concatenate(parts, axis=2))
    assert np.isnan(memory[:begin]).all()
    assert np.isnan(memory[begin + out.size :]).all()


@pytest.mark.parametrize("layout", ["planar", "interleaved"])
@pytest.mark.parametrize("dtype", [*FLOATS, "float16"])
@pytest.mark.parametrize("channels", [2, 3, 4, 5, 7, 16, 33])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_large_output_of_channels(mode, channels, dtype, layout):
    """Several planes at once, or pixels as they lie: past the caches, with the same bits as small outputs."""
    rows = 2**22 // (64 * channels) + 8
    x = make_input((1, channels, 40, 50), dtype)
    out = np.empty((1, channels, rows, 64), x.dtype)
    if layout == "interleaved":
        x, out = innermost(x), innermost(out)
    grid = normalized_points(rows * 64, 2, "float32").reshape(1, rows, 64, 2)
    gridsample.grid_sample(x, grid, mode, out=out)
    assert out.nbytes > 2**22
    parts = [gridsample.grid_sample(x, grid[:, first : first + 500], mode) for first in range(0, rows, 500)]
    assert bits(out) == bits(np.concatenate(parts, axis=2))


TURNS = {"level": 0.0, "turned": 0.4, "upright": np.pi / 2, "upside down": np.pi}


@pytest.mark.parametrize("step", [0.9, 3.0])
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("spatial", [(150, 160), (70, 1024), (12, 60, 70)], ids=str)
def test_blocks(spatial, turn, step):
    """However points are cut into blocks, which depends on where they lie, each gets the value it has alone in its row."""
    rows, columns = np.meshgrid(np.arange(61), np.arange(130), indexing="ij")
    along = (columns - 65) * step, (rows - 30) * step
    points = np.full((len(spatial), *rows.shape), 4.0)  # along the first axis of a volume
    points[-1] = spatial[-1] / 2 + along[0] * np.cos(turn) - along[1] * np.sin(turn)
    points[-2] = spatial[-2] / 2 + along[0] * np.sin(turn) + along[1] * np.cos(turn)
    coords = np.moveaxis(points, 0, -1)[None].astype("float32")
    image = make_input((1, CHANNELS, *spatial), "float32")
    whole = gridsample.sample(image, coords)
    for row in range(coords.shape[1]):
        assert bits(whole[:, :, row]) == bits(gridsample.sample(image, coords[:, row]))
