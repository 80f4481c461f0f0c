"""The definition of derivatives against PyTorch's, against finite differences of itself, and as a transpose."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gridsample import reference_derivatives
from gridsample._coords import index_axes, normalized_axes
from gridsample._grid_sample import MODES, PADDING_MODES
from gridsample._modes import BOUNDARIES, KERNELS

from .points import BASIC, make_input, normalized_points
from .tolerances import ADJOINT, DIFFERENCES, TORCH_GRADIENT, assert_gradient

SPATIAL = {1: ((1,), (6,)), 2: ((5, 1), (6, 7), (2, 3)), 3: ((1, 5, 2), (4, 3, 6))}
MODES_AND_NDIM = [
    (mode, ndim) for mode in ("nearest", "bilinear", "bicubic") for ndim in (2, 3) if (mode, ndim) != ("bicubic", 3)
]

all_corners = pytest.mark.parametrize("align_corners", [False, True])
all_paddings = pytest.mark.parametrize("padding_mode", PADDING_MODES)
all_boundaries = pytest.mark.parametrize("boundary", BOUNDARIES)


def problem(mode, padding_mode, align_corners, spatial):
    """Return what the reference calls PyTorch's options."""
    mirror = "reflection_center" if align_corners else "reflection_edge"
    boundary = mirror if padding_mode == "reflection" else padding_mode
    return MODES[mode], (boundary,) * len(spatial), normalized_axes(spatial, align_corners)


def torch_derivatives(x, grid, grad_out, tangent_x, tangent_grid, options):
    """Return PyTorch's two gradients, and the three of their product with the tangents."""
    leaves = [torch.from_numpy(array).requires_grad_() for array in (grad_out, x, grid)]
    gradients = torch.autograd.grad(F.grid_sample(*leaves[1:], *options), leaves[1:], leaves[0], create_graph=True)
    scalar = (gradients[0] * torch.from_numpy(tangent_x)).sum() + (gradients[1] * torch.from_numpy(tangent_grid)).sum()
    second = torch.autograd.grad(scalar, leaves, allow_unused=True)
    return (
        [gradient.detach().numpy() for gradient in gradients],
        [np.zeros(leaf.shape) if gradient is None else gradient.numpy() for leaf, gradient in zip(leaves, second, strict=True)],
    )


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@all_corners
@all_paddings
@pytest.mark.parametrize(("mode", "ndim"), MODES_AND_NDIM)
def test_as_in_pytorch(mode, ndim, padding_mode, align_corners, dtype, exact):
    """At ordinary points, and at exact ones, which are at samples, borders and folds too."""
    options = (mode, padding_mode, align_corners)
    points = normalized_points(200, ndim, dtype)
    if exact:
        points = (np.rint(points * 16) / 16).astype(dtype)
    grid = np.stack([points, points[::-1]]).reshape(2, *[1] * (ndim - 1), 200, ndim)
    for spatial in SPATIAL[ndim]:
        x, tangent_x = (make_input((2, 2, *spatial), dtype, seed) for seed in (0, 1))
        grad_out = make_input((2, 2, *grid.shape[1:-1]), dtype, 2)
        tangent_grid = make_input(grid.shape, dtype, 3)
        given = problem(*options, spatial)
        first, second = torch_derivatives(x, grid, grad_out, tangent_x, tangent_grid, options)
        for ours, theirs in zip(reference_derivatives.backward(grad_out, x, grid, *given), first, strict=True):
            assert_gradient(ours, theirs, TORCH_GRADIENT[dtype])
        ours = reference_derivatives.double_backward(tangent_x, tangent_grid, grad_out, x, grid, *given)
        for mine, theirs in zip(ours, second, strict=True):
            assert_gradient(mine, theirs, TORCH_GRADIENT[dtype])


STEP = 1e-5


class Problem:
    """A small problem in float64 whose points are clear of kinks, with random arrays for its arguments."""

    def __init__(self, kernel, boundary, ndim, outside="boundary", nan="boundary"):
        spatial = (6, 5, 4)[:ndim]
        points = normalized_points(20, ndim, "float64") * (np.array(spatial) / 2) + (np.array(spatial) - 1) / 2
        # Narrow kernels have kinks at samples, and halfway between them where the image is reflected about its edge.
        self.coords = (np.floor(points * 2) / 2 + 0.25).reshape(1, 20, ndim)
        self.input = make_input((2, 2, *spatial), "float64")
        self.grad_out = make_input((2, 2, 20), "float64", 1)
        self.given = (kernel, (boundary,) * ndim, index_axes(ndim))
        self.options = {"fill_value": 0.5, "outside": outside, "nan": nan}

    def sample(self, input, coords, orders):
        kept = {"out": np.zeros_like(self.grad_out)} if self.options["outside"] == "keep" and not any(orders) else {}
        return reference_derivatives.sample(input, coords, *self.given, orders=orders, **self.options, **kept)

    def backward(self, grad_out, input, coords, **more):
        return reference_derivatives.backward(grad_out, input, coords, *self.given, **self.options, **more)

    def double_backward(self, *arrays):
        return reference_derivatives.double_backward(*arrays, *self.given, **self.options)


