"""What PyTorch is told of the operators: kernels for the CPU, for autograd, for tracing and for vmap."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._functorch.autograd_function import enable_single_level_autograd_function
from torch.autograd.function import _SingleLevelFunction

from gridsample.torch import _autograd, _cpu, _layout, _vmap
from gridsample.torch._options import Options
from gridsample.torch.ops import LIBRARY, Orders

__all__ = ["recorded", "register"]

_FIELDS = len(Options._fields)


def _fake_sample(input: Tensor, coords: Tensor, options: Options, orders: Orders) -> Tensor:
    return _layout.samples(input, coords)


def _fake_backward(
    grad_out: Tensor, input: Tensor, coords: Tensor, options: Options, orders: Orders, needs: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    return (
        _layout.input_gradient(input) if needs[0] else _layout.nothing(input),
        _layout.coords_gradient(coords) if needs[1] else _layout.nothing(coords),
    )


def _fake_double_backward(
    tangent_input: Tensor | None,
    tangent_coords: Tensor | None,
    grad_out: Tensor,
    input: Tensor,
    coords: Tensor,
    options: Options,
    needs: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    first = _layout.output_gradient(grad_out) if needs[0] else _layout.nothing(grad_out)
    return first, *_fake_backward(grad_out, input, coords, options, (), needs[1:])


def recorded(function: type[_SingleLevelFunction], arguments_of: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operator's kernel for autograd.

    NOTE [one level of autograd]
    torch.func stacks levels of autograd, and calls an operator's kernel once for each; the kernel must record one level
    only, hence a function of a single level. A plain ``torch.autograd.Function`` would start the whole stack again.
    """

    def kernel(*arguments: Any) -> Any:
        with enable_single_level_autograd_function():
            return function.apply(*arguments_of(*arguments))

    return kernel


def _pack(tensors: int) -> Callable[..., tuple[Any, ...]]:
    """Return a function that makes the options among an operator's arguments, after so many tensors, one argument."""

    def packed(*arguments: Any) -> tuple[Any, ...]:
        fields: Any = (tuple(field) if isinstance(field, list) else field for field in arguments[tensors : tensors + _FIELDS])
        rest = (tuple(more) for more in arguments[tensors + _FIELDS :])
        return *arguments[:tensors], Options(*fields), *rest

    return packed


def _define(name: str, tensors: int, function: Any, kernel: Any, fake: Any, batched: Any) -> None:
    pack = _pack(tensors)
    LIBRARY.impl(name, lambda *arguments: kernel(*pack(*arguments)), "CPU")
    LIBRARY.impl(name, recorded(function, pack), "Autograd")
    torch.library.register_fake(f"gridsample::{name}", lambda *arguments: fake(*pack(*arguments)), lib=LIBRARY)
    torch.library.register_vmap(
        f"gridsample::{name}",
        lambda info, dims, *arguments: batched(info.batch_size, dims[:tensors], *pack(*arguments)),
        lib=LIBRARY,
    )


def register() -> None:
    """Tell PyTorch; once, at the import."""
    _define("sample", 2, _autograd.Sample, _cpu.sample, _fake_sample, _vmap.batched_sample)
    _define("backward", 3, _autograd.Backward, _cpu.backward, _fake_backward, _vmap.batched_backward)
    _define(
        "double_backward",
        5,
        _autograd.DoubleBackward,
        _cpu.double_backward,
        _fake_double_backward,
        _vmap.batched_double_backward,
    )
