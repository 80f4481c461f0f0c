"""Reference and native core against PyTorch, wherever PyTorch has the mode: 1-D goes through 2-D, 3-D has no bicubic."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import gridsample
from gridsample import reference
from gridsample._grid_sample import PADDING_MODES

from .points import FLOATS, make_input, normalized_points
from .tolerances import AFFINE, NO_WORSE_MAX, NO_WORSE_RMS, TIE, TORCH, assert_close

pytestmark = pytest.mark.isa

SPATIAL = {1: ((1,), (5,), (16,)), 2: ((1, 5), (16, 17), (2, 3)), 3: ((1, 5, 2), (4, 3, 17))}
MODES_AND_NDIM = [
    (mode, ndim) for mode in ("nearest", "bilinear", "bicubic") for ndim in SPATIAL if (mode, ndim) != ("bicubic", 3)
]
OURS = {"native": gridsample.grid_sample, "reference": reference.grid_sample}

all_dtypes = pytest.mark.parametrize("dtype", FLOATS)
all_corners = pytest.mark.parametrize("align_corners", [False, True])
torch_warns_of_size_1 = pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid")
all_paddings = pytest.mark.parametrize("padding_mode", PADDING_MODES)


def torch_grid_sample(x, grid, mode, padding_mode, align_corners):
    """Sample with PyTorch; a 1-D input is a 2-D one of a single row, read in the middle of it."""
    row = x.ndim == 3
    if row:
        x = x[:, :, None]
        grid = np.concatenate([grid, np.zeros_like(grid)], axis=-1)[:, None]
    result = F.grid_sample(torch.from_numpy(x), torch.from_numpy(grid), mode, padding_mode, align_corners).numpy()
    return result[:, :, 0] if row else result


def as_grid(points):
    """Make points (count, ndim) a grid of batch 1, the points along its last axis."""
    return points.reshape(1, *(1,) * (points.shape[1] - 1), *points.shape)


def exact_points(count, ndim, dtype):
    """Return points up to far outside, with so few digits that no arithmetic on them rounds."""
    return (np.rint(normalized_points(count, ndim, dtype) * 256) / 256).astype(dtype)


def ordinary_points(count, ndim, dtype):
    """Return points with all their digits, inside and a little outside."""
    return np.random.default_rng(4).uniform(-1.3, 1.3, (count, ndim)).astype(dtype)


def clear_of_ties(grid, spatial, align_corners):
    """Return which points are so far from halfway between samples that rounding cannot decide their nearest sample."""
    size = np.array(spatial[::-1])
    steps = size - 1 if align_corners else size
    index = (grid.astype("float64") + 1) * steps / 2 - (not align_corners) / 2
    return (np.abs(index - np.floor(index) - 0.5) > TIE[grid.dtype.name]).all(axis=-1).ravel()


@pytest.mark.parametrize("make_points", [exact_points, ordinary_points])
@pytest.mark.parametrize("ours", OURS)
@all_dtypes
@all_corners
@all_paddings
@pytest.mark.parametrize(("mode", "ndim"), MODES_AND_NDIM)
def test_grid_sample(mode, ndim, padding_mode, align_corners, dtype, ours, make_points):
    options = (mode, padding_mode, align_corners)
    grid = as_grid(make_points(2000, ndim, dtype))
    for spatial in SPATIAL[ndim]:
        x = make_input((1, 2, *spatial), dtype)
        result = OURS[ours](x, grid, *options).reshape(2, -1)
        expected = torch_grid_sample(x, grid, *options).reshape(2, -1)
        if mode == "nearest" and make_points is ordinary_points:
            clear = clear_of_ties(grid, spatial, align_corners)
            assert clear.mean() > 0.99
            result, expected = result[:, clear], expected[:, clear]
        assert_close(result, expected, TORCH[dtype])


@pytest.mark.parametrize("ours", OURS)
@all_dtypes
@all_corners
@all_paddings
@pytest.mark.parametrize("ndim", SPATIAL)
def test_nearest_at_ties(ndim, padding_mode, align_corners, dtype, ours):
    """Halfway between two samples the even index wins, also about the ends of the array."""
    for steps in (1, 2, 4, 8, 16):
        size = steps + align_corners
        halves = np.arange(-3 * size, 4 * size) - 0.5
        along = (2 * halves + (not align_corners)) / steps - 1
        points = np.stack([np.roll(along, axis) for axis in range(ndim)], axis=-1).astype(dtype)
        x = make_input((1, 2, *(size,) * ndim), dtype)
        options = ("nearest", padding_mode, align_corners)
        result = OURS[ours](x, as_grid(points), *options)
        np.testing.assert_array_equal(result, torch_grid_sample(x, as_grid(points), *options))


@pytest.mark.parametrize(
    ("mode", "spatial"),
    [(mode, spatial) for mode in ("bilinear", "bicubic") for spatial in ((300,), (9,), (64, 96), (7, 13))]
    + [("bilinear", spatial) for spatial in ((16, 20, 24), (5, 6, 7))],
)
@all_corners
@all_paddings
def test_float32_is_as_accurate(mode, padding_mode, align_corners, spatial):
    """Against exact evaluation of the same float32 numbers, our error is never worse than PyTorch's."""
    options = (mode, padding_mode, align_corners)
    x = make_input((1, 16, *spatial), "float32")
    grid = as_grid(ordinary_points(30_000, len(spatial), "float32"))
    exact = reference.grid_sample(x.astype("float64"), grid.astype("float64"), *options)
    ours = np.abs(gridsample.grid_sample(x, grid, *options) - exact)
    theirs = np.abs(torch_grid_sample(x, grid, *options) - exact)
    assert np.sqrt((ours**2).mean()) <= NO_WORSE_RMS * np.sqrt((theirs**2).mean())
    assert ours.max() <= theirs.max() * (1 + NO_WORSE_MAX.relative) + NO_WORSE_MAX.absolute


