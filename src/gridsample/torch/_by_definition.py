"""Derivatives computed as ``reference_derivatives`` defines them: right, and slow."""

from typing import Any

import numpy as np

from gridsample import _engine, reference_derivatives
from gridsample._modes import BOUNDARIES, KERNELS, OUTSIDE_RULES
from gridsample._spec import Spec

__all__ = ["backward", "double_backward", "sample"]

_KERNELS = {row.code: row.name for row in KERNELS.values()}
_BOUNDARIES = {row.code: row.name for row in BOUNDARIES.values()}
_OUTSIDE = {code: name for name, code in OUTSIDE_RULES.items()}


def _options(input: np.ndarray, spec: Spec, fill: np.ndarray) -> dict[str, Any]:
    return {
        "kernel": _KERNELS[spec.kernel],
        "boundaries": tuple(_BOUNDARIES[code] for code in spec.boundaries),
        "axes": spec.axes,
        "cubic_a": spec.cubic_a,
        "fill_value": fill.view(np.complex128) if input.dtype.kind == "c" else fill,
        "outside": _OUTSIDE[spec.outside],
        "nan": "propagate" if spec.nan_propagates else "boundary",
    }


def sample(
    input: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec, fill: np.ndarray, orders: tuple[int, ...]
) -> None:
    """Fill ``out`` with the derivative of the given order along each axis of the samples."""
    if any(orders):
        out[...] = reference_derivatives.sample(input, coords, orders=orders, **_options(input, spec, fill))
    else:
        _engine.sample(input, coords, out, spec, fill)


def backward(
    grad_out: np.ndarray,
    input: np.ndarray,
    coords: np.ndarray,
    spec: Spec,
    fill: np.ndarray,
    needs: tuple[bool, bool],
    orders: tuple[int, ...],
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the gradients of input and coords that are needed."""
    options = _options(input, spec, fill)
    return reference_derivatives.backward(grad_out, input, coords, needs=needs, orders=orders, **options)


def double_backward(*arguments: Any) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Return the gradients of grad_out, input and coords that are needed."""
    *tangents, grad_out, input, coords, spec, fill, needs = arguments
    arrays: Any = (*tangents, grad_out, input, coords)
    return reference_derivatives.double_backward(*arrays, needs=needs, **_options(input, spec, fill))
