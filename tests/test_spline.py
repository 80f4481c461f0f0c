"""Spline coefficients, and splines through samples: against the reference, and against SciPy."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import gridsample
from gridsample import _engine, reference
from gridsample._coords import index_axes
from gridsample._modes import BOUNDARIES
from gridsample._spec import choose_boundaries, make_spec
from gridsample._spline import ORDERS, prefiltered, prefiltered_adjoint

from .points import FLOATS, index_points, make_input
from .tolerances import DIFFERENCES, SCIPY, SPLINE

pytestmark = pytest.mark.isa

SCIPY_MODES = {
    "constant": "grid-constant",
    "border": "nearest",
    "reflection_edge": "reflect",
    "reflection_center": "mirror",
    "wrap": "grid-wrap",
}
LINES = (1, 2, 3, 17, 50)
"""Lengths about the lanes, and about those from which on a start is the sum of fewer terms than there are samples."""

all_orders = pytest.mark.parametrize("order", ORDERS)
all_dtypes = pytest.mark.parametrize("dtype", FLOATS)
all_modes = pytest.mark.parametrize(("boundary", "mode"), SCIPY_MODES.items())


def assert_coefficients(actual, expected, dtype, order):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=SPLINE[dtype][order] * np.abs(expected).max(initial=1))


@all_dtypes
@all_orders
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_coefficients_are_the_references(boundary, order, dtype):
    """Along every axis, of arrays of every layout."""
    for length in LINES:
        for shape, axis in (((length,), 0), ((length, 70), 0), ((70, length), 1), ((3, length, 5), 1)):
            x = make_input(shape, dtype)
            expected = reference.spline_coefficients(x, order, boundary, axis)
            for image in (x, np.asfortranarray(x), x[::-1][::-1], np.repeat(x, 2, axis=-1)[..., ::2]):
                actual = gridsample.spline_coefficients(image, order, boundary, axes=axis)
                assert actual.dtype == x.dtype
                assert_coefficients(actual, expected, dtype, order)


@pytest.mark.parametrize("shape", [(17000, 3), (3, 17000), (17000, 20), (16500,)], ids=str)
@all_dtypes
def test_lines_too_long_for_a_buffer(shape, dtype):
    x = make_input(shape, dtype)
    axis = shape.index(max(shape))
    actual = gridsample.spline_coefficients(x, 3, axes=axis)
    expected = ndimage.spline_filter1d(x.astype("float64"), 3, axis, mode="mirror")
    assert_coefficients(actual, expected, dtype, 3)
    part = np.moveaxis(np.moveaxis(x, axis, 0)[:, ..., :2] if x.ndim > 1 else x, 0, axis if x.ndim > 1 else 0)
    assert_coefficients(gridsample.spline_coefficients(part, 3, axes=axis), actual[tuple(map(slice, part.shape))], dtype, 3)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@all_modes
def test_spline_filter_is_scipys(boundary, mode, order):
    """From 25 samples on: for "reflect", SciPy 1.17 starts shorter lines from a sum that it has changed already."""
    x = make_input((25, 27, 41), "float64")
    expected = ndimage.spline_filter(x, order, mode=mode)
    np.testing.assert_allclose(gridsample.spline_coefficients(x, order, boundary), expected, rtol=0, atol=SCIPY * 100)
    for axis in range(3):
        expected = ndimage.spline_filter1d(x, order, axis, mode=mode)
        np.testing.assert_allclose(gridsample.spline_coefficients(x, order, boundary, axes=axis), expected, atol=SCIPY)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@all_modes
def test_samples_are_scipys(boundary, mode, order):
    for spatial in ((25,), (26, 30), (25, 27, 28)):
        x, points = make_input(spatial, "float64"), index_points(2000, spatial, "float64")
        expected = ndimage.map_coordinates(x, points.T, order=order, mode=mode, cval=0.5)
        actual = gridsample.sample(x, points, f"bspline{order}", boundary, fill_value=0.5)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=SCIPY)
        single = gridsample.sample(x.astype("float32"), points, f"bspline{order}", boundary, fill_value=0.5)
        np.testing.assert_allclose(single, expected, rtol=0, atol=SPLINE["float32"][order])


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_outside_fill_is_scipys_constant(order):
    """SciPy's "constant" mirrors the taps, and replaces samples outside."""
    x, points = make_input((16, 20), "float64"), index_points(2000, (16, 20), "float64")
    expected = ndimage.map_coordinates(x, points.T, order=order, mode="constant", cval=0.5)
    actual = gridsample.sample(x, points, f"bspline{order}", "reflection_center", outside="fill", fill_value=0.5)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=SCIPY)


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "uint8"])
@pytest.mark.parametrize("boundary", [*BOUNDARIES, ("wrap", "border"), ("constant", "reflection_edge")], ids=str)
def test_samples_are_the_references(boundary, dtype, side_by_side):
    """Fill values for each channel, outside rules, masks and batches go through the padding."""
    x = (make_input((2, 3, 9, 30), "float64") * (100 if dtype == "uint8" else 1)).clip(0 if dtype == "uint8" else -1)
    x = (x + 0.5j * x[..., ::-1]).astype(dtype) if dtype == "complex64" else x.astype(dtype)
    x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1) if side_by_side else x
    points = index_points(1000, (9, 30), "float64")[None]
    for outside in ("boundary", "fill"):
        options = {"fill_value": [1, 2, 3], "outside": outside, "return_mask": True}
        actual, mask = gridsample.sample(x, points, "bspline3", boundary, **options)
        expected, inside = reference.sample(x, points, "bspline3", boundary, **options)
        np.testing.assert_array_equal(mask, inside)
        assert actual.dtype == x.dtype
        atol = 1 if dtype == "uint8" else 3 * SPLINE["float64" if dtype == "float64" else "float32"][3]
        np.testing.assert_allclose(actual.astype("complex128"), expected.astype("complex128"), rtol=0, atol=atol)


