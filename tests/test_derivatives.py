"""The adjoint and the derivatives of the native core: against their definition, against each other, to the bit."""

from itertools import product

import numpy as np
import pytest

import gridsample
from gridsample import _derivatives, reference_derivatives
from gridsample._coords import index_axes, normalized_axes
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._spec import make_spec

from .tolerances import DERIVATIVES

pytestmark = pytest.mark.isa

OUT = {1: (300,), 2: (9, 37), 3: (4, 3, 33)}
"""Points in rows that no group of 16 divides, in more than one tile."""


def make_coords(rng, shape, dtype, spread, odd):
    coords = rng.uniform(-spread, spread, shape)
    if odd:
        coords[rng.random(shape) < 0.05] = rng.choice([np.nan, np.inf, -np.inf, 1e30, 0, 1, -1])
    return coords.astype(dtype)


class Case:
    """A random problem: arrays, what the core is told, and what the definition is told."""

    def __init__(self, seed, kernel, ndim):
        rng = self.rng = np.random.default_rng(seed)
        rules = [str(rule) for rule in rng.choice(list(BOUNDARIES), ndim)]
        rules = tuple("constant" if rule == "zeros" and "constant" in rules else rule for rule in rules)
        self.dtype, self.coords_dtype = (str(dtype) for dtype in rng.choice(["float32", "float64"], 2))
        channels, batch = int(rng.choice([1, 2, 3, 5, 9])), int(rng.integers(1, 3))
        spatial = tuple(int(size) for size in rng.integers(1, 12, ndim))
        alone = rng.choice(["input", "coords", "neither"])
        self.input = rng.uniform(-1, 1, (1 if alone == "input" else batch, channels, *spatial)).astype(self.dtype)
        if rng.random() < 0.3:
            self.input = np.moveaxis(np.ascontiguousarray(np.moveaxis(self.input, 1, -1)), -1, 1)
        shape = (1 if alone == "coords" else batch, *OUT[ndim], ndim)
        self.coords = make_coords(rng, shape, self.coords_dtype, rng.choice([0.9, 1.3, 5]), rng.random() < 0.4)
        self.grad = rng.uniform(-1, 1, (batch, channels, *OUT[ndim])).astype(self.dtype)
        self.fill = rng.uniform(-1, 1, channels)
        axes = normalized_axes(spatial, bool(rng.random() < 0.5))
        options = {"outside": str(rng.choice(["boundary", "fill"])), "nan": str(rng.choice(["boundary", "propagate"]))}
        self.spec = make_spec(kernel, tuple(BOUNDARIES[rule].code for rule in rules), axes, **options)
        self.modes = (kernel, rules, axes)
        self.options = options | {"fill_value": self.fill}

    def check(self, actual, expected):
        assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
        exact = self.dtype == self.coords_dtype == "float64"
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        family = ("lanczos" if "lanczos" in self.modes[0] else "float64") if exact else "float32"
        np.testing.assert_allclose(actual, expected, rtol=0, atol=DERIVATIVES[family] * scale)


