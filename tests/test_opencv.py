"""gridsample.opencv against OpenCV itself and against exact arithmetic: constants, signatures, values, errors."""

import cv2
import numpy as np
import pytest

from gridsample import opencv as ours
from gridsample import reference

from .test_bad_input import refuses
from .tolerances import GREY, GREY_32NDS, OPENCV_FLOAT

RNG = np.random.default_rng(4)
KERNELS = {
    cv2.INTER_NEAREST: "nearest",
    cv2.INTER_LINEAR: "linear",
    cv2.INTER_CUBIC: "cubic",
    cv2.INTER_LANCZOS4: "lanczos4",
}
BORDERS = {
    cv2.BORDER_CONSTANT: "constant",
    cv2.BORDER_REPLICATE: "border",
    cv2.BORDER_REFLECT: "reflection_edge",
    cv2.BORDER_WRAP: "wrap",
    cv2.BORDER_REFLECT_101: "reflection_center",
}
SHAPES = ((23, 31), (23, 31, 1), (23, 31, 3), (23, 31, 5))
M = np.array([[0.9013, -0.3017, 6.0071], [0.2519, 1.1003, -4.0037]])
H = np.vstack([M, [0.002, -0.004, 1.0]])
SIZE = (29, 27)  # width, height
VALUE = (50, 100, 150, 200)


def image(shape, dtype="u1"):
    """Return a smooth image with some noise, from 0 to 255: OpenCV's cutting of positions shows less where pixels are alike."""
    y, x = np.indices(shape[:2])
    smooth = 127 + 100 * np.sin(x / 9 + 1) * np.cos(y / 7)
    levels = smooth.reshape(*shape[:2], *[1] * (len(shape) - 2)) + RNG.uniform(-5, 5, shape)
    return np.clip(levels, 0, 255).astype(dtype)


def maps(matrix, size=SIZE):
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    points = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    points = points[:2] / (points[2] if len(points) == 3 else 1)
    return points.reshape(2, *x.shape)


def exact(src, x, y, kernel, boundary):
    """Return the definition in float64, (H, W, C) or (H, W)."""
    planes = np.moveaxis(np.atleast_3d(src), -1, 0)[None].astype(float)
    fill = np.resize(VALUE, planes.shape[1])
    values = reference.sample(planes, np.stack([y, x], -1)[None].astype(float), kernel, boundary, fill_value=fill)[0]
    if src.dtype.kind in "iu":
        values = np.clip(values, np.iinfo(src.dtype).min, np.iinfo(src.dtype).max)
    return np.moveaxis(values, 0, -1).reshape(*x.shape, *(src.shape[2:] if len(values) > 1 else ()))


def within(result, expected, levels):
    assert result.shape == expected.shape
    assert np.abs(result.astype(float) - expected.astype(float)).max(initial=0) <= levels


