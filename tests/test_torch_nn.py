"""The modules of ``gridsample.torch.nn`` against plain PyTorch."""

import pytest
import torch
import torch.nn.functional as F

from gridsample.torch.nn import FlowAlign, FlowWarp, SpatialTransformer, VecInt


def pixel_warp(image, flow):
    """Warp by a pixel flow, x first, with PyTorch."""
    height, width = image.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x = (columns + flow[:, 0]) * 2 / (width - 1) - 1
    y = (rows + flow[:, 1]) * 2 / (height - 1) - 1
    return F.grid_sample(image, torch.stack([x, y], -1), padding_mode="border", align_corners=True)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding_mode", ["zeros", "reflection"])
def test_spatial_transformer_affine(padding_mode, align_corners):
    torch.manual_seed(0)
    image, theta = torch.rand(2, 3, 8, 9), torch.rand(2, 2, 3)
    expected = F.grid_sample(image, F.affine_grid(theta, image.shape, align_corners), "bicubic", padding_mode, align_corners)
    result = SpatialTransformer("affine", "bicubic", padding_mode, align_corners)(image, theta)
    torch.testing.assert_close(result, expected)


def test_spatial_transformer_dense_is_flow_warp():
    """But for the order of the components."""
    torch.manual_seed(0)
    image, flow = torch.rand(2, 3, 8, 9), torch.randn(2, 2, 8, 9) * 3
    expected = pixel_warp(image, flow)
    torch.testing.assert_close(FlowWarp()(image, flow), expected, rtol=1e-4, atol=1e-5)
    result = SpatialTransformer("dense", padding_mode="border")(image, flow.flip(1))
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="transform: unknown name 'flow'"):
        SpatialTransformer("flow")


def test_flow_align_as_published():
    """The module of SFNet, written out."""
    torch.manual_seed(0)
    align = FlowAlign(8, 16, 4)
    torch.nn.init.normal_(align.flow.weight)
    fine, coarse = torch.rand(2, 8, 16, 24), torch.rand(2, 16, 8, 12)
    up = F.interpolate(align.reduce_coarse(coarse), (16, 24), mode="bilinear", align_corners=True)
    flow = align.flow(torch.cat([up, align.reduce_fine(fine)], 1))
    rows, columns = torch.linspace(-1, 1, 16).view(-1, 1).repeat(1, 24), torch.linspace(-1, 1, 24).repeat(16, 1)
    grid = torch.stack([columns, rows], 2) + flow.permute(0, 2, 3, 1) / torch.tensor([24.0, 16.0])
    expected = F.grid_sample(coarse, grid, align_corners=True)
    torch.testing.assert_close(align(fine, coarse), expected, rtol=1e-4, atol=1e-5)
    align(fine, coarse).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in align.parameters())


@pytest.mark.parametrize("shape", [(1, 2, 19, 18), (1, 3, 10, 11, 12)])
def test_integrated_velocity_is_invertible(shape):
    """The flow of -v undoes that of v, inside the field."""
    torch.manual_seed(0)
    ndim = len(shape) - 2
    coarse = torch.randn(1, ndim, *(3,) * ndim)
    velocity = F.interpolate(coarse, shape[2:], mode="bilinear" if ndim == 2 else "trilinear", align_corners=True)
    forth, back = VecInt(boundary="border")(velocity), VecInt(boundary="border")(-velocity)
    around = forth + SpatialTransformer("dense", padding_mode="border")(back, forth)
    inside = around[(..., *(slice(3, -3),) * ndim)]
    assert inside.abs().mean() < 0.1 * velocity.abs().mean()


def test_bad_arguments():
    for call, error, message in (
        (lambda: VecInt(-1), ValueError, "steps: expected 0 or more; got -1"),
        (lambda: VecInt(1.5), TypeError, "steps: expected a whole number; got 1.5"),
        (lambda: FlowAlign(0, 16, 4), ValueError, "fine_channels: expected 1 or more; got 0"),
        (lambda: FlowAlign(8, 16, "4"), TypeError, "channels: expected a whole number; got '4'"),
        (lambda: SpatialTransformer(align_corners="x"), TypeError, "align_corners: expected True or False; got 'x'"),
    ):
        with pytest.raises(error, match=message):
            call()
