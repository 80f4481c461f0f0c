"""Long axes, many channels, and memory past what 32 bits count."""

import numpy as np
import pytest

import gridsample
from gridsample import reference

from .points import BASIC, index_points, make_input
from .test_dtypes import innermost, make_image
from .tolerances import assert_native, assert_stored

pytestmark = pytest.mark.isa

all_kernels = pytest.mark.parametrize("kernel", BASIC)
all_layouts = pytest.mark.parametrize("lay", [np.ascontiguousarray, innermost], ids=["planar", "interleaved"])


@all_layouts
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
@all_kernels
def test_side_beyond_16_bits(kernel, dtype, axis, lay):
    """Where OpenCV stops: an axis of more than 32767, and of more than 65535, samples."""
    shape = [1, 3, 3, 3]
    shape[2 + axis] = 70_001
    rng = np.random.default_rng(1)
    image = lay(make_image(rng, shape, dtype))
    points = rng.uniform(-3, 5, (1, 300, 2)).astype("float32")
    points[..., axis] = rng.uniform(32_000, 70_005, 300)
    result = gridsample.sample(image, points, kernel, "reflection_center")
    assert_stored(result, reference.sample(image, points, kernel, "reflection_center"), image)


@all_layouts
@pytest.mark.parametrize("dtype", ["uint8", "float32", "complex64"])
@all_kernels
def test_thousands_of_channels(kernel, dtype, lay):
    rng = np.random.default_rng(2)
    image = lay(make_image(rng, (2, 5003, 4, 5), dtype))
    points = rng.uniform(-2, 6, (2, 20, 2))
    fill = rng.integers(0, 100, 5003)
    result = gridsample.sample(image, points, kernel, "constant", fill_value=fill)
    assert_stored(result, reference.sample(image, points, kernel, "constant", fill_value=fill), image)


@all_kernels
def test_coordinates_and_result_past_32_bits(kernel):
    """Both far apart in memory that is only lent: what nobody touches is none."""
    try:
        memory = {dtype: np.zeros((5, 2**29 + 17), dtype) for dtype in ("float32", "uint8")}
    except MemoryError:
        pytest.skip("this system does not lend so much address space")
    x = make_input((1, 1, 40), "float32")
    points = memory["float32"][:, :: 2**28][:, :, None]  # 5 x 3 points, more than 2^31 elements from the first to the last
    points[..., 0] = index_points(15, (40,), "float32").reshape(5, 3)
    out = memory["uint8"].view()[:, 8 :: 2**28][:, :3]
    expected = reference.sample(x * 100, points[None], kernel, "border", dtype="uint8")[0, 0]
    result = gridsample.sample((x * 100)[0, 0], points, kernel, "border", dtype="uint8", out=out)
    assert result is out
    assert_stored(out, expected, x * 100)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_axis_beyond_float32_integers(mode):
    """An axis of more than 2^24 samples is sampled with float64 coordinates, whatever the dtype of the grid."""
    x = (np.arange(2**24 + 77) % 251).astype("float32")[None, None]
    grid = np.linspace(-1, 1, 5000, dtype="float32")[None, :, None]
    result = gridsample.grid_sample(x, grid, mode, "border")
    expected = reference.grid_sample(x, grid.astype("float64"), mode, "border")
    assert_native(result, expected, x, grid, mode)


@pytest.mark.parametrize("of_grid", ["float16", "bfloat16"])
def test_axis_beyond_float32_integers_of_16_bits(of_grid):
    """So are those of 16 bits, which nothing outside is read for."""
    dtype = np.dtype(of_grid) if of_grid == "float16" else pytest.importorskip("ml_dtypes").bfloat16
    try:
        x = np.zeros((1, 1, 3_000_000_000), "uint8")
    except MemoryError:
        pytest.skip("this system does not lend so much address space")
    grid = np.array([0.9, -1, 1, -0.5, 3, 0.25]).astype(dtype)[None, :, None]
    for mode, padding_mode in (("nearest", "zeros"), ("bilinear", "border"), ("bicubic", "border")):
        result = gridsample.grid_sample(x, grid, mode, padding_mode)
        np.testing.assert_array_equal(result, 0)
    x = np.arange(2**25, dtype="float32")[None, None]
    expected = gridsample.grid_sample(x, grid.astype("float64"), "bilinear", "border")
    np.testing.assert_array_equal(gridsample.grid_sample(x, grid, "bilinear", "border"), expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
@all_kernels
def test_more_elements_than_32_bits_count(kernel, axis):
    """Offsets are whole also past 2^31 elements. Memory that nobody writes to is only lent."""
    shape = [2, 3, 4]
    shape[axis] = 2**31 // (24 // shape[axis]) + 99
    try:
        x = np.zeros(shape, "float32")
    except MemoryError:
        pytest.skip("this system does not lend so much address space")
    corner = x[tuple(slice(-6, None) for _ in shape)]
    corner[...] = make_input(corner.shape, "float32")
    points = index_points(200, corner.shape, "float64")
    points[:, axis] = np.random.default_rng(2).uniform(3, 7, 200)  # with all their taps in the corner
    expected = reference.sample(corner[None, None], points[None], kernel, "border")[0, 0]
    points[:, axis] += shape[axis] - 6
    assert_native(gridsample.sample(x, points, kernel, "border"), expected, corner, points, kernel)
