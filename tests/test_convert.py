"""Converters agree with what grid_sample and sample read, and undo each other."""

import numpy as np
import pytest

import gridsample

from .points import make_input, normalized_points
from .test_bad_input import refuses
from .tolerances import CONVERTED

SPATIALS = ((7,), (5, 8), (4, 5, 6))


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("spatial", SPATIALS)
def test_grids_and_coords_read_the_same(spatial, align_corners):
    image = make_input((1, 2, *spatial), "float64")
    ndim = len(spatial)
    grid = normalized_points(60, ndim, "float64").reshape(1, 60, *[1] * (ndim - 1), ndim)
    coords = gridsample.pixel_coords(grid, spatial, align_corners)
    expected = gridsample.grid_sample(image, grid, align_corners=align_corners)
    np.testing.assert_allclose(gridsample.sample(image, coords), expected, atol=CONVERTED["float64"])
    back = gridsample.normalize_coords(coords, spatial, align_corners)
    np.testing.assert_allclose(back, grid, atol=CONVERTED["float64"])


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("order", ["xy", "ij"])
@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("spatial", SPATIALS)
def test_flows(spatial, batch, order, channels, align_corners):
    ndim = len(spatial)
    flow = np.random.default_rng(5).normal(0, 3, (*batch, *spatial, ndim))
    given = np.moveaxis(flow, -1, len(batch)) if channels == "first" else flow
    grid = gridsample.flow_to_grid(given, align_corners, channels=channels, order=order)
    moved = flow if order == "ij" else flow[..., ::-1]
    coords = np.stack(np.indices(spatial), -1) + moved
    np.testing.assert_allclose(gridsample.pixel_coords(grid, spatial, align_corners), coords, atol=CONVERTED["float64"])
    back = gridsample.grid_to_flow(grid, align_corners, channels=channels, order=order)
    np.testing.assert_allclose(back, given, atol=CONVERTED["float64"])


def test_axis_of_one_sample_is_the_middle():
    assert gridsample.normalize_coords(np.array([3.0, 0.0]), (1, 2), True).tolist() == [-1.0, 0.0]
    assert gridsample.pixel_coords(np.array([-1.0, 5.0]), (1, 2), True).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("given", "wanted"), [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
def test_dtypes(given, wanted):
    flow = np.zeros((4, 5, 2), given)
    grid = gridsample.flow_to_grid(flow)
    results = gridsample.grid_to_flow(grid), gridsample.pixel_coords(flow, (4, 5)), gridsample.normalize_coords(flow, (4, 5))
    assert {array.dtype.name for array in (grid, *results)} == {wanted}


def test_swap_is_a_view():
    points = np.arange(6).reshape(2, 3)
    swapped = gridsample.swap_xy(points)
    assert swapped.tolist() == [[2, 1, 0], [5, 4, 3]]
    assert np.shares_memory(swapped, points)


def test_bad_input():
    points, flow = np.zeros((5, 2)), np.zeros((4, 5, 2))
    refuses(ValueError, lambda: gridsample.normalize_coords(points, (2, 3, 4)), "size", "2 spatial sizes", "got (2, 3, 4)")
    refuses(ValueError, lambda: gridsample.pixel_coords(np.zeros((5, 4)), (2,)), "grid", "(..., ndim)", "shape (5, 4)")
    refuses(TypeError, lambda: gridsample.pixel_coords(np.zeros((5, 2), int), (2, 2)), "grid", "dtype int64")
    refuses(ValueError, lambda: gridsample.swap_xy(np.zeros((2, 5))), "points", "shape (2, 5)")
    refuses(ValueError, lambda: gridsample.flow_to_grid(flow, channels="first"), "flow", "(ndim, *spatial)", "shape (4, 5, 2)")
    refuses(ValueError, lambda: gridsample.flow_to_grid(np.zeros((4, 5, 3))), "flow", "(*spatial, ndim)", "shape (4, 5, 3)")
    refuses(ValueError, lambda: gridsample.flow_to_grid(flow, order="yx"), "order", "unknown name 'yx'")
    refuses(TypeError, lambda: gridsample.grid_to_flow(flow, 1), "align_corners", "got 1")
