"""The PyTorch operators: gradients of every order and mode, torch.func, and what ``opcheck`` checks."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jvp, vmap

import gridsample.torch
from gridsample._grid_sample import PADDING_MODES
from gridsample._modes import BOUNDARIES
from gridsample.torch import ops
from gridsample.torch._options import INDEX, Options

from .points import index_points, make_input, normalized_points
from .tolerances import ADJOINT, TORCH, TORCH_GRADIENT, assert_close, assert_gradient

# PyTorch warns of what it does itself, in forward mode and while tracing.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{warning}")
    for warning in ("DeprecationWarning:torch", "FutureWarning:torch", "FutureWarning:copyreg")
]

SPATIAL = (3, 3, 2)
COUNT = 3


def tensors(ndim, *, batch=1, channels=2, count=COUNT, seed=0):
    """Return float64 input and index coordinates, clear of kinks, that require gradients."""
    spatial = SPATIAL[:ndim]
    points = np.floor(index_points(batch * count, spatial, "float64", seed) * 2) / 2 + 0.25
    x = torch.from_numpy(make_input((batch, channels, *spatial), "float64", seed))
    coords = torch.from_numpy(points.reshape(batch, count, ndim))
    return x.requires_grad_(), coords.requires_grad_()


def sampler(kernel, boundary, **options):
    return lambda x, coords: gridsample.torch.sample(x, coords, kernel, boundary, **options)


all_smooth = pytest.mark.parametrize("kernel", ["linear", "cubic"])
all_ndims = pytest.mark.parametrize("ndim", [1, 2, 3])


@all_ndims
@pytest.mark.parametrize("boundary", BOUNDARIES)
@all_smooth
def test_gradients(kernel, boundary, ndim):
    """First order in reverse and forward mode, and second order."""
    sample = sampler(kernel, boundary, fill_value=0.5)
    x, coords = tensors(ndim, channels=1, count=1 if ndim == 3 else 3)
    assert gradcheck(sample, (x, coords), check_forward_ad=True, check_undefined_grad=True)
    assert gradgradcheck(sample, (x, coords), check_undefined_grad=False)


@pytest.mark.parametrize("rule", [{"outside": "fill"}, {"nan": "propagate"}])
@all_smooth
def test_gradients_of_decided_samples(kernel, rule):
    sample = sampler(kernel, ("border", "constant"), fill_value=0.5, **rule)
    x, coords = tensors(2)
    assert gradcheck(sample, (x, coords), check_forward_ad=True)
    assert gradgradcheck(sample, (x, coords))


@pytest.mark.parametrize(("images", "points"), [(1, 2), (2, 1)])
def test_gradients_of_a_batch_of_one(images, points):
    sample = sampler("cubic", "reflection_edge")
    x, coords = tensors(2, batch=2, channels=1)
    x, coords = x[:images].detach().requires_grad_(), coords[:points].detach().requires_grad_()
    assert gradcheck(sample, (x, coords), check_forward_ad=True)
    assert gradgradcheck(sample, (x, coords))


def test_gradients_of_complex():
    x, coords = tensors(2)
    x = torch.complex(x, x.flip(-1)).detach().requires_grad_()
    sample = sampler("linear", "constant", fill_value=1 + 2j)
    assert gradcheck(sample, (x, coords), check_forward_ad=True)
    assert gradgradcheck(sample, (x, coords))


def test_third_and_fourth_order():
    sample = sampler("cubic", "wrap")

    def second(x, coords):
        first = torch.autograd.grad(sample(x, coords).pow(2).sum(), (x, coords), create_graph=True)
        return torch.autograd.grad(sum(part.sin().sum() for part in first), (x, coords), create_graph=True)

    x, coords = tensors(1, channels=1, count=2)
    assert gradcheck(second, (x, coords))
    assert gradgradcheck(second, (x, coords))


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "expanded", "both expanded", "mixed"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding_mode", PADDING_MODES)
@pytest.mark.parametrize(("mode", "ndim"), [*product(("nearest", "bilinear"), (2, 3)), ("bicubic", 2)])
def test_as_in_pytorch(mode, ndim, padding_mode, align_corners, dtype, layout):
    """Samples, both gradients, and the gradients of these, in any layout of the input."""
    shape = (2, 3, *(5, 6, 7)[:ndim])
    x = torch.from_numpy(make_input(shape, dtype))
    grid = torch.from_numpy(normalized_points(2 * 40, ndim, dtype).reshape(2, *[2] * (ndim - 1), -1, ndim))
    if layout == "channels_last":
        x = x.movedim(1, -1).contiguous().movedim(-1, 1)
    elif layout == "mixed":
        x = x.transpose(0, 2).contiguous().transpose(0, 2)
        grid = grid.flip(0).movedim(-1, 0).contiguous().movedim(0, -1)
    options = (mode, padding_mode, align_corners)
    results = []
    for function in (gridsample.torch.grid_sample, F.grid_sample):
        expanded = ("expanded" in layout, layout == "both expanded")
        arrays = zip((x, grid), expanded, strict=True)
        leaves = [(array[:1] if repeat else array).detach().requires_grad_() for array, repeat in arrays]
        given = [leaf.expand(2, *leaf.shape[1:]) for leaf in leaves]
        out = function(*given, *options)
        first = torch.autograd.grad((out * out).sum(), leaves, create_graph=True)
        second = torch.autograd.grad(sum((part * part).sum() for part in first), leaves)
        results.append([tensor.detach().numpy() for tensor in (out, *first, *second)])
    assert_close(results[0][0], results[1][0], TORCH[dtype])
    for ours, theirs in zip(results[0][1:], results[1][1:], strict=True):
        assert_gradient(ours, theirs, TORCH_GRADIENT[dtype])


@pytest.mark.parametrize("size", [4, 300])
def test_each_item_of_an_expanded_batch_has_its_own_gradient(size):
    """Whoever asks for the gradient of what is expanded, and not of what it was expanded from, gets no mean."""
    x = torch.rand(1, 2, 5, 6).expand(3, -1, -1, -1).detach().requires_grad_()
    grid = (torch.rand(1, size, size, 2) * 2 - 1).expand(3, -1, -1, -1).detach().requires_grad_()
    weight = torch.tensor([1.0, 0.0, 2.0]).reshape(3, 1, 1, 1)
    for _ in range(2):
        ours, theirs = (
            torch.autograd.grad((function(x, grid, align_corners=False) * weight).sum(), (x, grid))
            for function in (gridsample.torch.grid_sample, F.grid_sample)
        )
        for mine, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("size", [4, 300])
def test_many_gradients_at_once(size):
    """``is_grads_batched`` and ``vectorize`` use tensors that look plain and are none."""
    x, grid = torch.rand(2, 3, 5, 6, requires_grad=True), torch.rand(2, size, size, 2) * 2 - 1
    some = grid[:, :1, :2]
    directions = torch.rand(4, 2, 3, size, size)
    for _ in range(2):
        found = []
        for function in (gridsample.torch.grid_sample, F.grid_sample):

            def sampled(image, points, function=function):
                return function(image, points, align_corners=False)

            grads = torch.autograd.grad(sampled(x, grid), x, directions, is_grads_batched=True)
            by_grid = torch.autograd.functional.jacobian(lambda g: sampled(x, g), some, vectorize=True)
            second = torch.autograd.functional.hessian(lambda g: sampled(x, g).sin().sum(), some, vectorize=True)
            found.append((*grads, by_grid, second))
        for mine, other in zip(*found, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-3)


def test_traced_by_jit():
    """The tracer takes no lists of names: PyTorch's own modes are traced as PyTorch's own operator."""
    x, grid = torch.rand(1, 2, 5, 6), torch.rand(1, 4, 4, 2) * 2 - 1
    traced = torch.jit.trace(lambda a, b: gridsample.torch.grid_sample(a, b, "bicubic", "border", True), (x, grid))
    expected = F.grid_sample(x, grid, "bicubic", "border", True)
    torch.testing.assert_close(traced(x, grid), expected)
    with pytest.raises(RuntimeError, match=r"torch\.export"):
        torch.jit.trace(lambda a, b: gridsample.torch.grid_sample(a, b, "lanczos3"), (x, grid))


@pytest.mark.parametrize("size", [8, 300])
def test_storage_that_was_freed(size):
    grid = torch.rand(1, 4, 4, 2) * 2 - 1
    gridsample.torch.grid_sample(torch.rand(1, 1, size, size), grid)
    image = torch.rand(1, 1, size, size)
    image.untyped_storage().resize_(0)
    for arrays in ((image, grid), (grid.movedim(-1, 1), image.reshape(1, -1, size // 2, 2))):
        with pytest.raises(RuntimeError, match="storage is empty"):
            gridsample.torch.grid_sample(*arrays)


def each(function, *arguments, dims):
    """Do what vmap does, item by item."""
    count = next(argument.shape[dim] for argument, dim in zip(arguments, dims, strict=True) if dim is not None)
    items = [
        [argument if dim is None else argument.select(dim, n) for argument, dim in zip(arguments, dims, strict=True)]
        for n in range(count)
    ]
    return torch.stack([function(*item) for item in items])


@pytest.mark.parametrize(("dims", "batches"), [((0, 0), (2, 2)), ((0, None), (1, 2)), ((None, 0), (2, 1)), ((2, 1), (1, 2))])
def test_vmap(dims, batches):
    sample = sampler("cubic", "border")
    torch.manual_seed(0)
    x, coords = torch.rand(batches[0], 3, 4, 5, dtype=torch.float64), torch.rand(batches[1], 6, 2, dtype=torch.float64) * 4
    x = x if dims[0] is None else torch.stack([x, x * 2, x + 1], dims[0])
    coords = coords if dims[1] is None else torch.stack([coords, coords * 1.1, coords + 1], dims[1])

    def both(x, coords):
        by_x, by_coords = grad(lambda x, coords: sample(x, coords).pow(3).sum(), (0, 1))(x, coords)
        return torch.cat([by_x.ravel(), by_coords.ravel()])

    for function in (sample, both):
        torch.testing.assert_close(vmap(function, dims)(x, coords), each(function, x, coords, dims=dims))


def test_hessian():
    """Forward over reverse, under vmap, is reverse over reverse."""
    x, coords = (tensor.detach() for tensor in tensors(2))

    def loss(coords):
        return sampler("cubic", "wrap")(x, coords).pow(3).sum()

    torch.testing.assert_close(hessian(loss)(coords), torch.autograd.functional.hessian(loss, coords))


def test_forward_mode():
    """The derivative along a direction, of a float32 image at float32 positions, is that of reverse mode."""
    torch.manual_seed(0)
    x, coords = torch.rand(2, 3, 5, 6), torch.rand(1, 7, 2) * 4
    v, w, g = torch.rand_like(x), torch.rand_like(coords), torch.rand(2, 3, 7)
    _, moved = jvp(sampler("linear", "zeros"), (x, coords), (v, w))
    by_x, by_coords = grad(lambda *at: (sampler("linear", "zeros")(*at) * g).sum(), (0, 1))(x, coords)
    assert moved.dtype == x.dtype
    assert_gradient((moved * g).sum().numpy(), ((by_x * v).sum() + (by_coords * w).sum()).numpy(), TORCH_GRADIENT["float32"])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("padding_mode", [*PADDING_MODES, "wrap"])
def test_nonfinite_grid(mode, padding_mode):
    """PyTorch crashes here: ours is defined, and its gradient 0."""
    bad = torch.tensor([float("nan"), float("inf"), float("-inf"), 1e30])
    grid = torch.cartesian_prod(bad, torch.cat([bad, torch.tensor([0.1])])).reshape(1, -1, 1, 2).requires_grad_()
    x = torch.rand(1, 2, 5, 4, requires_grad=True)
    out = gridsample.torch.grid_sample(x, grid, mode, padding_mode)
    by_x, by_grid = torch.autograd.grad(out.sum(), (x, grid), create_graph=True)
    assert out.isfinite().all()
    assert by_x.isfinite().all()
    assert (by_grid[~grid.isfinite()] == 0).all()
    for second in torch.autograd.grad(by_x.pow(2).sum() + by_grid.sum(), (x, grid)):
        assert second.isfinite().all()


def test_threads_do_not_matter():
    """Samples and gradients are the same bits for every number of threads, and every time."""
    torch.manual_seed(0)
    x, grid = torch.rand(1, 3, 90, 80), torch.rand(1, 300, 200, 2) * 2.4 - 1.2
    before = torch.get_num_threads()
    seen = set()
    try:
        for threads in (1, 2, 5) * 7:
            torch.set_num_threads(threads)
            leaves = [tensor.detach().requires_grad_() for tensor in (x, grid)]
            out = gridsample.torch.grid_sample(*leaves, padding_mode="border")
            results = (out, *torch.autograd.grad(out.sum(), leaves))
            seen.add(tuple(result.detach().numpy().tobytes() for result in results))
    finally:
        torch.set_num_threads(before)
    assert len(seen) == 1


def operator_arguments(layout):
    """Return arguments for each operator."""
    torch.manual_seed(0)
    x, coords = torch.rand(2, 3, 4, 5), torch.rand(2, 6, 2) * 4
    if layout == "channels_last":
        x = x.to(memory_format=torch.channels_last)
    elif layout == "permuted":
        x, coords = (
            x.permute(3, 0, 2, 1).contiguous().permute(1, 3, 2, 0),
            coords.permute(2, 1, 0).contiguous().permute(2, 1, 0),
        )
    options = Options("cubic", ("zeros", "wrap"), INDEX)
    x, coords, values = x.requires_grad_(), coords.requires_grad_(), torch.rand(2, 3, 6, requires_grad=True)
    yield torch.ops.gridsample.sample.default, (x, coords, *options, (0, 0))
    yield torch.ops.gridsample.backward.default, (values, x, coords, *options, (0, 0), (True, True))
    if layout == "channels_last":
        return
    tangents = torch.rand_like(x).requires_grad_(), torch.rand_like(coords).requires_grad_()
    yield torch.ops.gridsample.double_backward.default, (*tangents, values, x, coords, *options, (True, True, True))
    if layout == "contiguous":
        yield torch.ops.gridsample.backward.default, (values, x, coords, *options, (0, 0), (False, True))
        some = (None, tangents[1], values, x, coords, *options, (True, False, True))
        yield torch.ops.gridsample.double_backward.default, some


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "permuted"])
def test_opcheck(layout):
    for operator, arguments in operator_arguments(layout):
        results = torch.library.opcheck(operator, arguments)
        assert len(results) == 4
        assert {*results.values()} == {"SUCCESS"}


def test_adjoint():
    """Of every boundary and order: <S x, y> = <x, A y>."""
    for boundary, orders in product(BOUNDARIES, ((0, 0), (1, 0), (0, 2))):
        x, coords = tensors(2, batch=2, count=30)
        options = Options("cubic", (boundary, "zeros" if boundary != "constant" else "border"), INDEX)
        y = torch.rand(2, 2, 30, dtype=torch.float64)
        left = (ops.sample(x, coords, options, orders) * y).sum()
        right = (x * ops.backward(y, x, coords, options, orders, (True, False))[0]).sum()
        assert_gradient(left.detach().numpy(), right.detach().numpy(), ADJOINT)
