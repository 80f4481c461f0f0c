"""Coordinates that are NaN, infinite, huge or tiny, and images with infinities: never a crash, always the documented value."""

import numpy as np
import pytest

import gridsample
from gridsample import reference
from gridsample._grid_sample import PADDING_MODES
from gridsample._modes import BOUNDARIES, KERNELS

from .points import BASIC, FLOATS, index_points, make_input
from .tolerances import assert_as_finite, assert_native

pytestmark = pytest.mark.isa

MODES = ("nearest", "bilinear", "bicubic")
MASKING = ("zeros", "constant")
"""Boundaries that read nothing outside; the fill value is 0 here."""

SPATIAL = {1: (9,), 2: (5, 9), 3: (3, 5, 9)}
NAN, INF = float("nan"), float("inf")

EDGE_OF = {"zeros": None, "border": {NAN: 0, -INF: 0, INF: -1}, "reflection_edge": {NAN: 0, -INF: 0, INF: 0}}
EDGE_OF["constant"], EDGE_OF["wrap"] = None, EDGE_OF["reflection_edge"]
EDGE_OF["reflection"] = EDGE_OF["reflection_center"] = EDGE_OF["reflection_edge"]
"""The index that stands for a coordinate that is none; with zeros, nothing is read."""

all_dtypes = pytest.mark.parametrize("dtype", FLOATS)
all_coords = pytest.mark.parametrize("coords", FLOATS)
all_dims = pytest.mark.parametrize("ndim", SPATIAL)
all_corners = pytest.mark.parametrize("align_corners", [False, True])


def each_axis(ndim):
    """Yield which components of a point are bad: one of them, or all."""
    yield from ([axis] for axis in range(ndim))
    yield list(range(ndim))


def poke(middle, bad, axes, count, dtype):
    """Return points (count, ndim) at ``middle``, every third of them bad along ``axes``."""
    points = np.tile(np.array(middle, dtype), (count, 1))
    points[::3, axes] = bad
    return points


