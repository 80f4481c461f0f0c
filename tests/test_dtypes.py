"""Every dtype, layout, boundary per axis, outside rule and fill value: the native core against the reference."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import gridsample
from gridsample import reference
from gridsample._modes import BOUNDARIES, COMPLEX_DTYPES, COORD_DTYPES, DTYPES, KERNELS

from .points import BASIC
from .tolerances import DTYPE_STEPS, assert_stored

pytestmark = pytest.mark.isa

IMAGE_DTYPES = (*DTYPES, *COMPLEX_DTYPES)
SPATIAL = (7, 9, 5)
CHANNELS = (1, 2, 3, 4, 7, 19, 37)
"""One pixel's worth, several, and more than the lanes of every ISA with each remainder."""


def make_image(rng, shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, endpoint=True, dtype=dtype)
    image = rng.uniform(-1, 1, shape)
    if dtype.kind == "c":
        image = image + 1j * rng.uniform(-1, 1, shape)
    return image.astype(dtype)


def make_coords(rng, out, ndim, dtype):
    coords = rng.uniform(-6, 14, (2, *out, ndim))
    coords[rng.random(coords.shape) < 0.02] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -1e30, -0.0])
    with np.errstate(over="ignore"):
        return coords.astype(dtype)


def make_boundary(rng, ndim):
    rules = [str(rule) for rule in rng.choice(list(BOUNDARIES), ndim)]
    return tuple("constant" if rule == "zeros" and "constant" in rules else rule for rule in rules)


def innermost(image):
    """Lay the channels of (N, C, ...) side by side."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1)


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("kernel", BASIC)
@pytest.mark.parametrize("dtype", IMAGE_DTYPES)
def test_native_is_reference(dtype, kernel, ndim, side_by_side):
    seed = [sorted(IMAGE_DTYPES).index(dtype), KERNELS[kernel].code, ndim, side_by_side]
    rng = np.random.default_rng(seed)
    for channels in CHANNELS:
        image = make_image(rng, (2, channels, *SPATIAL[:ndim]), dtype)
        coords = make_coords(rng, (3, 5, 17)[3 - ndim :], ndim, str(rng.choice(COORD_DTYPES)))
        options = {
            "fill_value": rng.integers(0, 100, channels),
            "outside": str(rng.choice(["boundary", "fill"])),
            "cubic_a": float(rng.choice([-0.75, -0.5])),
        }
        boundary = make_boundary(rng, ndim)
        image = innermost(image) if side_by_side else image
        actual, mask = gridsample.sample(image, coords, kernel, boundary, return_mask=True, **options)
        expected, inside = reference.sample(image, coords, kernel, boundary, return_mask=True, **options)
        np.testing.assert_array_equal(mask, inside)
        assert_stored(actual, expected, image)
        follows = channels == 1 or (actual.strides[1] == actual.itemsize) == side_by_side
        assert follows, "the output has the layout of the input"


@pytest.mark.parametrize("out_dtype", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_pair_of_dtypes(dtype, out_dtype):
    rng = np.random.default_rng(7)
    image = make_image(rng, (1, 3, 6, 7), "float64") * 100
    image = np.abs(image).astype(dtype)  # within the range of every dtype
    coords = rng.uniform(-2, 9, (1, 40, 2))
    actual = gridsample.sample(image, coords, "cubic", "border", dtype=out_dtype)
    expected = reference.sample(image, coords, "cubic", "border", dtype=out_dtype)
    assert_stored(actual, expected, image)


@pytest.mark.parametrize("size", [192, 4096])
def test_half_precision_ones_are_ones(size):
    for dtype in (np.float16, ml_dtypes.bfloat16):
        image = np.ones((1, 1, size, size), dtype)
        grid = gridsample.identity_grid((1, 1, size, 64)).astype(dtype) * dtype(0.9)
        for mode in ("bilinear", "bicubic"):
            inner = gridsample.grid_sample(image, grid * dtype(0.9), mode)  # a bicubic tap beyond the border is 0
            assert (inner == 1).all()
            for padding in ("reflection", "border"):
                for align_corners in (False, True):
                    assert (gridsample.grid_sample(image, grid, mode, padding, align_corners) == 1).all()


@pytest.mark.parametrize(
    ("dtype", "out_dtype", "value"),
    [
        ("float32", "float32", 10**30),
        ("float32", "float32", Fraction(1, 3)),
        ("float32", "float64", [0.1, Fraction(1, 10), 2**60]),
        ("float32", "float64", np.inf),
        ("float64", "float64", 10**300),
        ("uint8", "int32", -(2**24)),
        ("uint8", "int32", 2**25 + 4),
        ("int32", "int32", 2**31 - 1),
        ("bfloat16", "float64", 1e38),
        ("complex64", "complex128", complex(np.inf, 10**30)),
        ("complex128", "complex128", [Fraction(1, 3), 1j, 10**200]),
    ],
)
def test_fill_value_is_of_the_type_of_sums(dtype, out_dtype, value):
    """Any number of Python's that this type holds: it is rounded to it."""
    image = np.zeros((1, 3, 4, 4), dtype)
    summed = np.dtype({"float64": "float64", "int32": "float64", "complex64": "complex64"}.get(dtype, "float32"))
    summed = np.dtype("complex128") if dtype == "complex128" else summed
    of_each = value if isinstance(value, list) else [value] * 3
    expected = np.array([complex(one) if summed.kind == "c" else float(one) for one in of_each]).astype(summed)
    for options in ({"outside": "fill"}, {"boundary": "constant"}):
        result = gridsample.sample(image, np.full((1, 1, 2), 99.0), "nearest", dtype=out_dtype, fill_value=value, **options)
        np.testing.assert_array_equal(result[0, :, 0], expected.astype(out_dtype))


