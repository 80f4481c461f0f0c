"""warp_affine, warp_perspective, warp_flow and undistort against the grids that they do without, and against OpenCV."""

import cv2
import numpy as np
import pytest

import gridsample
from gridsample import Transform

from .points import make_input
from .test_bad_input import refuses
from .tolerances import CONVERTED, OPENCV_MAPS

AFFINE = np.array([[0.9, -0.3, 4.0], [0.2, 1.1, -3.0]])
HOMOGRAPHY = np.array([[0.9, -0.3, 4.0], [0.2, 1.1, -3.0], [0.001, -0.002, 1.1]])
CAMERA = np.array([[50.0, 0, 21.0], [0, 55.0, 17.0], [0, 0, 1]])
LENS = np.array([-0.2, 0.05, 0.003, -0.002, 0.01, 0.02, -0.01, 0.003, 0.001, 0.002, -0.001, 0.003, 0.02, -0.03])
SHAPE, SIZE = (30, 41), (37, 45)


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=CONVERTED["float64"])


@pytest.mark.parametrize("align_corners", [False, True])
def test_normalized_matrices_are_those_of_affine_grid(align_corners):
    image = make_input((2, 3, *SHAPE), "float64")
    theta = np.array([[[0.9, -0.3, 0.1], [0.2, 1.1, -0.2]], [[1, 0, 0], [0, 1, 0]]])
    grid = gridsample.affine_grid(theta, (2, 3, *SIZE), align_corners)
    expected = gridsample.grid_sample(image, grid, align_corners=align_corners)
    close(gridsample.warp_affine(image, theta, SIZE, units="normalized", align_corners=align_corners), expected)
    square = np.concatenate([theta, np.broadcast_to([[0, 0, 1.0]], (2, 1, 3))], 1)
    close(gridsample.warp_perspective(image, square, SIZE, units="normalized", align_corners=align_corners), expected)


@pytest.mark.parametrize("warp", [gridsample.warp_affine, gridsample.warp_perspective])
def test_direction_order_and_size(warp):
    image = make_input(SHAPE, "float64")
    matrix = np.vstack([AFFINE, [0, 0, 1]])
    expected = gridsample.sample(image, Transform.affine(AFFINE).coords(SIZE), "cubic", "border")
    close(warp(image, matrix, SIZE, "cubic", "border"), expected)
    close(warp(image, np.linalg.inv(matrix), SIZE, "cubic", "border", inverse=True), expected)
    turned = matrix[np.ix_([1, 0, 2], [1, 0, 2])]
    close(warp(image, turned, SIZE, "cubic", "border", order="ij"), expected)
    assert warp(image, matrix).shape == SHAPE
    last = np.stack([image] * 3, -1)
    close(warp(last, matrix, SIZE, "cubic", "border", channels="last"), np.stack([expected] * 3, -1))


def test_volumes():
    volume = make_input((2, 5, 6, 7), "float64")
    matrix = np.eye(4)
    matrix[:3, 3] = 1, 0.5, 0  # x, y, z
    moved = gridsample.warp_affine(volume, matrix)
    expected = gridsample.sample(volume, np.stack(np.indices((5, 6, 7)), -1) + np.array([0, 0.5, 1.0]))
    close(moved, expected)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("relative", [False, True])
def test_flows(relative, normalized, batch, first):
    image = make_input((2, 3, *SHAPE), "float64")
    flow = np.random.default_rng(1).normal(0, 1, (2, *SHAPE, 2))
    grid = flow if not relative else gridsample.identity_grid((2, 3, *SHAPE), dtype=np.float64) + flow
    pixels = flow * np.array(SHAPE[::-1]) / 2 if relative else gridsample.pixel_coords(flow, SHAPE)[..., ::-1]
    given = flow if normalized else pixels
    given = given if batch else given[:1]
    expected = gridsample.grid_sample(image, grid if batch else grid[:1], padding_mode="border")
    given = given if batch else given[0]
    settings = {"flow_channels": "first" if first else "last", "units": "normalized" if normalized else "pixels"}
    given = np.moveaxis(given, -1, -3) if first else given
    close(gridsample.warp_flow(image, given, boundary="border", relative=relative, **settings), expected)


def test_coarse_flow():
    image = make_input(SHAPE, "float64")
    flow = np.full((3, 4, 2), [2.0, -1.0])
    close(gridsample.warp_flow(image, flow, SHAPE), gridsample.warp_flow(image, np.full((*SHAPE, 2), [2.0, -1.0])))


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
def test_lens_is_that_of_opencv(count):
    new = CAMERA + np.array([[3, 0, 1], [0, -2, 2], [0, 0, 0]])
    turn = cv2.Rodrigues(np.array([0.02, -0.03, 0.05]))[0]
    x, y = cv2.initUndistortRectifyMap(CAMERA, LENS[:count], turn, new, SIZE[::-1], cv2.CV_32FC1)
    coords = Transform.lens(CAMERA, LENS[:count], new_camera_matrix=new, rotation=turn).coords(SIZE)
    np.testing.assert_allclose(coords, np.stack([y, x], -1), atol=OPENCV_MAPS)


def test_undistort():
    image = make_input((3, *SHAPE), "float64")
    there = Transform.lens(CAMERA, LENS[:5])
    close(gridsample.undistort(image, CAMERA, LENS[:5], SIZE), gridsample.sample(image, there, size=SIZE))
    back = gridsample.undistort(image, CAMERA, LENS[:5], inverse=True)
    close(back, gridsample.sample(image, there.inverse()))


