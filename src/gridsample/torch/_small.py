"""Small calls on plain tensors, known again by their shapes, dtypes and options: to check those takes longer than to sample."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gridsample import _derivatives, _engine
from gridsample._modes import KERNELS
from gridsample.torch import _cpu
from gridsample.torch._autograd import Sample
from gridsample.torch._layout import PLAIN
from gridsample.torch._options import Options, spec_of

__all__ = ["call", "key", "remember"]

_DTYPES = (torch.float32, torch.float64)


class _Known(NamedTuple):
    """A call of tensors that are as ``key`` says."""

    key: Any
    empty: Tensor  # like the result, without memory: a tensor like another is made in half the time of one of a shape
    options: Options
    again: _engine.Again
    goes_back: bool  # by the core alone, with gradients that have the dtypes and batches of the tensors
    has_slopes: bool
    sums: int  # numbers

    def sample(self, input: Tensor, grid: Tensor) -> Tensor:
        out = torch.empty_like(self.empty)
        self.again.at(_cpu.address(input), _cpu.address(grid), out.data_ptr(), torch.get_num_threads())
        return out

    def backward(
        self, grad_out: Tensor, input: Tensor, grid: Tensor, needs: tuple[bool, ...]
    ) -> tuple[Tensor | None, ...] | None:
        """Return the gradients that are needed; None, if these tensors are not of that kind."""
        if (
            not self.goes_back
            or torch.is_grad_enabled()
            or _cpu.is_batched(grad_out)
            or key(input, grid, *self.key[4:]) != self.key
        ):
            return None  # what was saved may be what a hook makes of it
        if key(grad_out, grid, *self.key[4:]) != (self.empty.shape, self.key[1], input.dtype, *self.key[3:]):
            return None
        by_input = torch.empty_like(input) if needs[0] else None
        by_grid = (torch.empty_like if self.has_slopes else torch.zeros_like)(grid) if needs[1] else None
        sums = torch.empty(self.sums, dtype=input.dtype) if by_input is not None and self.sums else None
        self.again.back_at(
            _cpu.address(grad_out),
            _cpu.address(input),
            _cpu.address(grid),
            0 if by_input is None else by_input.data_ptr(),
            0 if by_grid is None or not self.has_slopes else by_grid.data_ptr(),
            0 if sums is None else sums.data_ptr(),
            self.sums,
            torch.get_num_threads(),
        )
        return by_input, by_grid


class _Recorded(Sample):
    """``Sample`` of a call that is known."""

    @staticmethod
    def forward(input: Tensor, grid: Tensor, known: _Known) -> Tensor:  # type: ignore[override]  # of what is known
        return known.sample(input, grid)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        input, grid, ctx.known = inputs
        Sample.setup_context(ctx, (input, grid, ctx.known.options, (0,) * (input.ndim - 2)), output)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None) -> Any:
        grads = None if grad_out is None else ctx.known.backward(grad_out, *ctx.saved_tensors, ctx.needs_input_grad)
        return *(grads or Sample.backward(ctx, grad_out)[:2]), None


_calls: dict[Any, _Known] = {}
_MOST_CALLS = 1024


def key(input: Tensor, grid: Tensor, mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """Return what a call is known by; None, if its tensors are not plain and contiguous, or its options no names."""
    # _cpu.is_plain(input, grid), written out: its loop is a twentieth of such a call.
    if not (type(input) in PLAIN and type(grid) in PLAIN and input.is_cpu and grid.is_cpu) or _cpu.is_watched():
        return None
    if not (input.is_contiguous() and grid.is_contiguous()) or input.is_neg() or grid.is_neg():
        return None
    if not (type(mode) is str and type(padding_mode) is str and (align_corners is None or type(align_corners) is bool)):
        return None
    return input.shape, grid.shape, input.dtype, grid.dtype, mode, padding_mode, align_corners


def call(key: Any, input: Tensor, grid: Tensor) -> Tensor | None:
    """Return the samples, or None if no such call is known."""
    known = _calls.get(key)
    if known is None:
        return None
    if torch.is_grad_enabled() and (input.requires_grad or grid.requires_grad):
        return _Recorded.apply(input, grid, known)
    return known.sample(input, grid)


def remember(key: Any, input: Tensor, grid: Tensor, result: Tensor, options: Options) -> None:
    """Make the call known, if it is small, and of real numbers that NumPy has too."""
    if result.nbytes > _engine.SMALL or input.dtype not in _DTYPES or grid.dtype not in _DTYPES:
        return
    spec = spec_of(options, tuple(input.shape[2:]), (0,) * (input.ndim - 2))
    again = _engine.again(input.detach().numpy(), grid.detach().numpy(), result.detach().numpy(), spec)
    if again is None:
        return
    if len(_calls) >= _MOST_CALLS:
        _calls.clear()
    empty = torch.empty_like(result)
    empty.untyped_storage().resize_(0)
    alike = input.dtype == grid.dtype and input.shape[0] == grid.shape[0] and input.nbytes <= _engine.SMALL
    nearest = spec.kernel == KERNELS["nearest"].code
    sums = _derivatives.sums_elements(tuple(input.shape), len(result), input.element_size(), nearest)
    _calls[key] = _Known(key, empty, options, again, alike, not nearest, sums)