@pytest.mark.parametrize("of_grid", ["float32", "float64"])
def test_outside_is_judged_by_the_rounded_index(of_grid):
    """As docstrings say: 1.0000001 rounds to the border in float32, and an axis of one sample is all inside."""
    grid = np.array([1, -1, 1 + 1e-7, -1 - 1e-7, 1 + 1e-6, 7, -np.inf, np.nan]).astype(of_grid).reshape(1, -1, 1)
    near = of_grid == "float32"
    for align_corners, size, inside in (
        (True, 5, [True, True, near, False, False, False, False, False]),  # at -1 the sum with 1 is exact
        (True, 1, [True] * 6 + [False] * 2),
        (False, 1, [True, True, near, False, False, False, False, False]),
    ):
        image = np.ones((1, 1, size), of_grid)
        options = {"align_corners": align_corners, "outside": "fill", "fill_value": 7, "return_mask": True}
        for sampler in (gridsample, reference):
            result, mask = sampler.grid_sample(image, grid, padding_mode="border", **options)
            np.testing.assert_array_equal(mask[0], inside)
            np.testing.assert_array_equal(result[0, 0], np.where(inside, 1, 7))


@pytest.mark.parametrize("out_dtype", [name for name in DTYPES if "int" in name])
@pytest.mark.parametrize("dtype", [name for name in DTYPES if "float" in name])
def test_integers_are_rounded_half_to_even_and_saturated(dtype, out_dtype):
    """Ties, what is just beyond the limits and far from them, infinities and NaN, in every lane."""
    limits = np.iinfo(out_dtype)
    near = [limits.min + step for step in (-1, -0.5, 0, 0.5, 1)] + [limits.max + step for step in (-1, -0.5, 0, 0.5, 1)]
    values = [0.5, -0.5, 1.5, -1.5, 2.5, 0.49, -0.51, *near, 3e9, -3e9, 1e38, -1e38, np.inf, -np.inf, np.nan, -0.0]
    with np.errstate(over="ignore"):
        image = np.resize(np.array(values).astype(dtype), 61)[None, None]
    coords = np.arange(61.0, dtype="float32")[None, :, None]
    for kernel in ("nearest", "linear"):
        picture = image if kernel == "nearest" else np.where(np.isfinite(image), image, 0)  # a weight of 0 makes NaN of these
        expected = reference.sample(picture, coords, kernel, "border", dtype=out_dtype)
        np.testing.assert_array_equal(gridsample.sample(picture, coords, kernel, "border", dtype=out_dtype), expected)
    finite = np.isfinite(image.astype(float))
    by_python = [min(max(round(value), limits.min), limits.max) for value in image[finite].astype(float).tolist()]
    result = gridsample.sample(image, coords, "nearest", dtype=out_dtype)
    assert result[finite].tolist() == by_python
    assert result[image == np.inf].tolist() == [limits.max] * (image == np.inf).sum()
    assert (result[np.isnan(image) | (image == -np.inf)] == limits.min).all()


