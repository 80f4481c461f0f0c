"""Models from the registry, unchanged, with PyTorch's grid_sample and with gridsample's: do they agree, and what is saved.

Each model takes one training step (forward and backward) under ``gridsample.torch.accelerate()`` and without, from the same
weights. Printed are the largest differences of loss and gradients, relative to the largest gradient, and the ratio of the
times (PyTorch's over gridsample's; the medians of steps taken in turn). Models whose package is missing are left out, and said
to be:

    pip install 'gridsample[torch]' kornia monai transformers voxelmorph
    python examples/torch_models.py
"""

import statistics
import sys
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

import gridsample.torch

STEPS = 5


def kornia_homography() -> tuple[list[Tensor], Callable[[], Tensor]]:
    """Register two images by a homography: kornia warps the image at each step."""
    import kornia

    image = kornia.filters.gaussian_blur2d(torch.rand(1, 3, 480, 640), (21, 21), (5.0, 5.0))
    target = image.roll((5, -7), (2, 3))
    homography = torch.eye(3)[None].requires_grad_()

    def loss() -> Tensor:
        warped = kornia.geometry.transform.homography_warp(image, homography, (480, 640), align_corners=True)
        return (warped - target).abs().mean()

    return [homography], loss


def monai_global_registration() -> tuple[list[Tensor], Callable[[], Tensor]]:
    """Affine registration of volumes: MONAI's GlobalNet predicts a field, its Warp block samples."""
    from monai.networks.blocks import Warp
    from monai.networks.nets import GlobalNet

    net = GlobalNet(image_size=[64, 64, 64], spatial_dims=3, in_channels=2, num_channel_initial=4, depth=2)
    moving, fixed = torch.rand(2, 1, 1, 64, 64, 64)
    warp = Warp(mode="bilinear", padding_mode="border")

    def loss() -> Tensor:
        return (warp(moving, net(torch.cat([moving, fixed], 1))) - fixed).pow(2).mean()

    return [*net.parameters()], loss


def transformers_deformable_detr() -> tuple[list[Tensor], Callable[[], Tensor]]:
    """Deformable DETR, small and without pretrained weights: deformable attention samples its feature maps."""
    from transformers import DeformableDetrConfig, DeformableDetrForObjectDetection, ResNetConfig

    stages = ["stage2", "stage3", "stage4"]
    backbone = ResNetConfig(embedding_size=16, hidden_sizes=[32, 64, 128, 256], depths=[1, 1, 1, 1], out_features=stages)
    config = DeformableDetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=128,
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        num_queries=100,
        dropout=0.0,
    )
    model = DeformableDetrForObjectDetection(config)
    pixels = torch.rand(1, 3, 320, 480)

    def loss() -> Tensor:
        out = model(pixels)
        return out.logits.pow(2).mean() + out.pred_boxes.pow(2).mean()

    return [parameter for parameter in model.parameters() if parameter.requires_grad], loss


def voxelmorph_pairwise() -> tuple[list[Tensor], Callable[[], Tensor]]:
    """Diffeomorphic registration of volumes: a U-Net predicts a velocity, which is integrated and sampled with."""
    import voxelmorph

    channels = {"source_channels": 1, "target_channels": 1, "nb_features": [8, 8, 8, 8]}
    net = voxelmorph.nn.models.VxmPairwise(ndim=3, flow_initializer=0.1, **channels)
    source, target = torch.rand(2, 1, 1, 64, 64, 64)

    def loss() -> Tensor:
        field, warped = net(source, target, return_warped_source=True)
        return (warped - target).pow(2).mean() + field.pow(2).mean()

    return [*net.parameters()], loss


MODELS = (kornia_homography, monai_global_registration, transformers_deformable_detr, voxelmorph_pairwise)


def step(parameters: list[Tensor], loss: Callable[[], Tensor]) -> tuple[float, list[Tensor], float]:
    """Return loss, gradients and seconds of one forward and backward pass."""
    start = time.perf_counter()
    value = loss()
    gradients = torch.autograd.grad(value, parameters, allow_unused=True)
    seconds = time.perf_counter() - start
    return value.item(), [gradient for gradient in gradients if gradient is not None], seconds


def compare(make: Callable[[], tuple[list[Tensor], Callable[[], Tensor]]]) -> tuple[float, float, float]:
    """Return the relative differences of loss and gradients, and PyTorch's time over ours."""
    torch.manual_seed(0)
    parameters, loss = make()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(STEPS + 1):  # the first is to warm up
        theirs = step(parameters, loss)
        with gridsample.torch.accelerate():
            ours = step(parameters, loss)
        times[0].append(theirs[2])
        times[1].append(ours[2])
    largest = max(gradient.abs().max().item() for gradient in theirs[1])
    apart = max((a - b).abs().max().item() for a, b in zip(theirs[1], ours[1], strict=True))
    ratio = statistics.median(times[0][1:]) / statistics.median(times[1][1:])
    return abs(theirs[0] - ours[0]) / abs(theirs[0]), apart / largest, ratio


def main() -> None:
    """Print one line for each model."""
    warnings.simplefilter("ignore")
    chosen = [make for make in MODELS if not sys.argv[1:] or make.__name__ in sys.argv[1:]]
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}")
    print(f"{'model':32}{'loss differs by':>18}{'gradients by':>18}{'PyTorch / gridsample':>24}")
    for make in chosen:
        try:
            loss, gradients, ratio = compare(make)
        except ModuleNotFoundError as error:
            print(f"{make.__name__:32}left out: {error.name} is not installed")
            continue
        print(f"{make.__name__:32}{loss:18.1e}{gradients:18.1e}{ratio:24.2f}")


if __name__ == "__main__":
    main()
