"""Every mistake raises an error that names the argument and shows what came."""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import gridsample
from gridsample import affine_grid, grid_sample, identity_grid, sample, set_num_threads

X = np.zeros((2, 3, 4, 5), "float32")
GRID = np.zeros((2, 6, 7, 2), "float32")
THETA = np.zeros((1, 2, 3))
SIZE = (1, 1, 4, 5)


def zeros(*shape, dtype="float32"):
    return np.zeros(shape, dtype)


def refuses(error, call, *words):
    """Call and check the type of the error, and that all words are in its one line."""
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith(f"{words[0]}: ")
    for word in words[1:]:
        assert word in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("input", "grid", "words"),
    [
        (zeros(), GRID, ("input", "(N, C, H, W)", "shape ()")),
        (zeros(4, 5), GRID, ("input", "(N, C, H, W)", "shape (4, 5)")),
        (zeros(1, 1, 2, 2, 2, 2), GRID, ("input", "(N, C, D, H, W)", "shape (1, 1, 2, 2, 2, 2)")),
        (zeros(2, 3, 0, 5), GRID, ("input", "empty", "shape (2, 3, 0, 5)")),
        (zeros(0, 3, 4, 0), zeros(0, 6, 7, 2), ("input", "empty", "shape (0, 3, 4, 0)")),
        (X, GRID[0], ("grid", "(N, H_out, W_out, 2)", "input of shape (2, 3, 4, 5)", "shape (6, 7, 2)")),
        (X, GRID[None], ("grid", "(N, H_out, W_out, 2)", "shape (1, 2, 6, 7, 2)")),
        (X, zeros(2, 6, 7, 3), ("grid", "(N, H_out, W_out, 2)", "shape (2, 6, 7, 3)")),
        (X[:, :, 0], zeros(2, 6, 2), ("grid", "(N, W_out, 1)", "shape (2, 6, 2)")),
        (X[:, :, None], GRID, ("grid", "(N, D_out, H_out, W_out, 3)", "shape (2, 6, 7, 2)")),
        (X, zeros(3, 6, 7, 2), ("grid", "batch", "2, or 1", "got 3", "(3, 6, 7, 2)")),
        (X, zeros(0, 6, 7, 2), ("grid", "batch", "got 0")),
    ],
)
def test_shapes_of_grid_sample(input, grid, words):
    refuses(ValueError, lambda: grid_sample(input, grid), *words)


@pytest.mark.parametrize(
    ("input", "coords", "words"),
    [
        (X, zeros(), ("coords", "ndim 1 to 3", "shape ()")),
        (X, zeros(2, 5, 0), ("coords", "ndim 1 to 3", "shape (2, 5, 0)")),
        (X, zeros(2, 5, 4), ("coords", "ndim 1 to 3", "shape (2, 5, 4)")),
        (X, zeros(2), ("coords", "(N, *out, 2)", "shape (2,)")),
        (X, zeros(3, 9, 2), ("coords", "batch", "2, or 1", "got 3")),
        (zeros(5), zeros(9, 2), ("input", "2 spatial axes", "coords (9, 2)", "shape (5,)")),
        (zeros(1, 1, 1, 4, 5), zeros(9, 2), ("input", "2 spatial axes", "shape (1, 1, 1, 4, 5)")),
        (zeros(0, 5), zeros(9, 2), ("input", "empty", "shape (0, 5)")),
        (zeros(3, 4, 0), zeros(9, 2), ("input", "empty", "shape (3, 4, 0)")),
    ],
)
def test_shapes_of_sample(input, coords, words):
    refuses(ValueError, lambda: sample(input, coords), *words)


