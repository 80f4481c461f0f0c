"""The operators on CPU tensors: their memory as NumPy arrays, and the engine."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

from gridsample import _derivatives, _engine
from gridsample._modes import DTYPES
from gridsample._spec import Spec
from gridsample.torch import _layout
from gridsample.torch._options import Options, spec_of

__all__ = ["address", "as_array", "backward", "double_backward", "is_batched", "is_plain", "is_watched", "sample"]


_CODES = {getattr(torch, name): row.code for name, row in DTYPES.items()}
_HALF = (torch.float16, torch.bfloat16)
_BATCHED = torch._C._parse_dispatch_key("Batched")  # which has no name in Python


def is_plain(*tensors: Tensor) -> bool:
    """Whether these are ordinary CPU tensors that nobody traces, transforms or watches.

    Then the kernels may be called directly: PyTorch's dispatcher, through Python, takes longer than a small image.
    """
    for tensor in tensors:
        if type(tensor) not in _layout.PLAIN or not tensor.is_cpu:
            return False
    return not is_watched()


def is_watched() -> bool:
    """Whether somebody traces or transforms what is done with tensors."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or torch._C._get_tracing_state() is not None
    )


def is_batched(grad: Tensor) -> bool:
    """Whether a gradient is many at once, as those of ``torch.autograd.grad(..., is_grads_batched=True)``: it looks plain."""
    return torch._C._dispatch_keys(grad).has(_BATCHED)


def address(tensor: Tensor) -> int:
    """Return where the elements of a tensor are; of one whose storage somebody has freed they are nowhere."""
    found = tensor.data_ptr()
    if found == 0 and tensor.numel():
        raise RuntimeError(f"expected tensors with memory; got one of shape {tuple(tensor.shape)} whose storage is empty")
    return found


def as_array(tensor: Tensor) -> np.ndarray:
    """Return the memory of a tensor as an array; bfloat16, which NumPy does not have, as that of ``ml_dtypes``."""
    if tensor.requires_grad or tensor.is_neg() or tensor.is_conj():
        tensor = tensor.detach().resolve_conj().resolve_neg()
    address(tensor)
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy()
    import ml_dtypes

    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def _bits(tensor: Tensor) -> np.ndarray:
    """Return the memory of a real tensor as an array that the core can be given, 16-bit floats as integers."""
    if tensor.requires_grad or tensor.is_neg():
        tensor = tensor.detach().resolve_neg()
    address(tensor)
    return (tensor.view(torch.int16) if tensor.dtype in _HALF else tensor).numpy()


@lru_cache(maxsize=1024)
def _fill(fill: tuple[float, ...], is_complex: bool, channels: int) -> np.ndarray:
    """Return the fill value of each channel; of complex ones, of each part."""
    if is_complex and len(fill) == 1:
        fill = (*fill, 0.0)
    return np.resize(np.array(fill), channels * (2 if is_complex else 1))


def _problem(input: Tensor, options: Options, orders: tuple[int, ...]) -> tuple[Spec, np.ndarray]:
    fill = _fill(options.fill, input.is_complex(), input.shape[1])
    return spec_of(options, tuple(input.shape[2:]), tuple(orders)), fill


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the engine with as many threads as PyTorch uses."""
    _engine.use_threads(torch.get_num_threads())
    try:
        return function(*arguments)
    finally:
        _engine.use_threads(0)


def _as_tensor(result: np.ndarray | None, like: Tensor, new: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a result as a tensor of the dtype and strides of ``new(like)``: its own memory, where that has them."""
    if result is None:
        return new(like)
    own = torch.from_numpy(result.view(np.int16)).view(like.dtype) if like.dtype == torch.bfloat16 else torch.from_numpy(result)
    innermost = new is not _layout.coords_gradient and _layout.channels_innermost(like)
    fits = own.movedim(1, -1).is_contiguous() if innermost else own.is_contiguous()
    return own if fits else new(like).copy_(own)


def sample(input: Tensor, coords: Tensor, options: Options, orders: tuple[int, ...]) -> Tensor:
    """Return samples, or their derivative of the given order along each memory axis."""
    out = _layout.samples(input, coords)
    problem = _problem(input, options, orders)
    if any(orders) or input.is_complex():
        _run(_derivatives.sample_orders, as_array(input), as_array(coords), as_array(out), *problem, orders)
    else:
        codes = (_CODES[input.dtype], _CODES[coords.dtype], _CODES[out.dtype])
        _run(_engine.sample_bits, _bits(input), _bits(coords), _bits(out), codes, *problem)
    return out


def backward(
    grad_out: Tensor, input: Tensor, coords: Tensor, options: Options, orders: tuple[int, ...], needs: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    """Return the gradients of input and coords that are needed, or ``nothing``."""
    arrays = [as_array(tensor) for tensor in (grad_out, input, coords)]
    results = _run(_derivatives.backward, *arrays, *_problem(input, options, orders), tuple(needs))
    return (
        _as_tensor(results[0], input, _layout.input_gradient) if needs[0] else _layout.nothing(input),
        _as_tensor(results[1], coords, _layout.coords_gradient) if needs[1] else _layout.nothing(coords),
    )


def double_backward(
    tangent_input: Tensor | None,
    tangent_coords: Tensor | None,
    grad_out: Tensor,
    input: Tensor,
    coords: Tensor,
    options: Options,
    needs: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of grad_out, input and coords that are needed, or ``nothing``."""
    tangents = [None if tangent is None else as_array(tangent) for tangent in (tangent_input, tangent_coords)]
    arrays = [as_array(tensor) for tensor in (grad_out, input, coords)]
    problem = _problem(input, options, (0,) * (input.ndim - 2))
    results = _run(_derivatives.double_backward, *tangents, *arrays, *problem, tuple(needs))
    return (
        _as_tensor(results[0], grad_out, _layout.output_gradient) if needs[0] else _layout.nothing(grad_out),
        _as_tensor(results[1], input, _layout.input_gradient) if needs[1] else _layout.nothing(input),
        _as_tensor(results[2], coords, _layout.coords_gradient) if needs[2] else _layout.nothing(coords),
    )