def test_constants():
    names = [name for name in ours.__all__ if name.isupper()]
    assert {name: getattr(ours, name) for name in names} == {name: getattr(cv2, name) for name in names}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("code", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_values(shape, code, border):
    src, kernel, boundary = image(shape), KERNELS[code], BORDERS[border]
    knows = len(shape) == 2 or shape[2] < 5 or code in (cv2.INTER_NEAREST, cv2.INTER_LINEAR)
    cuts = code == cv2.INTER_LANCZOS4 or shape[2:] == (5,)  # to 32nds of a pixel
    more = {"borderMode": border, "borderValue": VALUE}
    x, y = (axis.astype("f4") for axis in maps(M))
    result = ours.remap(src, x, y, code, **more)
    within(result, exact(src, x, y, kernel, boundary), GREY / 2 + OPENCV_FLOAT)
    if knows:
        theirs = cv2.remap(src, x, y, code, **more)
        within(result, theirs, GREY_32NDS if cuts else GREY)
    for name, matrix in (("warpAffine", M), ("warpPerspective", H)):
        x, y = maps(matrix)
        result = getattr(ours, name)(src, matrix, SIZE, flags=code | ours.WARP_INVERSE_MAP, **more)
        expected = [exact(src, x, y, kernel, boundary)]
        if knows:
            expected.append(getattr(cv2, name)(src, matrix, SIZE, flags=code | cv2.WARP_INVERSE_MAP, **more))
        for one in expected:
            if code == cv2.INTER_NEAREST:  # positions at a tie may be rounded to either side
                assert np.mean(result != one) < 0.02
            else:
                within(result, one, GREY_32NDS if cuts else GREY)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
@pytest.mark.parametrize("code", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_dtypes(dtype, code):
    src = image((23, 31, 3), dtype)
    x, y = (axis.astype("f4") for axis in maps(M))
    result = ours.remap(src, x, y, code, borderValue=VALUE)
    whole = src.dtype.kind in "iu"
    within(result, exact(src, x, y, KERNELS[code], "constant"), GREY / 2 + OPENCV_FLOAT if whole else OPENCV_FLOAT)
    theirs = cv2.remap(src, x, y, code, borderValue=VALUE)
    assert result.dtype == theirs.dtype
    within(result, theirs, GREY_32NDS if dtype in ("i2", "f8") else GREY if whole else OPENCV_FLOAT)
    value = 300.7, -9, 0.4
    within(ours.remap(src, x + 1000, y, code, borderValue=value), cv2.remap(src, x + 1000, y, code, borderValue=value), 0)


@pytest.mark.parametrize("name", ["warpAffine", "warpPerspective"])
def test_direction_and_defaults(name):
    src, matrix = image((23, 31, 3)), M if name == "warpAffine" else H
    for dsize in (SIZE, (0, 0), (0, 5), (5, 0), None, (31, 23)):
        theirs = getattr(cv2, name)(src, matrix, dsize)
        within(getattr(ours, name)(src, matrix, dsize), theirs, GREY)
        within(getattr(ours, name)(src, matrix.astype("f4"), dsize), theirs, GREY)
    theirs = getattr(cv2, name)(src, matrix, SIZE, borderValue=9)  # of the first channel only
    within(getattr(ours, name)(src, matrix, SIZE, borderValue=9), theirs, GREY)


def test_kinds_of_maps():
    src = image((23, 31, 3))
    x, y = (axis.astype("f4") for axis in maps(M))
    expected = ours.remap(src, x, y, cv2.INTER_LINEAR)
    both = np.dstack([x, y])
    for arguments in ((both, None), (both, np.empty(0)), (x.astype("f8"), y.astype("f8")), (both[..., 0], both[..., 1].copy())):
        within(ours.remap(src, *arguments, cv2.INTER_LINEAR), expected, GREY)
    apart = np.zeros((5, 40, 40), "f4")
    apart[4, :27, :29], apart[0, :27, :29] = x, y
    np.testing.assert_array_equal(ours.remap(src, apart[4, :27, :29], apart[0, :27, :29], cv2.INTER_LINEAR), expected)
    fixed = cv2.convertMaps(x, y, cv2.CV_16SC2)
    within(ours.remap(src, *fixed, cv2.INTER_LINEAR), cv2.remap(src, *fixed, cv2.INTER_LINEAR), GREY)
    for code in (cv2.INTER_NEAREST, cv2.INTER_LINEAR):  # whole pixels: all the same; OpenCV 5.0's linear is 0 everywhere
        within(ours.remap(src, fixed[0], None, code), cv2.remap(src, fixed[0], None, cv2.INTER_NEAREST), 0)
    # With fractions, OpenCV 5.0's nearest reads pixel 1 at position 0: it takes its table of roundings the wrong way round.
    up = fixed[0] + (np.stack([fixed[1] % 32, fixed[1] // 32], -1) >= 16)
    within(ours.remap(src, *fixed, cv2.INTER_NEAREST), cv2.remap(src, up.astype("i2"), None, cv2.INTER_NEAREST), 0)
    xs, ys = np.meshgrid(np.arange(29, dtype="f4"), np.arange(27, dtype="f4"))
    relative = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    within(ours.remap(src, x - xs, y - ys, relative), cv2.remap(src, x - xs, y - ys, relative), GREY)


@pytest.mark.parametrize("code", KERNELS)
def test_transparent(code):
    """Taps that are outside read dst. OpenCV's wider kernels do something else at the rim, which it does not document."""
    src, dst = image((23, 31, 3)), RNG.integers(0, 256, (27, 29, 3)).astype("u1")
    x, y = (axis.astype("f4") for axis in maps(M))
    result = ours.remap(src, x, y, code, dst.copy(), ours.BORDER_TRANSPARENT)
    ones = exact(np.ones((23, 31)), x, y, KERNELS[code], "zeros")[..., None]
    within(result, np.clip(exact(src.astype(float), x, y, KERNELS[code], "zeros") + (1 - ones) * dst, 0, 255), GREY)
    if code in (cv2.INTER_NEAREST, cv2.INTER_LINEAR):
        within(result, cv2.remap(src, x, y, code, dst.copy(), cv2.BORDER_TRANSPARENT), GREY)
    given = dst.copy()
    assert ours.warpAffine(src, M, SIZE, given, code | 16, ours.BORDER_TRANSPARENT) is given
    within(given, result, 255 if code == cv2.INTER_NEAREST else GREY)
    assert ours.remap(src, x + 1000, y, code, borderMode=ours.BORDER_TRANSPARENT).max() == 0


def test_dst():
    src = image((23, 31))
    for dst in (np.empty((27, 29), "u1"), np.empty((27, 58), "u1")[:, ::2]):
        assert ours.warpAffine(src, M, SIZE, dst) is dst
        within(dst, cv2.warpAffine(src, M, SIZE), GREY)
    for dst in (np.empty((26, 29), "u1"), np.empty((27, 29), "u2")):  # OpenCV makes a new one, too
        assert ours.warpAffine(src, M, SIZE, dst) is not dst


def test_undistort():
    src = image((60, 80, 3))
    camera = np.array([[70.0, 0, 41], [0, 72, 29], [0, 0, 1]])
    lens = np.array([-0.25, 0.08, 0.002, -0.001, 0.01])
    new = camera + np.array([[-5, 0, 1], [0, -4, 2], [0, 0, 0]])
    for more in ((), (None, new)):
        result = ours.undistort(src, camera, lens, *more)
        x, y = cv2.initUndistortRectifyMap(camera, lens, np.eye(3), more[1] if more else camera, (80, 60), cv2.CV_32FC1)
        within(result, exact(src, x, y, "linear", "zeros"), GREY / 2 + OPENCV_FLOAT)
        within(result, cv2.undistort(src, camera, lens, *more), 3 * GREY)  # OpenCV cuts its maps into 32nds
    within(ours.undistort(src, camera, None), src, 0)


def test_rotation_matrix():
    for arguments in (((3, 4), 30, 1.5), ((0.5, -2), -170.0, 0.3)):
        np.testing.assert_allclose(ours.getRotationMatrix2D(*arguments), cv2.getRotationMatrix2D(*arguments), atol=1e-12)


def test_beyond_opencv():
    src = image((23, 31, 3))
    for dtype in ("i1", "i4", "f2", "c8"):
        assert ours.warpAffine(src.astype(dtype), M, SIZE).dtype == dtype
    long = np.zeros((40000, 3), "u1")
    long[-1] = 7
    assert ours.remap(long, np.float32([[1]]), np.float32([[39999]]), ours.INTER_LINEAR).tolist() == [[7]]
    nan = np.full((2, 2), np.nan, "f4")
    assert ours.remap(src, nan, nan, ours.INTER_LINEAR, borderValue=9)[..., 0].max() == 9


def test_errors():
    src = image((4, 5))
    x, y = np.zeros((2, 4, 5), "f4")
    refuses(ValueError, lambda: ours.warpAffine(src, M * 0, (5, 4)), "M", "singular")
    refuses(ValueError, lambda: ours.warpPerspective(src, H * 0, (5, 4)), "M", "singular")
    refuses(ValueError, lambda: ours.warpAffine(src, H, (5, 4)), "M", "shape (2, 3)", "got shape (3, 3)")
    refuses(ValueError, lambda: ours.warpAffine(src, M, (5, 4), flags=64), "flags", "exist", "got 64")
    refuses(ValueError, lambda: ours.warpAffine(src, M, (5, 4), flags=6), "flags", "unknown interpolation method 6")
    refuses(ValueError, lambda: ours.remap(src, x, y, 16), "interpolation", "exist", "got 16")
    refuses(TypeError, lambda: ours.remap(src, x, y, "linear"), "interpolation", "an int", "got 'linear'")
    refuses(ValueError, lambda: ours.remap(src, x, y, 1, borderMode=9), "borderMode", "exist", "got 9")
    refuses(TypeError, lambda: ours.remap(src, x, y, 1, borderMode="wrap"), "borderMode", "an int", "got 'wrap'")
    refuses(ValueError, lambda: ours.remap(src, x, y, 1, borderValue=(1, 2, 3, 4, 5)), "borderValue", "up to 4")
    refuses(ValueError, lambda: ours.remap(src, x, y[:2], 1), "map2", "one shape", "(4, 5)", "(2, 5)")
    refuses(ValueError, lambda: ours.remap(src, x, None, 1), "map1", "(H, W, 2)", "shape (4, 5)")
    refuses(TypeError, lambda: ours.remap(src, x.astype(int), y, 1), "map1", "floats", "int64")
    refuses(ValueError, lambda: ours.warpAffine(src, M, 5), "dsize", "(width, height)", "got 5")
    refuses(ValueError, lambda: ours.warpAffine(src, M, (5.5, 4)), "dsize", "(width, height)", "got (5.5, 4)")
    refuses(ValueError, lambda: ours.warpAffine(src[0], M, (5, 4)), "src", "(H, W, C)", "shape (5,)")
    refuses(TypeError, lambda: ours.warpAffine("no", M, (5, 4)), "src", "got 'no'")
    refuses(ValueError, lambda: ours.undistort(src, M, None), "cameraMatrix", "shape (3, 3)")
    refuses(ValueError, lambda: ours.undistort(src, np.eye(3), [1, 2]), "distortion", "got 2")
    refuses(ValueError, lambda: ours.getRotationMatrix2D((1, 2, 3), 0, 1), "center", "shape (2,)")