def test_saturation_of_large_weights():
    """Sums that no 32-bit integer holds are the largest and the smallest of bytes, in every layout."""
    rng = np.random.default_rng(3)
    for channels in (1, 3, 4):
        image = rng.integers(0, 256, (12, 13, channels)).astype("uint8")
        points = rng.uniform(3, 8, (500, 2)).astype("float32")
        options = {"cubic_a": -1e7, "channels": "last"}
        sums = reference.sample(np.moveaxis(image, -1, 0)[None], points[None], "cubic", dtype="float64", cubic_a=-1e7)[0].T
        assert (np.abs(sums) > 2.0**31).any()
        result = gridsample.sample(image, points, "cubic", **options)
        sure = np.abs(sums) > 1e4
        np.testing.assert_array_equal(result[sure], np.where(sums > 0, 255, 0)[sure])


def test_mask_without_channels():
    rng = np.random.default_rng(8)
    image, coords = np.zeros((2, 0, 6, 7)), rng.uniform(-3, 9, (2, 40, 30, 2))
    for dtype in ("float32", "uint8", "complex64"):
        for channels, empty in (("first", image), ("last", np.moveaxis(image, 1, -1))):
            for kernel in ("linear", "lanczos3", "bspline3"):
                for outside in ("boundary", "keep"):
                    shape = (2, 0, 40, 30) if channels == "first" else (2, 40, 30, 0)
                    options = {"channels": channels, "outside": outside, "out": np.empty(shape, dtype)}
                    result, mask = gridsample.sample(empty.astype(dtype), coords, kernel, return_mask=True, **options)
                    assert result is options["out"]
                    np.testing.assert_array_equal(mask, ((coords >= 0) & (coords <= [5, 6])).all(-1))


def test_channels_last_is_channels_first():
    rng = np.random.default_rng(3)
    image, grid = make_image(rng, (2, 6, 7, 3), "uint8"), rng.uniform(-1.2, 1.2, (2, 9, 11, 2)).astype("float32")
    last = gridsample.grid_sample(image, grid, channels="last")
    first = gridsample.grid_sample(np.moveaxis(image, -1, 1), grid)
    np.testing.assert_array_equal(last, np.moveaxis(first, 1, -1))
    assert last.flags.c_contiguous
    alone = gridsample.sample(image[0], np.array([[2.0, 3.0]]), channels="last")
    np.testing.assert_array_equal(alone, image[0, 2:3, 3])


@pytest.mark.parametrize("align_corners", [False, True])
def test_keep_leaves_out_as_it_is(align_corners):
    rng = np.random.default_rng(4)
    image, grid = make_image(rng, (2, 3, 6, 7), "float32"), rng.uniform(-1.5, 1.5, (2, 9, 11, 2)).astype("float32")
    out = np.full((2, 3, 9, 11), 7, "float32")
    before = out.copy()
    options = {"padding_mode": "border", "align_corners": align_corners, "outside": "keep", "return_mask": True}
    result, mask = gridsample.grid_sample(image, grid, out=out, **options)
    assert result is out
    expected, inside = reference.grid_sample(image, grid, out=before, **options)
    np.testing.assert_array_equal(mask, inside)
    np.testing.assert_array_equal(mask, (np.abs(grid) <= 1).all(-1))
    np.testing.assert_allclose(out, expected, atol=DTYPE_STEPS["float32"] * 100)
    assert (out[np.broadcast_to(~mask[:, None], out.shape)] == 7).all()


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_nan_propagates_on_request(kernel, boundary):
    rng = np.random.default_rng(5)
    image, coords = make_image(rng, (1, 2, 6, 7), "float32"), rng.uniform(0, 5, (1, 30, 2)).astype("float32")
    coords[0, ::7, 0] = np.nan
    result = gridsample.sample(image, coords, kernel, boundary, nan="propagate")
    nan = np.isnan(result)
    assert nan[:, :, ::7].all()
    assert nan.sum() == 2 * len(coords[0, ::7])
    assert np.isfinite(gridsample.sample(image, coords, kernel, boundary)).all()