@pytest.mark.parametrize("log", [False, True])
def test_polar_is_that_of_opencv(log):
    """The inverse map of a picture of ramps reads its own coordinates."""
    rows, columns, radius = 60, 50, 14.0
    ramp = np.indices((40, 44)).astype(np.float32)
    flags = cv2.INTER_LINEAR | (cv2.WARP_POLAR_LOG if log else 0)
    found = [cv2.warpPolar(plane, (columns, rows), (21, 18), radius, flags) for plane in ramp]
    coords = Transform.polar((rows, columns), (21, 18), radius, log=log).coords((rows, columns))
    offset = np.stack(found, -1) - coords
    if log:  # OpenCV subtracts 1 from every radius, so that its column 0 is at radius 0
        angle = np.arange(rows)[:, None] * (2 * np.pi / rows)
        offset += np.stack(np.broadcast_arrays(np.sin(angle), np.cos(angle)), -1)
    assert np.abs(offset).max() < 1 / 32 + OPENCV_MAPS  # its maps are cut into 32nds of a pixel


def test_bad_input():
    image, flow = np.zeros((4, 5)), np.zeros((4, 5, 2))
    refuses(ValueError, lambda: gridsample.warp_affine(image, np.eye(4)), "input", "3 spatial axes", "shape (4, 5)")
    refuses(ValueError, lambda: gridsample.warp_affine(image, AFFINE, (4,)), "size", "2 spatial sizes", "got (4,)")
    refuses(ValueError, lambda: gridsample.warp_affine(image, AFFINE, units="mm"), "units", "unknown name 'mm'")
    refuses(ValueError, lambda: gridsample.warp_affine(image, np.zeros((0, 2, 3))), "matrix", "shape (0, 2, 3)")
    refuses(ValueError, lambda: gridsample.warp_perspective(image, AFFINE), "matrix", "(ndim + 1, ndim + 1)", "shape (2, 3)")
    refuses(ValueError, lambda: gridsample.warp_affine(image, AFFINE, kernel="round"), "kernel", "unknown name 'round'")
    refuses(
        ValueError, lambda: gridsample.warp_flow(image, flow[..., [0, 1, 0]]), "flow", "(*spatial, ndim)", "shape (4, 5, 3)"
    )
    refuses(ValueError, lambda: gridsample.warp_flow(image, flow, flow_channels="no"), "flow_channels", "'no'")
    refuses(ValueError, lambda: gridsample.undistort(np.zeros((2, 3, 4, 5, 6)), CAMERA, LENS), "input", "2 spatial axes")
    for warp, arguments in {
        gridsample.warp_affine: (AFFINE,),
        gridsample.warp_perspective: (HOMOGRAPHY,),
        gridsample.warp_flow: (flow,),
        gridsample.undistort: (CAMERA, LENS),
    }.items():
        for stranger in ("mode", "coords"):
            with pytest.raises(TypeError, match=rf"^{warp.__name__}\(\) got an unexpected keyword argument '{stranger}'"):
                warp(image, *arguments, **{stranger: "nearest"})


@pytest.mark.isa
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16"])
@pytest.mark.parametrize("order", ["xy", "ij"])
@pytest.mark.parametrize("spatial", [(41,), (9, 37), (5, 6, 35)])
def test_flow_is_its_coordinates(spatial, order, dtype, kernel):
    """Whether the core reads the field where it lies or not: the same numbers as of the coordinates that it stands for."""
    rng = np.random.default_rng(4)
    image = rng.random((2, 3, *spatial), np.float32)
    field = (rng.normal(0, 3, (2, *spatial, len(spatial)))).astype(dtype)
    for relative in (True, False):
        for laid in (field, np.ascontiguousarray(np.moveaxis(field, -1, 1)), np.moveaxis(field[::-1], -1, 1)[:, ::-1]):
            first = laid is not field
            flows = [Transform.flow(one, relative=relative, order=order, channels="first" if first else "last") for one in laid]
            coords = np.stack([flow.coords(spatial) for flow in flows])
            expected, inside = gridsample.sample(image, coords, kernel, "border", return_mask=True)
            options = {"relative": relative, "order": order, "flow_channels": "first" if first else "last"}
            for size in (None, spatial):
                actual, mask = gridsample.warp_flow(
                    image, laid, size, kernel=kernel, boundary="border", return_mask=True, **options
                )
                np.testing.assert_array_equal(mask, inside)
                np.testing.assert_allclose(actual, expected, atol=1e-6)  # weights of float32 or float64 coordinates


def test_a_coarse_flow_converts_what_it_reads():
    """A part of it for each block of the output: the results are those of the whole."""
    rng = np.random.default_rng(5)
    image, flow = rng.random((300, 400), np.float32), rng.normal(0, 3, (60, 50, 2)).astype(np.float32)
    for size in ((300, 400), (60, 400)):
        coords = Transform.flow(flow, size=size).coords(size)
        expected = gridsample.sample(image, coords)
        np.testing.assert_allclose(gridsample.warp_flow(image, flow, size), expected, atol=1e-6)
    whole = Transform.flow(flow.astype(np.float64), size=(300, 400))
    edges = np.array([[0.0, 0.0], [299.0, 399.0], [np.nan, 3.0], [1e9, -1e9]])
    assert np.isfinite(whole(edges)[[0, 1, 3]]).all()
    np.testing.assert_array_equal(whole(edges)[:2], np.stack([whole(edges[:1])[0], whole(edges[1:2])[0]]))