@torch_warns_of_size_1
@all_dtypes
@all_corners
@pytest.mark.parametrize("spatial", [(4, 5), (1, 7), (2, 1), (33, 17), (3, 4, 5), (1, 1, 2), (9, 16, 17)])
def test_affine_grid(spatial, align_corners, dtype):
    ndim = len(spatial)
    theta = np.random.default_rng(7).uniform(-1, 1, (3, ndim, ndim + 1)).astype(dtype)
    size = (3, 2, *spatial)
    expected = F.affine_grid(torch.from_numpy(theta), list(size), align_corners).numpy()
    result = gridsample.affine_grid(theta, size, align_corners)
    assert result.dtype == expected.dtype
    assert_close(result, expected, AFFINE[dtype])


@torch_warns_of_size_1
@all_dtypes
@all_corners
@pytest.mark.parametrize("width", [1, 2, 17])
def test_affine_grid_in_1d(width, align_corners, dtype):
    """As the x of a 2-D image of one row."""
    theta = np.random.default_rng(7).uniform(-1, 1, (3, 1, 2)).astype(dtype)
    flat = np.zeros((3, 2, 3), dtype)
    flat[:, 0, [0, 2]] = theta[:, 0]
    expected = F.affine_grid(torch.from_numpy(flat), [3, 2, 1, width], align_corners).numpy()
    assert_close(gridsample.affine_grid(theta, (3, 2, width), align_corners), expected[:, 0, :, :1], AFFINE[dtype])


@torch_warns_of_size_1
@all_dtypes
@all_corners
@pytest.mark.parametrize("spatial", [(4, 5), (1, 7), (33, 17), (3, 4, 5), (1, 1, 2)])
def test_identity_grid(spatial, align_corners, dtype):
    size = (2, 3, *spatial)
    theta = torch.eye(len(spatial), len(spatial) + 1, dtype=getattr(torch, dtype)).expand(2, -1, -1)
    expected = F.affine_grid(theta, list(size), align_corners).numpy()
    grid = gridsample.identity_grid(size, align_corners, dtype=dtype)
    assert grid.dtype == expected.dtype
    assert_close(grid, expected, AFFINE[dtype])


@all_dtypes
@all_corners
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("spatial", [(7,), (1,), (5, 9), (1, 7), (3, 4, 5)])
def test_identity_grid_changes_nothing(spatial, mode, align_corners, dtype):
    x = make_input((2, 3, *spatial), dtype)
    grid = gridsample.identity_grid(x.shape, align_corners, dtype=dtype)
    assert_close(gridsample.grid_sample(x, grid, mode, "border", align_corners), x, TORCH[dtype])
