"""Calls that were made before, which are not checked again: their arrays, options and results are those of this call."""

import numpy as np
import pytest

import gridsample
from gridsample import opencv

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


def as_pixels(array):
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))


POINTS = np.ascontiguousarray(GRID[..., ::-1] * 3 + 2)
PIXELS = as_pixels(IMAGE)
MATRIX = np.array([[0.9, -0.3, 0.6], [0.3, 1.1, -0.7]])
PLAN = gridsample.Plan(POINTS, channels="last")
BYTES = (PIXELS * 255).astype(np.uint8)

FRONT_ENDS = {
    "grid_sample of pixels": (
        (PIXELS, GRID),
        lambda image, grid, **usual: gridsample.grid_sample(image, grid, channels="last", **usual),
    ),
    "grid_sample of a view of pixels": (
        (PIXELS, GRID),
        lambda image, grid, **usual: gridsample.grid_sample(np.moveaxis(image, -1, 1), grid, **usual),
    ),
    "sample": ((IMAGE, POINTS), gridsample.sample),
    "sample of planes without a batch": ((IMAGE[0], POINTS[0]), gridsample.sample),
    "sample of one plane": ((IMAGE[0, 0], POINTS[0]), gridsample.sample),
    "sample of pixels": (
        (BYTES[0], POINTS[0]),
        lambda image, points, **usual: gridsample.sample(image, points, "cubic", "border", channels="last", **usual),
    ),
    "sample by a matrix": (
        (PIXELS[0], MATRIX),
        lambda image, matrix, **usual: gridsample.warp_affine(image, matrix, (8, 9), channels="last", **usual),
    ),
    "sample of a batch by a matrix": ((IMAGE, MATRIX), gridsample.warp_affine),
    "remap": (
        (BYTES[0], POINTS[0, ..., 1], POINTS[0, ..., 0]),
        lambda image, x, y, fill_value=0: opencv.remap(image, x, y, opencv.INTER_CUBIC, borderValue=fill_value),
    ),
    "remap by maps of their own": (
        (BYTES[0], POINTS[0, ..., 1].copy(), POINTS[0, ..., 0].copy()),
        lambda image, x, y, fill_value=0: opencv.remap(image, x, y, opencv.INTER_LINEAR, borderValue=fill_value),
    ),
    "remap by one map": (
        (PIXELS[0, ..., 0], np.ascontiguousarray(POINTS[0, ..., ::-1])),
        lambda image, points, fill_value=0: opencv.remap(image, points, None, opencv.INTER_LINEAR, borderValue=fill_value),
    ),
    "warpAffine": (
        (BYTES[0], MATRIX),
        lambda image, matrix, fill_value=0: opencv.warpAffine(image, matrix, (7, 4), borderValue=fill_value),
    ),
    "warpPerspective": (
        (PIXELS[0], np.vstack([MATRIX, [[0.02, 0.01, 1.0]]])),
        lambda image, matrix, fill_value=0: opencv.warpPerspective(image, matrix, (7, 4), borderValue=fill_value),
    ),
    "Plan": ((PIXELS,), lambda image, fill_value=0: PLAN(image)),
}


def backwards(array):
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1]


@pytest.mark.isa
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_front_ends(name, monkeypatch):
    """The same call again is not checked again; other numbers, and layouts, have their own results."""
    arrays, call = FRONT_ENDS[name]
    first = call(*arrays)
    with monkeypatch.context() as patch:
        patch.delattr("gridsample._engine.sample")  # what all go through that are not known
        again = call(*arrays)
    assert first.tobytes() == again.tobytes()
    assert first.strides == again.strides
    assert not np.shares_memory(first, again)
    for change in (lambda a: a[..., ::-1].copy(), np.array, stepped, backwards, locked, np.asfortranarray):
        others = tuple(map(change, arrays))
        expected = call(*others, fill_value=0.0)  # is no default: always checked
        for _ in range(2):
            result = call(*others)
            assert result.tobytes() == expected.tobytes()
            assert result.dtype == expected.dtype
    assert call(*arrays).tobytes() == first.tobytes()


def test_maps_known_at_another_distance():
    """The distance of two maps in memory is none of what a call is known by."""
    store = np.zeros((9, *POINTS.shape[1:3]), np.float32)
    image, (y, x) = BYTES[0], np.moveaxis(POINTS[0], -1, 0)
    expected = opencv.remap(image, x, y, opencv.INTER_LINEAR, borderValue=0.0)
    for i, j in ((0, 1), (8, 2), (3, 7), (1, 0)):
        store[i], store[j] = x, y
        assert opencv.remap(image, store[i], store[j], opencv.INTER_LINEAR).tobytes() == expected.tobytes()
    wide = np.repeat(x, 2, axis=1)[:, ::2]  # whose layout is not that of the other
    assert opencv.remap(image, wide, store[0], opencv.INTER_LINEAR).shape == expected.shape
    assert opencv.remap(image, wide, y.copy(), opencv.INTER_LINEAR).tobytes() == expected.tobytes()


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
