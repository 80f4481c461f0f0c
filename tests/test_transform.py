"""Transforms: every map against its formula, compositions, inverses, and sampling without a grid against sampling with it."""

import numpy as np
import pytest

import gridsample
from gridsample import Transform, _compose, _engine
from gridsample._coords import index_axes
from gridsample._maps import Panorama, Polar
from gridsample._spec import make_spec

from .points import make_input
from .test_bad_input import refuses
from .tolerances import CONVERTED, assert_native

RNG = np.random.default_rng(3)
AFFINE = np.array([[0.9, -0.3, 4.0], [0.2, 1.1, -3.0]])
HOMOGRAPHY = np.array([[0.9, -0.3, 4.0], [0.2, 1.1, -3.0], [0.001, -0.002, 1.1]])
CAMERA = np.array([[50.0, 0, 21.0], [0, 55.0, 17.0], [0, 0, 1]])
SIZE = (37, 45)


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=CONVERTED["float64"], atol=CONVERTED["float64"])


def lattice(size):
    return np.stack(np.indices(size), -1).astype(float)


def by_matrix(matrix, points):
    """Apply a matrix that is x first to points that are axis 0 first."""
    homogeneous = np.concatenate([points[..., ::-1], np.ones((*points.shape[:-1], 1))], -1)
    moved = homogeneous @ matrix.T
    return (moved[..., :-1] / moved[..., -1:])[..., ::-1]


def square(matrix):
    return np.vstack([matrix, np.eye(len(matrix) + 1)[-1:]])


def examples():
    """One of each map, and compositions, all from a 2-D output to a 2-D input."""
    flow = RNG.normal(0, 2, (*SIZE, 2))
    yield "affine", Transform.affine(AFFINE)
    yield "resize", Transform.affine([[0.5, 0, 1.5], [0, 1.25, -2]])
    yield "collapsed", Transform.affine([[0, 0, 3.5], [0, 1, 0]])
    yield "perspective", Transform.perspective(HOMOGRAPHY)
    yield "flow", Transform.flow(flow)
    yield "coarse flow", Transform.flow(flow[::7, ::9], size=SIZE)
    yield "lens", Transform.lens(CAMERA, [-0.2, 0.05, 0.003, -0.002, 0.01])
    yield "polar", Transform.polar((37, 45), (20, 18), 17)
    yield "panorama", Transform.equirectangular((37, 72), SIZE, 80, yaw=30, pitch=-20, roll=10)
    yield "function", Transform.function(lambda p: p + np.sin(p[..., ::-1]), 2)
    yield "affine, flow, affine", Transform.affine(AFFINE) @ Transform.flow(flow) @ Transform.affine(AFFINE, inverse=True)


EXAMPLES = [pytest.param(transform, id=name) for name, transform in examples()]


@pytest.mark.parametrize("transform", EXAMPLES)
@pytest.mark.parametrize("block", [1, 64, 1 << 15])
def test_blocks_are_the_grid(transform, block, monkeypatch):
    monkeypatch.setattr(_compose, "_BLOCK", block)
    whole = transform.coords(SIZE)
    parts = np.full(whole.shape, np.nan)
    for box, points in _compose.blocks(transform, SIZE):
        parts[box] = points
    np.testing.assert_array_equal(parts, whole)
    assert len(list(_compose.blocks(transform, SIZE))) == {1: 37 * 45, 64: 37, 1 << 15: 1}[block]


@pytest.mark.parametrize("transform", EXAMPLES)
def test_points_are_the_grid(transform):
    close(transform(lattice(SIZE)), transform.coords(SIZE))


@pytest.mark.parametrize("transform", EXAMPLES)
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic"])
def test_sampling_is_that_of_the_grid(transform, kernel, monkeypatch):
    monkeypatch.setattr(_compose, "_BLOCK", 500)
    image = make_input((2, 3, *SIZE), "float32")
    coords = transform.coords(SIZE)
    options = {"boundary": "reflection_edge", "outside": "fill", "fill_value": 7, "return_mask": True}
    expected, inside = gridsample.sample(image, coords[None], kernel, **options)
    result, mask = gridsample.sample(image, transform, kernel, size=SIZE, **options)
    if has_angles(transform):
        np.testing.assert_allclose(result, expected, rtol=0, atol=2e-5)  # float32 weights of positions that differ by rounding
    else:
        np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(mask, inside)