CASES = [
    (kernel, ndim, seed)
    for kernel, ndim, seed in product(KERNELS, (1, 2, 3), range(6))
    if KERNELS[kernel].taps <= 4 or ndim < 3 or seed < 2  # hundreds of taps take the definition long
]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(("kernel", "ndim", "seed"), CASES)
def test_native_is_reference(kernel, ndim, seed):
    case = Case([KERNELS[kernel].code, ndim, seed], kernel, ndim)
    highest = 1 if "lanczos" in kernel else 2  # and one more for the coordinates
    orders = tuple(int(order) for order in case.rng.integers(0, highest + 1, ndim)) if seed % 2 else (0,) * ndim
    samples = np.empty(case.grad.shape, case.dtype)
    _derivatives.sample_orders(case.input, case.coords, samples, case.spec, case.fill, orders)
    given = (case.input, case.coords, *case.modes)
    case.check(samples, reference_derivatives.sample(*given, orders=orders, **case.options))

    spec = case.spec._replace(orders=orders)
    actual = _derivatives.backward(case.grad, case.input, case.coords, spec, case.fill, (True, True))
    expected = reference_derivatives.backward(case.grad, *given, orders=orders, **case.options)
    for one, other in zip(actual, expected, strict=True):
        case.check(one, other)

    tangent = case.rng.uniform(-1, 1, case.input.shape).astype(case.dtype) if seed != 2 else None
    direction = case.rng.uniform(-1, 1, case.coords.shape).astype(case.coords_dtype) if seed != 3 else None
    given = (tangent, direction, case.grad, *given)
    actual = _derivatives.double_backward(*given[:5], case.spec, case.fill, (True, True, True))
    for one, other in zip(actual, reference_derivatives.double_backward(*given, **case.options), strict=True):
        case.check(one, other)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_adjoint_is_transpose(kernel, boundary, ndim):
    rng = np.random.default_rng(ndim)
    shape = (2, 3, *(6, 5, 7)[:ndim])
    image, values = rng.normal(size=shape), rng.normal(size=(2, 3, *OUT[ndim]))
    coords = rng.uniform(-3, 9, (2, *OUT[ndim], ndim))
    forward = (gridsample.sample(image, coords, kernel, boundary) * values).sum()
    back = gridsample.sample_adjoint(values, coords, shape, kernel, boundary)
    np.testing.assert_allclose(forward, (image * back).sum(), rtol=0, atol=DERIVATIVES["float64"] * values.size)


MAPS = {"smooth": 1.0, "magnified": 0.1, "shrunk": 30.0, "scattered": None}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("mapping", MAPS)
def test_same_bits(mapping, channels, kernel, set_threads):
    """For every number of threads, and again: of maps whose tiles have boxes, and of those that have none."""
    rng = np.random.default_rng(1)
    size, scale = 96, MAPS[mapping]
    image = rng.normal(size=(1, channels, size, size)).astype("float32")
    grid = gridsample.identity_grid((1, 1, 70, 90))
    grid = (
        rng.uniform(-1.1, 1.1, grid.shape).astype("float32")
        if scale is None
        else grid @ np.float32([[0.9, 0.4], [-0.4, 0.9]]) * scale
    )
    grad = rng.normal(size=(1, channels, 70, 90)).astype("float32")
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(kernel, kernel)
    results = []
    for threads in (1, 2, 5, *[2] * 5):
        set_threads(threads)
        results.append(gridsample.grid_sample_backward(grad, image, grid, mode, "reflection"))
    for result in results[1:]:
        for one, other in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(one, other)
    exact = gridsample.grid_sample_backward(grad.astype("float64"), image.astype("float64"), grid, mode, "reflection")
    scale = np.abs(exact[0]).max()
    np.testing.assert_allclose(results[0][0], exact[0], rtol=0, atol=DERIVATIVES["float32"] * scale)


SCATTERED = {1: ((500,), (7200,)), 2: ((61, 83), (90, 80)), 3: ((13, 17, 23), (6, 12, 100))}