@all_coords
@all_dtypes
@all_dims
@pytest.mark.parametrize("bad", [NAN, INF, -INF], ids=str)
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", BASIC)
def test_sample(kernel, boundary, bad, ndim, dtype, coords):
    """The other points, of the same vector, are not affected; of several axes only the bad ones are moved."""
    spatial = SPATIAL[ndim]
    x = make_input((2, *spatial), dtype)
    middle = [size // 2 for size in spatial]
    for axes in each_axis(ndim):
        points = poke(middle, bad, axes, 40, coords)
        index = (
            [EDGE_OF[boundary][bad] if axis in axes else middle[axis] for axis in range(ndim)] if EDGE_OF[boundary] else None
        )
        expected = np.repeat(x[(slice(None), *middle)][:, None], 40, axis=1)
        expected[:, ::3] = 0 if index is None else x[(slice(None), *index)][:, None]
        np.testing.assert_array_equal(gridsample.sample(x, points, kernel, boundary), expected)
        np.testing.assert_array_equal(reference.sample(x[None], points[None], kernel, boundary)[0], expected)


@all_coords
@all_dtypes
@all_dims
@all_corners
@pytest.mark.parametrize("bad", [NAN, INF, -INF], ids=str)
@pytest.mark.parametrize("padding_mode", PADDING_MODES)
@pytest.mark.parametrize("mode", MODES)
def test_grid_sample(mode, padding_mode, bad, align_corners, ndim, dtype, coords):
    spatial = SPATIAL[ndim]
    x = make_input((1, 2, *spatial), dtype)
    for axes in each_axis(ndim):
        points = poke([0] * ndim, bad, axes, 40, coords)  # 0 is the centre of the middle sample
        flat = gridsample.grid_sample(x, points.reshape(1, *(1,) * (ndim - 1), 40, ndim), mode, padding_mode, align_corners)
        bad_axes = [ndim - 1 - axis for axis in axes]
        index = [size // 2 for size in spatial]
        expected = np.repeat(x[(0, slice(None), *index)][:, None], 40, axis=1)
        if EDGE_OF[padding_mode] is None:
            expected[:, ::3] = 0
        else:
            index = [EDGE_OF[padding_mode][bad] if axis in bad_axes else at for axis, at in enumerate(index)]
            expected[:, ::3] = x[(0, slice(None), *index)][:, None]
        np.testing.assert_array_equal(flat.reshape(2, 40), expected)


def huge_numbers(dtype):
    largest = float(np.finfo(dtype).max)
    return [1e7, 2.0**24 + 2, 2.0**31, 2.0**53, 1e20, 1e30, largest] + ([1e100, 2.0**1000] if dtype == "float64" else [])


@all_coords
@all_dtypes
@all_dims
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", BASIC)
def test_huge(kernel, boundary, ndim, dtype, coords):
    """So far outside, reflection has lost all digits, but not the array."""
    spatial = SPATIAL[ndim]
    x = make_input((1, 1, *spatial), dtype)
    middle = [size // 2 for size in spatial]
    for axes in each_axis(ndim):
        for huge in huge_numbers(coords):
            for bad in (huge, -huge):
                points = poke(middle, bad, axes, 40, coords)
                result = gridsample.sample(x, points[None], kernel, boundary)
                # Where reflection moves the taps of wide kernels, halves are rounded to some index.
                if KERNELS[kernel].taps <= 2 or not boundary.startswith("reflection"):
                    assert_native(result, reference.sample(x, points[None], kernel, boundary), x, points, kernel)
                if boundary in MASKING:
                    assert not result[0, 0, ::3].any()
                elif boundary == "border":
                    index = [(0 if bad < 0 else -1) if axis in axes else middle[axis] for axis in range(ndim)]
                    assert (result[0, 0, ::3] == x[(0, 0, *index)]).all()
                else:
                    assert kernel == "linear" or np.isin(result, x).all()
                    assert x.min() <= result.min() <= result.max() <= x.max()


@all_coords
@all_dims
@all_corners
@pytest.mark.parametrize("mode", MODES)
def test_huge_normalized(mode, align_corners, ndim, coords):
    """Positions may overflow on their way to index units."""
    x = make_input((1, 1, *SPATIAL[ndim]), "float32")
    points = np.repeat(np.array(huge_numbers(coords), coords), 3)
    grid = np.stack([points, *[np.zeros_like(points)] * (ndim - 1)], axis=-1).reshape(1, *(1,) * (ndim - 1), -1, ndim)
    row = x[(0, 0, *(size // 2 for size in SPATIAL[ndim][:-1]))]
    for sign, edge in ((1, row[-1]), (-1, row[0])):
        assert not gridsample.grid_sample(x, sign * grid, mode, "zeros", align_corners).any()
        assert (gridsample.grid_sample(x, sign * grid, mode, "border", align_corners) == edge).all()
        reflected = gridsample.grid_sample(x, sign * grid, mode, "reflection", align_corners)
        assert mode == "bilinear" or np.isin(reflected, row).all()
        assert row.min() <= reflected.min() <= reflected.max() <= row.max()
        for padding_mode in PADDING_MODES[:2]:
            expected = reference.grid_sample(x, sign * grid, mode, padding_mode, align_corners)
            np.testing.assert_array_equal(gridsample.grid_sample(x, sign * grid, mode, padding_mode, align_corners), expected)


@all_coords
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", BASIC)
def test_tiny(kernel, boundary, coords):
    """Denormal numbers and the negative zero are at index 0."""
    x = make_input((9,), "float64")
    smallest = np.finfo(coords).smallest_subnormal
    points = np.array([0.0, -0.0, smallest, -smallest, 100 * smallest, np.finfo(coords).tiny], coords).repeat(3)[:, None]
    np.testing.assert_array_equal(gridsample.sample(x, points, kernel, boundary), x[0])


@all_coords
@all_dtypes
@all_dims
@pytest.mark.parametrize("boundary", [name for name in BOUNDARIES if name not in MASKING])
@pytest.mark.parametrize("kernel", BASIC)
def test_axes_of_one_sample(kernel, boundary, ndim, dtype, coords):
    """Wherever one looks, there is that sample."""
    x = make_input((2, 3, *(1,) * ndim), dtype)
    points = index_points(100, (1,) * ndim, coords).reshape(1, 100, ndim)
    points[0, :8, 0] = [NAN, INF, -INF, 1e30, -1e30, 0, -0.0, 0.5]
    result = gridsample.sample(x, points, kernel, boundary)
    assert_native(result, np.broadcast_to(x.reshape(2, 3, 1), (2, 3, 100)), x, points, kernel)


@all_dtypes
@all_dims
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", BASIC)
def test_image_with_infinities(kernel, boundary, ndim, dtype):
    """They spread to the points whose taps they are, and to no others."""
    spatial = (8, 9, 20)[:ndim]
    x = make_input((1, 3, *spatial), dtype)
    strange = np.random.default_rng(8).choice([INF, -INF, NAN], x.shape)
    share = 0.5 / KERNELS[kernel].taps ** ndim
    x = np.where(np.random.default_rng(9).random(x.shape) < share, strange, x).astype(dtype)
    points = index_points(3000, spatial, dtype)[None]
    expected = reference.sample(x, points, kernel, boundary)
    assert 0.4 < np.isfinite(expected).mean() < 0.9
    check = assert_native if kernel != "cubic" or boundary in ("zeros", "constant", "wrap") else assert_as_finite
    check(gridsample.sample(x, points, kernel, boundary), expected, x, points, kernel)


@all_dtypes
@all_dims
@pytest.mark.parametrize("value", [INF, NAN], ids=str)
@pytest.mark.parametrize("kernel", BASIC)
def test_taps_outside_are_not_read(kernel, value, ndim, dtype):
    """However far outside, the sum of no taps is 0, also where the image is nothing but infinities."""
    x = np.full((2, *(9,) * ndim), value, dtype)
    points = np.full((40, ndim), 4.25, dtype)
    reach = KERNELS[kernel].taps / 2 + 0.25
    points[::3, 0] = np.resize([-reach, 8 + reach, -100, NAN], 14)
    result = gridsample.sample(x, points, kernel)
    assert not result[:, ::3].any()
    assert not np.isfinite(result[:, 1::3]).any()
