"""Spline coefficients of tensors: values, gradients of every order, torch.func, and what ``opcheck`` checks."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import jvp, vmap

import gridsample
import gridsample.torch
from gridsample._modes import BOUNDARIES

from .points import make_input

# PyTorch warns of what it does itself, in forward mode and while tracing.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{warning}")
    for warning in ("DeprecationWarning:torch", "FutureWarning:torch", "FutureWarning:copyreg")
]

spline_coefficients = gridsample.torch.spline_coefficients


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
