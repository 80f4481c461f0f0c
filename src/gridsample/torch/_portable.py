"""Sampling by PyTorch's own operations, on whatever device the tensors are: slower than ``F.grid_sample``, but of every mode.

The same sums as in ``reference.py``, whose kernels it uses. Autograd differentiates them, but for the boundaries, whose slopes
``reference_derivatives`` defines.
"""

from itertools import product
from typing import Any

import torch
from torch import Tensor

from gridsample._modes import KERNELS
from gridsample.reference import KERNEL_WEIGHTS
from gridsample.torch._options import Options, axes_of

__all__ = ["PORTABLE_KERNELS", "sample"]

PORTABLE_KERNELS = ("nearest", "linear", "cubic")
"""Those whose weights are sums and products of tensors."""

_FAR = 8.0  # so many samples outside, every tap of every kernel is outside


def _clamp(x: Tensor, low: float, high: float) -> Tensor:
    """Clamp, and take NaN to ``low``."""
    return x.clamp(low, high).nan_to_num(nan=low)


def _fold(x: Tensor, boundary: str, size: int) -> tuple[Tensor, Tensor]:
    """Return the place of an array that ``x`` is the mirror image of, and the slope of that."""
    low, span = (-0.5, size) if boundary == "reflection_edge" else (0.0, size - 1)
    if span == 0:
        return torch.zeros_like(x), torch.zeros_like(x)
    moved = ((x - low) / (2 * span)).round() * (2 * span)
    turned = x - moved < low
    return torch.where(turned, 2 * low + moved - x, x - moved), torch.where(turned, -1.0, 1.0)


def _move(x: Tensor, size: int, boundary: str) -> tuple[Tensor, Tensor]:
    """Return what a boundary makes of a coordinate or an index, and the slope of that."""
    one = torch.ones_like(x)
    if boundary in ("zeros", "constant"):
        return _clamp(x, -_FAR, size + _FAR), one
    if boundary == "wrap":
        x = x - (x / size).floor() * size
        return _clamp(torch.where(x < size, x, 0.0), 0, size), one
    if boundary == "border":
        slope = one
    else:
        x, slope = _fold(x, boundary, size)
    return _clamp(x, 0, size - 1), torch.where((x > 0) & (x < size - 1), slope, 0.0)


def _taps(x: Tensor, size: int, kernel: str, boundary: str, a: float) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return index, validity and weight of each tap along one axis, as ``reference.axis_taps`` defines them."""
    wide = KERNELS[kernel].taps > 2
    masks = boundary in ("zeros", "constant")
    given, finite = x.detach(), x.detach().isfinite()
    if not wide:
        moved, slope = _move(given, size, boundary)
    else:
        moved, slope = given, torch.ones_like(given)
        if masks or boundary == "border":
            moved = _clamp(given, -_FAR, size + _FAR)
        elif boundary != "wrap":
            moved, slope = _fold(given, boundary, size)
        moved = torch.where(moved.isfinite(), moved, 0.0)
    held = torch.where(finite, x, 0.0)
    moved = moved + torch.where(finite, slope, 0.0) * (held - held.detach())  # adds 0, and the slope
    start = moved.detach().round() if kernel == "nearest" else moved.detach().floor()
    if wide:  # where it is turned round, a point on a sample has that for its last tap but one
        start = torch.where(slope < 0, moved.detach().ceil() - 1, start)
    taps = []
    for tap, weight in enumerate(KERNEL_WEIGHTS[kernel](moved - start, a)):
        index = start + tap - (KERNELS[kernel].taps - 1) // 2
        if (wide and not masks) or boundary == "wrap":
            index = _move(index, size, boundary)[0]
        inside = (index >= 0) & (index <= size - 1)
        taps.append((torch.where(inside, index, 0).long(), inside, weight))
    return taps


def _to_dtype(values: Tensor, dtype: torch.dtype) -> Tensor:
    if dtype.is_floating_point or dtype.is_complex:
        return values.to(dtype)
    limits = torch.iinfo(dtype)
    return values.round().clamp(limits.min, limits.max).to(dtype)


def sample(input: Tensor, coords: Tensor, options: Options) -> Tensor:
    """Return samples (N, C, *out) of input (N, C, *spatial) at coords (N, *out, ndim)."""
    if options.kernel not in PORTABLE_KERNELS:
        listed = ", ".join(PORTABLE_KERNELS)
        raise ValueError(f"expected one of the kernels {listed} on {input.device}; {options.kernel} is for tensors on the CPU")
    spatial, points_shape = tuple(input.shape[2:]), tuple(coords.shape[1:-1])
    wide = input.dtype in (torch.float64, torch.complex128, torch.int32)
    real = torch.float64 if wide else torch.float32
    points = coords.to(torch.float64 if wide or coords.dtype == torch.float64 else torch.float32).flatten(1, -2)
    axes = axes_of(options.units, spatial)
    x = [(points[..., axis.component] + axis.pre) * axis.scale + axis.shift for axis in axes]
    taps = [
        _taps(at, size, options.kernel, boundary, options.cubic_a)
        for at, size, boundary in zip(x, spatial, options.boundaries, strict=True)
    ]
    image = input.flatten(2).to(torch.promote_types(input.dtype, real) if input.is_complex() else real)
    fill = image.new_tensor(options.fill)
    if input.is_complex():
        fill = torch.view_as_complex(image.new_tensor(options.fill).real.reshape(-1, 2).contiguous())
    fill = fill.view(1, -1, 1)
    unread = fill if "constant" in options.boundaries else torch.zeros_like(fill)
    batch = coords.shape[0] if input.shape[0] == 1 else input.shape[0]
    image, total = image.expand(batch, -1, -1), torch.zeros((), device=input.device)
    for chosen in product(*taps):
        index: Any = 0
        valid, weight = torch.ones((), dtype=torch.bool, device=input.device), torch.ones((), device=input.device)
        for (at, inside, along), size in zip(chosen, spatial, strict=True):
            index, valid, weight = index * size + at, valid & inside, weight * along
        index = index.unsqueeze(1).expand(batch, input.shape[1], -1)
        total = total + weight.to(real).unsqueeze(1) * torch.where(valid.unsqueeze(1), image.gather(2, index), unread)
    if options.outside == "fill":
        ends = zip(x, axes, spatial, strict=True)
        inside = [(at >= -axis.margin) & (at <= size - 1 + axis.margin) for at, axis, size in ends]
        total = torch.where(torch.stack(inside).all(0).unsqueeze(1), total, fill)
    if options.nan == "propagate":
        total = torch.where(points.isnan().any(-1).unsqueeze(1), float("nan"), total)
    return _to_dtype(total, input.dtype).unflatten(2, points_shape) if points_shape else _to_dtype(total, input.dtype)[..., 0]
