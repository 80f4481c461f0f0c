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
    for mode in ("nearest", "linear", "cubic", "area"):
        for factor in (1e12, 1e30, 1e308):
            refuses(
                ValueError, lambda m=mode, f=factor: interpolate(image, None, f, m), "scale_factor", "NumPy", "shape (1, 1, "
            )
    refuses(ValueError, lambda: interpolate(image, (10**30, 3)), "size", "NumPy", f"shape (1, 1, {10**30}, 3)")
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


@pytest.mark.isa
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spatial", [(1, 1), (5, 31), (20, 32), (17, 100), (3, 1500)])
def test_sums_along_two_axes(spatial, dtype, set_threads):
    """The same bits as one after the other, with weights of 0 at the ends, which keep a NaN from being anybody's."""
    rng = np.random.default_rng(5)
    image = rng.normal(size=(3, *spatial)).astype(dtype)
    image[1, spatial[0] // 2, spatial[1] // 2] = np.nan
    for m, step in ((3, 1.9), (40, 0.7), (16, 0.2), (33, 5.0)):
        rows = []
        for n in spatial:
            taps = min(n, 3)
            start = np.minimum((np.arange(m) * step).astype(np.int64), n - taps)
            weights = rng.normal(size=(m, taps)).astype(dtype)
            weights[rng.random((m, taps)) < 0.3] = 0
            rows.append((start, weights))
        between, expected = np.empty((3, m, spatial[1]), dtype), np.empty((3, m, m), dtype)
        _engine.weighted(image, *rows[0], between)
        _engine.weighted(between.reshape(3 * m, spatial[1], 1), *rows[1], expected.reshape(3 * m, m, 1))
        for threads in (1, 3):
            set_threads(threads)
            out = np.full_like(expected, 7)
            _engine.weighted(image, *rows[0], out, rows[1])
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic", "area"])
@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (2, 0, 4, 5)])
def test_nothing_is_resized_to_nothing(shape, mode):
    image = np.zeros(shape, "float32")
    assert interpolate(image, (2, 3), mode=mode).shape == (*shape[:2], 2, 3)
    last = np.ascontiguousarray(np.moveaxis(image, 1, -1))
    assert interpolate(last, (2, 3), mode=mode, channels="last").shape == (shape[0], 2, 3, shape[1])


def test_nearest_takes_what_lies_anyhow():
    """The same from arrays that are contiguous and that are not, of every size of element."""
    for dtype in ("uint8", "int16", "float32", "complex64", "complex128"):
        for spatial in ((9,), (5, 7), (3, 4, 5)):
            image = (100 * make_input((2, 3, *spatial), "float64")).astype(dtype)
            turned = np.asfortranarray(image)
            for size in (1, 4, 13):
                expected = interpolate(turned, size)
                np.testing.assert_array_equal(interpolate(image, size), expected)
                last = interpolate(np.ascontiguousarray(np.moveaxis(image, 1, -1)), size, channels="last")
                np.testing.assert_array_equal(np.moveaxis(last, -1, 1), expected)
                single = interpolate(np.ascontiguousarray(image[:, :1]), size)
                np.testing.assert_array_equal(single, expected[:, :1])


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


@pytest.mark.parametrize(("row", "column"), [([0, 12], [0, 4]), ([-1], [2]), ([3], [-1]), ([0], [2**62])])
def test_the_core_takes_nothing_from_outside(row, column):
    with pytest.raises(ValueError, match="offsets"):
        _engine.take(np.ones(16), np.array(row), np.array(column), np.ones((len(row), len(column))))


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