def has_angles(transform):
    """Whether the core evaluates it with sines and angles of its own, which are NumPy's to rounding."""
    return any(isinstance(one, (Polar, Panorama)) for one in transform._maps)


LENS = [-0.2, 0.05, 0.003, -0.002, 0.01, 0.02, -0.01, 0.003, 0.001, -0.001, 0.002, 0.0005]

ANGLES = {
    "polar": Transform.polar((37, 45), (20, 18), 17),
    "polar undone": Transform.polar((40, 50), (20, 18), 30).inverse(),
    "log": Transform.polar((37, 45), (20, 18), 17, log=True),
    "log undone": Transform.polar((40, 50), (20, 18), 30, log=True).inverse(),
    "panorama": Transform.equirectangular((37, 72), SIZE, 80, yaw=30, pitch=-20, roll=10),
    "panorama undone": Transform.equirectangular((37, 72), SIZE, 80, yaw=30, pitch=-20, roll=10).inverse(),
    "lens undone": Transform.lens(CAMERA, LENS).inverse(),
    "lens that ends": Transform.lens([[20, 0, 22], [0, 20, 18], [0, 0, 1]], [-0.9, 0.3, 0, 0]).inverse(),
    "horizon": Transform.polar((37, 45), (20, 18), 17).inverse()
    @ Transform.perspective([[1, 0, 0], [0, 1, 0], [1 / 16, 0, -1]]),
    "composed": Transform.polar((40, 50), (20, 18), 30).inverse()
    @ Transform.affine(AFFINE)
    @ Transform.lens(CAMERA, LENS).inverse(),
}


@pytest.mark.parametrize("name", ANGLES)
@pytest.mark.parametrize("size", [SIZE, (1, 1), (3, 130)])
def test_the_core_finds_angles_as_numpy_does(name, size):
    """A ramp in each axis shows the positions themselves: equal to rounding, and as far as they are numbers at all."""
    transform = ANGLES[name]
    assert _compose.as_mapped(transform) is not None
    with np.errstate(all="ignore"):
        coords = np.moveaxis(transform.coords(size), -1, 0)
    ramps = np.indices((300, 300), np.float64)[None]
    shown = (
        gridsample.sample(ramps, Transform.affine(np.eye(3)[:2] + [[0, 0, 100]] * 2) @ transform, size=size, nan="propagate")[0]
        - 100
    )
    near = (np.abs(coords - 50) < 140).all(0)
    assert near.any() or size != SIZE
    np.testing.assert_allclose(shown[:, near], coords[:, near], rtol=0, atol=2e-11)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(np.isnan(shown).any(0), np.isnan(coords).any(0))


@pytest.mark.parametrize("spatial", [(40,), (21, 35), (9, 10, 23)])
@pytest.mark.parametrize("projective", [False, True])
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "bspline3"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "complex64"])
def test_the_core_maps_points_as_the_grid_does(spatial, projective, kernel, dtype):
    """To the bit: the same operations in the same order."""
    ndim = len(spatial)
    image = (100 * np.abs(make_input((2, 3, *spatial), "float64"))).astype(dtype)
    matrix = np.eye(ndim + 1) + RNG.normal(0, 0.1, (ndim + 1, ndim + 1))
    matrix[:-1, -1] += 2
    matrix[-1] = [*RNG.normal(0, 0.002, ndim), 1.1] if projective else [0] * ndim + [1]
    transform = Transform.perspective(matrix)
    assert _compose.as_mapped(transform) is not None
    for size in (spatial, (1,) * ndim, tuple(n + 20 for n in spatial[::-1])):
        coords = transform.coords(size)
        for settings in ({}, {"boundary": "border"}, {"boundary": "constant", "fill_value": 7, "outside": "fill"}):
            expected, inside = gridsample.sample(image, coords[None], kernel, return_mask=True, **settings)
            result, mask = gridsample.sample(image, transform, kernel, size=size, return_mask=True, **settings)
            np.testing.assert_array_equal(result, expected)
            np.testing.assert_array_equal(mask, inside)


