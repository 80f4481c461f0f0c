"""The derivatives of the operators, made of operators, for PyTorch's reverse and forward mode."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.autograd.function import _SingleLevelFunction

from gridsample.torch import _cpu, _layout
from gridsample.torch._options import Options, component, one_more
from gridsample.torch.ops import Orders, backward, double_backward, sample

__all__ = ["Backward", "DoubleBackward", "Sample"]


def _tangent_samples(tangent: Tensor, coords: Tensor, options: Options, orders: Orders) -> Tensor:
    """Return S_orders of a direction: fill values do not move, nor do samples that are NaN whatever the input is."""
    moved = sample(tangent, coords, options._replace(fill=(0.0,), nan="boundary"), orders)
    if options.nan == "propagate":
        moved = moved.masked_fill(coords.isnan().any(dim=-1).unsqueeze(1), 0)
    return moved


def _directional(
    values: Tensor, input: Tensor, coords: Tensor, direction: Tensor, options: Options, orders: Orders
) -> tuple[Tensor, Tensor]:
    """Return the gradients that ``backward`` gives, differentiated along a direction of the coordinates."""
    total_input: Any = 0
    total_coords: Any = 0
    for axis in range(len(orders)):
        along = direction[..., component(options, axis)].unsqueeze(1)
        by_input, by_coords = backward(along * values, input, coords, options, one_more(orders, axis), (True, True))
        total_input, total_coords = total_input + by_input, total_coords + by_coords
    return total_input, total_coords


def _directional_samples(input: Tensor, coords: Tensor, direction: Tensor, options: Options, orders: Orders) -> Tensor:
    """Return the samples, differentiated along a direction of the coordinates."""
    total: Any = 0
    for axis in range(len(orders)):
        along = direction[..., component(options, axis)].unsqueeze(1)
        total = total + along * sample(input, coords, options, one_more(orders, axis))
    return total


def _composed_double_backward(
    tangent_input: Tensor | None,
    tangent_coords: Tensor | None,
    grad_out: Tensor,
    input: Tensor,
    coords: Tensor,
    options: Options,
    orders: Orders,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what ``double_backward`` returns, also of orders, made of the other two operators."""
    for_values, for_input, for_coords = (torch.zeros_like(tensor) for tensor in (grad_out, input, coords))
    if tangent_input is not None:
        for_values = for_values + _tangent_samples(tangent_input.to(input.dtype), coords, options, orders)
        fixed = options._replace(fill=(0.0,))
        for_coords = for_coords + backward(grad_out, tangent_input, coords, fixed, orders, (False, True))[1]
    if tangent_coords is not None:
        for_values = for_values + _directional_samples(input, coords, tangent_coords, options, orders)
        by_input, by_coords = _directional(grad_out, input, coords, tangent_coords, options, orders)
        for_input, for_coords = for_input + by_input, for_coords + by_coords
    return for_values.to(grad_out.dtype), for_input.to(input.dtype), for_coords.to(coords.dtype)