@pytest.mark.parametrize(
    ("call", "argument", "came", "meant"),
    [
        (lambda name: grid_sample(X, GRID, name), "mode", "bilinaer", "bilinear"),
        (lambda name: grid_sample(X, GRID, name), "mode", "Bicubic", "bicubic"),
        (lambda name: grid_sample(X, GRID, name), "mode", "neareast", "nearest"),
        (lambda name: grid_sample(X, GRID, padding_mode=name), "padding_mode", "zero", "zeros"),
        (lambda name: grid_sample(X, GRID, padding_mode=name), "padding_mode", "reflect", "reflection"),
        (lambda name: sample(X, GRID, name), "kernel", "liner", "linear"),
        (lambda name: sample(X, GRID, boundary=name), "boundary", "boarder", "border"),
        (lambda name: sample(X, GRID, boundary=name), "boundary", "reflection", "reflection_edge"),
    ],
)
def test_names(call, argument, came, meant):
    refuses(ValueError, lambda: call(came), argument, f"unknown name {came!r}", f"did you mean {meant!r}?", "expected one of")
    for stranger in ("", "qqq"):
        with pytest.raises(ValueError, match=f"^{argument}: unknown name {stranger!r}; expected one of .*{meant!r}"):
            call(stranger)
    for value in (None, 2, b"zeros", {"zeros"}, np.zeros(2)):
        refuses(TypeError, lambda value=value: call(value), argument, repr(meant), f"got {value!r} of type")


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint32", "longdouble", "object", "U3", "M8[s]"])
def test_dtypes(dtype):
    strange = np.zeros((2, 6, 7, 2)).astype(dtype)
    name = f"dtype {strange.dtype}"
    refuses(TypeError, lambda: grid_sample(strange, GRID), "input", "float32", "complex128", "shape (2, 6, 7, 2)", name)
    refuses(TypeError, lambda: sample(strange, GRID), "input", "float32", "complex128", name)
    refuses(TypeError, lambda: sample(X, GRID, dtype=dtype), "dtype", "float32", "bfloat16", repr(dtype))


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "longdouble", "complex64", "object", "U3", "M8[s]"])
def test_dtypes_of_coordinates(dtype):
    strange = np.zeros((2, 6, 7, 2)).astype(dtype)
    name = f"dtype {strange.dtype}"
    refuses(TypeError, lambda: grid_sample(X, strange), "grid", "float32, float64", name)
    refuses(TypeError, lambda: sample(X, strange), "coords", "float32, float64", name)
    refuses(TypeError, lambda: affine_grid(strange, SIZE), "theta", "float32", name)
    refuses(TypeError, lambda: identity_grid(SIZE, dtype=dtype), "dtype", "float32 or float64", repr(dtype))


@pytest.mark.parametrize("dtype", ["f4,(", "f4,i4", (np.float32, -1), {"names": ["a"]}, "no such", 5, 10**400], ids=repr)
def test_what_is_no_dtype(dtype):
    refuses(TypeError, lambda: sample(X, GRID, dtype=dtype), "dtype", "float32", repr(dtype))
    refuses(TypeError, lambda: identity_grid(SIZE, dtype=dtype), "dtype", "float32 or float64", repr(dtype))


def test_advice_about_dtypes():
    refuses(TypeError, lambda: grid_sample(X.astype("int64"), GRID), "input", "input.astype('float32')")
    with pytest.raises(TypeError) as caught:
        grid_sample(X, GRID.astype("complex64"))
    assert "astype" not in str(caught.value)  # it would drop the imaginary part


@pytest.mark.parametrize("value", [None, "x", {}, object])
def test_no_arrays(value):
    refuses(TypeError, lambda: grid_sample(value, GRID), "input", repr(value), type(value).__name__)
    refuses(TypeError, lambda: sample(X, value), "coords", repr(value), type(value).__name__)


def test_ragged_sequences():
    refuses(ValueError, lambda: grid_sample([[1.0, 2.0], [3.0]], GRID), "input", "list", "inhomogeneous")


def test_masked_arrays():
    """Nothing here heeds a mask, so none is dropped in silence."""
    words = ("without a mask", "shape (2, 6, 7, 2), dtype float32")
    masked = np.ma.masked_array(GRID, GRID == 0)
    refuses(TypeError, lambda: sample(masked, GRID), "input", *words, "input.filled(0)")
    refuses(TypeError, lambda: sample(X, masked), "coords", *words, "coords.filled(0)")
    refuses(TypeError, lambda: grid_sample(masked, GRID), "input", *words)
    refuses(TypeError, lambda: grid_sample(X, masked), "grid", *words)
    refuses(TypeError, lambda: gridsample.warp_flow(X, masked), "flow", *words)
    refuses(TypeError, lambda: gridsample.Transform.flow(masked[0]), "flow", "without a mask")
    refuses(TypeError, lambda: gridsample.warp_affine(X, np.ma.masked_array(THETA[0])), "matrix", "without a mask")
    assert sample(X.view(np.memmap), GRID).shape == (2, 3, 6, 7)  # other kinds of arrays are arrays


