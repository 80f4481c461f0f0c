"""gridsample for PyTorch: ``grid_sample``, ``sample`` and warps on tensors, differentiable: `pip install 'gridsample[torch]'`.

>>> import torch, gridsample.torch
>>> image = torch.rand(1, 3, 48, 64, requires_grad=True)
>>> grid = torch.rand(1, 10, 10, 2) * 2 - 1
>>> gridsample.torch.grid_sample(image, grid).sum().backward()
>>> image.grad.shape
torch.Size([1, 3, 48, 64])
"""

import importlib
import typing

from gridsample.torch._accelerate import accelerate
from gridsample.torch._functions import grid_sample, sample
from gridsample.torch._registration import register
from gridsample.torch._spline import register as register_splines
from gridsample.torch._spline import spline_coefficients
from gridsample.torch._warp import warp_affine, warp_flow, warp_perspective

__all__ = ["accelerate", "grid_sample", "sample", "spline_coefficients", "warp_affine", "warp_flow", "warp_perspective"]

register()
register_splines()

if not typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import the modules when they are first asked for."""
        if name == "nn":
            return importlib.import_module("gridsample.torch.nn")
        raise AttributeError(f"module 'gridsample.torch' has no attribute {name!r}")
