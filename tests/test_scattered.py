"""Many planes at scattered points, which the core reads from a copy whose channels lie side by side."""

import numpy as np
import pytest

import gridsample

RNG = np.random.default_rng(5)


def scattered(channels: int, *out: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images whose planes are large enough for the copy, and as many points as samples at least."""
    image = RNG.random((2, channels, 180, 200), dtype=np.float32)
    return image, RNG.uniform(-1.1, 1.1, (2, *out, 2)).astype(np.float32)


@pytest.mark.isa
@pytest.mark.parametrize("out", [(36000, 1), (1, 36001), (200, 181), (9001, 4)])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_scattered_points_of_many_planes(mode: str, out: tuple[int, ...]):
    """Each plane is what it is when it is read alone, to the bit."""
    image, grid = scattered(32, *out)
    found = gridsample.grid_sample(image, grid, mode, "zeros", False)
    for c in (0, 15, 16, 31):
        alone = gridsample.grid_sample(image[:, c : c + 1], grid, mode, "zeros", False)
        np.testing.assert_array_equal(found[:, c : c + 1], alone)


@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_scattered_points_outside(padding: str):
    image, grid = scattered(16, 190, 190)
    found = gridsample.grid_sample(image, 2 * grid, "bilinear", padding, True)
    alone = [gridsample.grid_sample(image[:, [c]], 2 * grid, "bilinear", padding, True) for c in range(16)]
    np.testing.assert_array_equal(found, np.concatenate(alone, 1))


def test_scattered_points_with_mask_and_fill():
    image, grid = scattered(16, 36000, 1)
    coords = (grid[..., ::-1] + 1) * 100
    settings = {"fill_value": 7.0, "outside": "fill", "return_mask": True}
    found, mask = gridsample.sample(image, coords, "linear", "constant", **settings)
    one, of_one = gridsample.sample(image[:, :1], coords, "linear", "constant", **settings)
    np.testing.assert_array_equal(mask, of_one)
    np.testing.assert_array_equal(found[:, :1], one)
    assert (found[:, 5][~np.broadcast_to(mask, found[:, 5].shape)] == 7).all()


def test_scattered_points_in_channels_last_results():
    image, grid = scattered(16, 190, 200)
    result = np.empty((2, 190, 200, 16), np.float32)
    coords = (grid[..., ::-1] + 1) * 95
    gridsample.sample(image, coords, "linear", "border", out=np.moveaxis(result, -1, 1))
    np.testing.assert_array_equal(np.moveaxis(result, -1, 1), gridsample.sample(image, coords, "linear", "border"))