@pytest.mark.parametrize(("spatial", "size"), [((90, 130), (100, 120)), ((30, 34, 70), (40, 30, 60))])
@pytest.mark.parametrize("projective", [False, True])
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "bspline2", "bspline3", "bspline5", "lanczos2"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("channels", ["first", "last"])
def test_tiles_inside_are_those_of_the_grid(spatial, size, projective, kernel, dtype, channels):
    """To the bit, in outputs most of whose tiles are read inside with all their taps; some are not."""
    ndim = len(spatial)
    image = (100 * np.abs(make_input((2, 3, *spatial), "float64"))).astype(dtype)
    if channels == "last":
        image = np.ascontiguousarray(np.moveaxis(image, 1, -1))
    rng = np.random.default_rng(11)
    matrix = np.eye(ndim + 1)
    matrix[:-1, :-1] = np.diag(np.array(spatial) / size * 0.9) + rng.normal(0, 0.02, (ndim, ndim))
    matrix[:-1, -1] = 0.04 * np.array(spatial)
    matrix[-1] = [*rng.normal(0, 1e-4, ndim), 1.01] if projective else [0] * ndim + [1]
    transform = Transform.perspective(matrix)
    coords = transform.coords(size)
    for settings in ({}, {"boundary": "reflection_edge"}, {"boundary": "border", "fill_value": 7, "outside": "fill"}):
        options = {"channels": channels, **settings}
        expected = gridsample.sample(image, coords[None], kernel, **options)
        np.testing.assert_array_equal(gridsample.sample(image, transform, kernel, size=size, **options), expected)


def any_stride(field):
    """Return an equal field of which no axis is contiguous, seen backwards along the first."""
    room = np.zeros((*(2 * n for n in field.shape[:-1]), 2 * field.shape[-1]), field.dtype)
    view = room[(slice(None, None, -2), *[slice(None, None, 2)] * (field.ndim - 1))]
    view[...] = field
    return view


