"""Arrays of other frameworks, known without importing one: who passes a tensor has imported its framework already."""

import importlib
import sys
from typing import Any

__all__ = ["refuse", "torch_front_end"]


def torch_front_end(*arrays: Any) -> Any:
    """Return the module ``gridsample.torch`` if one of the arrays is a tensor, else None."""
    torch = sys.modules.get("torch")
    if torch is None or not any(isinstance(array, torch.Tensor) for array in arrays):
        return None
    return importlib.import_module("gridsample.torch")  # the one place that looks up, to the layer of front ends


def refuse(**given: Any) -> None:
    """Refuse arguments, named with what came and what their default is, that a front end does not have."""
    for name, (value, default) in given.items():
        if value is not default and not (isinstance(value, str) and value == default):
            raise TypeError(f"{name}: expected {default!r} for tensors, which have no such choice; got {value!r}")