@all_dtypes
@pytest.mark.parametrize("order", [3, 7])
def test_same_bits_for_every_number_of_threads_and_isa(order, dtype, set_threads, set_isa):
    x = make_input((70, 61, 90), dtype)
    results = set()
    for isa in _engine.isa_names(runnable=True):
        set_isa(isa)
        for threads in (1, 2, 7):
            set_threads(threads)
            results.add(gridsample.spline_coefficients(x, order, ("wrap", "reflection_edge", "border")).tobytes())
    assert len(results) == 1


def test_in_place():
    x = make_input((20, 30), "float32")
    expected = gridsample.spline_coefficients(x)
    kept = x.copy()
    assert gridsample.spline_coefficients(x, out=x) is x
    np.testing.assert_array_equal(x, expected)
    out = np.empty((30, 20), "float32").T
    assert gridsample.spline_coefficients(kept, out=out) is out
    np.testing.assert_array_equal(out, expected)
    swapped = kept.astype(">f4")
    np.testing.assert_array_equal(gridsample.spline_coefficients(swapped, out=swapped), expected)
    np.testing.assert_array_equal(gridsample.spline_coefficients(np.round(kept * 9).astype("int8")).dtype, np.float32)


def test_memory():
    """NumPy reports its memory; the core's buffers, of a megabyte for each thread at most, are besides."""
    x = make_input((64, 128, 128), "float32")
    tracemalloc.start()
    gridsample.spline_coefficients(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * x.nbytes


@settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    order=st.sampled_from(ORDERS),
    boundary=st.sampled_from(("wrap", "reflection_edge", "reflection_center")),
    seed=st.integers(0, 1000),
)
def test_spline_goes_through_the_samples(shape, order, boundary, seed):
    x = make_input(tuple(shape), "float64", seed)
    coefficients = gridsample.spline_coefficients(x, order, boundary)
    at = np.stack(np.indices(x.shape), -1).astype("float64")
    back = gridsample.sample(coefficients, at, f"bspline{order}", boundary, prefilter=False)
    np.testing.assert_allclose(back, x, rtol=0, atol=SPLINE["float64"][order] * 10)


@all_dtypes
@all_orders
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_adjoint(boundary, order, dtype):
    """<P x, y> = <x, P' y>, along axes of one sample, two and more."""
    for shape in ((1,), (2,), (3,), (40,), (5, 2, 7)):
        x, y = make_input(shape, dtype, 1), make_input(shape, dtype, 2)
        forward = gridsample.spline_coefficients(x, order, boundary)
        back = gridsample.spline_coefficients(y, order, boundary, adjoint=True)
        dot, tod = np.vdot(forward.astype("float64"), y), np.vdot(x, back.astype("float64"))
        assert abs(dot - tod) <= SPLINE[dtype][order] * np.abs(forward).sum()