def _transformed() -> bool:
    """Whether torch.func or forward-mode differentiation is at work, in which ``double_backward`` is not differentiated."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


@contextmanager
def _next_level() -> Iterator[None]:
    """Dispatch below this level of autograd; to those that torch.func has stacked below, all of it is enabled again."""
    with torch.enable_grad(), forward_ad._set_fwd_grad_enabled(True), torch._C._AutoDispatchBelowAutograd():
        yield


class Sample(_SingleLevelFunction):
    @staticmethod
    def forward(input: Tensor, coords: Tensor, options: Options, orders: Orders) -> Tensor:
        if _cpu.is_plain(input, coords):
            return _cpu.sample(input, coords, options, orders)
        with _next_level():
            return sample(input, coords, options, orders)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        input, coords, ctx.options, ctx.orders = inputs
        ctx.save_for_backward(input, coords)
        ctx.save_for_forward(input, coords)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None) -> Any:
        if grad_out is None:
            return None, None, None, None
        input, coords = ctx.saved_tensors
        needs = ctx.needs_input_grad[:2]
        direct = not (torch.is_grad_enabled() or _cpu.is_batched(grad_out)) and _cpu.is_plain(grad_out, input, coords)
        grads = (_cpu.backward if direct else backward)(grad_out, input, coords, ctx.options, ctx.orders, needs)
        return *(grad if need else None for grad, need in zip(grads, needs, strict=True)), None, None

    @staticmethod
    def jvp(ctx: Any, tangent_input: Tensor | None, tangent_coords: Tensor | None, *_: Any) -> Tensor:
        input, coords = ctx.saved_tensors
        options, orders = ctx.options, ctx.orders
        moved: Any = 0
        if tangent_input is not None:
            moved = moved + _tangent_samples(tangent_input, coords, options, orders)
        if tangent_coords is not None:
            moved = moved + _directional_samples(input, coords, tangent_coords, options, orders)
        return moved.to(input.dtype)


class Backward(_SingleLevelFunction):
    @staticmethod
    def forward(
        grad_out: Tensor, input: Tensor, coords: Tensor, options: Options, orders: Orders, needs: tuple[bool, bool]
    ) -> tuple[Tensor, Tensor]:
        with _next_level():
            return backward(grad_out, input, coords, options, orders, needs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.options, ctx.orders, ctx.needs = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, tangent_input: Tensor | None, tangent_coords: Tensor | None) -> Any:
        tangents: Any = (tangent_input if ctx.needs[0] else None, tangent_coords if ctx.needs[1] else None)
        needs = ctx.needs_input_grad[:3]
        if tangents == (None, None):
            return (None,) * 6
        if any(ctx.orders) or _transformed():
            arguments: Any = (*tangents, *ctx.saved_tensors, ctx.options, ctx.orders)
            grads = _composed_double_backward(*arguments)
        else:
            arguments = (*tangents, *ctx.saved_tensors, ctx.options, needs)
            grads = double_backward(*arguments)
        return *(grad if need else None for grad, need in zip(grads, needs, strict=True)), None, None, None

    @staticmethod
    def jvp(
        ctx: Any, tangent_values: Tensor | None, tangent_input: Tensor | None, tangent_coords: Tensor | None, *_: Any
    ) -> Any:
        grad_out, input, coords = ctx.saved_tensors
        options, orders = ctx.options, ctx.orders
        by_input, by_coords = torch.zeros_like(input), torch.zeros_like(coords)
        if tangent_values is not None:
            more = backward(tangent_values, input, coords, options, orders, (True, True))
            by_input, by_coords = by_input + more[0], by_coords + more[1]
        if tangent_input is not None:
            fixed = options._replace(fill=(0.0,))
            by_coords = by_coords + backward(grad_out, tangent_input, coords, fixed, orders, (False, True))[1]
        if tangent_coords is not None:
            more = _directional(grad_out, input, coords, tangent_coords, options, orders)
            by_input, by_coords = by_input + more[0], by_coords + more[1]
        return (
            by_input.to(input.dtype) if ctx.needs[0] else _layout.nothing(input),
            by_coords.to(coords.dtype) if ctx.needs[1] else _layout.nothing(coords),
        )


class DoubleBackward(_SingleLevelFunction):
    @staticmethod
    def forward(*arguments: Any) -> Any:
        with _next_level():
            return double_backward(*arguments)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.options, ctx.needs = inputs
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> Any:
        """Compose it of the other operators, and let autograd differentiate that."""
        with torch.enable_grad():
            tensors: Any = [None if tensor is None else tensor.view_as(tensor) for tensor in ctx.saved_tensors]
            arguments: Any = (*tensors, ctx.options, (0,) * len(ctx.options.boundaries))
            outs = _composed_double_backward(*arguments)
        pairs = [
            (out, cotangent)
            for out, cotangent, need in zip(outs, cotangents, ctx.needs, strict=True)
            if need and cotangent is not None
        ]
        wanted = [tensor for tensor, need in zip(tensors, ctx.needs_input_grad, strict=False) if need]
        found = iter(
            torch.autograd.grad(
                [out for out, _ in pairs],
                wanted,
                [cotangent for _, cotangent in pairs],
                create_graph=torch.is_grad_enabled(),
                allow_unused=True,
            )
        )
        return *(next(found) if need else None for need in ctx.needs_input_grad[:5]), None, None
