"""Nothing outside an array is read or written: arrays lie at pages that nobody may touch."""

import ctypes
import mmap
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest

import gridsample

pytestmark = [pytest.mark.isa, pytest.mark.skipif(sys.platform != "linux", reason="the values of mprotect are those of Linux")]

PROT_NONE = 0


def guarded(array: np.ndarray[Any, Any], at_end: bool) -> np.ndarray[Any, Any]:
    """Return a copy whose last byte, or first, is beside a page that nobody may touch."""
    page = mmap.PAGESIZE
    pages = -(-array.nbytes // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    first = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for address in (first, first + (pages + 1) * page):
        assert protect(ctypes.c_void_p(address), ctypes.c_size_t(page), PROT_NONE) == 0
    offset = (pages + 1) * page - array.nbytes if at_end else page
    copy = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("spatial", [(19,), (7, 18), (1, 2), (3, 4, 5)])
@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8", "float64"])
@pytest.mark.parametrize("at_end", [False, True])
def test_nothing_beside_arrays_is_touched(at_end: bool, dtype: str, spatial: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    ndim = len(spatial)
    for channels, last, count in product((1, 3, 4, 16), (False, True), (1, 37, 300)):
        image = (100 * rng.random((2, *spatial, channels) if last else (2, channels, *spatial))).astype(dtype)
        grid = rng.uniform(-1.3, 1.3, (2, *(1,) * (ndim - 1), count, ndim)).astype("float32")
        grid[rng.random(grid.shape) < 0.1] = 1
        grid[rng.random(grid.shape) < 0.05] = np.nan
        out = np.zeros((2, *(1,) * (ndim - 1), count, channels) if last else (2, channels, *(1,) * (ndim - 1), count), dtype)
        arrays = [guarded(array, at_end) for array in (image, grid, out)]
        if last:
            image, arrays[0], arrays[2] = (np.moveaxis(array, -1, 1) for array in (image, arrays[0], arrays[2]))
        for mode, padding in product(("nearest", "bilinear", "bicubic"), ("zeros", "border", "reflection")):
            gridsample.grid_sample(arrays[0], arrays[1], mode, padding, out=arrays[2])
            np.testing.assert_array_equal(arrays[2], gridsample.grid_sample(image, grid, mode, padding))


@pytest.mark.parametrize("at_end", [False, True])
def test_windows_of_level_maps(at_end: bool) -> None:
    """Rows of samples that are read by vectors, to the first and the last of the image."""
    across, down = np.meshgrid(np.linspace(-1, 1, 130), np.linspace(-1, 1, 30))
    for channels, columns in product((1, 3, 16), (20, 31, 32, 33, 70)):
        image = np.random.default_rng(4).random((1, channels, 9, columns), dtype=np.float32)
        for scale, mode, padding in product((1, -1, 0.3), ("nearest", "bilinear"), ("zeros", "border")):
            grid = np.stack([across * scale, down], -1).astype(np.float32)[None]
            found = gridsample.grid_sample(guarded(image, at_end), guarded(grid, at_end), mode, padding)
            np.testing.assert_array_equal(found, gridsample.grid_sample(image, grid, mode, padding))
