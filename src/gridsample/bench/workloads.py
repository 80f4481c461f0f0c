"""What people really call grid_sample with: the table of cases, and the arrays of each.

A row says what is sampled and how; ``make`` gives the arrays. To add a case, add a row to ``ROWS``; to add a kind of map,
add a function to ``MAPS``.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import gridsample

__all__ = ["MAPS", "QUICK", "ROWS", "Workload", "make"]


class Workload(NamedTuple):
    """One case: input (N, C, *spatial) read at float32 grid (N, *out, ndim)."""

    id: str
    what: str
    input: tuple[int, ...]
    out: tuple[int, ...]
    map: str
    mode: str = "bilinear"
    padding: str = "zeros"
    align_corners: bool = False
    layout: str = "planar"
    dtype: str = "float32"
    """Of the input and the result: float32 or float16, noise in [0, 1), or uint8, noise of all values."""

    @property
    def result(self) -> tuple[int, ...]:
        """Shape of the result."""
        return (*self.input[:2], *self.out)


_PHOTO, _HD, _SQUARE = (1, 3, 1080, 1920), (1080, 1920), (1024, 1024)

# fmt: off
ROWS = (
    Workload("R1", "image, bilinear", (1, 3, 1024, 1024), _SQUARE, "smooth"),
    Workload("R2", "one channel", (1, 1, 1024, 1024), _SQUARE, "smooth"),
    Workload("R3", "batch of feature maps", (8, 64, 128, 128), (128, 128), "smooth"),
    Workload("R3h", "batch of feature maps, channels last", (8, 64, 128, 128), (128, 128), "smooth", layout="channels_last"),
    Workload("R4", "features, twofold", (1, 256, 64, 64), (128, 128), "smooth", padding="border"),
    Workload("R5", "image, bicubic reflected", (1, 3, 1024, 1024), _SQUARE, "smooth", "bicubic", "reflection"),
    Workload("R6", "image, bicubic", (1, 3, 1024, 1024), _SQUARE, "smooth", "bicubic"),
    Workload("R7", "volume", (1, 1, 128, 128, 128), (128, 128, 128), "smooth"),
    Workload("R8", "volume, three channels", (1, 3, 96, 96, 96), (96, 96, 96), "smooth"),
    Workload("W1", "SFNet flow alignment, level 1", (1, 128, 32, 64), (64, 128), "flow", align_corners=True),
    Workload("W2", "SFNet flow alignment, level 3", (1, 128, 128, 256), (256, 512), "flow", align_corners=True),
    Workload("W2r", "SFNet level 3, rotated", (1, 128, 128, 256), (256, 512), "smooth", align_corners=True),
    Workload("W3", "RAFT correlation look-up", (7040, 1, 55, 128), (9, 9), "windows", align_corners=True),
    Workload("W5", "RIFE frame warp, 1080p", (1, 3, 1088, 1920), (1088, 1920), "flow", padding="border", align_corners=True),
    Workload("W6", "BasicVSR feature warp", (1, 64, 180, 320), (180, 320), "flow", align_corners=True),
    Workload("W8", "Deformable DETR encoder", (8, 32, 100, 167), (22223, 4), "deformable"),
    Workload("W10", "rf-detr decoder", (16, 16, 48, 48), (1300, 2), "scattered"),
    Workload("W11", "spatial transformer, MNIST", (64, 1, 28, 28), (28, 28), "affine"),
    Workload("W13", "voxelmorph brain", (1, 1, 160, 192, 224), (160, 192, 224), "flow", align_corners=True),
    Workload("W14", "scaling and squaring, one step", (1, 3, 80, 96, 112), (80, 96, 112), "flow", align_corners=True),
    Workload("W15", "medical resample", (1, 1, 128, 128, 128), (64, 64, 64), "affine"),
    Workload("W15n", "medical resample, labels", (1, 1, 128, 128, 128), (64, 64, 64), "affine", "nearest"),
    Workload("W16", "EG3D tri-plane", (3, 32, 256, 256), (1, 196608), "scattered"),
    Workload("W19", "Simple-BEV lift", (6, 128, 1, 56, 100), (8, 200, 200), "cameras"),
    Workload("W20", "Mask2Former points", (100, 1, 256, 256), (12544, 1), "scattered"),
    Workload("W23", "3-D colour table on full HD", (1, 3, 33, 33, 33), (1, *_HD), "lut", padding="border", align_corners=True),
    Workload("W24", "augmentation, rotate", (16, 3, 400, 400), (400, 400), "affine"),
    Workload("W24n", "augmentation, rotate, nearest", (16, 3, 400, 400), (400, 400), "affine", "nearest"),
    Workload("V1", "volume, cubic spline", (1, 1, 128, 128, 128), (128, 128, 128), "flow", "bspline3", "reflection", True),
    Workload("P1", "photograph, 1080p", _PHOTO, _HD, "smooth"),
    Workload("P1h", "photograph, 1080p, HWC", _PHOTO, _HD, "smooth", layout="channels_last"),
    Workload("P1c", "photograph, 1080p, bicubic", _PHOTO, _HD, "smooth", "bicubic"),
    Workload("P1hc", "photograph, 1080p, HWC, bicubic", _PHOTO, _HD, "smooth", "bicubic", layout="channels_last"),
    Workload("P1u", "photo, HWC, uint8", _PHOTO, _HD, "smooth", layout="channels_last", dtype="uint8"),
    Workload("P1uc", "photo, HWC, uint8, bicubic", _PHOTO, _HD, "smooth", "bicubic", layout="channels_last", dtype="uint8"),
    Workload("P2u", "photo, HWC, uint8, rotated", _PHOTO, _HD, "affine", layout="channels_last", dtype="uint8"),
    Workload("R1f16", "image, bilinear, float16", (1, 3, 1024, 1024), _SQUARE, "smooth", dtype="float16"),
)
# fmt: on

QUICK = ("R1", "R3", "R5", "R7", "W5", "W20")
"""Rows that show every regime in about a minute: few and many channels, bicubic, a volume, a flow, scattered points."""

Map = Callable[[Workload, np.random.Generator], np.ndarray]


def make(row: Workload, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the input, in the row's layout, and the float32 grid; the same arrays for the same row and seed."""
    rng = np.random.default_rng(seed)
    if row.dtype == "uint8":
        input = rng.integers(0, 256, row.input, dtype=np.uint8)
    else:
        input = rng.random(row.input, dtype=np.float32).astype(row.dtype, copy=False)
    if row.layout == "channels_last":
        input = np.moveaxis(np.ascontiguousarray(np.moveaxis(input, 1, -1)), -1, 1)
    return input, np.ascontiguousarray(MAPS[row.map](row, rng), np.float32)


