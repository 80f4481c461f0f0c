"""Few channels are read without tiles of taps: they are what they are among many, which have tiles."""

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

import gridsample

FloatArray = npt.NDArray[np.float32]

pytestmark = pytest.mark.isa

CASES = list(product(("nearest", "bilinear"), ("zeros", "border"), (False, True)))
PLANES = [((9, 33), (40, 37)), ((2, 2), (3, 90)), ((30, 31), (64, 64))]
VOLUMES = [((5, 6, 7), (4, 9, 35)), ((2, 3, 2), (1, 1, 70)), ((12, 11, 10), (13, 9, 64))]


def make(spatial: tuple[int, ...], out: tuple[int, ...], channels: int) -> tuple[FloatArray, FloatArray]:
    """Return negative noise, some of it 0 or no number; and points, a third of them outside, some at edges, some nowhere."""
    rng = np.random.default_rng(0)
    image = -rng.random((2, channels, *spatial), dtype=np.float32)
    image[rng.random(image.shape) < 0.1] = 0
    image[0][rng.random(image[0].shape) < 0.03] = np.nan
    image[0][rng.random(image[0].shape) < 0.03] = -np.inf
    grid = rng.uniform(-1.5, 1.5, (2, *out, len(spatial))).astype(np.float32)
    edges = rng.random(grid.shape) < 0.1
    grid[edges] = rng.choice(np.array([-1, 1, 1 - 1 / spatial[0], np.nan, np.inf, -1e30], np.float32), edges.sum())
    return image, grid


