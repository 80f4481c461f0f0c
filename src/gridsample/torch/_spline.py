"""Spline coefficients of tensors: an operator that is its own derivative, but for being transposed."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import _SingleLevelFunction

from gridsample import _engine
from gridsample import _spline as arrays
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._spec import as_flag, choose_boundaries
from gridsample.torch._cpu import as_array
from gridsample.torch._options import INDEX, Options, axes_of
from gridsample.torch._registration import recorded
from gridsample.torch.ops import LIBRARY

__all__ = ["prefiltered", "register", "spline_coefficients"]

LIBRARY.define("spline_coefficients(Tensor input, int order, int[] boundaries, int[] dims, bool adjoint) -> Tensor")

_DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)


def spline_coefficients(
    input: Tensor,
    order: int = 3,
    boundary: str | Sequence[str] = "reflection_center",
    *,
    dims: int | Sequence[int] | None = None,
    adjoint: bool = False,
) -> Tensor:
    """Return the B-spline coefficients of a tensor: ``gridsample.spline_coefficients``, differentiable to any order.

    Parameters
    ----------
    input : Tensor, float32, float64, complex64 or complex128
        Samples, with any number of dimensions, on the CPU.
    order : {2, 3, 4, 5, 7}
        Of the spline.
    boundary : str, or a sequence of one for each of ``dims``
        How the samples go on beyond the ends, as for ``gridsample.spline_coefficients``.
    dims : int or sequence of int, optional
        Along which to filter; all if not given. Of images (N, C, H, W) these are (2, 3).
    adjoint : bool
        Apply the transposed map.

    Returns
    -------
    Tensor
        Of the shape, dtype and layout of ``input``.

    Raises
    ------
    TypeError
        ``input`` is no tensor of those dtypes, or ``order``, ``dims`` or ``adjoint`` are not of those types.
    ValueError
        ``input`` is on another device, or a dimension, an order or a name is unknown.

    Notes
    -----
    M. Unser, "Splines: a perfect fit for signal and image processing", IEEE SPM 16 (1999).

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> image = torch.rand(1, 3, 20, 30, requires_grad=True)
    >>> gridsample.torch.spline_coefficients(image, dims=(2, 3)).square().sum().backward()
    >>> image.grad.shape
    torch.Size([1, 3, 20, 30])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"spline_coefficients(): argument 'input' must be Tensor, not {type(input).__name__}")
    if input.dtype not in _DTYPES:
        raise TypeError(f"spline_coefficients(): expected input of dtype float32, float64 or complex, but got {input.dtype}")
    if input.device.type not in ("cpu", "meta"):
        raise ValueError(f"spline_coefficients(): expected input on the CPU, but it is on {input.device}; move it there first")
    chosen = arrays.as_axes("dims", dims, input.ndim)
    codes = choose_boundaries("boundary", boundary, len(chosen))
    flag = as_flag("adjoint", adjoint)
    return _coefficients(input, arrays.as_order(order), codes, chosen, flag)


def _coefficients(input: Tensor, order: int, boundaries: Sequence[int], dims: Sequence[int], adjoint: bool) -> Tensor:
    return torch.ops.gridsample.spline_coefficients.default(input, order, boundaries, dims, adjoint)


def prefiltered(input: Tensor, coords: Tensor, options: Options) -> tuple[Tensor, Tensor, Options]:
    """Return what to sample instead of input (N, C, *spatial), and where and how, so that a spline goes through the samples."""
    if not (input.is_floating_point() or input.is_complex()):
        raise TypeError(
            f"expected input of a floating or complex dtype for {options.kernel}, but got {input.dtype}; convert it first"
        )
    order, spatial = KERNELS[options.kernel].order, tuple(input.shape[2:])
    pads = [arrays.padding(order, boundary) for boundary in options.boundaries]
    image = input.float() if input.dtype in (torch.float16, torch.bfloat16) else input
    for axis, (pad, boundary) in enumerate(zip(pads, options.boundaries, strict=True)):
        if pad:
            image = _pad(image, axis + 2, pad, None if boundary == "border" else _beyond(image, boundary, options.fill))
    codes = [BOUNDARIES[boundary].code for boundary in options.boundaries]
    coefficients = _coefficients(image, order, codes, range(2, input.ndim), False)
    if not any(pads):
        return coefficients, coords, options
    if options.outside == "fill":  # the rule would be of the padded array
        raise ValueError(f"expected outside='boundary' for {options.kernel} with boundaries {options.boundaries}; got 'fill'")
    if coords.dtype in (torch.float16, torch.bfloat16):
        coords = coords.float()
    axes = zip(axes_of(options.units, spatial), pads, strict=True)
    moved = [(coords[..., axis.component] + axis.pre) * axis.scale + (axis.shift + pad) for axis, pad in axes]
    return coefficients, torch.stack(moved, dim=-1), options._replace(units=INDEX)


def _beyond(image: Tensor, boundary: str, fill: tuple[float, ...]) -> Tensor:
    """Return what is outside, for each channel: of complex ones in two parts."""
    if boundary == "zeros":
        return image.new_zeros(())
    values = torch.tensor(fill, dtype=torch.float64, device=image.device)
    if image.is_complex():
        values = torch.view_as_complex(values.reshape(-1, 2))
    return values.to(image.dtype).reshape(1, -1, *(1,) * (image.ndim - 2))


def _pad(image: Tensor, dim: int, pad: int, beyond: Tensor | None) -> Tensor:
    """Put so many samples before and behind an axis: what is beyond, or the end samples again."""
    shape = (*image.shape[:dim], pad, *image.shape[dim + 1 :])
    ends = [image.narrow(dim, at, 1) if beyond is None else beyond for at in (0, image.shape[dim] - 1)]
    return torch.cat([ends[0].expand(shape), image, ends[1].expand(shape)], dim=dim)


def _on_cpu(input: Tensor, order: int, boundaries: Sequence[int], dims: Sequence[int], adjoint: bool) -> Tensor:
    out = torch.empty_like(input)
    _engine.use_threads(torch.get_num_threads())
    try:
        axes = tuple(zip(dims, boundaries, strict=True))
        arrays.filter_axes(as_array(input), as_array(out), order, axes, adjoint=adjoint)
    finally:
        _engine.use_threads(0)
    return out


class _Coefficients(_SingleLevelFunction):
    @staticmethod
    def forward(input: Tensor, *options: Any) -> Tensor:
        with torch._C._AutoDispatchBelowAutograd():
            return _coefficients(input, *options)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, *ctx.options = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        order, boundaries, dims, adjoint = ctx.options
        return _coefficients(grad, order, boundaries, dims, not adjoint), None, None, None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        return _coefficients(tangent, *ctx.options)


def _batched(info: Any, in_dims: Any, input: Tensor, order: int, boundaries: Any, dims: Any, adjoint: bool) -> Any:
    moved = input.movedim(in_dims[0], 0)
    return _coefficients(moved, order, boundaries, [dim + 1 for dim in dims], adjoint), 0


def register() -> None:
    """Tell PyTorch; once, at the import."""
    name = "spline_coefficients"
    LIBRARY.impl(name, _on_cpu, "CPU")
    LIBRARY.impl(name, recorded(_Coefficients, lambda *arguments: arguments), "Autograd")
    torch.library.register_fake(f"gridsample::{name}", lambda input, *_: torch.empty_like(input), lib=LIBRARY)
    torch.library.register_vmap(f"gridsample::{name}", _batched, lib=LIBRARY)
