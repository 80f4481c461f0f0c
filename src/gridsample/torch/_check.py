"""The checks of what was passed with tensors, in PyTorch's own words where it has them."""

import numbers
from typing import Any

import torch
from torch import Tensor

from gridsample._modes import BOUNDARIES
from gridsample._spec import MAX_NDIM, choose, make_spec
from gridsample.torch._options import Options

__all__ = ["check_devices", "check_sizes", "make_options"]

_IMAGE_DTYPES = {
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128),
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.uint16),
}
_COORDS_DTYPES = {torch.float32, torch.float64, torch.float16, torch.bfloat16}
_OUTSIDE = ("boundary", "fill")
_NAMES = {row.code: row.name for row in BOUNDARIES.values()}


def _check_tensor(who: str, name: str, tensor: Any, dtypes: set[torch.dtype]) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{who}(): argument '{name}' must be Tensor, not {type(tensor).__name__}")
    if tensor.layout != torch.strided:
        raise ValueError(f"{who}(): expected {name} to have torch.strided layout, but it has {tensor.layout}")
    if tensor.dtype not in dtypes:
        listed = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
        raise TypeError(f"{who}(): expected {name} of dtype {listed}, but got {tensor.dtype}; convert it first")


def check_devices(who: str, input: Any, name: str, coords: Any) -> None:
    """Refuse what is no tensor, sparse, quantised, of another dtype, or on different devices."""
    _check_tensor(who, "input", input, _IMAGE_DTYPES)
    _check_tensor(who, name, coords, _COORDS_DTYPES)
    if input.device != coords.device:
        raise ValueError(
            f"{who}(): expected input and {name} to be on same device, but input is on {input.device} and {name} is on "
            f"{coords.device}"
        )


def check_sizes(who: str, input: Tensor, name: str, coords: Tensor) -> None:
    """Refuse shapes that are not input (N, C, *spatial) and coords (N, *out, ndim)."""
    ndim = input.ndim - 2
    sizes = f"input with sizes {list(input.shape)} and {name} with sizes {list(coords.shape)}"
    if not 1 <= ndim <= MAX_NDIM:
        raise ValueError(f"{who}(): expected input (N, C, *spatial) with 1 to {MAX_NDIM} spatial axes, but got {sizes}")
    if coords.shape[-1] != ndim:
        raise ValueError(
            f"{who}(): expected {name} to have size {ndim} in last dimension, but got {name} with sizes {list(coords.shape)}"
        )
    if input.shape[0] != coords.shape[0] and input.shape[0] != 1 and coords.shape[0] != 1:
        raise ValueError(f"{who}(): expected {name} and input to have same batch size, or 1, but got {sizes}")
    for axis in range(2, input.ndim):
        if input.shape[axis] == 0:
            raise ValueError(
                f"{who}(): expected input to have non-empty spatial dimensions, but input has sizes {list(input.shape)} with "
                f"dimension {axis} being empty"
            )


def _fill(who: str, fill_value: Any, input: Tensor) -> tuple[float, ...]:
    """Return a fill value as real numbers: one, or one for each channel; of complex inputs two in place of each."""
    values = list(fill_value) if isinstance(fill_value, (tuple, list)) else [fill_value]
    kind = numbers.Complex if input.is_complex() else numbers.Real
    if not all(isinstance(value, kind) for value in values):
        raise TypeError(f"{who}(): expected fill_value to be a number, or one for each channel, but got {fill_value!r}")
    if len(values) not in (1, input.shape[1]):
        raise ValueError(f"{who}(): expected fill_value to have 1 or {input.shape[1]} values, but got {fill_value!r}")
    try:
        if not input.is_complex():
            return tuple(float(value) for value in values)
        return tuple(part for value in map(complex, values) for part in (value.real, value.imag))
    except OverflowError:
        raise ValueError(f"{who}(): expected fill_value to be a number that fits a float, but got {fill_value!r}") from None


def make_options(
    who: str,
    input: Tensor,
    kernel: str,
    boundaries: tuple[int, ...],
    units: str,
    fill_value: Any,
    outside: Any,
    nan: Any,
    cubic_a: Any,
) -> Options:
    """Return the checked options; ``boundaries`` are codes."""
    outside = choose("outside", outside, _OUTSIDE)  # "keep" needs an ``out``, which autograd does not know
    if not torch.compiler.is_compiling():  # what is compiled is checked as it runs
        make_spec(kernel, boundaries, (), cubic_a=cubic_a, outside=outside, nan=nan)
    fill = (0.0,) if isinstance(fill_value, int) and fill_value == 0 else _fill(who, fill_value, input)
    return Options(kernel, tuple(_NAMES[code] for code in boundaries), units, float(cubic_a), fill, outside, nan)