@pytest.mark.parametrize("spatial", [(40,), (21, 35), (9, 10, 23)])
@pytest.mark.parametrize("field_dtype", ["float32", "float64"])
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("units", ["pixels", "normalized"])
def test_the_core_maps_through_fields_as_the_grid_does(spatial, field_dtype, relative, units):
    """Fields of any size and stride, alone and between matrices; points beyond the lattice, and values that are no numbers."""
    ndim = len(spatial)
    rng = np.random.default_rng(7)
    image = make_input((2, 3, *spatial), "float32")
    tilt = np.eye(ndim + 1) + rng.normal(0, 0.05, (ndim + 1, ndim + 1))
    tilt[-1] = [*rng.normal(0, 0.002, ndim), 1.1]
    for lattice_size in (spatial, tuple(max(1, n // 5) for n in spatial), (1,) * ndim):
        scale = 0.3 if units == "normalized" else 3.0
        field = (scale * rng.normal(size=(*lattice_size, ndim))).astype(field_dtype)
        if not relative and units == "pixels":
            field += np.array(spatial) / 2
        if lattice_size == spatial:
            field[tuple(n // 2 for n in spatial)] = np.nan
            field[(0,) * ndim] = np.inf
        for given in (field, any_stride(field)):
            normalized = spatial if units == "normalized" else None
            flow = Transform.flow(given, relative=relative, normalized=normalized, size=spatial)
            for transform in (flow, Transform.perspective(tilt) @ flow, flow @ Transform.affine(tilt[:-1]), flow @ flow):
                if lattice_size == spatial and transform is not flow:
                    continue  # what is no number spreads further in a grid of whole blocks
                mapped = _compose.as_mapped(transform)
                assert mapped is not None
                coords = transform.coords(spatial)
                for kernel in ("nearest", "linear", "bspline2"):
                    expected = gridsample.sample(image, coords[None], kernel, "border")
                    np.testing.assert_array_equal(gridsample.sample(image, transform, kernel, "border", size=spatial), expected)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (_engine.Step(6, np.ones(12)), "numbers"),
        (_engine.Step(4, np.ones(7)), "numbers"),
        (_engine.Step(0, np.ones(7)), "numbers"),
        (_engine.Step(1, np.ones(11)), "numbers"),
        (_engine.Step(2, np.ones(8)), "field"),
        (_engine.Step(1, np.ones(12), np.ones((3, 4, 2))), "field"),
        (_engine.Step(2, np.ones(8), np.ones((3, 4))), "shape"),
        (_engine.Step(2, np.ones(8), np.ones((3, 4, 3))), "shape"),
        (_engine.Step(2, np.ones(8), np.ones((3, 0, 2))), "shape"),
        (_engine.Step(2, np.ones(8), np.ones((3, 4, 2), "uint8")), "dtype"),
    ],
)
def test_the_core_refuses_maps_that_are_none(step, words):
    image = np.ones((1, 1, 5, 6))
    spec = make_spec("linear", (0, 0), index_axes(2))
    mapped = _engine.Mapped(np.ones((2, 3)), (step,))
    with pytest.raises(ValueError, match=words):
        _engine.sample(image, mapped, np.ones((1, 1, 4, 4)), spec, np.zeros(1))


@pytest.mark.parametrize("spatial", [(90,), (31, 45), (9, 13, 21)])
@pytest.mark.parametrize("projective", [False, True])
@pytest.mark.parametrize("kernel", ["linear", "cubic", "lanczos4"])
def test_what_is_mapped_outside_is_as_the_grid_says(spatial, projective, kernel):
    """Most points lie far outside, those of whole blocks too; what is inside is a corner, or a piece in the middle."""
    ndim = len(spatial)
    image = make_input((2, 3, *spatial), "float32")
    rng = np.random.default_rng(8)
    around = np.array([12, 60, 60])[-ndim:]
    for scale in (1.0, -1.0, 3.0, 1e9):
        matrix = scale * np.eye(ndim + 1) + rng.normal(0, 0.3, (ndim + 1, ndim + 1))
        matrix[:-1, -1] -= scale * around * 2 / 3
        matrix[-1] = [*rng.normal(0, 0.01, ndim), 0.5] if projective else [0] * ndim + [1]
        transform = Transform.perspective(matrix)
        size = tuple(int(n) for n in spatial + around)
        coords = transform.coords(size)[None]
        for settings in ({}, {"boundary": "constant", "fill_value": [7, 8, 9]}, {"boundary": "border"}):
            for outside in ("boundary", "fill", "keep"):
                out = [np.full((2, 3, *size), 5, "float32") for _ in range(2)]
                gridsample.sample(image, coords, kernel, outside=outside, out=out[0], **settings)
                gridsample.sample(image, transform, kernel, size=size, outside=outside, out=out[1], **settings)
                np.testing.assert_array_equal(out[1], out[0])


@pytest.mark.parametrize("size", [(9,), (5, 7), (3, 4, 5)])
@pytest.mark.parametrize("order", ["xy", "ij"])
@pytest.mark.parametrize("inverse", [False, True])
def test_matrices(size, order, inverse):
    ndim = len(size)
    matrix = np.eye(ndim + 1) + RNG.normal(0, 0.02, (ndim + 1, ndim + 1))
    points = lattice(size)
    used = np.linalg.inv(matrix) if inverse else matrix
    expected = by_matrix(used, points) if order == "xy" else by_matrix(used, points[..., ::-1])[..., ::-1]
    close(Transform.perspective(matrix, order=order, inverse=inverse).coords(size), expected)
    matrix[-1] = np.eye(ndim + 1)[-1]
    used = np.linalg.inv(matrix) if inverse else matrix
    expected = by_matrix(used, points) if order == "xy" else by_matrix(used, points[..., ::-1])[..., ::-1]
    close(Transform.affine(matrix[:-1], order=order, inverse=inverse).coords(size), expected)
    close(Transform.affine(matrix, order=order, inverse=inverse).coords(size), expected)


def test_composition():
    a, b = Transform.affine(AFFINE), Transform.perspective(HOMOGRAPHY)
    close((a @ b).coords(SIZE), by_matrix(square(AFFINE) @ HOMOGRAPHY, lattice(SIZE)))
    close((b @ a)([[3.0, 4.0]]), b(a([[3.0, 4.0]])))
    assert repr(a @ b) == "<gridsample.Transform, 2 axes: projective>"  # two matrices are one


@pytest.mark.parametrize(
    "transform",
    [
        Transform.affine(AFFINE),
        Transform.perspective(HOMOGRAPHY),
        Transform.normalization((37, 45)),
        Transform.lens(CAMERA, [-0.05, 0.01, 0.003, -0.002, 0.01, 0.02, 0, 0, 0.001, 0, 0.002, 0, 0.01, -0.02]),
        Transform.polar((40, 50), (20, 18), 30),
        Transform.polar((40, 50), (20, 18), 30, log=True),
        Transform.equirectangular((37, 72), SIZE, 80, yaw=30, pitch=-20, roll=10),
        Transform.affine(AFFINE) @ Transform.lens(CAMERA, [-0.05, 0, 0, 0]) @ Transform.perspective(HOMOGRAPHY),
    ],
    ids=repr,
)
def test_inverses(transform):
    points = lattice(SIZE)[1:, 1:]  # radius 0 has no angle
    close(transform.inverse()(transform(points)), points)
    close(transform.inverse().inverse()(points), transform(points))


def test_inverses_that_do_not_exist():
    refuses(ValueError, lambda: Transform.affine([[1, 2, 0], [2, 4, 0]]).inverse(), "matrix", "singular")
    refuses(ValueError, lambda: Transform.affine([[1, 2, 0], [2, 4, 0]], inverse=True), "matrix", "singular")
    refuses(ValueError, lambda: Transform.flow(np.zeros((3, 3, 2))).inverse(), "inverse", "a flow")
    refuses(ValueError, lambda: Transform.function(abs, 2).inverse(), "inverse", "a function")


@pytest.mark.parametrize("size", [(9,), (5, 7), (3, 4, 5)])
@pytest.mark.parametrize("order", ["xy", "ij"])
@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
def test_flows(size, order, channels, align_corners, dtype):
    flow = RNG.normal(0, 3, (*size, len(size))).astype(dtype)
    moved = (flow if order == "ij" else flow[..., ::-1]).astype(float)
    given = np.moveaxis(flow, -1, 0) if channels == "first" else flow[..., ::-1].copy()[..., ::-1]
    settings = {"order": order, "channels": channels, "align_corners": align_corners}
    close(Transform.flow(given, **settings).coords(size), lattice(size) + moved)
    close(Transform.flow(given, relative=False, **settings).coords(size), moved)
    shape = tuple(n + 4 for n in size)
    half = (np.array(shape) - align_corners) / 2
    close(Transform.flow(given, normalized=shape, **settings).coords(size), lattice(size) + moved * half)
    expected = gridsample.pixel_coords(moved[..., ::-1], shape, align_corners)
    close(Transform.flow(given, relative=False, normalized=shape, **settings).coords(size), expected)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("lattice_size", [(4, 5), (1, 9), (7, 5)])
def test_coarse_flows_are_interpolated(lattice_size, align_corners):
    flow = RNG.normal(0, 3, (*lattice_size, 2))
    grid = gridsample.identity_grid((1, 1, *SIZE), align_corners, dtype=np.float64)
    if align_corners:
        grid[..., [size == 1 for size in lattice_size[::-1]]] = 0
    planes = np.moveaxis(flow, -1, 0)[None]
    fine = gridsample.grid_sample(planes, grid, padding_mode="border", align_corners=align_corners)[0]
    expected = lattice(SIZE) + np.moveaxis(fine, 0, -1)[..., ::-1]
    close(Transform.flow(flow, size=SIZE, align_corners=align_corners).coords(SIZE), expected)


def test_panoramas():
    look = Transform.equirectangular((180, 360), (101, 101), yaw=90, pitch=45)
    close(look([[50.0, 50.0]]), [[44.5, 269.5]])
    above = Transform.equirectangular((180, 360), (101, 101), pitch=90)
    close(above([[50.0, 50.0]])[0, 0], -0.5)
    ahead = Transform.equirectangular((180, 360), (101, 101))
    close(ahead([[50.0, -0.5], [50.0, 100.5]]), [[89.5, 134.5], [89.5, 224.5]])  # the edges of 90 degrees
    assert np.isnan(ahead.inverse()([[89.5, 0.0]])).all()  # behind the view
    rolled = Transform.equirectangular((180, 360), (101, 101), roll=90)
    assert rolled([[50.0, 60.0]])[0, 0] > 89.5  # what is to the right in the view is below in the world


def test_a_list_of_transforms_is_a_batch():
    image = make_input((2, 3, *SIZE), "float32")
    both = [Transform.affine(AFFINE), Transform.perspective(HOMOGRAPHY)]
    alone = [gridsample.sample(image[n], one) for n, one in enumerate(both)]
    np.testing.assert_array_equal(gridsample.sample(image, both), alone)
    first = gridsample.sample(image[:1], both)
    np.testing.assert_array_equal(first[1], gridsample.sample(image[0], both[1]))


def test_layouts_and_out():
    image = make_input((11, 13, 3), "float32")
    transform = Transform.affine(AFFINE)
    out = np.empty((9, 8, 3), "float32")
    result = gridsample.sample(image, transform, size=(9, 8), channels="last", out=out)
    assert result is out
    expected = gridsample.sample(np.moveaxis(image, -1, 0), transform.coords((9, 8)))
    assert_native(np.moveaxis(out, -1, 0), expected, image, image, "linear")
    flow = np.zeros((11, 13, 2), "float32")
    words = "out", "overlaps flow 0"
    refuses(ValueError, lambda: gridsample.sample(image[..., 0], Transform.flow(flow), out=flow[..., 0]), *words)


def test_maps_are_not_changed_from_outside():
    matrix = AFFINE.copy()
    transform = Transform.affine(matrix)
    matrix[:] = 0
    close(transform.coords(SIZE), by_matrix(square(AFFINE), lattice(SIZE)))


def test_bad_input():
    flow, image = np.zeros((4, 5, 2)), np.zeros((4, 5))
    identity = Transform.affine(np.eye(3))
    refuses(ValueError, lambda: Transform.affine(np.eye(6)), "matrix", "(ndim, ndim + 1)", "shape (6, 6)")
    refuses(ValueError, lambda: Transform.affine(HOMOGRAPHY), "matrix", "last row", "got [0.001, -0.002, 1.1]")
    refuses(ValueError, lambda: Transform.perspective(AFFINE), "matrix", "(ndim + 1, ndim + 1)", "shape (2, 3)")
    refuses(ValueError, lambda: Transform.affine(AFFINE * np.nan), "matrix", "finite")
    refuses(TypeError, lambda: Transform.affine("no"), "matrix", "real numbers", "got 'no' of type str")
    refuses(ValueError, lambda: Transform.affine(AFFINE, order="yx"), "order", "unknown name 'yx'")
    refuses(TypeError, lambda: Transform.affine(AFFINE, inverse=1), "inverse", "got 1")
    refuses(ValueError, lambda: Transform.flow(flow, channels="first"), "flow", "(ndim, *spatial)", "shape (4, 5, 2)")
    refuses(TypeError, lambda: Transform.flow(flow.astype(complex)), "flow", "real numbers", "complex128")
    refuses(ValueError, lambda: Transform.flow(flow, size=(3,)), "size", "2 spatial sizes", "got (3,)")
    refuses(ValueError, lambda: Transform.lens(CAMERA, [1, 2, 3]), "distortion", "4, 5, 8, 12, 14", "got 3")
    refuses(ValueError, lambda: Transform.lens(AFFINE, [1, 2, 3, 4]), "camera_matrix", "shape (3, 3)", "got shape (2, 3)")
    refuses(ValueError, lambda: Transform.polar((4, 5), (1, 2), 0), "radius", "more than 0", "got 0")
    refuses(ValueError, lambda: Transform.polar((4, 5), (1, 2, 3), 2), "center", "shape (2,)")
    refuses(ValueError, lambda: Transform.equirectangular((4, 5), (4, 5), 180), "field_of_view", "below 180", "got 180")
    refuses(TypeError, lambda: Transform.function(3, 2), "function", "callable", "got 3")
    refuses(ValueError, lambda: Transform.function(abs, 4), "ndim", "1 to 3", "got 4")
    half = Transform.function(lambda p: p[..., :1], 2)
    refuses(ValueError, lambda: half.coords((4, 5)), "function", "(4, 5, 2)", "got shape (4, 5, 1)")
    refuses(ValueError, lambda: identity @ Transform.affine(np.eye(4)), "@", "as many axes", "2 and 3")
    refuses(ValueError, lambda: identity.coords((4,)), "size", "2 spatial sizes", "got (4,)")
    refuses(ValueError, lambda: identity(np.zeros((4, 3))), "points", "(..., 2)", "shape (4, 3)")
    refuses(ValueError, lambda: gridsample.sample(image[0, 0], identity), "input", "2 spatial axes", "shape ()")
    refuses(ValueError, lambda: gridsample.sample(image, [identity, identity]), "coords", "one Transform", "got 2")
    refuses(ValueError, lambda: gridsample.sample(image, [identity, 3]), "coords", "transforms")
    refuses(ValueError, lambda: gridsample.sample(np.zeros((3, 1, 4, 5)), [identity] * 2), "coords", "batch", "got 2")
    refuses(ValueError, lambda: gridsample.sample(image, flow, size=(4, 5)), "size", "expected None", "(4, 5, 2)")
    with pytest.raises(TypeError, match="unsupported operand"):
        identity @ 3
