"""interpolate against PyTorch's: every mode, number of axes, direction, and its antialias."""

import numpy as np
import pytest
import torch

from gridsample import _engine, interpolate

from .points import make_input
from .test_bad_input import refuses
from .tolerances import TORCH

SIZES = {1: ((17,), (5,), (40,)), 2: ((7, 30), (24, 11), (9, 13), (1, 1)), 3: ((3, 9, 10), (12, 4, 6))}
SHAPES = {1: (2, 3, 17), 2: (2, 3, 9, 13), 3: (1, 2, 5, 6, 7)}
NAMES = {"linear": ("linear", "bilinear", "trilinear"), "cubic": (None, "bicubic", None)}


def close(result, expected):
    tolerance = TORCH[result.dtype.name]
    np.testing.assert_allclose(result, expected, atol=tolerance.absolute, rtol=tolerance.relative)


def theirs(image, **settings):
    return torch.nn.functional.interpolate(torch.from_numpy(image), **settings).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "area"])
def test_modes_without_kernels(mode, ndim, dtype):
    image = make_input(SHAPES[ndim], dtype)
    for size in SIZES[ndim]:
        close(interpolate(image, size, mode=mode), theirs(image, size=size, mode=mode))
    for factor in (2, 0.5, 1.7, 3.3):
        if mode != "area":
            close(interpolate(image, None, factor, mode), theirs(image, scale_factor=factor, mode=mode))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("kernel", "ndim"), [("linear", 1), ("linear", 2), ("linear", 3), ("cubic", 2)])
