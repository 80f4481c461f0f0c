"""gridsample.scipy against SciPy's own functions: signatures, values, dtypes, outputs, errors."""

import inspect
import warnings

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided
from scipy import ndimage

from gridsample import scipy as ours
from gridsample._ndimage_arguments import MODES

from .test_bad_input import frozen
from .tolerances import NDIMAGE, NDIMAGE_FLOAT32, NDIMAGE_TIES

RNG = np.random.default_rng(11)
ORDERS = range(6)
SHAPES = ((9,), (7, 8), (5, 6, 7), (3, 4, 5, 2))
DTYPES = (bool, "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "c8", "c16", ">f4", ">i2")


def image(shape, dtype="f8"):
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return RNG.random(shape) < 0.5
    values = RNG.uniform(-100, 100, shape) + (1j * RNG.uniform(-100, 100, shape) if dtype.kind == "c" else 0)
    return (np.abs(values) if dtype.kind == "u" else values).astype(dtype)


def shapes(order, mode):
    """For the splines of "reflect", SciPy 1.17 starts lines of less than 25 samples from a sum that it has changed already."""
    if order > 1 and mode in ("reflect", "grid-mirror", "nearest"):
        return (30,), (25, 26)
    return SHAPES if order in (0, 1) or (order == 3 and not MODES[mode].pads) else SHAPES[:3]  # SciPy is slow in 4-D, as we are


def points(shape, count=40, far=1.0):
    """Return coordinates around an array, among them whole numbers and halves."""
    coords = np.stack([RNG.uniform(-far * n - 2, (1 + far) * n + 1, count) for n in shape])
    return np.where(RNG.random(coords.shape) < 0.3, np.rint(coords * 2) / 2, coords)


def agree(result, expected, tolerance=NDIMAGE):
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind in "iu":
        assert np.abs(result.astype(float) - expected.astype(float)).max(initial=0) <= NDIMAGE_TIES
        assert np.mean(result != expected) < 0.02
    elif expected.dtype.kind == "b":
        assert np.mean(result != expected) < 0.02
    else:
        narrow = expected.dtype.itemsize <= (8 if expected.dtype.kind == "c" else 4)
        atol = (NDIMAGE_FLOAT32 if narrow else tolerance) * max(np.abs(expected).max(initial=0), 1)
        np.testing.assert_allclose(result, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("name", ours.__all__)
def test_signatures(name):
    mine, theirs = inspect.signature(getattr(ours, name)), inspect.signature(getattr(ndimage, name))
    assert [*mine.parameters] == [*theirs.parameters]
    for parameter in theirs.parameters.values():
        assert mine.parameters[parameter.name].default == parameter.default
        assert mine.parameters[parameter.name].kind == parameter.kind


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
def test_map_coordinates(order, mode):
    settings = {"order": order, "mode": mode, "cval": 3.5}
    for shape in shapes(order, mode):
        a, at = image(shape), points(shape)
        agree(ours.map_coordinates(a, at, **settings), ndimage.map_coordinates(a, at, **settings))
        one = image((1,) * len(shape))
        agree(ours.map_coordinates(one, at, **settings), ndimage.map_coordinates(one, at, **settings))
        deep = at.reshape(len(shape), 2, 5, 4)
        agree(ours.map_coordinates(a, deep, **settings), ndimage.map_coordinates(a, deep, **settings))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_dtypes(dtype, order):
    if dtype is bool and order == 3:
        pytest.skip("a bool is True from 1 on, which a spline through 1 reaches or not by its last bit")
    a, at = image((7, 8), dtype), points((7, 8), 300)
    beyond = -700.0 if order < 2 else 1  # SciPy pads for a spline in the dtype of input, and wraps what that does not hold
    for mode, cval in (("constant", 3.7), ("grid-constant", beyond), ("mirror", 0)):
        settings = {"order": order, "mode": mode, "cval": cval}
        agree(ours.map_coordinates(a, at, **settings), ndimage.map_coordinates(a, at, **settings))
        for output in ("f8", "f4", "u1", "i4") if np.dtype(dtype).kind != "c" else ("c8", "c16"):
            settings["output"] = np.dtype(output)
            agree(ours.map_coordinates(a, at, **settings), ndimage.map_coordinates(a, at, **settings))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", ">f8"])
def test_dtypes_of_coordinates(dtype):
    a, at = image((7, 8)), np.abs(points((7, 8))).astype(dtype)
    agree(ours.map_coordinates(a, at, order=1), ndimage.map_coordinates(a, at, order=1))
    agree(ours.map_coordinates(a, at.tolist(), order=1), ndimage.map_coordinates(a, at.tolist(), order=1))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", range(2, 6))
def test_spline_filters(order, mode):
    for shape in shapes(order, mode)[:3]:
        a = image(shape)
        agree(ours.spline_filter(a, order, mode=mode), ndimage.spline_filter(a, order, mode=mode))
        for dtype in ("f4", "c8", "c16", "i4", "u1"):
            output = np.complex128 if dtype[0] == "c" else np.float64
            b = image(shape, dtype)
            agree(ours.spline_filter(b, order, output, mode), ndimage.spline_filter(b, order, output, mode))
        for axis in range(-1, len(shape)):
            agree(ours.spline_filter1d(a, order, axis, mode=mode), ndimage.spline_filter1d(a, order, axis, mode=mode))
            narrow = image(shape, "f4")
            results = [f(narrow, order, axis, np.float32, mode) for f in (ours.spline_filter1d, ndimage.spline_filter1d)]
            agree(*results)
    at = points((7, 8))
    settings = {"order": order, "mode": mode, "prefilter": False}
    a = image((7, 8))
    agree(ours.map_coordinates(a, at, **settings), ndimage.map_coordinates(a, at, **settings))


def test_filters_of_orders_0_and_1_copy():
    a = image((7, 8), "i2")
    for order in (0, 1):
        agree(ours.spline_filter1d(a, order), ndimage.spline_filter1d(a, order))
    assert ours.spline_filter(a, output=np.int32).tolist() == ndimage.spline_filter(a, output=np.int32).tolist()
    in_place = image((7, 8))
    expected = ndimage.spline_filter(in_place)
    assert ours.spline_filter(in_place, output=in_place) is in_place
    agree(in_place, expected)


def test_halves_are_rounded_away_from_zero():
    a = np.array([-3, -2, -1, 0, 1, 2, 3], "i2")
    at = np.arange(0.5, 6)[None]
    assert (
        ours.map_coordinates(a, at, order=1).tolist()
        == ndimage.map_coordinates(a, at, order=1).tolist()
        == [-3, -2, -1, 1, 2, 3]
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
def test_affine_transform(order, mode):
    settings = {"order": order, "mode": mode, "cval": 2.0}

    def both(*arguments, **more):
        result, expected = (f(*arguments, **more, **settings) for f in (ours.affine_transform, ndimage.affine_transform))
        agree(result, expected)

    for shape in shapes(order, mode):
        n = len(shape)
        a, m, moved = image(shape), np.eye(n) + RNG.normal(0, 0.2, (n, n)), RNG.normal(0, 1, n)
        both(a, m, moved)
        both(a, m, 0.25, output_shape=tuple(k + 2 for k in shape))
        both(a, np.diag(m), moved)
        both(a, np.diag(m), 0.5)
        both(a, np.column_stack([m, moved]))
        both(a, np.vstack([np.column_stack([m, moved]), np.eye(n + 1)[-1]]), output=np.float32)
    both(image((25, 26)), RNG.normal(0, 0.5, (2, 4)), output_shape=(3, 4, 5, 6))
    both(image((25, 26, 27)), RNG.normal(0, 0.5, (3, 1)), output_shape=(9,))
    both(image((25, 26)), [[1, 0], [0, -1]], [0, 25])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
def test_shift_and_zoom(order, mode):
    settings = {"order": order, "mode": mode, "cval": 2.0}
    for shape in shapes(order, mode):
        a = image(shape)
        for moved in (1, 0.5, -2.25, RNG.normal(0, 2, len(shape))):
            agree(ours.shift(a, moved, **settings), ndimage.shift(a, moved, **settings))
        for factor in (1, 2, 0.5, 1.7, 0.01, RNG.uniform(0.5, 3, len(shape))):
            agree(ours.zoom(a, factor, **settings), ndimage.zoom(a, factor, **settings))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result, expected = (f(a, factor, grid_mode=True, **settings) for f in (ours.zoom, ndimage.zoom))
            agree(result, expected)


def test_sizes_of_zoom():
    """Rounded half to even, as Python rounds; the last sample of every size is inside."""
    for n in range(1, 40):
        for factor in (0.1, 0.5, 1.5, 2.5, 3.3):
            a = np.ones(n)
            agree(ours.zoom(a, factor, order=1, cval=7), ndimage.zoom(a, factor, order=1, cval=7))
    with pytest.warns(UserWarning, match="grid-constant instead of constant when grid_mode"):
        ours.zoom(np.ones(3), 2, order=1, grid_mode=True)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("reshape", [False, True])
@pytest.mark.parametrize(
    ("shape", "axes"), [((7, 8), (1, 0)), ((5, 6, 7), (0, 2)), ((5, 6, 7), (1, 0)), ((2, 6, 7, 3), (-3, -2))]
)
def test_rotate(shape, axes, reshape, order):
    a = image(shape)
    for angle in (0, 30, 90, -90, 180, 270, 77.7, -1000.5):
        for settings in ({}, {"mode": "mirror"}, {"mode": "grid-constant", "cval": 4}):
            settings = {"axes": axes, "reshape": reshape, "order": order, **settings}
            agree(ours.rotate(a, angle, **settings), ndimage.rotate(a, angle, **settings))


def test_geometric_transform():
    a = image((7, 8))

    def with_arrays(index, scale, move=0.0):
        return index[0] * scale + move, index[1] - 0.5 * index[0]

    def with_numbers(index, scale, move=0.0):
        return max(index[0] * scale, 1) + move, index[1] - 0.5 * index[0]

    def otherwise_with_arrays(index, scale, move=0.0):
        return index[0] * scale + move + np.ndim(index[0]), index[1]

    for mapping in (with_arrays, with_numbers, otherwise_with_arrays):
        for more in ({}, {"output_shape": (4, 5)}, {"output": np.float32}):
            settings = {"order": 1, "extra_arguments": (0.7,), "extra_keywords": {"move": 1.5}, **more}
            agree(ours.geometric_transform(a, mapping, **settings), ndimage.geometric_transform(a, mapping, **settings))
    calls = []
    ours.geometric_transform(a, lambda index: calls.append(index) or (index[0], index[1]), order=1)
    assert len(calls) < 5  # not one for each of 56 points
    rank = ours.geometric_transform(a, lambda index: (index[0], index[0]), output_shape=(6,), order=1)
    assert rank.tolist() == np.diag(a)[:6].tolist()


def test_output():
    a, at = image((7, 8), "f4"), points((7, 8))
    for output in (np.empty(40), np.empty(40, "f4"), np.empty(40, "i2"), np.empty((40, 2))[:, 0], np.empty(40, ">f4")):
        expected = output.copy()
        assert ours.map_coordinates(a, at, output, 1) is output
        ndimage.map_coordinates(a, at, expected, 1)
        agree(output, expected)
    inside = image((7, 8))
    expected = ndimage.shift(inside, 1.5, order=1)
    agree(ours.shift(inside, 1.5, order=1, output=inside), expected)
    shape = ours.affine_transform(a, np.eye(2), output=np.empty((3, 4)), order=1).shape
    assert shape == (3, 4)
    assert ours.map_coordinates(a, np.zeros((2, 0)), order=1).shape == (0,)
    with pytest.warns(UserWarning, match="promoting specified output dtype to complex"):
        assert ours.map_coordinates(image((7, 8), "c8"), at, np.float64, 1).dtype == np.complex128


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3, 4)])
@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("mode", ["constant", "grid-constant", "mirror"])
def test_empty_arrays(mode, order, shape):
    """They are nothing, or ``cval``, outside. In other modes SciPy returns memory as it was."""
    a, n, settings = np.zeros(shape), len(shape), {"order": order, "mode": mode, "cval": 3.7}
    for name, arguments in (
        ("shift", (1,)),
        ("zoom", (2,)),
        ("zoom", (1,)),
        ("rotate", (30, (1, 0), False)),
        ("affine_transform", (np.eye(n),)),
        ("affine_transform", (np.ones(n), 0, None, np.float32)),
        ("geometric_transform", (lambda index: index,)),
        ("map_coordinates", (np.zeros((n, 0, 2)),)),
    ):
        agree(*(getattr(f, name)(a, *arguments, **settings) for f in (ours, ndimage)))
    for axis in range(n):
        agree(*(f.spline_filter1d(a, axis=axis) for f in (ours, ndimage)))
    agree(ours.spline_filter(a), ndimage.spline_filter(a))
    for output in ("i2", "u1", "f4", bool):
        if mode == "mirror":
            with pytest.raises(ValueError, match=r"^input: expected a sample to read"):
                ours.map_coordinates(a, np.zeros((n, 2)), output, **settings)
        else:
            agree(*(f.map_coordinates(a, np.zeros((n, 2)), np.dtype(output), **settings) for f in (ours, ndimage)))


