"""Warps by a matrix or a flow on tensors: the coordinates are made of tensor operations, so gradients reach what says them."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gridsample._spec import MAX_NDIM, as_flag, choose, spatial_sizes
from gridsample.torch._functions import sample

__all__ = ["index_grid", "warp_affine", "warp_flow", "warp_perspective"]

_UNITS = ("pixels", "normalized")
_ORDERS = ("xy", "ij")
_RESIZES = ("linear", "bilinear", "trilinear")


def warp_affine(
    input: Tensor,
    matrix: Tensor,
    size: Sequence[int] | None = None,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    inverse: bool = False,
    order: str = "xy",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Tensor:
    r"""Rotate, scale, shear or move an image or a volume by an affine matrix: ``gridsample.warp_affine`` on tensors.

    Differentiable by ``input`` and ``matrix``, as ``sample`` is.

    Parameters
    ----------
    input : Tensor
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    matrix : Tensor, float32 or float64
        (ndim, ndim + 1), or (ndim + 1, ndim + 1), whose last row is taken to be (0, ..., 0, 1): takes each **output** position
        to the **input** position to read there. (N, ...) for one matrix for each image of the batch.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first: (H, W), not (W, H); as ``input`` has them if not given.
    kernel : {"linear", "nearest", "cubic"}
        As of ``sample``.
    boundary : str, or a sequence of one for each spatial axis
        As of ``sample``.
    inverse : bool
        The matrix takes input positions to output positions instead ("what was here goes there"), and is inverted.
    order : {"xy", "ij"}
        Of the rows and columns of ``matrix``: "xy" if the first component runs along the last axis, as in torch's affine_grid,
        "ij" if it runs along axis 0.
    units : {"pixels", "normalized"}
        Of the positions: pixel i is at i, or the image spans [-1, 1], the output too, as for torch's affine_grid.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``.
    options : keyword arguments
        Of ``sample``: ``fill_value``, ``outside``, ``nan``, ``cubic_a``.

    Returns
    -------
    Tensor
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, ``matrix`` is singular with ``inverse=True``, or what ``sample`` raises.

    See Also
    --------
    gridsample.warp_affine : the same on NumPy arrays, without coordinates in memory.

    Examples
    --------
    How the sum changes as the image moves along x, by one pixel so far:

    >>> import torch, gridsample.torch
    >>> image = torch.tensor([[1.0, 2.0, 4.0]])
    >>> matrix = torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]], requires_grad=True)
    >>> moved = gridsample.torch.warp_affine(image, matrix)
    >>> moved.detach()
    tensor([[0., 1., 2.]])
    >>> moved.sum().backward()
    >>> matrix.grad[0, 2]
    tensor(4.)
    """
    return _warp_by_matrix("warp_affine", input, matrix, size, inverse, order, units, align_corners, kernel, boundary, options)


def warp_perspective(
    input: Tensor,
    matrix: Tensor,
    size: Sequence[int] | None = None,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    inverse: bool = False,
    order: str = "xy",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Tensor:
    r"""Warp an image or a volume by a homography: ``gridsample.warp_perspective`` on tensors.

    Differentiable by ``input`` and ``matrix``, as ``sample`` is.

    Parameters
    ----------
    input : Tensor
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    matrix : Tensor, float32 or float64
        (ndim + 1, ndim + 1): takes (x, y, 1) of each **output** position to a multiple of (x, y, 1) of the **input** position
        to read there. (N, ndim + 1, ndim + 1) for one matrix for each image of the batch.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first: (H, W), not (W, H); as ``input`` has them if not given.
    kernel : {"linear", "nearest", "cubic"}
        As of ``sample``.
    boundary : str, or a sequence of one for each spatial axis
        As of ``sample``.
    inverse : bool
        The matrix takes input positions to output positions instead ("what was here goes there"), and is inverted.
    order : {"xy", "ij"}
        Of the rows and columns of ``matrix``: "xy" if the first component runs along the last axis, "ij" if along axis 0.
    units : {"pixels", "normalized"}
        Of the positions: pixel i is at i, or the image spans [-1, 1], the output too.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``.
    options : keyword arguments
        Of ``sample``: ``fill_value``, ``outside``, ``nan``, ``cubic_a``.

    Returns
    -------
    Tensor
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, ``matrix`` is singular with ``inverse=True``, or what ``sample`` raises.

    See Also
    --------
    gridsample.warp_perspective : the same on NumPy arrays, without coordinates in memory.

    Notes
    -----
    R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2003, section 2.3.

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> image = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    >>> gridsample.torch.warp_perspective(image, torch.tensor([[1.0, 0, 0], [0, 1, 0], [0.5, 0, 1]]))  # x / (1 + x / 2)
    tensor([[1.0000, 1.6667, 2.0000, 2.2000]])
    """
    return _warp_by_matrix(
        "warp_perspective", input, matrix, size, inverse, order, units, align_corners, kernel, boundary, options
    )


def warp_flow(
    input: Tensor,
    flow: Tensor,
    size: Sequence[int] | None = None,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    relative: bool = True,
    order: str = "xy",
    flow_channels: str = "last",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Tensor:
    r"""Warp an image or a volume by a flow: ``gridsample.warp_flow`` on tensors.

    Differentiable by ``input`` and ``flow``, as ``sample`` is.

    Parameters
    ----------
    input : Tensor
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    flow : Tensor, float32 or float64
        (\*lattice, ndim): from each **output** position to the **input** position to read there ("backward" flow). (N, ...) for
        one flow for each image of the batch.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first; those of the lattice if not given. A flow on a coarser lattice is
        interpolated linearly to this size; its displacements are in pixels of the size, not of the lattice.
    kernel : {"linear", "nearest", "cubic"}
        As of ``sample``.
    boundary : str, or a sequence of one for each spatial axis
        As of ``sample``.
    relative : bool
        ``flow`` holds displacements; otherwise positions.
    order : {"xy", "ij"}
        Of the components of ``flow``: "xy" if the first runs along the last axis, "ij" if it runs along axis 0.
    flow_channels : {"last", "first"}
        Where the components of ``flow`` are: "first" means (ndim, \*lattice), as networks give it.
    units : {"pixels", "normalized"}
        Of ``flow``: pixels of ``input``, or the input spans 2 units.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``; and whether the ends of a coarser lattice are the end pixels' centres.
    options : keyword arguments
        Of ``sample``: ``fill_value``, ``outside``, ``nan``, ``cubic_a``.

    Returns
    -------
    Tensor
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, a name is unknown, or what ``sample`` raises.

    See Also
    --------
    gridsample.warp_flow : the same on NumPy arrays.

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> flow = torch.zeros(2, 1, 3)
    >>> flow[0] = 1.0  # x: one pixel to the right
    >>> gridsample.torch.warp_flow(torch.tensor([[1.0, 2.0, 3.0]]), flow, boundary="border", flow_channels="first")
    tensor([[2., 3., 3.]])
    """
    _check_real("warp_flow", "flow", flow)
    first = choose("flow_channels", flow_channels, ("last", "first")) == "first"
    _check_tensor("warp_flow", input)
    fits = (n for n in range(1, MAX_NDIM + 1) if flow.ndim - n in (1, 2) and flow.shape[-n - 1 if first else -1] == n)
    ndim = next((n for n in fits if input.ndim - n in ((2,) if flow.ndim == n + 2 else (0, 1, 2))), 0)
    if not ndim:
        wanted = "(ndim, *spatial) or (N, ndim, *spatial)" if first else "(*spatial, ndim) or (N, *spatial, ndim)"
        raise ValueError(
            f"warp_flow(): expected flow {wanted}, but got flow with sizes {list(flow.shape)} for "
            f"input with sizes {list(input.shape)}"
        )
    field = flow.movedim(-ndim - 1, -1) if first else flow
    spatial = _spatial("warp_flow", input, ndim)
    sizes = tuple(field.shape[-1 - ndim : -1]) if size is None else spatial_sizes("size", size, ndim)
    corners, moves = as_flag("align_corners", align_corners), as_flag("relative", relative)
    if choose("order", order, _ORDERS) == "xy":
        field = field.flip(-1)
    if choose("units", units, _UNITS) == "normalized":
        scale, shift = (field.new_tensor(values) for values in _pixels(spatial, corners))
        field = field * scale if moves else field * scale + shift
    if sizes != tuple(field.shape[-1 - ndim : -1]):
        batch = field if field.ndim == ndim + 2 else field[None]
        resized = F.interpolate(batch.movedim(-1, 1), sizes, mode=_RESIZES[ndim - 1], align_corners=corners).movedim(1, -1)
        field = resized if field.ndim == ndim + 2 else resized[0]
    coords = field + index_grid(sizes, field) if moves else field
    return _sample(input, coords, ndim, kernel, boundary, options)


def index_grid(spatial: Sequence[int], like: Tensor) -> Tensor:
    """Return the index coordinates (*spatial, ndim) of every sample of an array, in the dtype of ``like`` and on its device."""
    axes = [torch.arange(size, dtype=like.dtype, device=like.device) for size in spatial]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


def _warp_by_matrix(
    who: str,
    input: Tensor,
    matrix: Tensor,
    size: Sequence[int] | None,
    inverse: bool,
    order: str,
    units: str,
    align_corners: bool,
    kernel: str,
    boundary: str | Sequence[str],
    options: dict[str, Any],
) -> Tensor:
    _check_real(who, "matrix", matrix)
    affine = who == "warp_affine"
    ndim = matrix.shape[-1] - 1 if matrix.ndim in (2, 3) else 0
    if not 1 <= ndim <= MAX_NDIM or matrix.shape[-2] not in ((ndim, ndim + 1) if affine else (ndim + 1,)):
        wanted = "(ndim, ndim + 1) or (ndim + 1, ndim + 1)" if affine else "(ndim + 1, ndim + 1)"
        raise ValueError(
            f"{who}(): expected matrix {wanted}, or (N, ...), with ndim 1 to {MAX_NDIM}, but got matrix with sizes "
            f"{list(matrix.shape)}"
        )
    spatial = _spatial(who, input, ndim)
    sizes = spatial if size is None else spatial_sizes("size", size, ndim)
    if affine:
        bottom = torch.eye(ndim + 1, dtype=matrix.dtype, device=matrix.device)[-1:].expand(*matrix.shape[:-2], 1, ndim + 1)
        matrix = torch.cat([matrix[..., :ndim, :], bottom], dim=-2)
    if as_flag("inverse", inverse):
        matrix, singular = torch.linalg.inv_ex(matrix)
        if not torch.compiler.is_compiling() and singular.any():
            raise ValueError(f"{who}(): matrix: expected one that can be inverted with inverse=True, but it is singular")
    if choose("order", order, _ORDERS) == "xy":
        turned = [*range(ndim - 1, -1, -1), ndim]
        matrix = matrix[..., turned, :][..., turned]
    corners = as_flag("align_corners", align_corners)
    if choose("units", units, _UNITS) == "normalized":
        of_input, of_output = _pixels(spatial, corners), _pixels(sizes, corners)
        back = [1 / scale if scale else 0.0 for scale in of_output[0]]  # an axis of one sample is at 0, wherever its ends are
        forth = [-shift * scale for shift, scale in zip(of_output[1], back, strict=True)]
        matrix = _axis_map(of_input, matrix) @ matrix @ _axis_map((back, forth), matrix)
    points = index_grid(sizes, matrix)
    rows = matrix.reshape(*matrix.shape[:-2], *(1,) * ndim, ndim + 1, ndim + 1)
    moved = (rows[..., :-1] @ points[..., None])[..., 0] + rows[..., -1]
    return _sample(input, moved[..., :-1] if affine else moved[..., :-1] / moved[..., -1:], ndim, kernel, boundary, options)


def _sample(
    input: Tensor, coords: Tensor, ndim: int, kernel: str, boundary: str | Sequence[str], options: dict[str, Any]
) -> Tensor:
    """Read a batch, or one image, at coordinates for each or for all."""
    if input.ndim == ndim + 2 and coords.ndim == ndim + 1:
        coords = coords[None]
    return sample(input, coords, kernel, boundary, **options)


def _pixels(sizes: Sequence[int], align_corners: bool) -> tuple[list[float], list[float]]:
    """Return scale and shift of each axis, from normalised units to pixels."""
    return [(size - align_corners) / 2 for size in sizes], [(size - 1) / 2 for size in sizes]


def _axis_map(axes: tuple[list[float], list[float]], like: Tensor) -> Tensor:
    """Return scales and shifts as one matrix."""
    square = torch.diag(like.new_tensor([*axes[0], 1.0]))
    square[:-1, -1] = like.new_tensor(axes[1])
    return square


def _spatial(who: str, input: Any, ndim: int) -> tuple[int, ...]:
    _check_tensor(who, input)
    if input.ndim - ndim not in (0, 1, 2):
        raise ValueError(
            f"{who}(): expected input (N, C, *spatial), (C, *spatial) or (*spatial) with {ndim} spatial axes, but got "
            f"input with sizes {list(input.shape)}"
        )
    return tuple(input.shape[input.ndim - ndim :])


def _check_tensor(who: str, tensor: Any, name: str = "input") -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{who}(): argument '{name}' must be Tensor, not {type(tensor).__name__}")


def _check_real(who: str, name: str, tensor: Any) -> None:
    _check_tensor(who, tensor, name)
    if tensor.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"{who}(): expected {name} of dtype float32 or float64, but got {tensor.dtype}; convert it first")