def _identity(row: Workload) -> np.ndarray:
    return gridsample.identity_grid((row.input[0], 1, *row.out), row.align_corners)


def _pixel(row: Workload) -> np.ndarray:
    """Return the size of one input sample in normalised units, x first."""
    return 2 / np.array(row.input[:1:-1], np.float32)


def _waves(base: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth field of the shape of ``base``, within [-1, 1]: two slow waves across all axes, for each component."""
    ndim = base.shape[-1]
    frequency, phase = rng.uniform(-5, 5, (2, ndim, ndim)), rng.uniform(0, 6, (2, ndim))
    waves = [np.sin(base @ f.astype(np.float32) + p.astype(np.float32)) for f, p in zip(frequency, phase, strict=True)]
    return (waves[0] + waves[1]) / 2


def _rotations(row: Workload, rng: np.random.Generator, shift: float) -> np.ndarray:
    """Return the (N, ndim, ndim + 1) matrices of rotations by about half a radian, rigid in pixels, with a shift."""
    batch, size = row.input[0], np.array(row.input[:1:-1], float)
    skew = rng.uniform(0.2, 0.4, (batch, size.size, size.size))
    turn = (np.triu(skew, 1) - np.triu(skew, 1).transpose(0, 2, 1)) / 2
    rotation = np.linalg.solve(np.eye(size.size) - turn, np.eye(size.size) + turn)  # Cayley: of a skew matrix, a rotation
    translation = rng.uniform(-shift, shift, (batch, size.size, 1))
    return np.concatenate([rotation * size / size[:, None], translation], -1).astype(np.float32)


def _affine(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Rotate: ``affine_grid``, in less time and memory than its matrix product takes for the largest images."""
    axes = [gridsample.identity_grid((1, 1, size), row.align_corners)[0, :, 0] for size in row.out]
    mesh = np.meshgrid(*axes, indexing="ij", sparse=True)[::-1]  # x first
    grid = np.empty((row.input[0], *row.out, len(row.out)), np.float32)
    for points, matrix in zip(grid, _rotations(row, rng, 0.1), strict=True):
        for component, (*factors, shift) in enumerate(matrix):
            points[..., component] = sum((factor * at for factor, at in zip(factors, mesh, strict=True)), shift)
    return grid


def _smooth(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Rotate, and bend by some percent; the corners look outside."""
    grid = _affine(row, rng)
    return grid + np.float32(0.05) * _waves(grid, rng)


def _flow(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Move each sample by a smooth flow of up to three input samples, as optical flow and registration do."""
    base = _identity(row)
    return base + 3 * _pixel(row) * _waves(base, rng)


def _scattered(row: Workload, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-1, 1, (row.input[0], *row.out, len(row.out))).astype(np.float32)


def _raster(count: int, row: Workload) -> np.ndarray:
    """Return ``count`` positions (x, y), normalised, swept over the input row by row."""
    height, width = row.input[2:]
    at = np.arange(count) * (height * width) // count
    return np.stack([at % width / width, at // width / height], -1) * 2 - 1


def _windows(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Each batch entry belongs to one pixel and reads a window of whole-pixel steps around where that pixel has moved."""
    centre = _raster(row.input[0], row) + _pixel(row) * rng.normal(0, 3, (row.input[0], 2))
    steps = np.stack(np.meshgrid(*(np.arange(size) - size // 2 for size in row.out), indexing="xy"), -1)
    return centre[:, None, None] + _pixel(row) * steps


def _deformable(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Each query of the raster (output axis 0) reads some points (axis 1) a few pixels around itself."""
    offsets = rng.normal(0, 2, (row.input[0], *row.out, 2))
    return _raster(row.out[0], row)[:, None] + _pixel(row) * offsets


def _cameras(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Project a box of voxels (height, depth, width) into cameras that look around; most voxels are outside of each image."""
    metres = [np.linspace(-half, half, size) for half, size in zip((2, 50, 50), row.out, strict=True)]
    up, north, east = np.meshgrid(*metres, indexing="ij")
    grids = []
    for angle in np.arange(row.input[0]) * (2 * np.pi / row.input[0]):
        ahead, aside = north * np.cos(angle) - east * np.sin(angle), north * np.sin(angle) + east * np.cos(angle)
        depth = np.where(ahead > 0.5, ahead, np.nan)
        image = np.stack([1.6 * aside / depth, 2.8 * up / depth, np.zeros_like(depth)], -1)
        grids.append(np.nan_to_num(image, nan=-2.0))
    return np.stack(grids)


def _lut(row: Workload, rng: np.random.Generator) -> np.ndarray:
    """Use a picture as grid: smooth colours with some noise."""
    positions = np.stack(np.meshgrid(*(np.linspace(-1, 1, size, dtype=np.float32) for size in row.out), indexing="ij"), -1)
    colours = 0.9 * _waves(positions, rng) + rng.normal(0, 0.02, positions.shape)
    return np.broadcast_to(colours, (row.input[0], *colours.shape))


MAPS: dict[str, Map] = {
    "affine": _affine,
    "cameras": _cameras,
    "deformable": _deformable,
    "flow": _flow,
    "lut": _lut,
    "scattered": _scattered,
    "smooth": _smooth,
    "windows": _windows,
}
"""Where each kind of map looks: row, generator -> grid."""