@pytest.mark.isa
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("channels", [1, 3, 16, 40])
@pytest.mark.parametrize("ndim", SCATTERED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits_in_parts(dtype, ndim, channels, batch, set_threads):
    """Of scattered points, some channels are derived by themselves, and so are coordinates: more of them for more threads."""
    rng = np.random.default_rng(2)
    sizes, out = SCATTERED[ndim]
    image = rng.normal(size=(batch, channels, *sizes)).astype(dtype)
    grid = rng.uniform(-1.1, 1.1, (batch, *out, ndim)).astype(dtype)
    grad = rng.normal(size=(batch, channels, *out)).astype(dtype)
    results = {}
    for threads in (1, 2, 3, 8):
        set_threads(threads)
        results[threads] = gridsample.grid_sample_backward(grad, image, grid)
        alone = gridsample.grid_sample_backward(grad, image, grid, needs=(True, False))[0]
        np.testing.assert_array_equal(alone, results[threads][0])
        for one, other in zip(results[threads], results[1], strict=True):
            np.testing.assert_array_equal(one, other)
    exact = gridsample.grid_sample_backward(*(array.astype("float64") for array in (grad, image, grid)))[0]
    np.testing.assert_allclose(results[1][0], exact, rtol=0, atol=DERIVATIVES[dtype] * np.abs(exact).max())


@pytest.mark.parametrize("channels", [1, 5])
def test_same_bits_of_small_volumes(channels, set_threads):
    """Which are cut into shorter pieces, lest all of them meet."""
    rng = np.random.default_rng(3)
    image, grad = (rng.normal(size=(1, channels, *(size,) * 3)).astype("float32") for size in (40, 50))
    turn = np.float32([[0.9, 0.3, -0.2], [-0.3, 0.9, 0.1], [0.2, -0.1, 0.9]])
    grid = gridsample.identity_grid((1, 1, 50, 50, 50)) @ turn
    results = []
    for threads in (1, 2, 5):
        set_threads(threads)
        results.append(gridsample.grid_sample_backward(grad, image, grid))
    for result in results[1:]:
        for one, other in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(one, other)
    exact = gridsample.grid_sample_backward(grad.astype("float64"), image.astype("float64"), grid)
    np.testing.assert_allclose(results[0][0], exact[0], rtol=0, atol=DERIVATIVES["float32"] * np.abs(exact[0]).max())


@pytest.mark.parametrize("dtype", ["float16", "complex64", "complex128"])
def test_other_dtypes(dtype):
    rng = np.random.default_rng(2)
    image, values = (rng.normal(size=shape).astype(dtype) for shape in ((1, 2, 6, 7), (1, 2, 40)))
    coords = rng.uniform(-1, 8, (1, 40, 2))
    back = gridsample.sample_adjoint(values, coords, image.shape, "cubic", "border")
    assert back.dtype == image.dtype
    wide = "complex128" if "complex" in dtype else "float64"
    expected = gridsample.sample_adjoint(values.astype(wide), coords, image.shape, "cubic", "border")
    tolerance = 0.02 if dtype == "float16" else DERIVATIVES["float64" if dtype == wide else "float32"]
    np.testing.assert_allclose(back, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    slope = gridsample.sample_gradient(image, coords, "cubic", "border")
    assert slope.shape == (1, 2, 40, 2)
    if dtype != "float16":
        step = 1e-4 * np.eye(2)
        for axis in range(2):
            ahead, behind = (
                gridsample.sample(image.astype(wide), coords + sign * step[axis], "cubic", "border") for sign in (1, -1)
            )
            np.testing.assert_allclose(slope[..., axis], (ahead - behind) / 2e-4, rtol=0, atol=1e-5 * np.abs(slope).max())


def test_forms_and_sums():
    rng = np.random.default_rng(3)
    coords = rng.uniform(-1, 8, (4, 25, 2))
    values = rng.normal(size=(4, 3, 25))
    each = gridsample.sample_adjoint(values, coords, (4, 3, 6, 7))
    np.testing.assert_allclose(gridsample.sample_adjoint(values, coords, (1, 3, 6, 7))[0], each.sum(0), atol=1e-12)
    np.testing.assert_array_equal(gridsample.sample_adjoint(values[1], coords[1], (3, 6, 7)), each[1])
    np.testing.assert_array_equal(gridsample.sample_adjoint(values[1, 2], coords[1], (6, 7)), each[1, 2])
    last = gridsample.sample_adjoint(np.moveaxis(values, 1, -1), coords, (4, 6, 7, 3), channels="last")
    np.testing.assert_array_equal(np.moveaxis(last, -1, 1), each)
    out = np.ones((4, 3, 6, 7))
    assert gridsample.sample_adjoint(values, coords, out.shape, out=out) is out
    np.testing.assert_allclose(out, each + 1, atol=1e-12)
    count = gridsample.sample_count(coords[0], (6, 7), boundary="border")
    np.testing.assert_allclose(count.sum(), 25)
    grads = gridsample.grid_sample_backward(values[:, :, None], rng.normal(size=(1, 3, 6, 7)), coords[:, None] / 8)
    assert [grad.shape for grad in grads] == [(1, 3, 6, 7), (4, 1, 25, 2)]
    assert gridsample.grid_sample_backward(values[:, :, None], out, coords[:, None], needs=(False, True))[0] is None
    assert gridsample.sample_adjoint(np.zeros((0, 3, 25)), coords[:1], (0, 3, 6, 7)).shape == (0, 3, 6, 7)


@pytest.mark.parametrize("channels", [2, 4, 7, 9, 16, 37])
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "bspline5"])
def test_channels_are_summed_as_if_each_were_alone(kernel, channels, monkeypatch):
    rng = np.random.default_rng(5)
    coords = rng.uniform(-2, 14, (5, 30, 41, 2)).astype("float32")
    values = rng.normal(size=(5, channels, 30, 41)).astype("float32")
    shape = (5, channels, 11, 13)
    options = {"boundary": "zeros", "prefilter": False}
    together = gridsample.sample_adjoint(values, coords, shape, kernel, **options)
    alone = [gridsample.sample_adjoint(values[:, [c]], coords, (5, 1, 11, 13), kernel, **options) for c in range(channels)]
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))
    added = np.ones(shape, "float32")
    gridsample.sample_adjoint(values, coords, shape, kernel, out=added, **options)
    np.testing.assert_array_equal(added, 1 + together)
    monkeypatch.setattr(_derivatives, "_MOST_BYTES", 0)  # as if sums took too much memory
    np.testing.assert_array_equal(gridsample.sample_adjoint(values, coords, shape, kernel, **options), together)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("channels", [1, 3, 9])