def test_nothing_reads_outside():
    wild = np.array([[np.nan, np.inf, -np.inf, 1e300, -1e300, 3.0]])
    for mode in MODES:
        for order in ORDERS:
            found = ours.map_coordinates(np.arange(5.0), wild, order=order, mode=mode, cval=-1)
            assert np.all(np.abs(found) < 8)  # a spline swings beyond its samples
            assert abs(found[-1] - 3) <= NDIMAGE


A = np.zeros((4, 5))


@pytest.mark.parametrize(
    ("error", "call", "words"),
    [
        (RuntimeError, lambda f: f.map_coordinates(A, [[1], [1]], order=6), "order: spline order not supported"),
        (RuntimeError, lambda f: f.map_coordinates(A, [[1], [1]], order=-1), "order: spline order not supported"),
        (RuntimeError, lambda f: f.map_coordinates(A, [[1], [1]], order=1, mode="no"), "mode: boundary mode not supported"),
        (RuntimeError, lambda f: f.map_coordinates(A, [[1]], order=1), "coordinates: invalid shape for coordinate array"),
        (RuntimeError, lambda f: f.map_coordinates(A, 3, order=1), "coordinates: input and output rank must be > 0"),
        (TypeError, lambda f: f.map_coordinates(A, [[1j], [1]], order=1), "coordinates: Complex type not supported"),
        (RuntimeError, lambda f: f.map_coordinates(A, [["a"], ["b"]], order=1), "coordinates: coordinate array data type"),
        (RuntimeError, lambda f: f.map_coordinates(A, [[1], [1]], np.zeros(2), order=1), "output: output shape not correct"),
        (RuntimeError, lambda f: f.map_coordinates(A, [[1], [1]], "S1", order=1), "output: output must have numeric dtype"),
        (RuntimeError, lambda f: f.map_coordinates(A + 1j, [[1], [1]], "f8", 1), "output: output must have complex dtype"),
        (TypeError, lambda f: f.map_coordinates(A, [[1], [1]], order=1, cval="a"), "cval: expected a real number"),
        (TypeError, lambda f: f.map_coordinates(A, [[1], [1]], order=1, cval=1j), "cval: expected a real number"),
        (RuntimeError, lambda f: f.affine_transform(A, np.eye(4), order=1), "matrix: affine matrix has wrong number of rows"),
        (
            RuntimeError,
            lambda f: f.affine_transform(A, np.ones((2, 5)), order=1),
            "matrix: affine matrix has wrong number of col",
        ),
        (RuntimeError, lambda f: f.affine_transform(A, np.ones((2, 2, 2)), order=1), "matrix: no proper affine matrix"),
        (ValueError, lambda f: f.affine_transform(A, np.ones((3, 3)), order=1), "matrix: expected a homogeneous one"),
        (RuntimeError, lambda f: f.affine_transform(A, np.eye(2), (1, 2, 3), order=1), "offset: sequence argument must have"),
        (RuntimeError, lambda f: f.zoom(A, (1, 2, 3), order=1), "zoom: sequence argument must have length"),
        (ValueError, lambda f: f.zoom(A, -1, order=1), "zoom: input and output rank"),
        (TypeError, lambda f: f.shift(A, "a", order=1), "shift: expected a real number"),
        (ValueError, lambda f: f.shift(A, 1, frozen(A.copy()), order=1), "output: expected a writeable array; got a read-only"),
        (ValueError, lambda f: f.spline_filter(A, output=frozen(A.copy())), "output: expected a writeable array"),
        (TypeError, lambda f: f.shift(A, 1, "no", order=1), "output: expected an array or a dtype; got 'no'"),
        (TypeError, lambda f: f.shift(A, 1, order=3.0), "order: expected a whole number; got 3.0"),
        (TypeError, lambda f: f.spline_filter(A, 3.0), "order: expected a whole number; got 3.0"),
        (TypeError, lambda f: f.affine_transform(A, np.eye(2), 0, "ab", order=1), "output_shape: expected a sequence of whole"),
        (TypeError, lambda f: f.affine_transform(A, np.eye(2), 0, (2.7, 2), order=1), "output_shape: expected a sequence of"),
        (TypeError, lambda f: f.geometric_transform(A, tuple, (2.7, 2), order=1), "output_shape: expected a sequence of whole"),
        (
            ValueError,
            lambda f: f.affine_transform(A, np.eye(2), 0, (2**60, 9), order=1),
            "output_shape: expected a result that",
        ),
        (
            ValueError,
            lambda f: f.affine_transform(A, [[1, 2], [3]], order=1),
            "matrix: expected an array of numbers; got a list",
        ),
        (
            ValueError,
            lambda f: f.affine_transform(A, np.eye(2), [[1], [2, 3]], order=1),
            "offset: expected an array of numbers",
        ),
        (ValueError, lambda f: f.map_coordinates(A, [[1], [2, 3]], order=1), "coordinates: expected an array of numbers"),
        (ValueError, lambda f: f.shift([[1], [2, 3]], 1, order=1), "input: expected an array of numbers; got a list"),
        (ValueError, lambda f: f.zoom(A, np.nan, order=1), "zoom: expected finite numbers"),
        (
            ValueError,
            lambda f: f.zoom(A, 1e12, order=1),
            "zoom: expected a result that NumPy has an array for; got one of shape",
        ),
        (TypeError, lambda f: f.rotate(A, 3, 1, order=1), "axes: expected two whole numbers; got 1"),
        (TypeError, lambda f: f.spline_filter1d(A, axis=1.0), "axis: expected a whole number; got 1.0"),
        (TypeError, lambda f: f.spline_filter1d(A, axis=None), "axis: expected a whole number; got None"),
        (
            RuntimeError,
            lambda f: f.geometric_transform(A, tuple, order=1, extra_arguments=None),
            "extra_arguments: extra_arguments must be a tuple; got None",
        ),
        (
            RuntimeError,
            lambda f: f.geometric_transform(A, tuple, order=1, extra_keywords=3),
            "extra_keywords: extra_keywords must be a dictionary; got 3",
        ),
        (RuntimeError, lambda f: f.spline_filter(A, 1), "order: spline order not supported"),
        (RuntimeError, lambda f: f.spline_filter1d(A, 6), "order: spline order not supported"),
        (RuntimeError, lambda f: f.spline_filter1d(A, mode="no"), "mode: boundary mode not supported"),
        (ValueError, lambda f: f.spline_filter1d(A, axis=2), "axis: axis 2 is out of bounds"),
        (ValueError, lambda f: f.rotate(A[0], 3, order=1), "input: input array should be at least 2D"),
        (ValueError, lambda f: f.rotate(A, 3, (0, 1, 2), order=1), "axes: axes should contain exactly two"),
        (ValueError, lambda f: f.rotate(A, 3, (0, 2), order=1), "axes: invalid rotation plane"),
        (ValueError, lambda f: f.rotate(A, 3, (0, 0.5), order=1), "axes: axes should contain only integer"),
    ],
)
def test_errors(error, call, words):
    """As SciPy raises them, and the message says which argument and what came."""
    with pytest.raises(error):
        call(ndimage)
    with pytest.raises(error) as caught:
        call(ours)
    assert str(caught.value).startswith(words)


