"""Splines, Lanczos kernels and Mitchell and Netravali's: weights, every boundary, layout and dtype, against the reference."""

import numpy as np
import pytest

import gridsample
from gridsample import _engine, reference
from gridsample._modes import BOUNDARIES, KERNELS

from .points import BASIC, FLOATS, index_points, make_input
from .tolerances import DTYPE_STEPS, SPLINE, assert_as_finite, assert_native

pytestmark = pytest.mark.isa

WIDE = [name for name in KERNELS if name not in BASIC]
INTERPOLATING = [name for name in WIDE if name != "mitchell"]
BY_TAPS = ("bspline2", "lanczos3", "lanczos4")
"""One kernel for each number of taps: what comes after the weights depends on nothing else."""

COLUMNS = (1, 15, 16, 17, 33, 100)

all_pairs = pytest.mark.parametrize(("image", "coords"), [(image, coords) for image in FLOATS for coords in FLOATS])
all_boundaries = pytest.mark.parametrize("boundary", BOUNDARIES)


def innermost(image):
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1)


@pytest.mark.parametrize("kernel", WIDE)
def test_weights_in_one_dimension(kernel):
    """Of a unit impulse, the samples are the kernel itself: the textbook's function, written down once more."""
    x = np.linspace(-5, 5, 1001)
    impulse = np.zeros(41)
    impulse[20] = 1
    actual = gridsample.sample(impulse, (20 + x)[:, None], kernel, prefilter=False)
    np.testing.assert_allclose(actual, textbook(kernel, x), atol=1e-13)


def textbook(kernel, x):
    t = np.abs(x)
    if kernel.startswith("bspline"):
        from scipy.interpolate import BSpline

        order = int(kernel[-1])
        spline = BSpline.basis_element(np.arange(order + 2) - (order + 1) / 2, extrapolate=False)
        return np.nan_to_num(spline(x))
    if kernel == "mitchell":
        near = (7 * t**3 - 12 * t**2 + 16 / 3) / 6
        far = (-7 / 3 * t**3 + 12 * t**2 - 20 * t + 32 / 3) / 6
        return np.where(t < 1, near, np.where(t < 2, far, 0))
    lobes = int(kernel[-1])

    def window(t):
        return np.where(np.abs(t) < lobes, np.sinc(t) * np.sinc(t / lobes), 0)

    return window(x) / sum(window(x - np.rint(x) + k) for k in range(-lobes, lobes + 1))


@all_pairs
@all_boundaries
@pytest.mark.parametrize("kernel", WIDE)
def test_every_boundary(kernel, boundary, image, coords):
    for spatial in ((1,), (2,), (5,), (17,), (64,)):
        x, points = make_input((1, 3, *spatial), image), index_points(1000, spatial, coords)
        expected = reference.sample(x, points[None], kernel, boundary, fill_value=0.5, prefilter=False)
        result = gridsample.sample(x, points[None], kernel, boundary, fill_value=0.5, prefilter=False)
        assert_native(result, expected, x, points, kernel)


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("spatial", [(9, 16), (12, 5), (9, 11, 16), (3, 12, 2)], ids=str)
@pytest.mark.parametrize("kernel", BY_TAPS)
def test_every_number_of_axes(kernel, spatial, dtype, side_by_side):
    """In a box of points about the array, and in rows of all lengths; planes, and channels side by side."""
    rng = np.random.default_rng(len(spatial))
    boundary = tuple(str(rule) for rule in rng.choice(["wrap", "border", "reflection_edge", "zeros"], len(spatial)))
    for channels in (1, 3, 20):
        x = make_input((1, channels, *spatial), dtype)
        x = innermost(x) if side_by_side else x
        points = index_points(300, spatial, dtype)
        expected = reference.sample(x, points[None], kernel, boundary, prefilter=False)
        for columns in COLUMNS:
            at = points[: 3 * columns].reshape(1, 3, columns, len(spatial))
            result = gridsample.sample(x, at, kernel, boundary, prefilter=False)
            assert_native(result.reshape(1, channels, -1), expected[..., : 3 * columns], x, points, kernel)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float16", "bfloat16", "complex64", "complex128"])
@pytest.mark.parametrize("kernel", ["bspline3", *BY_TAPS[1:]])
def test_every_storage(kernel, dtype):
    """Wide kernels have code for float images only; others are converted."""
    import ml_dtypes

    scale = 100 if np.dtype(getattr(ml_dtypes, dtype, dtype)).kind in "iu" else 1
    x = (make_input((2, 3, 9, 14), "complex128" if dtype[0] == "c" else "float64") * scale).astype(
        getattr(ml_dtypes, dtype, dtype)
    )
    points = index_points(500, (9, 14), "float64")[None]
    for image in (x, innermost(x)):
        options = {"boundary": ("constant", "wrap"), "fill_value": 3}
        result, expected = (module.sample(image, points, kernel, **options) for module in (gridsample, reference))
        assert result.dtype == x.dtype
        step = DTYPE_STEPS[dtype] * (1 if scale == 100 else 4)
        np.testing.assert_allclose(result.astype("complex128"), expected.astype("complex128"), rtol=0, atol=step)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", BY_TAPS)