def test_wrap_is_periodic():
    image = np.random.default_rng(6).uniform(size=(1, 1, 16))
    x = np.linspace(0, 15.9, 50)[None, :, None]
    for kernel in KERNELS:
        once = gridsample.sample(image, x, kernel, "wrap")
        np.testing.assert_allclose(gridsample.sample(image, x - 32, kernel, "wrap"), once, atol=1e-12)


def test_bad_options():
    image, coords = np.zeros((1, 2, 4, 5), "uint8"), np.zeros((1, 3, 2))
    for options, words in (
        ({"boundary": ("wrap",)}, "boundary: expected one name, or one for each of the 2"),
        ({"boundary": ("zeros", "constant")}, "zeros or constant, not both"),
        ({"boundary": "warp"}, "did you mean 'wrap'"),
        ({"fill_value": 300}, "fill_value: expected whole numbers from 0 to 255"),
        ({"fill_value": 0.5}, "fill_value: expected whole numbers"),
        ({"fill_value": np.nan}, "fill_value: expected whole numbers"),
        ({"fill_value": 7e4, "dtype": "float16"}, "fill_value: expected a number that dtype float16 holds; got 70000.0"),
        ({"fill_value": [0, -1e39], "dtype": "bfloat16"}, "fill_value: expected a number that dtype bfloat16 holds"),
        ({"fill_value": [1, 2, 3]}, "one for each of the 2 channels"),
        ({"outside": "keep"}, "out: expected an array"),
        ({"cubic_a": np.inf}, "cubic_a: expected a finite number"),
        ({"channels": "middle"}, "channels: unknown name"),
    ):
        with pytest.raises(ValueError, match=words):
            gridsample.sample(image, coords, **options)
        if "boundary" in options:
            options["padding_mode"] = options.pop("boundary")
        with pytest.raises(ValueError, match=words.replace("boundary:", "padding_mode:")):
            gridsample.grid_sample(image, coords[:, None], **options)
    for options, words in (
        ({"coords": coords.astype(complex)}, "coords: expected an array of dtype"),
        ({"fill_value": "red"}, "fill_value: expected a number"),
        ({"dtype": "complex64"}, "dtype: expected"),
        ({"return_mask": 1}, "return_mask: expected True or False"),
    ):
        with pytest.raises(TypeError, match=words):
            gridsample.sample(**{"input": image, "coords": coords} | options)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "float16", "float32", "float64"])
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 7])
def test_pixels_are_planes(dtype, kernel, channels):
    """The same bits, whether the channels of whole groups of points, and of those at the border, lie side by side or apart."""
    rng = np.random.default_rng(4)
    image = (100 * rng.random((23, 53, channels))).astype(dtype)
    coords = np.stack(np.indices((20, 48)), -1) + rng.uniform(-1, 4, (20, 48, 2))
    planes = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    room = np.full((20, 48, channels + 1), 77, dtype)
    for where in (coords.astype("float32"), coords):
        expected = np.moveaxis(gridsample.sample(planes, where, kernel), 0, -1)
        np.testing.assert_array_equal(gridsample.sample(image, where, kernel, channels="last"), expected)
        np.testing.assert_array_equal(
            gridsample.sample(image, where, kernel, channels="last", out=room[..., :channels]), expected
        )
        assert (room[..., channels] == 77).all()
