"""Existing models, without editing them: PyTorch's own ``grid_sample`` computed by gridsample."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import has_torch_function

from gridsample.torch import ops
from gridsample.torch._options import Options, normalized

__all__ = ["accelerate"]

_KERNELS = ("linear", "nearest", "cubic")  # in the order of PyTorch's enumerations
_PADDINGS = ("zeros", "border", "reflection")
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)

_original: Callable[..., Tensor] = torch.grid_sampler


class accelerate:  # used as a function, as torch.no_grad is
    """Route ``F.grid_sample`` and ``torch.grid_sampler`` through gridsample for CPU tensors, from this call on.

    Called alone it is permanent; as a context manager it ends with the block: ``with gridsample.torch.accelerate(): ...``.
    Whatever gridsample does not compute (other devices, tensor subclasses, wrong arguments, tracing for ONNX) goes to PyTorch
    as before. Numbers, gradients and layouts are PyTorch's, but for coordinates that are not finite and 16-bit floats: see
    ``docs/design.md``. Calls within ``torch.jit.script`` and of ``torch.ops.aten`` are not routed.

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> image, grid = torch.rand(1, 3, 8, 8), torch.rand(1, 5, 5, 2)
    >>> before = torch.nn.functional.grid_sample(image, grid, align_corners=False)
    >>> with gridsample.torch.accelerate():
    ...     after = torch.nn.functional.grid_sample(image, grid, align_corners=False)
    >>> torch.allclose(before, after, atol=1e-6)
    True
    """

    def __init__(self) -> None:
        self._before = torch.grid_sampler
        # F.grid_sample looks this up at every call, so those who imported F.grid_sample by name are routed too.
        torch.grid_sampler = _grid_sampler

    def __enter__(self) -> "accelerate":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        torch.grid_sampler = self._before


def _grid_sampler(input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any, align_corners: Any) -> Tensor:
    """``torch.grid_sampler``, by gridsample where it can."""
    arguments = (input, grid, interpolation_mode, padding_mode, align_corners)
    if not _is_ours(*arguments) or torch.onnx.is_in_onnx_export() or torch.jit.is_tracing():
        return _original(*arguments)
    if torch.is_autocast_enabled("cpu"):  # PyTorch computes it in float32 then
        input, grid = (tensor if tensor.dtype == torch.float64 else tensor.float() for tensor in (input, grid))
    ndim = input.ndim - 2
    padding = _PADDINGS[padding_mode]
    boundary = ("reflection_center" if align_corners else "reflection_edge") if padding == "reflection" else padding
    options = Options(_KERNELS[interpolation_mode], (boundary,) * ndim, normalized(align_corners))
    return ops.sample(input, grid, options, (0,) * ndim).contiguous()


def _is_ours(input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any, align_corners: Any) -> bool:
    tensors = (input, grid)
    return (
        all(isinstance(tensor, Tensor) for tensor in tensors)
        and not has_torch_function(tensors)
        and all(tensor.device.type == "cpu" and tensor.layout == torch.strided for tensor in tensors)
        and input.dtype == grid.dtype
        and input.dtype in _DTYPES
        and input.ndim == grid.ndim
        and input.ndim in (4, 5)
        and grid.shape[-1] == input.ndim - 2
        and input.shape[0] == grid.shape[0]
        and 0 not in input.shape[2:]
        and isinstance(align_corners, bool)
        and interpolation_mode in ((0, 1, 2) if input.ndim == 4 else (0, 1))
        and padding_mode in (0, 1, 2)
    )
