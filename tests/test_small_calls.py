"""Calls that were made before, which are not checked again: their arrays, options and results are those of this call."""

import numpy as np
import pytest

import gridsample

RNG = np.random.default_rng(5)
IMAGE = RNG.random((2, 3, 5, 6), np.float32)
GRID = RNG.uniform(-1.3, 1.3, (2, 4, 7, 2)).astype(np.float32)


def stepped(array):
    """Return the same elements, every second one along the last axis of a larger array."""
    large = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    large[..., ::2] = array
    return large[..., ::2]


def locked(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def unknown(image, grid, *options):
    """Sample as a call that is always checked: 0.0 is not the default."""
    return gridsample.grid_sample(image, grid, *options, fill_value=0.0)


class Own(np.ndarray):
    pass


KINDS = {
    "other numbers": lambda a: a * np.float32(0.7),
    "steps": stepped,
    "backwards": lambda a: a[::-1],
    "other axes": lambda a: np.ascontiguousarray(np.swapaxes(a, 1, 2)).swapaxes(1, 2),
    "other byte order": lambda a: a.astype(">f4"),
    "read-only": locked,
    "not aligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view("f4").reshape(a.shape),
    "float64": lambda a: a.astype(np.float64),
    "float16": lambda a: a.astype(np.float16),
    "subclass": lambda a: a.view(Own),
}


@pytest.mark.isa
@pytest.mark.parametrize("of_grid", KINDS)
@pytest.mark.parametrize("of_image", KINDS)
def test_arrays_of_known_shapes(of_image, of_grid):
    for _ in range(2):
        gridsample.grid_sample(IMAGE, GRID)
        image, grid = KINDS[of_image](IMAGE), KINDS[of_grid](GRID)
        first = gridsample.grid_sample(image, grid)
        again = gridsample.grid_sample(image, grid)
        assert first.tobytes() == again.tobytes()
        assert first.dtype == again.dtype == image.dtype.newbyteorder("=")
        assert not np.shares_memory(first, again)
        assert first.tobytes() == unknown(image, grid).tobytes()


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_options_of_known_shapes(mode, padding_mode):
    for align_corners in (False, True, False):
        actual = gridsample.grid_sample(IMAGE, GRID, mode, padding_mode, align_corners)
        expected = unknown(IMAGE, GRID, mode, padding_mode, align_corners)
        assert actual.tobytes() == expected.tobytes()


def test_a_known_call_is_checked():
    gridsample.grid_sample(IMAGE, GRID, align_corners=True)
    with pytest.raises(TypeError, match="align_corners"):
        gridsample.grid_sample(IMAGE, GRID, align_corners=1)
    with pytest.raises(ValueError, match="mode"):
        gridsample.grid_sample(IMAGE, GRID, "bilinaer", align_corners=True)
    filled = gridsample.grid_sample(IMAGE, np.full_like(GRID, 9), padding_mode="constant", fill_value=7)
    assert (filled == 7).all()
    assert (gridsample.grid_sample(IMAGE, np.full_like(GRID, 9), padding_mode="constant") == 0).all()


def test_more_shapes_than_are_kept():
    grid = np.zeros((1, 1, 3, 2), np.float32)
    for width in range(1, 1200):
        image = np.full((1, 1, 2, width), width, np.float32)
        for _ in range(2):
            assert (gridsample.grid_sample(image, grid) == width).all()