def test_kernels(kernel, ndim, align_corners, dtype):
    image, mode = make_input(SHAPES[ndim], dtype), NAMES[kernel][ndim - 1]
    for size in SIZES[ndim]:
        expected = theirs(image, size=size, mode=mode, align_corners=align_corners)
        close(interpolate(image, size, mode=mode, align_corners=align_corners), expected)
        if ndim == 2:
            expected = theirs(image, size=size, mode=mode, align_corners=align_corners, antialias=True)
            close(interpolate(image, size, mode=mode, align_corners=align_corners, antialias=True), expected)
    for factor in (2, 0.4, 1.7):
        expected = theirs(image, scale_factor=factor, mode=mode, align_corners=align_corners)
        close(interpolate(image, None, factor, mode, align_corners), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nearest_takes_the_sample_that_torch_takes(dtype):
    for n in range(1, 40):
        row = np.arange(n, dtype=dtype).reshape(1, 1, n)
        for m in range(1, 60):
            for mode in ("nearest", "nearest-exact"):
                np.testing.assert_array_equal(interpolate(row, m, mode=mode), theirs(row, size=m, mode=mode))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_bytes(mode, antialias):
    image = np.random.default_rng(2).integers(0, 256, (1, 3, 20, 30), "uint8")
    for size in ((7, 50), (33, 12)):
        result = interpolate(image, size, mode=mode, antialias=antialias)
        exact = interpolate(image.astype("float64"), size, mode=mode, antialias=antialias)
        assert result.dtype == np.uint8
        assert np.abs(result - np.clip(exact, 0, 255)).max() <= 0.5 + 1e-4
        last = interpolate(np.moveaxis(image, 1, -1), size, mode=mode, antialias=antialias, channels="last")
        np.testing.assert_array_equal(np.moveaxis(last, -1, 1), result)


def test_more_than_torch():
    volume = make_input((1, 1, 5, 6, 7), "float64")
    assert interpolate(volume, (3, 4, 5), mode="tricubic").shape == (1, 1, 3, 4, 5)
    constant = np.full((1, 1, 5, 6, 7), 3.0)
    for antialias in (False, True):
        np.testing.assert_allclose(interpolate(constant, 4, mode="cubic", antialias=antialias), 3.0)
    both = interpolate(volume + 2j * volume, 4, mode="area")
    np.testing.assert_allclose(both.imag, 2 * interpolate(volume, 4, mode="area"))


def test_bad_input():
    image = np.zeros((1, 1, 4, 5))
    refuses(ValueError, lambda: interpolate(image), "size", "either size or scale_factor")
    refuses(ValueError, lambda: interpolate(image, 3, 2.0), "size", "either size or scale_factor", "scale_factor=2.0")
    refuses(ValueError, lambda: interpolate(image, (3,)), "size", "2 spatial sizes", "got (3,)")
    refuses(ValueError, lambda: interpolate(image, 0), "size", "positive")
    refuses(ValueError, lambda: interpolate(image, None, -1), "scale_factor", "above 0", "got -1")
    refuses(ValueError, lambda: interpolate(image, None, 0.1), "scale_factor", "leaves a sample", "got 0.1")
    refuses(ValueError, lambda: interpolate(image, 3, mode="lanczos"), "mode", "unknown name 'lanczos'")
    refuses(ValueError, lambda: interpolate(image, 3, align_corners=True), "align_corners", "mode 'nearest' has none")
    refuses(ValueError, lambda: interpolate(image, 3, mode="area", antialias=True), "antialias", "mode 'area' has none")
    refuses(ValueError, lambda: interpolate(image[0, 0], 3), "input", "(4, 5)")


@pytest.mark.isa
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("inner", [1, 2, 7, 16, 70])
@pytest.mark.parametrize("outer", [1, 3, 16, 37])
def test_sums_along_an_axis(outer, inner, dtype, set_threads):
    """Of the core, at sizes about those of vectors: the product with the whole matrix, and the same bits for all threads."""
    rng = np.random.default_rng(outer * inner)
    for n, m, taps in ((1, 5, 1), (5, 1, 5), (15, 33, 4), (64, 16, 3), (67, 70, 2)):
        image, weights = rng.normal(size=(outer, n, inner)).astype(dtype), rng.normal(size=(m, taps)).astype(dtype)
        start = rng.integers(0, n - taps + 1, m)
        matrix = np.zeros((m, n))
        np.put_along_axis(matrix, start[:, None] + np.arange(taps), weights, axis=1)
        expected = np.einsum("mn,oni->omi", matrix, image.astype("float64"))
        results = []
        for threads in (1, 2, 7):
            set_threads(threads)
            out = np.full((outer, m, inner), np.nan, dtype)
            _engine.weighted(image, start, weights, out)
            results.append(out)
        np.testing.assert_allclose(results[0], expected, rtol=0, atol=1e-5 if dtype == "float32" else 1e-14)
        assert all(np.array_equal(result, results[0]) for result in results)


def test_long_lines():
    """Longer than is turned at once."""
    line = make_input((1, 2, 200_000), "float32")
    close(interpolate(line, 100_000, mode="linear"), theirs(line, size=100_000, mode="linear"))


@pytest.mark.parametrize("mode", ["linear", "area"])
def test_a_copy_if_nothing_changes(mode):
    image = make_input((1, 2, 9), "float32")
    same = interpolate(image, 9, mode=mode)
    assert np.array_equal(same, image)
    assert not np.shares_memory(same, image)


@pytest.mark.parametrize(
    ("start", "shape"),
    [([0, 3], (1, 2, 4)), ([-1, 0], (1, 2, 4)), ([0, 0, 0], (1, 2, 4)), ([0, 0], (1, 2, 5)), ([0, 0], (2, 2, 4))],
)
def test_the_core_refuses_what_would_leave_an_array(start, shape):
    with pytest.raises(ValueError, match=r"starts|shape"):
        _engine.weighted(np.ones((1, 4, 4)), np.array(start), np.ones((2, 2)), np.ones(shape))


@pytest.mark.isa
@pytest.mark.parametrize(
    "options", [{"mode": "area"}, {"mode": "bilinear", "antialias": True}, {"mode": "bicubic", "antialias": True}]
)
@pytest.mark.parametrize("size", [(7, 11), (5, 40), (31, 9)])
def test_nan_stays_where_it_is_read(size, options):
    """Rows of weights are of one length in the core: what fills short ones up reads nothing."""
    rng = np.random.default_rng(3)
    for at in rng.integers(0, (20, 24), (12, 2)):
        image = rng.random((1, 1, 20, 24), np.float32)
        image[0, 0, at[0], at[1]] = np.nan
        expected = torch.nn.functional.interpolate(torch.from_numpy(image), size, **options).isnan().numpy()
        found = np.isnan(interpolate(image, size, **options))
        assert not (found & ~expected).any()  # PyTorch also reads samples of weight 0 where it enlarges
        if size[1] < 24:
            np.testing.assert_array_equal(found, expected)
