"""The operators under ``torch.vmap``: what is mapped over joins the batch."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from gridsample.torch._options import Options
from gridsample.torch.ops import Orders, backward, double_backward, sample

__all__ = ["batched_backward", "batched_double_backward", "batched_sample"]


def _fold(count: int, dims: tuple[int | None, ...], tensors: tuple[Tensor | None, ...]) -> tuple[Any, int]:
    """Return tensors whose batch is what is mapped over times their own, brought to one size; and that size."""
    moved = [
        None if tensor is None else tensor.expand(count, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
        for tensor, dim in zip(tensors, dims, strict=True)
    ]
    own = [tensor.shape[1] for tensor in moved if tensor is not None]
    size = next((batch for batch in own if batch != 1), 1)
    return [None if tensor is None else tensor.expand(-1, size, *tensor.shape[2:]).flatten(0, 1) for tensor in moved], size


def _unfold(result: Tensor, count: int, size: int, batch: int) -> Tensor:
    """Undo ``_fold`` for a result; one whose batch was 1 is summed over what it was repeated for."""
    result = result.unflatten(0, (count, size))
    return result.sum(1, keepdim=True) if batch == 1 and size != 1 else result


def _batch(tensor: Tensor, dim: int | None) -> int:
    return tensor.shape[0] if dim is None else tensor.movedim(dim, 0).shape[1]


def batched_sample(
    count: int, dims: Any, input: Tensor, coords: Tensor, options: Options, orders: Orders
) -> tuple[Tensor, int]:
    (images, points), size = _fold(count, dims, (input, coords))
    return sample(images, points, options, orders).unflatten(0, (count, size)), 0


def _batched_gradients(count: int, dims: Any, tensors: Any, function: Callable[..., Any], needs: tuple[bool, ...]) -> Any:
    folded, size = _fold(count, dims, tensors)
    results = function(*folded)
    belong = list(zip(tensors, dims, strict=True))[-len(results) :]
    unfolded = tuple(
        _unfold(result, count, size, _batch(tensor, dim)) if need else result
        for result, (tensor, dim), need in zip(results, belong, needs, strict=True)
    )
    return unfolded, tuple(0 if need else None for need in needs)


def batched_backward(
    count: int,
    dims: Any,
    grad_out: Tensor,
    input: Tensor,
    coords: Tensor,
    options: Options,
    orders: Orders,
    needs: tuple[bool, bool],
) -> Any:
    def function(values: Tensor, images: Tensor, points: Tensor) -> Any:
        return backward(values, images, points, options, orders, needs)

    return _batched_gradients(count, dims, (grad_out, input, coords), function, needs)


def batched_double_backward(count: int, dims: Any, *arguments: Any) -> Any:
    *tensors, options, needs = arguments

    def function(*folded: Any) -> Any:
        arguments: Any = (*folded, options, needs)
        return double_backward(*arguments)

    return _batched_gradients(count, dims, tuple(tensors), function, needs)