@pytest.mark.parametrize("order", [2, 7])
@pytest.mark.parametrize("boundary", [*BOUNDARIES, ("border", "zeros", "wrap")], ids=str)
def test_adjoint_of_the_padded_filter(boundary, order):
    """What sampling with prefilter does to an image, transposed: the fill value, a constant, has no part in it."""
    shape = (2, 3, 5, 1, 6)
    codes = choose_boundaries("boundary", boundary, 3, {name: name for name in BOUNDARIES})
    spec = make_spec(f"bspline{order}", codes, index_axes(3))
    x = make_input(shape, "float64", 1)
    forward, _ = prefiltered(x, spec, np.zeros(3))
    y = make_input(forward.shape, "float64", 2)
    back = prefiltered_adjoint(y.copy(), spec, shape[2:])
    assert back.shape == shape
    assert abs(np.vdot(forward, y) - np.vdot(x, back)) <= SPLINE["float64"][order] * np.abs(forward).sum()


@pytest.mark.parametrize("order", [3, 4])
@pytest.mark.parametrize("boundary", [*BOUNDARIES, ("border", "zeros")], ids=str)
def test_derivatives_reach_through_the_filter(boundary, order):
    """The adjoint is that of filter and samples together; the slope is the difference of samples nearby."""
    kernel = f"bspline{order}"
    x, points = make_input((9, 7), "float64"), index_points(60, (9, 7), "float64") + 0.01
    y = make_input((60,), "float64", 1)
    forward = gridsample.sample(x, points, kernel, boundary)
    back = gridsample.sample_adjoint(y, points, (9, 7), kernel, boundary)
    assert abs(forward @ y - (x * back).sum()) <= SPLINE["float64"][order] * 60
    slope = gridsample.sample_gradient(x, points, kernel, boundary)
    for axis in range(2):
        step = np.eye(2)[axis] * 1e-5
        samples = [gridsample.sample(x, points + sign * step, kernel, boundary) for sign in (1, -1)]
        np.testing.assert_allclose(slope[:, axis], (samples[0] - samples[1]) / 2e-5, rtol=0, atol=DIFFERENCES)
    image, grid = x[None, None], points[None, None] / 4 - 1
    values = gridsample.grid_sample(image, grid, kernel, boundary)
    by_input, by_grid = gridsample.grid_sample_backward(y[None, None, None], image, grid, kernel, boundary)
    assert abs((values * y).sum() - (image * by_input).sum()) <= SPLINE["float64"][order] * 60
    moved = [gridsample.grid_sample(image, grid + step, kernel, boundary) for step in (1e-5, -1e-5)]
    expected = ((moved[0] - moved[1]) * y).sum() / 2e-5
    np.testing.assert_allclose(by_grid.sum(), expected, rtol=0, atol=DIFFERENCES * 100)


def test_polynomials_are_reproduced():
    """A spline of order n is every polynomial of degree n, far from the ends."""
    i = np.arange(120) / 60 - 1
    at = np.linspace(50, 70, 201)
    for order in ORDERS:
        value = gridsample.sample(i**order, at[:, None], f"bspline{order}", "reflection_center")
        np.testing.assert_allclose(value, (at / 60 - 1) ** order, rtol=0, atol=1e-11)


def test_bad_input():
    x = np.zeros((4, 5), "float32")
    for options, error, words in (
        ({"order": 6}, ValueError, "order: expected one of 2, 3, 4, 5, 7; got 6"),
        ({"order": 3.0}, TypeError, "order: expected one of 2, 3, 4, 5, 7; got 3.0"),
        ({"boundary": "mirror"}, ValueError, "boundary: unknown name 'mirror'"),
        ({"axes": 2}, ValueError, "axes: expected different axes of input, from -2 to 1; got 2"),
        ({"axes": (0, -2)}, ValueError, "axes: expected different axes"),
        ({"axes": "x"}, TypeError, "axes: expected an int, or a sequence of ints"),
        ({"out": np.zeros((4, 5))}, TypeError, "out: expected dtype float32"),
        ({"out": x[:]}, ValueError, "out: expected memory apart from input"),
    ):
        with pytest.raises(error, match=words.replace("(", r"\(")):
            gridsample.spline_coefficients(x, **options)
    pixels = np.zeros((4, 5), "uint8")
    with pytest.raises(ValueError, match="out: expected a writeable array of dtype float32; got input itself"):
        gridsample.spline_coefficients(pixels, out=pixels)
    with pytest.raises(TypeError, match="input: expected dtype"):
        gridsample.spline_coefficients(np.zeros((4, 5), "int64"))
    with pytest.raises(TypeError, match="prefilter: expected True or False"):
        gridsample.sample(x, np.zeros((1, 2)), "bspline3", prefilter=1)
    assert gridsample.spline_coefficients(np.zeros((0, 5), "float32")).shape == (0, 5)