all_problems = pytest.mark.parametrize(
    "p",
    [
        pytest.param(Problem(kernel, boundary, ndim, **rule), id="-".join([kernel, boundary, str(ndim), *rule.values()]))
        for kernel, boundary, ndim in [
            *product(("nearest", "linear", "cubic"), BOUNDARIES, (1, 2, 3)),
            *product(KERNELS, ("reflection_edge", "constant"), (1,)),
        ]
        for rule in ({}, {"outside": "fill"}, {"outside": "keep", "nan": "propagate"})
        if (ndim == 2 or not rule) and (ndim == 1 or kernel in BASIC)
    ],
)


def difference(function, at, direction):
    """Return the derivative of ``function`` at ``at`` along ``direction``, by a central difference."""
    return (function(at + STEP * direction) - function(at - STEP * direction)) / (2 * STEP)


@all_problems
def test_orders(p):
    """Of each order, up to the fourth, which is 0: the finite difference of the order below."""
    ndim = p.coords.shape[-1]
    for orders in product(range(5 if ndim == 1 else 3 if ndim == 2 else 2), repeat=ndim):
        for axis in np.flatnonzero(orders)[:1]:
            unit = np.eye(ndim, dtype=int)[axis]
            expected = difference(lambda coords, below=orders - unit: p.sample(p.input, coords, tuple(below)), p.coords, unit)
            assert_gradient(p.sample(p.input, p.coords, orders), expected, DIFFERENCES)


@all_problems
def test_backward(p):
    """Of the sample, and of one of its derivatives, along random directions."""
    v, w = make_input(p.input.shape, "float64", 2), make_input(p.coords.shape, "float64", 3)
    ndim = p.coords.shape[-1]
    for orders in ((0,) * ndim, (1, *(0,) * (ndim - 1))):

        def value(input, coords, orders=orders):
            return (p.grad_out * p.sample(input, coords, orders)).sum()

        for_input, for_coords = p.backward(p.grad_out, p.input, p.coords, orders=orders)
        assert for_input.shape == p.input.shape
        assert for_coords.shape == p.coords.shape
        assert_gradient((for_input * v).sum(), difference(lambda input: value(input, p.coords), p.input, v), DIFFERENCES)
        assert_gradient((for_coords * w).sum(), difference(lambda coords: value(p.input, coords), p.coords, w), DIFFERENCES)


@all_problems
def test_double_backward(p):
    """With both tangents along random directions, and with one of them."""
    arrays = [p.grad_out, p.input, p.coords]
    v, w = make_input(p.input.shape, "float64", 2), make_input(p.coords.shape, "float64", 3)

    def value(*arrays):
        for_input, for_coords = p.backward(*arrays)
        return (for_input * v).sum() + (for_coords * w).sum()

    results = p.double_backward(v, w, *arrays)
    for place, result in enumerate(results):
        direction = make_input(arrays[place].shape, "float64", 4 + place)

        def along(moved, place=place):
            return value(*arrays[:place], moved, *arrays[place + 1 :])

        assert_gradient((result * direction).sum(), difference(along, arrays[place], direction), DIFFERENCES)
    for whole, by_input, by_coords in zip(
        results, p.double_backward(v, None, *arrays), p.double_backward(None, w, *arrays), strict=True
    ):
        assert_gradient(by_input + by_coords, whole, ADJOINT)


@all_problems
def test_adjoint(p):
    """Of every order: <S x, y> = <x, A y>."""
    p.options["fill_value"] = 0
    for orders in product(range(2), repeat=p.coords.shape[-1]):
        sampled = p.sample(p.input, p.coords, orders)
        scattered, nothing = p.backward(p.grad_out, p.input, p.coords, orders=orders, needs=(True, False))
        assert nothing is None
        assert_gradient((p.input * scattered).sum(), (sampled * p.grad_out).sum(), ADJOINT)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@all_boundaries
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "lanczos2"])
def test_nonfinite_coordinates(kernel, boundary, bad):
    """Their gradient is 0, and that of ``input`` is finite."""
    coords = np.array([[[bad, 1.25], [1.25, bad], [bad, bad]]])
    x, grad_out = make_input((1, 2, 4, 5), "float64"), make_input((1, 2, 3), "float64", 1)
    given = (kernel, (boundary,) * 2, index_axes(2))
    for_input, for_coords = reference_derivatives.backward(grad_out, x, coords, *given, fill_value=0.5)
    assert np.isfinite(for_input).all()
    assert np.isfinite(for_coords).all()
    assert (for_coords[~np.isfinite(coords)] == 0).all()


def test_complex_is_two_real_channels():
    x, v = (make_input((1, 4, 5, 6), "float64", seed) for seed in (0, 1))
    grad_out, coords = make_input((1, 4, 30), "float64", 2), make_input((1, 30, 2), "float64", 3) * 4 + 2
    w = make_input(coords.shape, "float64", 4)
    given = ("cubic", ("border", "wrap"), index_axes(2))

    def pairs(array):
        return array[:, ::2] + 1j * array[:, 1::2]

    first = reference_derivatives.backward(grad_out, x, coords, *given)
    second = reference_derivatives.double_backward(v, w, grad_out, x, coords, *given)
    ours = reference_derivatives.backward(pairs(grad_out), pairs(x), coords, *given)
    ours += reference_derivatives.double_backward(pairs(v), w, pairs(grad_out), pairs(x), coords, *given)
    assert [gradient.dtype.kind for gradient in ours] == ["c", "f", "c", "c", "f"]
    for mine, theirs in zip(ours, first + second, strict=True):
        assert_gradient(mine, pairs(theirs) if mine.dtype.kind == "c" else theirs, ADJOINT)