def test_own_errors():
    with pytest.raises(TypeError, match="mapping: invalid callable given"):
        ours.geometric_transform(A, 3, order=1)
    with pytest.raises(ValueError, match="mapping: expected it to return 2 coordinates"):
        ours.geometric_transform(A, lambda index: (index[0],), order=1)
    with pytest.raises(ValueError, match="input: data type not supported"):
        ours.zoom(A.astype(np.longdouble), 2)
    for angle in ("right", np.nan, np.ones(2)):
        with pytest.raises(TypeError, match=r"^angle: expected a finite number"):
            ours.rotate(A, angle)
    for order in (np.array([1, 2]), np.array([1]), None, "1"):
        with pytest.raises(TypeError, match=r"^order: expected a whole number; got "):
            ours.shift(A, 1, order=order)
    for matrix in ("x", np.eye(2) * 1j, np.array([1j, 1], object)):
        with pytest.raises(TypeError, match=r"^matrix: expected real numbers; got shape"):
            ours.affine_transform(A, matrix)
    for factor in (np.inf, 1e308):
        with pytest.raises(ValueError, match=r"^zoom: expected finite numbers"):
            ours.zoom(A, factor)


def test_outputs_that_overlap_themselves():
    """SciPy writes to them, and what is there afterwards depends on the order."""
    for output in (as_strided(np.zeros(5), A.shape, (0, 8)), as_strided(np.zeros(99), A.shape, (8, 8))):
        for call in (
            lambda out: ours.shift(A, 1, out),
            lambda out: ours.zoom(A, 1, out),
            lambda out: ours.spline_filter(A, 3, out),
        ):
            with pytest.raises(ValueError, match=r"^output: expected memory of its own for every element"):
                call(output)