@pytest.mark.parametrize(
    ("image", "points", "channels", "shape"),
    [
        ((4, 5), (7, 2), "first", (7,)),
        ((4, 5), (6, 7, 2), "last", (6, 7)),
        ((3, 4, 5), (7, 2), "first", (3, 7)),
        ((4, 5, 3), (7, 2), "last", (7, 3)),
        ((2, 3, 4, 5), (1, 7, 2), "first", (2, 3, 7)),
        ((2, 4, 5, 3), (1, 7, 2), "last", (2, 7, 3)),
    ],
)
def test_nothing_to_keep(image, points, channels, shape):
    """The shape that is named is the one that will do."""
    options = {"outside": "keep", "channels": channels}
    refuses(
        ValueError, lambda: sample(zeros(*image), zeros(*points), **options), "out", f"shape {shape}, dtype float32", "got None"
    )
    out = zeros(*shape)
    assert sample(zeros(*image), zeros(*points), out=out, **options) is out


def nowhere(*shape):
    """Return an array of one element's memory."""
    return np.broadcast_to(np.float32(0), shape)


def test_results_that_are_too_large():
    many = 1 << 31
    words = ("NumPy", f"shape (1, {many}, {many}), dtype float32")
    refuses(ValueError, lambda: sample(nowhere(1, many, 1, 1), nowhere(1, many, 2)), "coords", *words)
    refuses(ValueError, lambda: grid_sample(nowhere(1, many, 1), nowhere(1, many, 1)), "grid", *words)
    size, sizes = (1, 1, many, many), (many, many)
    refuses(ValueError, lambda: identity_grid(size), "size", f"shape (1, {many}, {many}, 2)")
    refuses(ValueError, lambda: gridsample.sample_adjoint(zeros(1), zeros(1, 2), sizes), "shape", f"shape {sizes}")
    wide, points = nowhere(1, many, 1, 1), nowhere(1, many, 2)
    refuses(ValueError, lambda: gridsample.sample_gradient(wide, points), "coords", f"shape (1, {many}, {many}, 2)")


def test_axes_that_are_too_many():
    most = 1
    while most < 100:  # NumPy 1 has 32, NumPy 2 has 64
        try:
            zeros(*(1,) * (most + 1))
        except ValueError:
            break
        most += 1
    image, coords = zeros(4, 5), zeros(*(1,) * (most - 1), 2)
    refuses(ValueError, lambda: sample(image, coords), "coords", "1 axes less", "shape (1, 1")
    refuses(ValueError, lambda: gridsample.sample_count(coords, (4, 5)), "coords", "1 axes less")
    refuses(ValueError, lambda: gridsample.sample_gradient(image, coords), "coords", "1 axes less")
    refuses(ValueError, lambda: gridsample.sample_gradient(image, coords[0]), "coords", "NumPy", ", 2), dtype float32")
    values = zeros(*(1,) * (most - 1))
    refuses(ValueError, lambda: gridsample.sample_adjoint(values, coords[0], (4, 5)), "values", "2 axes less")
    assert sample(image, coords[0]).shape == (1,) * (most - 2)
    assert sample(image[None, None], coords).shape == (1,) * most
    assert gridsample.sample_count(coords[0], (4, 5)).sum() == 1


def frozen(out):
    out.flags.writeable = False
    return out


