"""Arrays of every kind: strides, byte order, alignment, batches of one, empty ones; and where results may be written."""

import gc
import tracemalloc

import numpy as np
import pytest

import gridsample
from gridsample import reference

from .points import FLOATS, index_points, make_input, normalized_points
from .tolerances import assert_native

pytestmark = pytest.mark.isa

MODES = ("nearest", "bilinear", "bicubic")

SPATIAL = {1: (17,), 2: (9, 17), 3: (5, 6, 17)}
OUT = {1: (50,), 2: (6, 50), 3: (3, 4, 50)}


def rolled(array):
    """Return equal elements with axes in another order of memory."""
    return np.ascontiguousarray(np.moveaxis(array, 0, -1)).transpose(-1, *range(array.ndim - 1))


def spaced(array):
    """Return equal elements, every second one along every axis of a larger array of NaN."""
    large = np.full(tuple(2 * size for size in array.shape), np.nan, array.dtype)
    view = large[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def reversed_axes(array):
    """Return equal elements, stored backwards along every axis."""
    backwards = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[backwards])[backwards]


def channels_last(array):
    """Return equal elements with axis 1 innermost in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def inside(array):
    """Return equal elements in the middle of a larger array of NaN."""
    large = np.full(tuple(size + 5 for size in array.shape), np.nan, array.dtype)
    view = large[tuple(slice(3, 3 + size) for size in array.shape)]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def big_endian(array):
    return array.astype(array.dtype.newbyteorder(">"))


def unaligned(array):
    """Return equal elements, none of them at an address that is a multiple of its size."""
    memory = np.zeros(array.nbytes + 1, "u1")
    view = memory[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def field(array):
    """Return equal elements, a field of records whose size is no multiple of theirs."""
    records = np.zeros(array.shape, [("before", "u1"), ("value", array.dtype), ("after", "u2")])
    records["value"] = array
    return records["value"]


LAYOUTS = {f.__name__: f for f in (np.asfortranarray, rolled, spaced, reversed_axes, channels_last, inside, unaligned, field)}
SOURCES = {**LAYOUTS, "read_only": read_only, "big_endian": big_endian}

all_dtypes = pytest.mark.parametrize("dtype", FLOATS)
all_modes = pytest.mark.parametrize("mode", MODES)
all_dims = pytest.mark.parametrize("ndim", SPATIAL)


def problem(ndim, dtype, batch=2):
    x = make_input((batch, 3, *SPATIAL[ndim]), dtype)
    count = int(np.prod(OUT[ndim]))
    grid = normalized_points(batch * count, ndim, dtype).reshape(batch, *OUT[ndim], ndim)
    return x, grid


@pytest.mark.parametrize("of_grid", SOURCES)
@pytest.mark.parametrize("of_input", SOURCES)
@all_dtypes
@all_dims
@all_modes
def test_sources(mode, ndim, dtype, of_input, of_grid):
    """The layout of input and grid changes nothing, to the bit."""
    x, grid = problem(ndim, dtype)
    expected = gridsample.grid_sample(x, grid, mode)
    assert_native(expected, reference.grid_sample(x, grid, mode), x, grid, mode)
    laid_x, laid_grid = SOURCES[of_input](x), SOURCES[of_grid](grid)
    result = gridsample.grid_sample(laid_x, laid_grid, mode)
    assert result.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(laid_x, x)
    np.testing.assert_array_equal(laid_grid, grid)


@pytest.mark.parametrize("layout", LAYOUTS)
@all_dtypes
@all_dims
@all_modes
def test_out(mode, ndim, dtype, layout):
    x, grid = problem(ndim, dtype)
    expected = gridsample.grid_sample(x, grid, mode)
    out = LAYOUTS[layout](np.full_like(expected, np.nan))
    assert gridsample.grid_sample(x, grid, mode, out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("layout", [spaced, inside])
@all_dims
def test_out_writes_nothing_else(ndim, layout):
    x, grid = problem(ndim, "float32")
    out = layout(np.zeros((2, 3, *OUT[ndim]), "float32"))
    gridsample.grid_sample(x, grid, out=out)
    assert np.isfinite(out).all()
    assert np.isnan(out.base).sum() == out.base.size - out.size


@all_dtypes
@all_dims
@all_modes
def test_zero_strides(mode, ndim, dtype):
    """An image of equal planes, and of equal rows; a grid that is the same for every batch item."""
    x, grid = problem(ndim, dtype)
    planes = np.broadcast_to(x[:1, :1], x.shape)
    same_grid = np.broadcast_to(grid[:1], grid.shape)
    for laid_x in (planes, np.broadcast_to(x[..., :1], x.shape), np.broadcast_to(x[:, :, :1], x.shape)):
        for laid_grid in (grid, same_grid, np.broadcast_to(grid[..., :1, :], grid.shape)):
            expected = gridsample.grid_sample(laid_x.copy(), laid_grid.copy(), mode)
            np.testing.assert_array_equal(gridsample.grid_sample(laid_x, laid_grid, mode), expected)


def peak_of(call):
    """Return how many bytes of arrays a call has in use at once."""
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


VIEWS = {
    "plain": lambda x: x,
    "batch of one": lambda x: x[:1],
    "every second": lambda x: x[..., ::2],
    "backwards": lambda x: x[..., ::-1, ::-1],
    "part": lambda x: x[:, :, 3:-3, 5:-5],
    "turned": lambda x: x.swapaxes(2, 3),
    "channels last": lambda x: np.moveaxis(x.reshape(2, 150, 200, 3), -1, 1),
    "one plane": lambda x: np.broadcast_to(x[:, :1], x.shape),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "float16", "complex64"])
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "mitchell", "lanczos3"])
def test_images_are_read_where_they_are(kernel, dtype, view):
    """Any strides, and a batch of one for many; but for the copies that docs/support.md names."""
    image, points, out = VIEWS[view](np.zeros((2, 3, 150, 200), dtype)), np.zeros((2, 4, 5, 2)), np.zeros((2, 3, 4, 5), dtype)
    gridsample.sample(image, points, kernel, out=out)
    peak = peak_of(lambda: gridsample.sample(image, points, kernel, out=out))
    if kernel == "lanczos3" and not (dtype == "float32" and image.strides[-1] == image.itemsize):
        assert peak > image.nbytes / 4  # complex channels are copied one at a time
    else:
        assert peak < 10_000 < image.nbytes / 4


def test_images_that_the_core_cannot_read_are_copied():
    points = np.zeros((2, 5, 2))
    for lay in (big_endian, unaligned, field):
        image = lay(np.zeros((2, 3, 150, 200), "float32"))
        assert peak_of(lambda image=image: gridsample.sample(image, points)) > image.nbytes


@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "lanczos3"])
def test_coords_are_read_where_they_are(kernel):
    """Of any strides; and those of a batch of one for many images."""
    grid = np.zeros((1, 2, 200, 300), "float32").transpose(0, 3, 2, 1)[:, ::-1, ::2]
    x = np.zeros((4, 1, 3, 5), "float32")
    for many_x, many_grid in ((x, grid), (x[:1], np.broadcast_to(grid, (4, *grid.shape[1:]))), (x, grid.astype("float16"))):
        out = np.zeros((4, 1, *grid.shape[1:3]), "float32")
        assert peak_of(lambda a=many_x, b=many_grid, out=out: gridsample.grid_sample(a, b, kernel, out=out)) < 10_000


def test_diagonals_take_results():
    """Views whose strides are sums are no less apart."""
    x, grid = problem(2, "float32")
    expected = gridsample.grid_sample(x, grid)
    large = np.zeros((2, 3, 3, *OUT[2]), "float32")
    for out in (np.einsum("ncchw->nchw", large), np.einsum("ncchw->nchw", large)[:, :, ::-1]):
        gridsample.grid_sample(x, grid, out=out)
        np.testing.assert_array_equal(out, expected)


def test_out_between_elements_of_the_input():
    """Memory that is interleaved does not overlap."""
    x, grid = problem(2, "float64")
    memory = np.empty((*x.shape, 2))
    memory[..., 0] = x
    out = memory[..., : OUT[2][0], :, 1][..., :15]
    expected = gridsample.grid_sample(x, grid[:, :, :15])
    gridsample.grid_sample(memory[..., 0], grid[:, :, :15], out=out)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(memory[..., 0], x)


@all_dtypes
@all_dims
@all_modes
def test_batch_of_one(mode, ndim, dtype):
    """It goes with any batch, on either side."""
    x, grid = problem(ndim, dtype, batch=3)
    for one_x, one_grid in ((x[1:2], grid), (x, grid[1:2]), (x[1:2], grid[1:2])):
        result = gridsample.grid_sample(one_x, one_grid, mode)
        items = max(len(one_x), len(one_grid))
        for n in range(items):
            at = slice(n, n + 1)
            alone = gridsample.grid_sample(
                one_x if len(one_x) == 1 else x[at], one_grid if len(one_grid) == 1 else grid[at], mode
            )
            np.testing.assert_array_equal(result[at], alone)
        assert len(result) == items


@pytest.mark.parametrize("grid_dtype", FLOATS)
@all_dtypes
@all_dims
def test_result_is_like_input(ndim, dtype, grid_dtype):
    x, grid = problem(ndim, dtype)
    result = gridsample.grid_sample(big_endian(x), big_endian(grid.astype(grid_dtype)))
    assert type(result) is np.ndarray
    assert result.dtype == np.dtype(dtype)
    assert result.dtype.isnative
    assert result.shape == (2, 3, *OUT[ndim])
    assert result.flags.c_contiguous
    assert result.flags.writeable


@pytest.mark.parametrize("with_out", [False, True])
@all_dtypes
@all_modes
@pytest.mark.parametrize(
    ("x_shape", "grid_shape", "shape"),
    [
        ((0, 3, 4, 5), (0, 6, 7, 2), (0, 3, 6, 7)),
        ((0, 3, 4, 5), (1, 6, 7, 2), (0, 3, 6, 7)),
        ((1, 3, 4, 5), (0, 6, 7, 2), (0, 3, 6, 7)),
        ((2, 0, 4, 5), (2, 6, 7, 2), (2, 0, 6, 7)),
        ((2, 3, 4, 5), (2, 0, 7, 2), (2, 3, 0, 7)),
        ((2, 3, 4, 5), (1, 6, 0, 2), (2, 3, 6, 0)),
        ((2, 3, 5), (2, 0, 1), (2, 3, 0)),
        ((2, 3, 4, 5, 6), (2, 1, 0, 1, 3), (2, 3, 1, 0, 1)),
    ],
)
def test_empty(x_shape, grid_shape, shape, mode, dtype, with_out):
    """Nothing to do is no error: no batch items, no channels, or no points."""
    out = np.empty(shape, dtype) if with_out else None
    result = gridsample.grid_sample(np.ones(x_shape, dtype), np.zeros(grid_shape, dtype), mode, out=out)
    assert result.shape == shape
    assert result.dtype == np.dtype(dtype)
    assert reference.grid_sample(np.ones(x_shape, dtype), np.zeros(grid_shape, dtype), mode).shape == shape


@pytest.mark.parametrize("out_shape", [(), (5,), (2, 3), (2, 1, 3, 2), (1,) * 20 + (3,)])
@pytest.mark.parametrize("with_out", [False, True])
@all_dtypes
@all_dims
def test_forms_of_sample(ndim, dtype, with_out, out_shape):
    """With a batch, without one, and without channels; points in an array of any number of axes."""
    x = make_input((2, 3, *SPATIAL[ndim]), dtype)
    points = index_points(2 * int(np.prod(out_shape)), SPATIAL[ndim], dtype).reshape(2, *out_shape, ndim)
    batched = reference.sample(x, points)
    for image, coords, expected in (
        (x, points, batched),
        (x[1], points[1], batched[1]),
        (x[1, 2], points[1], batched[1, 2]),
    ):
        out = np.empty(expected.shape, dtype) if with_out else None
        result = gridsample.sample(image, coords, out=out)
        assert result.shape == expected.shape
        assert (result is out) == with_out
        assert_native(result, expected, image, coords, "linear")


def test_sequences_are_arrays():
    image = [[0.0, 1.0], [10.0, 11.0]]
    np.testing.assert_array_equal(gridsample.sample(image, [[1.0, 0.0], [0.5, 0.5]]), [10.0, 5.5])
    np.testing.assert_array_equal(gridsample.grid_sample([[image]], [[[[0.0, 0.0]]]]), [[[[5.5]]]])