def test_masked_arrays():
    masked = np.ma.masked_array(A, A == 0)
    for name, call in {
        "input": lambda: ours.shift(masked, 1),
        "coordinates": lambda: ours.map_coordinates(A, masked[:2]),
        "matrix": lambda: ours.affine_transform(A, masked[:2, :2]),
        "zoom": lambda: ours.zoom(A, masked[0, :2]),
        "angle": lambda: ours.rotate(A, np.ma.masked_array(30.0)),
    }.items():
        with pytest.raises(TypeError, match=rf"^{name}: expected an array without a mask"):
            call()
    with pytest.raises(TypeError, match=r"^input: expected an array without a mask"):
        ours.spline_filter(masked)


def test_numbers_of_other_types():
    a = image((7, 8))
    agree(ours.rotate(a, np.array(30.0), order=np.int8(1)), ndimage.rotate(a, np.array(30.0), order=np.int8(1)))
    for matrix in (np.eye(2).astype(object), np.eye(2, dtype=bool)):
        shape = np.array([3, 2])
        agree(*(f.affine_transform(a, matrix, output_shape=shape, order=1) for f in (ours, ndimage)))
    agree(ours.spline_filter1d(a, axis=np.int64(0)), ndimage.spline_filter1d(a, axis=np.int64(0)))