@pytest.mark.parametrize(
    ("error", "out", "words"),
    [
        (TypeError, [0.0], ("NumPy array of shape (2, 3, 6, 7)", "list")),
        (ValueError, zeros(2, 3, 7, 6), ("shape (2, 3, 6, 7)", "shape (2, 3, 7, 6)")),
        (ValueError, zeros(1, 3, 6, 7), ("shape (2, 3, 6, 7)", "shape (1, 3, 6, 7)")),
        (ValueError, zeros(2, 3, 6, 7, 1), ("shape (2, 3, 6, 7)", "shape (2, 3, 6, 7, 1)")),
        (TypeError, zeros(2, 3, 6, 7, dtype="float64"), ("dtype float32", "dtype float64")),
        (TypeError, zeros(2, 3, 6, 7, dtype=np.dtype("float32").newbyteorder()), ("native byte order",)),
        (TypeError, zeros(2, 3, 6, 7, dtype="int32"), ("dtype float32", "dtype int32")),
        (ValueError, frozen(zeros(2, 3, 6, 7)), ("read-only", "shape (2, 3, 6, 7)")),
        (ValueError, as_strided(zeros(7), (2, 3, 6, 7), (0, 0, 0, 4)), ("broadcast", "(0, 0, 0, 4)")),
        (ValueError, as_strided(zeros(500), (2, 3, 6, 7), (4, 4, 4, 4)), ("overlaps itself", "(4, 4, 4, 4)")),
        (ValueError, as_strided(zeros(500), (2, 3, 6, 7), (500, 164, 24, 4)), ("overlaps itself", "(500, 164, 24, 4)")),
        (ValueError, as_strided(zeros(500), (2, 3, 6, 7), (504, 168, 28, 2)), ("overlaps itself", "(504, 168, 28, 2)")),
        (ValueError, as_strided(zeros(500)[250:], (2, 3, 6, 7), (-500, 168, -28, 4)), ("overlaps itself",)),
    ],
)
def test_out(error, out, words):
    refuses(error, lambda: grid_sample(X, GRID, out=out), "out", *words)
    refuses(error, lambda: sample(X, GRID, out=out), "out", *words)


def test_out_overlaps():
    image, points = zeros(4, 4), zeros(4, 4, 2)
    refuses(ValueError, lambda: sample(image, points, out=image), "out", "overlaps input", "shape (4, 4)")
    refuses(ValueError, lambda: sample(image, points, out=points[..., 0]), "out", "overlaps coords", "shape (4, 4, 2)")
    refuses(ValueError, lambda: sample(image, points, out=image[::-1].T), "out", "overlaps input")
    memory = zeros(1, 1, 8, 4)
    refuses(ValueError, lambda: grid_sample(memory[:, :, :5], points[None], out=memory[:, :, 4:]), "out", "overlaps input")
    grid = zeros(1, 4, 4, 2)
    refuses(ValueError, lambda: grid_sample(memory, grid, out=grid.reshape(1, 2, 4, 4)[:, :1]), "out", "overlaps grid")


BYTE, WIDE = zeros(1, 1, 2, 2, dtype="uint8"), zeros(1, 1, 2, 2, dtype="float64")
HALF = zeros(1, 1, 2, 2, dtype="float16")


@pytest.mark.parametrize(
    ("image", "dtype", "value", "words"),
    [
        (BYTE, "int32", 123456789, ("float32 holds exactly", "images of uint8", "got 123456789", ".astype('float64')")),
        (HALF, "int32", -(2**24) - 1, ("float32 holds exactly", "images of float16", "got -16777217")),
        (X, "int32", [0, 1, 2**31 - 1], ("float32 holds exactly", "2147483647")),
        (X, "float64", 1e300, ("a number that float32 holds, in which images of float32 are summed", "got 1e+300")),
        (X, "float64", [0, -1e39, 0], ("a number that float32 holds", "-1e+39")),
        (BYTE, "float64", 2**129, ("a number that float32 holds", "images of uint8")),
        (X.astype("complex64"), "complex128", 1e300j, ("a number that complex64 holds", "1e+300j", "('complex128')")),
        (X, None, 10**400, ("a number that dtype float32 holds", "got 1000")),
        (X, None, Fraction(10**60, 7), ("a number that dtype float32 holds", "Fraction")),
        (WIDE, None, 10**400, ("a number that dtype float64 holds",)),
        (WIDE, None, Fraction(10**400), ("a number that dtype float64 holds",)),
        (WIDE, None, np.longdouble("1e4000"), ("a number that dtype float64 holds", "1e+4000")),
        (X.astype("complex64"), None, complex(np.inf, 1e300), ("a number that dtype complex64 holds", "1e+300j")),
        (X.astype("complex64"), None, 10**400, ("a number that dtype complex64 holds",)),
    ],
)
def test_fill_values_that_are_not_held(image, dtype, value, words):
    """By the result, or by the sums, in which the fill value gets there."""
    points = np.full((1, 1, 1, 2), 9.0)
    options = {"outside": "fill", "fill_value": value, "dtype": dtype}
    refuses(ValueError, lambda: grid_sample(image, points, **options), "fill_value", *words)
    refuses(ValueError, lambda: sample(image, points, **options), "fill_value", *words)


