"""Modules that warp: spatial transformers, optical flow, flow alignment, and the integration of velocity fields."""

import numbers
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gridsample._grid_sample import MODES, padding_names
from gridsample._modes import BOUNDARIES
from gridsample._spec import as_flag, choose
from gridsample.torch._functions import grid_sample, sample
from gridsample.torch._warp import index_grid

__all__ = ["FlowAlign", "FlowWarp", "SpatialTransformer", "VecInt"]


def _warp(input: Tensor, flow: Tensor, kernel: str = "linear", boundary: str = "zeros") -> Tensor:
    """Read input (N, C, *spatial) at every sample of flow (N, ndim, *out), moved by it, in samples, axis 0 first."""
    return sample(input, index_grid(tuple(flow.shape[2:]), flow) + flow.movedim(1, -1), kernel, boundary)


class SpatialTransformer(nn.Module):
    r"""Warp an image by an affine map, or by a displacement of every sample.

    Parameters
    ----------
    transform : {"affine", "dense"}
        What ``forward`` takes: "affine", matrices (N, ndim, ndim + 1) in normalised units, x first, as of ``F.affine_grid``,
        that take output positions to input positions; "dense", displacements (N, ndim, \*out) in samples, axis 0 first:
        the output at sample i is the input at i + displacement.
    mode : str
        As of ``gridsample.torch.grid_sample``.
    padding_mode : str
        As of ``gridsample.torch.grid_sample``.
    align_corners : bool
        Where -1 and 1 are, of "affine", and where "reflection" mirrors.

    Raises
    ------
    TypeError
        ``transform`` is not a string.
    ValueError
        ``transform`` is not one of the two, or a mode is unknown.

    Notes
    -----
    M. Jaderberg et al., "Spatial transformer networks", NeurIPS 2015; the conventions of "dense" are those of voxelmorph: G.
    Balakrishnan et al., IEEE TMI 38 (2019).

    Examples
    --------
    >>> import torch
    >>> from gridsample.torch.nn import SpatialTransformer
    >>> shift = torch.zeros(1, 2, 1, 3)
    >>> shift[:, 1] = 1.0  # one column to the right
    >>> SpatialTransformer("dense")(torch.tensor([[[[1.0, 2.0, 3.0]]]]), shift)
    tensor([[[[2., 3., 0.]]]])
    """

    def __init__(
        self,
        transform: str = "affine",
        mode: str = "bilinear",
        padding_mode: str = "zeros",
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.transform = choose("transform", transform, ("affine", "dense"))
        self.kernel = MODES[choose("mode", mode, MODES)]
        self.align_corners = as_flag("align_corners", align_corners)
        names = padding_names(self.align_corners)
        self.boundary = names[choose("padding_mode", padding_mode, names)]

    def forward(self, input: Tensor, transform: Tensor) -> Tensor:
        r"""Return input (N, C, \*spatial), warped: of its size if affine, of that of the displacements if dense."""
        if self.transform == "dense":
            return _warp(input, transform, self.kernel, self.boundary)
        grid = F.affine_grid(transform, [transform.shape[0], *input.shape[1:]], self.align_corners)
        return grid_sample(input, grid, self.kernel, self.boundary, self.align_corners)


def _whole_number(argument: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{argument}: expected a whole number; got {value!r} of type {type(value).__name__}")
    if value < least:
        raise ValueError(f"{argument}: expected {least} or more; got {value!r}")
    return int(value)


class FlowWarp(nn.Module):
    """Warp an image by an optical flow in pixels, x first, as RAFT and SpyNet give it.

    Parameters
    ----------
    mode : str
        As of ``gridsample.torch.grid_sample``.
    boundary : str
        What is outside the image, as of ``gridsample.torch.sample``.

    Raises
    ------
    ValueError
        ``mode`` or ``boundary`` is unknown.

    Notes
    -----
    The result at a pixel p is the image at p + flow(p), so a flow from frame 1 to frame 2 brings frame 2 to frame 1: Z. Teed
    and J. Deng, "RAFT", ECCV 2020; A. Ranjan and M. Black, "Optical flow estimation using a spatial pyramid network", CVPR
    2017.

    Examples
    --------
    >>> import torch
    >>> from gridsample.torch.nn import FlowWarp
    >>> flow = torch.zeros(1, 2, 1, 3)
    >>> flow[:, 0] = -1.0  # x: one pixel to the left
    >>> FlowWarp()(torch.tensor([[[[1.0, 2.0, 3.0]]]]), flow)
    tensor([[[[1., 1., 2.]]]])
    """

    def __init__(self, mode: str = "bilinear", boundary: str = "border") -> None:
        super().__init__()
        self.kernel = MODES[choose("mode", mode, MODES)]
        self.boundary = choose("boundary", boundary, BOUNDARIES)

    def forward(self, image: Tensor, flow: Tensor) -> Tensor:
        """Return image (N, C, H, W), warped by flow (N, 2, H, W): flow[:, 0] is along x, flow[:, 1] along y."""
        return _warp(image, flow.flip(1), self.kernel, self.boundary)


class FlowAlign(nn.Module):
    """Bring a coarse feature map to the size of a fine one, moved by a flow that is learnt from both.

    Parameters
    ----------
    fine_channels : int
        Channels of the fine map.
    coarse_channels : int
        Channels of the coarse map.
    channels : int
        To which both are reduced before the flow is made of them.

    Raises
    ------
    TypeError
        A number of channels is not a whole number.
    ValueError
        A number of channels is not positive.

    Notes
    -----
    The flow alignment module of X. Li et al., "Semantic flow for fast and accurate scene parsing" (SFNet), ECCV 2020: 1 x 1
    convolutions of both maps, the coarse one interpolated to the fine size, a 3 x 3 convolution of both to a flow in pixels,
    and bilinear sampling at the identity in [-1, 1] plus flow / (W, H), zeros outside, align_corners=True.

    Examples
    --------
    >>> import torch
    >>> from gridsample.torch.nn import FlowAlign
    >>> align = FlowAlign(fine_channels=8, coarse_channels=16, channels=4)
    >>> align(torch.rand(1, 8, 32, 64), torch.rand(1, 16, 16, 32)).shape
    torch.Size([1, 16, 32, 64])
    """

    def __init__(self, fine_channels: int, coarse_channels: int, channels: int) -> None:
        super().__init__()
        given = {"fine_channels": fine_channels, "coarse_channels": coarse_channels, "channels": channels}
        fine_channels, coarse_channels, channels = (_whole_number(name, value, 1) for name, value in given.items())
        self.reduce_fine = nn.Conv2d(fine_channels, channels, 1, bias=False)
        self.reduce_coarse = nn.Conv2d(coarse_channels, channels, 1, bias=False)
        self.flow = nn.Conv2d(2 * channels, 2, 3, padding=1, bias=False)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Return coarse (N, C, h, w) at the size of fine (N, C_fine, H, W): (N, C, H, W)."""
        height, width = fine.shape[2:]
        seen = F.interpolate(self.reduce_coarse(coarse), (height, width), mode="bilinear", align_corners=True)
        flow = self.flow(torch.cat([seen, self.reduce_fine(fine)], dim=1))
        moved = flow.movedim(1, -1) / flow.new_tensor([width, height])
        identity = F.affine_grid(torch.eye(2, 3).to(moved)[None], [1, 1, height, width], align_corners=True)
        return grid_sample(coarse, identity + moved, align_corners=True)


class VecInt(nn.Module):
    r"""Integrate a stationary velocity field to a displacement field, by scaling and squaring.

    Parameters
    ----------
    steps : int
        How often the field is composed with itself; the flow is that of 2 ** steps small steps.
    boundary : str
        What velocities are outside the field, as of ``gridsample.torch.sample``.

    Raises
    ------
    TypeError
        ``steps`` is not a whole number.
    ValueError
        ``steps`` is negative, or ``boundary`` is unknown.

    Notes
    -----
    V. Arsigny et al., "A log-Euclidean framework for statistics on diffeomorphisms", MICCAI 2006; as in voxelmorph.

    Examples
    --------
    >>> import torch
    >>> from gridsample.torch.nn import VecInt
    >>> velocity = torch.full((1, 1, 5), 0.25)  # the same everywhere, so is the displacement
    >>> VecInt(steps=4, boundary="border")(velocity)
    tensor([[[0.2500, 0.2500, 0.2500, 0.2500, 0.2500]]])
    """

    def __init__(self, steps: int = 7, boundary: str = "zeros") -> None:
        super().__init__()
        self.steps = _whole_number("steps", steps, 0)
        self.boundary = choose("boundary", boundary, BOUNDARIES)

    def forward(self, velocity: Tensor) -> Tensor:
        r"""Return the displacement (N, ndim, \*spatial), in samples, axis 0 first, of a velocity of that shape."""
        field = velocity / 2**self.steps
        for _ in range(self.steps):
            field = field + _warp(field, field, "linear", self.boundary)
        return field