def test_threads_and_isas(kernel, dtype, set_threads, set_isa):
    x = make_input((1, 2, 15, 16, 21), dtype)
    points = index_points(6000, x.shape[2:], dtype).reshape(1, 60, 100, 3)
    expected = None
    for isa in _engine.isa_names(runnable=True):
        set_isa(isa)
        for threads in (1, 2, 7):
            set_threads(threads)
            result = gridsample.sample(x, points, kernel, "reflection_edge", prefilter=False)
            expected = result if expected is None else expected
            np.testing.assert_array_equal(result, expected, err_msg=f"{isa}, {threads} threads")


@pytest.mark.parametrize("dtype", FLOATS)
@all_boundaries
@pytest.mark.parametrize("kernel", WIDE)
def test_infinities_stay_where_they_are(kernel, boundary, dtype):
    """Six taps are loaded as eight, but only taps count. (An even spline's window has a tap of weight 0, which does count.)"""
    for spatial in ((40,), (11, 30)):
        x = make_input((1, 2, *spatial), dtype)
        x[np.random.default_rng(9).random(x.shape) < 0.5 / KERNELS[kernel].taps ** len(spatial)] = np.inf
        points = index_points(1000, spatial, dtype)[None] + np.asarray(0.01, dtype)  # at a sample, 0 is not 0 in every formula
        expected = reference.sample(x, points, kernel, boundary, prefilter=False)
        assert 0.3 < np.isfinite(expected).mean() < 0.95
        assert_as_finite(gridsample.sample(x, points, kernel, boundary, prefilter=False), expected, x, points, kernel)


@pytest.mark.parametrize("coords", FLOATS)
@all_boundaries
@pytest.mark.parametrize("kernel", WIDE)
def test_coordinates_that_are_none(kernel, boundary, coords):
    """With zeros nothing is read; otherwise what sample 0 or the last one is, and always what the reference says."""
    x = make_input((1, 1, 9, 12), "float32")
    points = np.full((60, 2), 4.25, coords)
    points[::3, 0] = np.resize([np.nan, np.inf, -np.inf, 1e30, -1e30, 1e7, -0.0], 20)
    points[::7, 1] = np.resize([np.nan, np.inf, -np.inf], 9)
    result, expected = (module.sample(x, points[None], kernel, boundary) for module in (gridsample, reference))
    if boundary.startswith("reflection"):  # so far outside, it has lost all digits, but not the array
        assert np.isfinite(result).all()
        near = (np.abs(points) < 1e6).all(1) | ~np.isfinite(points).all(1)
        result, expected = result[..., near], expected[..., near]
    atol = SPLINE["float32"][KERNELS[kernel].order or 3]
    np.testing.assert_allclose(result, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", FLOATS)
@all_boundaries
@pytest.mark.parametrize("kernel", INTERPOLATING)
def test_samples_are_kept(kernel, boundary, dtype):
    """At a sample, the value is that sample; for Lanczos to the bit."""
    order = KERNELS[kernel].order
    for spatial in ((1,), (2,), (3,), (40,), (6, 11)):
        x = make_input((1, 1, *spatial), dtype)
        points = np.stack(np.indices(spatial), -1).reshape(1, -1, len(spatial)).astype(dtype)
        result = gridsample.sample(x, points, kernel, boundary)
        np.testing.assert_allclose(result.ravel(), x.ravel(), rtol=0, atol=SPLINE[dtype][order] if order else 0)


@pytest.mark.parametrize("kernel", WIDE)
def test_a_constant_stays_constant(kernel):
    x = np.full((1, 1, 20, 20), 3.0)
    points = index_points(500, (20, 20), "float64")[None]
    for boundary in ("border", "wrap", "reflection_edge", "reflection_center"):
        np.testing.assert_allclose(gridsample.sample(x, points, kernel, boundary), 3, rtol=1e-13)


def test_grid_sample_takes_them_by_name():
    x, grid = make_input((2, 3, 9, 12), "float32"), index_points(40, (1, 1), "float32").reshape(2, 4, 5, 2)
    for kernel in WIDE:
        for align_corners in (False, True):
            result, expected = (
                module.grid_sample(x, grid, kernel, "border", align_corners) for module in (gridsample, reference)
            )
            np.testing.assert_allclose(result, expected, rtol=0, atol=SPLINE["float32"][7])


@pytest.mark.isa
@pytest.mark.parametrize("spacing", [0.3, 0.5, 1.0, 1.9, 2.5, -0.7, -1.0])
@pytest.mark.parametrize("slope", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("boundary", ["zeros", "border"])
def test_level_maps(spacing, slope, boundary):
    """Rows of points in one row of samples, or nearly, up to the last sample: the bits that channels side by side give."""
    rng = np.random.default_rng(2)
    image = rng.random((2, 5, 9, 150), dtype="float32")
    image[:, :, -1, -1] = 7
    columns = np.arange(96) * spacing
    columns += 149 - columns.max() if rng.random() < 0.5 else -columns.min()
    coords = np.zeros((2, 12, 96, 2))
    coords[..., 0] = np.linspace(-0.5, 8.5, 12)[:, None] + slope * np.arange(96) + rng.uniform(-0.01, 0.01, (2, 12, 96))
    coords[..., 1] = columns + rng.uniform(-0.4, 0.4, (2, 12, 96))
    for where in (coords, coords.astype("float32")):
        found = gridsample.sample(image, where, "linear", boundary)
        pixels = gridsample.sample(np.ascontiguousarray(np.moveaxis(image, 1, -1)), where, "linear", boundary, channels="last")
        np.testing.assert_array_equal(np.moveaxis(pixels, -1, 1), found)
        expected = reference.sample(image, where, "linear", boundary)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
