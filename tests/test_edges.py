"""Points some of whose taps are outside: the same numbers however the image lies, and whatever is beside its taps."""

import numpy as np
import pytest

import gridsample
from gridsample import reference

from .points import index_points
from .tolerances import assert_native

pytestmark = pytest.mark.isa

WIDE = ["cubic", "bspline3", "bspline4", "bspline5", "lanczos4"]
RULES = ["zeros", "border", "reflection_edge", "reflection_center"]


def layouts(image):
    """Yield arrays (1, C, *spatial) of the same numbers: planes and pixels, backwards along each axis too, planes with gaps."""
    pixels = np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1)
    for array in (image, pixels):
        yield array
        for axis in range(2, array.ndim):
            backwards = np.flip(np.flip(array, axis).copy(order="K"), axis)
            assert backwards.strides[axis] < 0
            yield backwards
    gaps = np.zeros((*image.shape[:-1], 2 * image.shape[-1]), image.dtype)
    gaps[..., ::2] = image
    yield gaps[..., ::2]


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("spatial", [(30,), (11, 20), (8, 9, 12)], ids=str)
@pytest.mark.parametrize("boundary", RULES)
@pytest.mark.parametrize("kernel", WIDE)
def test_same_bits_in_every_layout(kernel, boundary, spatial, dtype):
    rng = np.random.default_rng(5)
    points = index_points(400, spatial, "float32")[None]
    for channels in (1, 3):
        image = (200 * rng.random((1, channels, *spatial))).astype(dtype)
        first = gridsample.sample(image, points, kernel, boundary, prefilter=False)
        expected = reference.sample(image, points, kernel, boundary, prefilter=False)
        if dtype == "uint8":  # a half may be rounded the other way
            assert np.abs(first.astype(int) - expected).max() <= 1
        else:
            assert_native(first, expected, image, points, kernel)
        for array in layouts(image):
            np.testing.assert_array_equal(array, image)
            result = gridsample.sample(array, points, kernel, boundary, prefilter=False)
            np.testing.assert_array_equal(result, first)


@pytest.mark.parametrize("boundary", [*RULES, "wrap"])
@pytest.mark.parametrize("kernel", ["cubic", "lanczos3", "bspline7"])
def test_mirror_images(kernel, boundary):
    """Outside a mirrored array there is what is at the place that is mirrored; elsewhere what the taps say."""
    image = np.random.default_rng(6).random((1, 2, 12, 40))
    inside = np.random.default_rng(7).uniform([3.5, 3.5], [7.5, 35.5], (200, 2))
    low, span = (-0.5, 40) if boundary == "reflection_edge" else (0, 39)
    for periods in range(-2, 3):
        outside = inside.copy()
        outside[:, 1] = 2 * low - outside[:, 1] + 2 * span * periods
        result = gridsample.sample(image, outside[None], kernel, boundary, prefilter=False)
        expected = reference.sample(image, outside[None], kernel, boundary, prefilter=False)
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)
        if boundary.startswith("reflection"):
            same = gridsample.sample(image, inside[None], kernel, boundary, prefilter=False)
            np.testing.assert_allclose(result, same, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layout", ["planes", "pixels"])
@pytest.mark.parametrize("boundary", RULES)
def test_what_is_beside_the_taps_does_not_count(boundary, layout):
    """The window of a point at the edge holds samples that no tap falls on: NaN there leaves the sum as it is."""
    image = np.random.default_rng(8).random((1, 3, 20, 20), dtype=np.float32)
    if layout == "pixels":
        image = np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1)
    points = np.full((1, 64, 2), 10.25, np.float32)
    points[0, :, 1] = -0.25  # taps -2 to 1
    expected = gridsample.sample(image, points, "cubic", boundary)
    image[..., 3] = np.nan
    np.testing.assert_array_equal(gridsample.sample(image, points, "cubic", boundary), expected)
    image[..., 1] = np.nan
    assert np.isnan(gridsample.sample(image, points, "cubic", boundary)).all()


@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("fill", [3.0, 0.1, np.inf, np.nan])
@pytest.mark.parametrize("kernel", ["linear", "lanczos2", *WIDE, "mitchell"])
def test_points_outside_are_the_fill_value(kernel, fill, channels):
    """To the bit, whatever other points are in their group: a result does not depend on its neighbours."""
    size, count = np.array((9, 12)), 96
    rng = np.random.default_rng(7)
    image = rng.random((*size, 3) if channels == "last" else (3, *size), np.float32)
    points = rng.uniform(-12, size + 11, (count, 2)).astype(np.float32)
    options = {"boundary": "constant", "fill_value": fill, "prefilter": False, "channels": channels}
    together = gridsample.sample(image, points, kernel, **options)
    alone = np.stack([gridsample.sample(image, point[None], kernel, **options) for point in points])
    together, alone = together.reshape(*(count, 3) if channels == "last" else (3, count)), alone.reshape(count, 3)
    together = together if channels == "last" else together.T
    np.testing.assert_array_equal(together, alone)
    beyond = ((points < -5) | (points > size + 4)).any(-1)
    assert beyond.any()
    np.testing.assert_array_equal(together[beyond], np.float32(fill))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("boundary", RULES[1:])
@pytest.mark.parametrize("kernel", ["bspline2", "bspline4", *WIDE])
def test_beyond_whole_numbers(kernel, boundary, dtype):
    """Where floats are all even, neighbouring taps may be two samples apart: an image of ones stays one."""
    first = 2.0 ** (25 if dtype == "float32" else 54)
    x = (first + np.arange(0, 400, 4)).astype(dtype)
    points = np.concatenate([x, -x])[:, None]
    result = gridsample.sample(np.ones(50, dtype), points, kernel, boundary, prefilter=False)
    np.testing.assert_allclose(result, 1, rtol=1e-6)
