"""The tensors that results go to: the same function makes them for the kernels and for tracing, so that strides agree."""

import math

import numpy as np
import torch
from torch import Tensor

from gridsample import _memory

__all__ = ["PLAIN", "batch_of", "channels_innermost", "coords_gradient", "input_gradient", "nothing", "samples"]

PLAIN = (Tensor, torch.nn.Parameter)


def batch_of(input: Tensor, coords: Tensor) -> int:
    """Return the batch size of two tensors, either of which may have batch 1."""
    return coords.shape[0] if input.shape[0] == 1 else input.shape[0]


def channels_innermost(tensor: Tensor) -> bool:
    """Return whether channels lie side by side."""
    return tensor.ndim > 2 and tensor.shape[1] > 1 and 0 < tensor.stride(1) < min(tensor.stride()[2:])


def _new(shape: tuple[int, ...], like: Tensor, dtype: torch.dtype, kept: bool) -> Tensor:
    """Return a new contiguous tensor; a large one in memory that is used again, if ``kept``."""
    plain = like.device.type == "cpu" and type(like) in PLAIN  # and not one that only stands for a tensor
    if not (kept and plain) or math.prod(shape) * dtype.itemsize < _memory.LARGE:
        return torch.empty(shape, dtype=dtype, device=like.device)  # quicker than like.new_empty
    return torch.from_numpy(_memory.empty((math.prod(shape) * dtype.itemsize,), np.dtype(np.uint8))).view(dtype).view(shape)


def _empty(shape: tuple[int, ...], like: Tensor, dtype: torch.dtype, kept: bool = False) -> Tensor:
    """Return a new tensor (N, C, ...) with the channels where those of ``like`` are: outermost or innermost."""
    if not channels_innermost(like):
        return _new(shape, like, dtype, kept)
    return _new((shape[0], *shape[2:], shape[1]), like, dtype, kept).movedim(-1, 1)


def samples(input: Tensor, coords: Tensor) -> Tensor:
    """Return a tensor for samples (N, C, *out), of the dtype and layout of ``input`` (N, C, *spatial)."""
    return _empty((batch_of(input, coords), input.shape[1], *coords.shape[1:-1]), input, input.dtype, kept=True)


def output_gradient(grad_out: Tensor) -> Tensor:
    """Return a tensor for the gradient of ``grad_out``."""
    return _empty(tuple(grad_out.shape), grad_out, grad_out.dtype)


def input_gradient(input: Tensor) -> Tensor:
    """Return a tensor for the gradient of ``input``."""
    return _empty(tuple(input.shape), input, input.dtype)


def coords_gradient(coords: Tensor) -> Tensor:
    """Return a tensor for the gradient of ``coords``: contiguous."""
    return coords.new_empty(coords.shape)


def nothing(like: Tensor) -> Tensor:
    """Return what stands for a gradient that nobody asked for: operators return tensors only."""
    return like.new_empty(0)
