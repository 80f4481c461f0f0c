"""gridsample.skimage against scikit-image: signatures, values, dtypes, errors."""

import inspect
import warnings

import numpy as np
import pytest
from skimage import transform

from gridsample import skimage as ours

from .tolerances import SKIMAGE, SKIMAGE_FLOAT32

RNG = np.random.default_rng(8)
MODES = ("constant", "edge", "symmetric", "reflect", "wrap")
MATRIX = np.array([[0.9013, -0.3017, 6.0071], [0.2519, 1.1003, -4.0037], [0.002, -0.004, 1.0]])
SHAPES = ((26, 31), (26, 31, 3))


def image(shape, dtype="f8"):
    values = RNG.random(shape)
    if dtype is bool:
        return values < 0.5
    dtype = np.dtype(dtype)
    return (values * np.iinfo(dtype).max).astype(dtype) if dtype.kind in "iu" else (2 * values - 0.5).astype(dtype)


def wave(xy, size=3.0):
    return xy + size * np.sin(xy[:, ::-1] / 5)


def both(name, *arguments, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result, expected = (getattr(module, name)(*arguments, **settings) for module in (ours, transform))
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind == "f" and settings.get("order") != 0:
        tolerance = SKIMAGE_FLOAT32 if expected.dtype == np.float32 else SKIMAGE
        np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * max(1, np.nanmax(np.abs(expected))))
    else:
        assert np.mean(result != expected) < 0.01  # the nearest of two as near depends on the last bit


@pytest.mark.parametrize("name", ours.__all__)
def test_signatures(name):
    mine, theirs = inspect.signature(getattr(ours, name)), inspect.signature(getattr(transform, name))
    assert [(p.name, p.default, p.kind) for p in mine.parameters.values()] == [
        (p.name, p.default, p.kind) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_warp(shape, order, mode):
    a, settings = image(shape), {"order": order, "mode": mode, "cval": 0.7}
    if order in (None, 1, 3):
        both("warp", a, MATRIX, **settings)
        both("warp", a, transform.ProjectiveTransform(MATRIX), output_shape=(20, 40), **settings)
        both("warp", a, transform.AffineTransform(rotation=0.3, translation=(3, 2)).inverse, **settings)
    if len(shape) == 3 and order and order > 1 and mode == "symmetric":
        return  # it makes splines along the channels too, where SciPy's "reflect" is wrong for lines of less than 25 samples
    both("warp", a, wave, {"size": 2.0}, **settings)
    both("warp", a, wave, output_shape=(20, 40), clip=False, **settings)
    coords = np.stack([c.ravel() * 1.1 - 2 for c in np.indices(shape)])[:, ::7]
    both("warp", a, coords, **settings)
    both("warp", a, MATRIX, **settings)


@pytest.mark.parametrize("dtype", [bool, "u1", "u2", "i1", "i2", "i4", "f4", "f8"], ids=str)
@pytest.mark.parametrize("preserve_range", [False, True])
def test_dtypes(dtype, preserve_range):
    a = image((26, 31), dtype)
    for order in (None, 0) if dtype is bool else (None, 0, 1, 3):
        both("warp", a, MATRIX, order=order, preserve_range=preserve_range)
        both("warp", a, wave, order=order, preserve_range=preserve_range)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("resize", [False, True])
def test_rotate(shape, resize):
    a = image(shape)
    for angle in (0, 30, 90, -77.7, 400):
        both("rotate", a, angle, resize)
        both("rotate", a, angle, resize, (3, 5), order=3, mode="edge")
    both("rotate", image(shape, "u1"), 12.3, resize, mode="reflect", preserve_range=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_swirl(shape):
    a = image(shape)
    both("swirl", a)
    both("swirl", a, (5, 7), 4, 20, 0.3, output_shape=(20, 25), order=3, mode="constant", cval=0.2)
    both("swirl", image(shape, "u1"), strength=3, order=0)


def test_clip():
    a = image((26, 31))
    for cval in (-3.0, 0.5, np.nan):
        both("warp", a, MATRIX, order=3, cval=cval)
        both("warp", a, wave, order=1, cval=cval)
    a[3, 4] = np.nan
    both("warp", a, MATRIX, order=1)
    a = image((26, 31))
    a[:] = np.minimum(a, 0.9)
    both("warp", a, MATRIX, order=3, mode="edge", clip=False)


@pytest.mark.parametrize(
    ("error", "arguments", "settings", "words"),
    [
        (ValueError, (np.ones((3, 4)), MATRIX), {"order": 6}, "order: Spline interpolation order has to be in the range 0-5"),
        (ValueError, (np.ones((3, 4), bool), MATRIX), {"order": 1}, "order: expected 0 for an image of bools"),
        (ValueError, (np.ones((3, 4)), MATRIX), {"mode": "nearest"}, "mode: unknown name 'nearest'"),
        (ValueError, (np.ones((3, 0)), MATRIX), {}, "input: input and output rank must be > 0, and no axis empty"),
        (ValueError, (np.ones((3, 4, 2, 2)), MATRIX), {}, "image: Only 2-D images are supported"),
        (ValueError, (np.ones((3, 4)), MATRIX), {"output_shape": (3.5, 2)}, "output_shape: expected (H, W)"),
    ],
)
def test_errors(error, arguments, settings, words):
    with pytest.raises(error):
        transform.warp(*arguments, **settings)
    with pytest.raises(error) as caught:
        ours.warp(*arguments, **settings)
    assert str(caught.value).startswith(words)


def test_own_errors():
    with pytest.raises(TypeError, match="inverse_map: expected an array, a transform or a callable"):
        ours.warp(np.ones((3, 4)), 3)
    with pytest.raises(ValueError, match="inverse_map: expected it to return positions"):
        ours.warp(np.ones((3, 4)), lambda xy: xy[:, :1])
    with pytest.raises(ValueError, match="inverse_map: expected coordinates"):
        ours.warp(np.ones((3, 4)), np.ones((4, 5)))
    with pytest.raises(TypeError, match="image: expected real numbers"):
        ours.warp(np.ones((3, 4), complex), MATRIX)
    with pytest.warns(UserWarning, match="Bi-quadratic"):
        ours.warp(np.ones((3, 4)), MATRIX, order=2)