@pytest.mark.parametrize("value", [None, "7", b"7", [[1, 2, 3]], 1j, [1, None, 2], [10**30, 1j, 0], {}], ids=repr)
def test_fill_values_that_are_no_numbers(value):
    error = ValueError if value == [[1, 2, 3]] else TypeError
    refuses(error, lambda: sample(X, GRID, fill_value=value), "fill_value", "a number, or one for each", repr(value))


@pytest.mark.parametrize("value", [True, "-0.75", None, np.nan, -np.inf, 1e39, 1e300, 10**400, -(10**400), Fraction(10**60)])
def test_cubic_a(value):
    refuses(ValueError, lambda: sample(X, GRID, "cubic", cubic_a=value), "cubic_a", "finite", "float32", f"got {value!r}")
    grid_sample(X, GRID, "bicubic", cubic_a=1)  # which True equals
    refuses(ValueError, lambda: grid_sample(X, GRID, "bicubic", cubic_a=value), "cubic_a", f"got {value!r}")
    half = sample(X + 1, GRID, "cubic", cubic_a=Fraction(-1, 2))
    np.testing.assert_array_equal(half, sample(X + 1, GRID, "cubic", cubic_a=-0.5))


@pytest.mark.parametrize("value", ["no", 1, None, np.zeros(2)])
def test_align_corners(value):
    words = ("align_corners", "True or False", f"got {value!r} of type")
    refuses(TypeError, lambda: grid_sample(X, GRID, align_corners=value), *words)
    refuses(TypeError, lambda: identity_grid(SIZE, value), *words)
    refuses(TypeError, lambda: affine_grid(THETA, SIZE, value), *words)
    assert grid_sample(X, GRID, align_corners=np.True_).shape == (2, 3, 6, 7)


@pytest.mark.parametrize(
    "size", [5, None, "1144", (), (1, 1, 0), (1, 1, -4), (1, 1, 2.5), (1, 1, float("inf")), ("1", 1, 4), (4,), (1, 1), (1,) * 6]
)
def test_sizes(size):
    refuses(ValueError, lambda: identity_grid(size), "size", repr(size))
    refuses(ValueError, lambda: affine_grid(THETA, size), "size", repr(size))


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 3, 2), (1, 3, 4), (2, 3), (1, 1, 2), ()])
def test_theta(shape):
    refuses(ValueError, lambda: affine_grid(zeros(*shape), SIZE), "theta", "shape (1, 2, 3)", f"size {SIZE}", f"shape {shape}")


def test_thread_counts(set_threads):
    for count in (0, -3, 1025, 10**30):
        refuses(ValueError, lambda count=count: set_num_threads(count), "count", "1 to 1024", f"got {count}")
    for count in (2.0, "2", True, None, [2]):
        refuses(TypeError, lambda count=count: set_num_threads(count), "count", "whole number", f"got {count!r} of type")
    set_threads(np.int64(3))
    assert gridsample.get_num_threads() == 3


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("GRIDSAMPLE_ISA", "avx1024", "unknown name 'avx1024'"),
        ("GRIDSAMPLE_ISA", "Scalar", "unknown name 'Scalar'; did you mean 'scalar'?"),
        ("GRIDSAMPLE_NUM_THREADS", "many", "expected a whole number of threads; got 'many'"),
        ("GRIDSAMPLE_NUM_THREADS", "2.0", "expected a whole number of threads; got '2.0'"),
        ("GRIDSAMPLE_NUM_THREADS", "-1", "expected a whole number of threads; got '-1'"),
        ("GRIDSAMPLE_NUM_THREADS", "0", "expected 1 to 1024 threads; got 0"),
        ("GRIDSAMPLE_NUM_THREADS", "1025", "expected 1 to 1024 threads; got 1025"),
    ],
)
def test_environment(variable, value, words):
    done = subprocess.run(
        [sys.executable, "-c", "import gridsample"],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ValueError: {variable}: {words}")


def test_environment_is_used():
    code = "import gridsample; print(gridsample.cpu_info()['isa'], gridsample.get_num_threads())"
    env = {**os.environ, "GRIDSAMPLE_ISA": "scalar", "GRIDSAMPLE_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["scalar", "3"]