def among_many(image: FloatArray, grid: FloatArray, case: tuple[str, str, bool]) -> FloatArray:
    """Return the same channels of an image of more than have no tiles."""
    channels = image.shape[1]
    times = -(-65 // channels)
    found: FloatArray = gridsample.grid_sample(np.concatenate([image] * times, 1), grid, *case)[:, :channels]
    return found


def same_bits(a: FloatArray, b: FloatArray) -> bool:
    """Whether two arrays are the same, zeros by their signs too; a NaN is as good as another."""
    return np.array_equal(a, b, equal_nan=True) and bool(np.all((np.signbit(a) == np.signbit(b)) | np.isnan(a)))


@pytest.mark.parametrize(("spatial", "out"), PLANES + VOLUMES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_alone_or_among_many(channels: int, spatial: tuple[int, ...], out: tuple[int, ...]) -> None:
    image, grid = make(spatial, out, channels)
    for case in CASES:
        assert same_bits(gridsample.grid_sample(image, grid, *case), among_many(image, grid, case)), case


@pytest.mark.parametrize(("spatial", "out"), [((40, 41), (700, 2)), ((9, 9, 9), (5, 70, 2))])
def test_many_channels_at_scattered_points(spatial: tuple[int, ...], out: tuple[int, ...]) -> None:
    image, grid = make(spatial, out, 16)
    for case in CASES:
        assert same_bits(gridsample.grid_sample(image, grid, *case), among_many(image, grid, case)), case


@pytest.mark.parametrize("step", [16, 7], ids=["aligned", "unaligned"])
def test_results_past_the_caches(step: int) -> None:
    """Of several channels, with edges and samples that are no numbers."""
    image, grid = make((60, 70), (600, 640 + step), 3)
    out = np.empty((2, 3, 600, 640 + step), np.float32)
    gridsample.grid_sample(image, grid, out=out)
    assert out.nbytes > 1 << 22
    assert same_bits(out[:, :, ::7], among_many(image, grid[:, ::7], ("bilinear", "zeros", False)))


@pytest.mark.parametrize("spatial", [(20, 21), (5, 6, 7)])
def test_outside_is_no_negative_zero(spatial: tuple[int, ...]) -> None:
    image = np.full((1, 2, *spatial), -1, np.float32)
    grid = np.full((1, *(4,) * (len(spatial) - 1), 40, len(spatial)), 3, np.float32)
    grid[..., ::3, :] = 0  # in the same vectors as points inside
    for mode in ("nearest", "bilinear"):
        found = gridsample.grid_sample(image, grid, mode)
        assert np.all(found[..., ::3] == -1)
        assert not np.any(np.signbit(found[..., 1::3]))


@pytest.mark.parametrize("columns", [3, 20, 31, 32, 33, 90])
@pytest.mark.parametrize("view", ["whole", "cropped", "turned over", "mirrored", "every other"])
def test_level_maps(view: str, columns: int) -> None:
    """Whose points mostly lie in one row of samples: stretched, compressed, mirrored, and past all edges."""
    image = np.random.default_rng(2).random((1, 2, 24, 2 * columns), dtype=np.float32)
    image = {
        "whole": image[..., :columns].copy(),
        "cropped": image[..., 1 : columns + 1],
        "turned over": image[:, :, ::-1, :columns],
        "mirrored": image[..., columns - 1 :: -1],
        "every other": image[..., ::2],
    }[view]
    assert image.shape[-1] == columns
    across, down = np.meshgrid(np.linspace(-1.1, 1.1, 130), np.linspace(-1.1, 1.1, 40))
    for scale, wave in product((1, 0.2, 5, -1), (0, 0.002)):
        grid = np.stack([across * scale, down + wave * np.sin(9 * across)], -1).astype(np.float32)[None]
        for case in CASES:
            assert same_bits(gridsample.grid_sample(image, grid, *case), among_many(image, grid, case)), (scale, wave, case)


def positions(spatial: tuple[int, ...], out: tuple[int, ...]) -> dict[str, npt.NDArray[np.floating] | gridsample.Transform]:
    """Return the points of one image in every form that coordinates have, many of them outside, some nowhere."""
    rng = np.random.default_rng(1)
    coords = rng.uniform(-0.5, 1.5, (*out, len(spatial))) * spatial
    edges = rng.random(coords.shape) < 0.2
    coords[edges] = rng.choice([-1.0, -0.5, 0, 1, np.nan, np.inf, spatial[-1] - 1, spatial[-1] - 0.5], edges.sum())
    matrix = np.eye(len(spatial) + 1) + rng.uniform(-0.2, 0.2, (len(spatial) + 1,) * 2)
    matrix[:, -1] = [*rng.uniform(-2, 2, len(spatial)), 1]
    matrix[-1, :-1] = 0
    level = np.eye(len(spatial), len(spatial) + 1)
    away = level[:, ::-1] * 9
    affine = gridsample.Transform.affine(matrix, order="ij")
    flow = gridsample.Transform.flow(rng.uniform(-3, 3, coords.shape), order="ij")
    found = {
        "float32": coords.astype(np.float32),
        "float64": coords,
        "matrix": affine,
        "level": gridsample.Transform.affine(level * 0.7, order="ij"),
        "away": gridsample.Transform.affine(level + away, order="ij"),
        "flow": flow @ affine,
    }
    if len(spatial) == 2:
        found["homography"] = gridsample.Transform.perspective([[1, 0.1, -3], [0, 1.2, 2], [-0.02, 0.01, 1]])
    return found


RULES = [
    {"boundary": "zeros"},
    {"boundary": "border"},
    {"boundary": "constant"},
    {"boundary": "constant", "fill_value": 7},
    {"boundary": "border", "outside": "fill", "fill_value": 5},
    {"boundary": "zeros", "outside": "fill", "fill_value": -2},
    {"boundary": "border", "outside": "fill", "fill_value": np.nan, "nan": "propagate"},
    {"boundary": "zeros", "nan": "propagate"},
]


@pytest.mark.parametrize(("spatial", "out"), PLANES + VOLUMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_source_of_coordinates(channels: int, spatial: tuple[int, ...], out: tuple[int, ...]) -> None:
    image, _ = make(spatial, out, channels)
    for rule, kernel, (name, coords) in product(RULES, ("nearest", "linear"), positions(spatial, out).items()):
        for item in image:  # the first has samples that are no numbers
            size = out if isinstance(coords, gridsample.Transform) else None
            few = gridsample.sample(item, coords, kernel, size=size, **rule)
            many = gridsample.sample(np.concatenate([item] * 65), coords, kernel, size=size, **rule)[:channels]
            assert same_bits(few, many), (name, kernel, rule)