@pytest.mark.parametrize("boundary", ["zeros", "border", "reflection_edge"])
def test_infinite_values_reach_their_taps_only(boundary, channels):
    rng = np.random.default_rng(6)
    coords = rng.uniform(-0.9, 6.9, (1, 70, 2)).astype("float32")  # about the edge, where taps are read as pairs
    values = rng.normal(size=(1, channels, 70)).astype("float32")
    values[:, channels // 2, ::7] = np.inf
    back = gridsample.sample_adjoint(values, coords, (1, channels, 7, 7), "linear", boundary)
    given = (values, np.zeros((1, channels, 7, 7)), coords, "linear", (boundary, boundary), index_axes(2))
    expected, _ = reference_derivatives.backward(*given, needs=(True, False))
    np.testing.assert_array_equal(np.isfinite(back), np.isfinite(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(back[finite], expected[finite], rtol=0, atol=1e-5)


def test_values_outside_and_at_nan_go_nowhere():
    values, coords = np.array([1.0, 2.0, 4.0]), np.array([[0.0], [-0.5], [np.nan]])
    assert gridsample.sample_adjoint(values, coords, (2,), boundary="border").sum() == 7
    assert gridsample.sample_adjoint(values, coords, (2,), boundary="border", outside="fill").sum() == 1
    assert gridsample.sample_adjoint(values, coords, (2,), boundary="border", nan="propagate").sum() == 3
    infinite = np.array([1.0, np.inf, np.nan])
    np.testing.assert_array_equal(gridsample.sample_adjoint(infinite, coords - 5, (2,), outside="fill"), [0, 0])


def test_bad_arguments():
    values, coords = np.zeros((2, 3, 5)), np.zeros((2, 5, 2))
    for arguments, words in (
        ((values, coords, (6,)), "shape: expected"),
        ((values, coords, (2, 3, 6, -7)), "shape: expected a sequence of whole numbers"),
        ((values, coords, (2, 3, 6, 0)), "shape: expected no empty spatial axis"),
        ((values, coords, (2, 4, 6, 7)), "values: expected one for each channel"),
        ((values, coords, (3, 3, 6, 7)), "values: expected one for each channel"),
        ((values, coords, (2, 3, 6, 7), "linaer"), "did you mean 'linear'"),
    ):
        with pytest.raises(ValueError, match=words):
            gridsample.sample_adjoint(*arguments)
    with pytest.raises(TypeError, match="values: expected dtype float32"):
        gridsample.sample_adjoint(values.astype(int), coords, (2, 3, 6, 7))
    with pytest.raises(ValueError, match="out: expected shape"):
        gridsample.sample_adjoint(values, coords, (2, 3, 6, 7), out=np.zeros(3))
    with pytest.raises(ValueError, match="outside: unknown name 'keep'"):
        gridsample.sample_gradient(np.zeros((6, 7)), coords[0], outside="keep")
    with pytest.raises(ValueError, match="grad_out: expected the shape of the samples"):
        gridsample.grid_sample_backward(values, np.zeros((2, 3, 6, 7)), coords[:, None])


@pytest.mark.isa
@pytest.mark.parametrize("channels", [1, 3, 16, 19, 35])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("points", [(5, 37), (3, 4, 21)])
def test_gradients_whose_channels_lie_side_by_side(channels, dtype, points):
    """To the bit those of planes: pixels whole or strided, points that do not count, rows that end within a vector."""
    rng = np.random.default_rng(5)
    ndim = len(points)
    image = rng.random((2, channels, *(9, 11, 8)[:ndim])).astype(dtype)
    grid = (rng.random((2, *points, ndim)) * 2.4 - 1.2).astype(dtype)
    pixels = rng.random((2, *points, channels + 2)).astype(dtype)
    for values in (
        np.moveaxis(pixels[..., :channels], -1, 1),
        np.moveaxis(np.ascontiguousarray(pixels[..., :channels]), -1, 1),
    ):
        for settings in ({}, {"outside": "fill"}, {"padding_mode": "border"}):
            for mode in ("bilinear", "bicubic"):
                expected = gridsample.grid_sample_backward(np.ascontiguousarray(values), image, grid, mode, **settings)
                found = gridsample.grid_sample_backward(values, image, grid, mode, **settings)
                for actual, right in zip(found, expected, strict=True):
                    np.testing.assert_array_equal(actual, right)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_short_rows_that_lie_apart(dtype):
    """As in deformable attention: a few points of each query, those of other heads and levels between them."""
    rng = np.random.default_rng(6)
    image = rng.random((3, 5, 9, 11)).astype(dtype)
    grids = (rng.random((70, 3, 4, 2)) * 2.4 - 1.2).astype(dtype)
    values = rng.random((70, 3, 5, 2, 4)).astype(dtype)[..., 1, :]
    grid, grad = grids.transpose(1, 0, 2, 3), values.transpose(1, 2, 0, 3)
    one = np.broadcast_to(grid[:1], grid.shape)
    for points in (grid, one):
        whole = np.ascontiguousarray(points)
        np.testing.assert_array_equal(gridsample.grid_sample(image, points), gridsample.grid_sample(image, whole))
        found = gridsample.grid_sample_backward(grad, image, points)
        expected = gridsample.grid_sample_backward(np.ascontiguousarray(grad), image, whole)
        for actual, right in zip(found, expected, strict=True):
            np.testing.assert_array_equal(actual, right)


@pytest.mark.isa
@pytest.mark.parametrize("channels", [2, 3, 16, 19, 33])
@pytest.mark.parametrize("spatial", [(5, 7), (16, 32), (37, 41), (4, 6, 9)])
def test_images_whose_channels_lie_side_by_side(spatial, channels):
    """They are turned to planes, and the gradient back; the bits are those of planes."""
    rng = np.random.default_rng(3)
    planes = rng.random((2, channels, *spatial), dtype=np.float32)
    pixels = np.moveaxis(np.ascontiguousarray(np.moveaxis(planes, 1, -1)), -1, 1)
    grid = rng.uniform(-1.1, 1.1, (2, *spatial, len(spatial))).astype(np.float32)
    grad = rng.random((2, channels, *spatial), dtype=np.float32)
    expected = gridsample.grid_sample_backward(grad, planes, grid, align_corners=False)
    found = gridsample.grid_sample_backward(grad, pixels, grid, align_corners=False)
    assert found[0].strides[1] == 4
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
