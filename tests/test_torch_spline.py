"""Spline coefficients of tensors: values, gradients of every order, torch.func, and what ``opcheck`` checks."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import jvp, vmap

import gridsample
import gridsample.torch
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample.torch import _portable
from gridsample.torch._options import INDEX, Options

from .points import make_input

# PyTorch warns of what it does itself, in forward mode and while tracing.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{warning}")
    for warning in ("DeprecationWarning:torch", "FutureWarning:torch", "FutureWarning:copyreg")
]

spline_coefficients = gridsample.torch.spline_coefficients

WIDE = [name for name in KERNELS if name not in _portable.PORTABLE_KERNELS]


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_values(boundary, dtype):
    x = make_input((2, 3, 9, 11), "float32").astype(dtype)
    for tensor in (torch.from_numpy(x), torch.from_numpy(x).contiguous(memory_format=torch.channels_last)):
        result = spline_coefficients(tensor, 5, boundary, dims=(2, -1))
        assert result.stride() == tensor.stride()
        np.testing.assert_array_equal(result, gridsample.spline_coefficients(tensor.numpy(), 5, boundary, axes=(2, 3)))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_gradients(boundary):
    x = torch.from_numpy(make_input((2, 5, 4), "float64")).requires_grad_()

    def squared(tensor):
        return spline_coefficients(tensor, 3, boundary, dims=(1, 2)) ** 2

    assert gradcheck(squared, x, check_forward_ad=True)
    assert gradgradcheck(squared, x)


def test_operator():
    x = torch.from_numpy(make_input((2, 5, 4), "float64")).requires_grad_()
    for adjoint in (False, True):
        torch.library.opcheck(torch.ops.gridsample.spline_coefficients, (x, 3, [2, 3], [1, 2], adjoint))


def test_transforms():
    x, v = (torch.from_numpy(make_input((4, 5, 6), "float64", seed)) for seed in (0, 1))
    each = torch.stack([spline_coefficients(one) for one in x.unbind(1)])
    torch.testing.assert_close(vmap(spline_coefficients, in_dims=1)(x), each)
    torch.testing.assert_close(jvp(spline_coefficients, (x,), (v,))[1], spline_coefficients(v))


def test_bad_input():
    for arguments, error, words in (
        ((np.zeros(3),), TypeError, "argument 'input' must be Tensor, not ndarray"),
        ((torch.zeros(3, dtype=torch.uint8),), TypeError, "expected input of dtype float32, float64 or complex"),
        ((torch.zeros(3), 6), ValueError, "order: expected one of 2, 3, 4, 5, 7; got 6"),
    ):
        with pytest.raises(error, match=words):
            spline_coefficients(*arguments)
    with pytest.raises(ValueError, match="dims: expected different axes of input, from -1 to 0; got 1"):
        spline_coefficients(torch.zeros(3), dims=1)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", WIDE)
def test_kernels_are_those_of_arrays(kernel, boundary, align_corners):
    """In both units, with and without a batch, gradients included: by the array's gradients, which have tests of their own."""
    image, grid = make_input((2, 3, 6, 7), "float64"), np.random.default_rng(0).uniform(-1.3, 1.3, (2, 9, 2))[:, :, None]
    arguments = (kernel, boundary, align_corners)
    leaves = [torch.from_numpy(array).requires_grad_() for array in (image, grid)]
    result = gridsample.torch.grid_sample(*leaves, *arguments, fill_value=0.5)
    np.testing.assert_allclose(result.detach(), gridsample.grid_sample(image, grid, *arguments, fill_value=0.5), atol=1e-12)
    grad_out = make_input(tuple(result.shape), "float64", 1)
    expected = gridsample.grid_sample_backward(grad_out, image, grid, *arguments, fill_value=0.5)
    for ours, theirs in zip(torch.autograd.grad(result, leaves, torch.from_numpy(grad_out)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    coords = grid[0, :, 0] * 4
    one = gridsample.torch.sample(*map(torch.from_numpy, (image[0], coords)), kernel, boundary, fill_value=0.5)
    np.testing.assert_allclose(one, gridsample.sample(image[0], coords, kernel, boundary, fill_value=0.5), atol=1e-12)


@pytest.mark.parametrize("boundary", ["border", "wrap"])
@pytest.mark.parametrize("kernel", ["bspline3", "lanczos2", "mitchell"])
def test_kernels_have_second_derivatives(kernel, boundary):
    x = torch.from_numpy(make_input((1, 1, 5, 4), "float64")).requires_grad_()
    coords = torch.rand(1, 6, 2, dtype=torch.float64).mul_(3).requires_grad_()

    def sampled(x, coords):
        return gridsample.torch.sample(x, coords, kernel, boundary)

    assert gradcheck(sampled, (x, coords))
    assert gradgradcheck(sampled, (x, coords))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64])
def test_other_dtypes_of_splines(dtype):
    x = torch.from_numpy(make_input((1, 2, 6, 7), "float32")).to(dtype)
    coords = torch.rand(1, 9, 2) * 5
    result = gridsample.torch.sample(x, coords, "bspline3", "constant", fill_value=2)
    assert result.dtype == dtype
    wide = torch.complex128 if dtype.is_complex else torch.float64
    expected = gridsample.torch.sample(x.to(wide), coords.double(), "bspline3", "constant", fill_value=2)
    torch.testing.assert_close(result.to(wide), expected, rtol=0, atol=0.02 if dtype != torch.complex64 else 1e-5)


def test_coefficients_given():
    x, coords = torch.from_numpy(make_input((1, 2, 6, 7), "float64")), torch.rand(1, 9, 2, dtype=torch.float64) * 5
    coefficients = spline_coefficients(x, 3, "wrap", dims=(2, 3))
    expected = gridsample.torch.sample(x, coords, "bspline3", "wrap")
    torch.testing.assert_close(gridsample.torch.sample(coefficients, coords, "bspline3", "wrap", prefilter=False), expected)


def test_what_splines_do_not_take():
    image, coords = torch.rand(1, 1, 5, 5), torch.rand(1, 3, 2)
    with pytest.raises(TypeError, match="floating or complex dtype for bspline3, but got"):
        gridsample.torch.sample(image.byte(), coords, "bspline3", "wrap")
    with pytest.raises(ValueError, match="outside='boundary' for bspline3 with boundaries"):
        gridsample.torch.sample(image, coords, "bspline3", outside="fill")
    with pytest.raises(ValueError, match="lanczos2 is for tensors on the CPU"):
        _portable.sample(image, coords, Options("lanczos2", ("zeros", "zeros"), INDEX))
