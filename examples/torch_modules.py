"""What the modules of gridsample.torch.nn are for: each learns something small in seconds, and the result is printed.

It needs torch: ``pip install 'gridsample[torch]'``, then ``python examples/torch_modules.py``.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gridsample.torch.nn import FlowAlign, FlowWarp, SpatialTransformer, VecInt


def smooth_noise(batch: int, channels: int, size: int, coarse: int) -> Tensor:
    """Return random images (N, C, size, size) without detail finer than size / coarse."""
    return F.interpolate(torch.randn(batch, channels, coarse, coarse), (size, size), mode="bicubic", align_corners=True)


def spatial_transformer() -> float:
    """Learn to turn arrows of any direction upright; return the squared error left, relative to that of doing nothing."""
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    head = (columns.abs() < (rows + 0.7) * 0.6) & (rows < 0)
    upright = (head | ((columns.abs() < 0.15) & (rows.abs() < 0.7))).float()[None, None]
    transformer = SpatialTransformer("affine")
    locate = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(800, 2)
    )
    optimizer = torch.optim.Adam(locate.parameters(), 2e-3)

    def rotation(cosine: Tensor, sine: Tensor) -> Tensor:
        zero = torch.zeros_like(sine)
        return torch.stack([cosine, -sine, zero, sine, cosine, zero], 1).view(-1, 2, 3)

    errors = []
    for _ in range(250):
        angle = (torch.rand(32) * 2 - 1) * math.pi
        images = transformer(upright.expand(32, -1, -1, -1), rotation(angle.cos(), angle.sin()))
        direction = F.normalize(locate(images), dim=1)
        loss = F.mse_loss(transformer(images, rotation(direction[:, 0], direction[:, 1])), upright.expand_as(images))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        errors.append((loss / F.mse_loss(images, upright.expand_as(images))).item())
    return sum(errors[-20:]) / 20


def flow_warp() -> float:
    """Find the optical flow between two frames by descent, coarse to fine; return the mean error of it in pixels."""
    torch.manual_seed(0)
    size = 64
    first = smooth_noise(1, 3, size, 16)
    truth = 3 * smooth_noise(1, 2, size, 4)  # several pixels
    warp = FlowWarp(mode="bicubic")
    second = warp(first, truth)
    flow = torch.zeros(1, 2, 4, 4)
    for level in (4, 8, 16):
        flow = F.interpolate(flow, (level, level), mode="bicubic", align_corners=True).detach().requires_grad_()
        optimizer = torch.optim.Adam([flow], 0.1)
        for _ in range(100):
            dense = F.interpolate(flow, (size, size), mode="bicubic", align_corners=True)
            loss = (warp(first, dense) - second).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return (dense - truth).norm(dim=1).mean().item()


def flow_align() -> tuple[float, float]:
    """Learn masks from a coarse map, shifted as striding shifts, and a fine image; return intersection over union.

    First with FlowAlign, then with interpolation in its place.
    """
    results = []
    for aligned in (True, False):
        torch.manual_seed(0)
        head = nn.Sequential(nn.Conv2d(9, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 1))
        fine_layer = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
        align = FlowAlign(8, 1, 8)
        optimizer = torch.optim.Adam([*head.parameters(), *fine_layer.parameters(), *align.parameters()], 5e-3)
        for _ in range(200):
            mask = (smooth_noise(8, 1, 32, 5) > 0).float()
            edges = mask - F.avg_pool2d(mask, 3, 1, 1)  # the fine map sees where borders are, not what is inside
            coarse = F.max_pool2d(mask, 4).roll((1, 1), (2, 3))
            fine = fine_layer(edges.abs())
            up = align(fine, coarse) if aligned else F.interpolate(coarse, (32, 32), mode="bilinear", align_corners=True)
            found = head(torch.cat([up, fine], 1))
            loss = F.binary_cross_entropy_with_logits(found, mask)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        inside = found > 0
        results.append(((inside & (mask > 0)).sum() / (inside | (mask > 0)).sum()).item())
    return results[0], results[1]


def vec_int() -> tuple[float, float]:
    """Register a disc to a bean by a velocity field; return the Dice overlap, and the smallest determinant of the map.

    A determinant above 0 everywhere says that nothing is folded.
    """
    torch.manual_seed(0)
    size = 48
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    moving = torch.sigmoid((0.6 - (rows**2 + columns**2).sqrt()) * 20)[None, None]
    bend = columns - 0.5 * rows**2 + 0.2
    target = torch.sigmoid((0.6 - (0.7 * rows**2 + 2 * bend**2).sqrt()) * 20)[None, None]
    velocity = torch.zeros(1, 2, 12, 12, requires_grad=True)
    integrate, transformer = VecInt(boundary="border"), SpatialTransformer("dense", padding_mode="border")
    optimizer = torch.optim.Adam([velocity], 0.2)
    for _ in range(150):
        field = F.interpolate(velocity, (size, size), mode="bicubic", align_corners=True)
        displacement = integrate(field)
        moved = transformer(moving, displacement)
        loss = F.mse_loss(moved, target) + 1e-3 * sum(field.diff(dim=axis).pow(2).mean() for axis in (2, 3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    along_rows, along_columns = (displacement.detach().diff(dim=axis)[:, :, : -1 if axis == 3 else None] for axis in (2, 3))
    along_rows = along_rows[..., :-1]
    determinant = (1 + along_rows[:, 0]) * (1 + along_columns[:, 1]) - along_rows[:, 1] * along_columns[:, 0]
    overlap = 2 * (moved.detach() * target).sum() / (moved.detach().sum() + target.sum())
    return overlap.item(), determinant.min().item()


def main() -> None:
    """Train all four."""
    print(f"SpatialTransformer: arrows upright, {spatial_transformer():.0%} of the squared error left")
    print(f"FlowWarp: flow found to {flow_warp():.2f} pixels")
    print("FlowAlign: intersection over union {:.2f}, interpolated instead {:.2f}".format(*flow_align()))
    print("VecInt: Dice {:.3f}, smallest determinant {:.2f}".format(*vec_int()))


if __name__ == "__main__":
    main()
