"""The operators ``gridsample::sample``, ``backward`` and ``double_backward``: their schemas, and calls of them.

S(x; in) are the samples of ``in`` at coordinates x, A(x; g) is the transpose, and S_o, A_o are the same with derivatives of the
weights: ``reference_derivatives`` defines them. ``sample`` and ``backward`` take such orders. The set is closed: what
autograd needs of one operator is again made of these, so derivatives of every order exist. Only the one that training with
gradient penalties needs, the first derivative of ``backward``, is an operator of its own, ``double_backward``: one pass.
"""

import torch
from torch import Tensor

from gridsample.torch._options import SCHEMA, Options

__all__ = ["LIBRARY", "Orders", "backward", "double_backward", "sample"]

LIBRARY = torch.library.Library("gridsample", "DEF")
LIBRARY.define(f"sample(Tensor input, Tensor coords, {SCHEMA}, int[] orders) -> Tensor")
LIBRARY.define(
    f"backward(Tensor grad_out, Tensor input, Tensor coords, {SCHEMA}, int[] orders, bool[2] needs) -> (Tensor, Tensor)"
)
LIBRARY.define(
    "double_backward(Tensor? tangent_input, Tensor? tangent_coords, Tensor grad_out, Tensor input, Tensor coords, "
    f"{SCHEMA}, bool[3] needs) -> (Tensor, Tensor, Tensor)"
)

Orders = tuple[int, ...]
"""Of the derivative, along each memory axis."""


def sample(input: Tensor, coords: Tensor, options: Options, orders: Orders) -> Tensor:
    """Return S_orders(coords; input), of shape (N, C, *out), for input (N, C, *spatial) and coords (N, *out, ndim)."""
    return torch.ops.gridsample.sample.default(input, coords, *options, orders)


def backward(
    grad_out: Tensor, input: Tensor, coords: Tensor, options: Options, orders: Orders, needs: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    """Return the gradients of input and coords that ``needs`` asks for; empty tensors in place of the others."""
    return torch.ops.gridsample.backward.default(grad_out, input, coords, *options, orders, needs)


def double_backward(
    tangent_input: Tensor | None,
    tangent_coords: Tensor | None,
    grad_out: Tensor,
    input: Tensor,
    coords: Tensor,
    options: Options,
    needs: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of grad_out, input and coords, of ``backward``'s results in the direction of the tangents."""
    tensors = (tangent_input, tangent_coords, grad_out, input, coords)
    return torch.ops.gridsample.double_backward.default(*tensors, *options, needs)
