"""The operators on CPU tensors: their memory as NumPy arrays, and the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gridsample import _engine
from gridsample._spec import Spec
from gridsample.torch import _layout, _reference_engine
from gridsample.torch._options import Options, spec_of

__all__ = ["as_array", "backward", "double_backward", "sample"]


def as_array(tensor: Tensor) -> np.ndarray:
    """Return the memory of a tensor as an array; bfloat16, which NumPy does not have, as that of ``ml_dtypes``."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy()
    import ml_dtypes

    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def _fill(options: Options, input: Tensor) -> np.ndarray:
    """Return the fill value of each channel; of complex ones, of each part."""
    if input.is_complex():
        return np.resize(np.array(options.fill if len(options.fill) > 1 else (*options.fill, 0.0)), 2 * input.shape[1])
    return np.resize(np.array(options.fill), input.shape[1])


def _problem(input: Tensor, options: Options, orders: tuple[int, ...]) -> tuple[Spec, np.ndarray]:
    return spec_of(options, tuple(input.shape[2:]), tuple(orders)), _fill(options, input)


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the engine with as many threads as PyTorch uses."""
    _engine.use_threads(torch.get_num_threads())
    try:
        return function(*arguments)
    finally:
        _engine.use_threads(0)


def _put(out: Tensor, result: np.ndarray | None) -> Tensor:
    if result is not None:
        as_array(out)[...] = result
    return out


def sample(input: Tensor, coords: Tensor, options: Options, orders: tuple[int, ...]) -> Tensor:
    """Return samples, or their derivative of the given order along each memory axis."""
    out = _layout.samples(input, coords)
    _run(_reference_engine.sample, as_array(input), as_array(coords), as_array(out), *_problem(input, options, orders), orders)
    return out


def backward(
    grad_out: Tensor, input: Tensor, coords: Tensor, options: Options, orders: tuple[int, ...], needs: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    """Return the gradients of input and coords that are needed, or ``nothing``."""
    arrays = [as_array(tensor) for tensor in (grad_out, input, coords)]
    results = _run(_reference_engine.backward, *arrays, *_problem(input, options, orders), tuple(needs), orders)
    return (
        _put(_layout.input_gradient(input), results[0]) if needs[0] else _layout.nothing(input),
        _put(_layout.coords_gradient(coords), results[1]) if needs[1] else _layout.nothing(coords),
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
    results = _run(_reference_engine.double_backward, *tangents, *arrays, *_problem(input, options, ()), tuple(needs))
    return (
        _put(_layout.output_gradient(grad_out), results[0]) if needs[0] else _layout.nothing(grad_out),
        _put(_layout.input_gradient(input), results[1]) if needs[1] else _layout.nothing(input),
        _put(_layout.coords_gradient(coords), results[2]) if needs[2] else _layout.nothing(coords),
    )
