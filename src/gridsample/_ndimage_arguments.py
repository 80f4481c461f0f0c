"""The checks of what a caller of SciPy's functions said, in SciPy's words; and the arrays that results go to."""

import math
import numbers
import operator
from typing import Any, NamedTuple

import numpy as np

from gridsample import _memory
from gridsample._arrays import check_writeable, too_large
from gridsample._spec import as_array, describe

__all__ = [
    "MODES",
    "Unsupported",
    "as_affine",
    "as_coordinates",
    "as_cval",
    "as_index",
    "as_input",
    "as_plane",
    "as_sequence",
    "as_shape",
    "check_mode",
    "check_order",
    "cosine_sine",
    "make_output",
    "zoomed",
]


class Mode(NamedTuple):
    """How a mode of SciPy is made of what the core knows."""

    narrow: str
    """The boundary of orders 0 and 1."""
    wide: str
    """The boundary of the coefficients of splines."""
    fills: bool = False
    pads: bool = False


MODES = {
    "constant": Mode("border", "reflection_center", fills=True),
    "grid-constant": Mode("constant", "constant", pads=True),
    "grid-mirror": Mode("reflection_edge", "reflection_edge"),
    "grid-wrap": Mode("wrap", "wrap"),
    "mirror": Mode("reflection_center", "reflection_center"),
    "nearest": Mode("border", "border", pads=True),
    "reflect": Mode("reflection_edge", "reflection_edge"),
    "wrap": Mode("border", "reflection_center"),
}


class Unsupported(ValueError, RuntimeError):
    """A ValueError, as everywhere in gridsample, that code which expects SciPy's RuntimeError catches too."""


def check_order(order: Any, lowest: int = 0) -> int:
    """Return ``order`` if it is one of SciPy's."""
    number = as_index("order", order)
    if isinstance(order, bool) or not lowest <= number <= 5:
        raise Unsupported(f"order: spline order not supported: expected {lowest} to 5; got {order!r}")
    return number


def check_mode(mode: Any) -> str:
    """Return ``mode`` if it is one of SciPy's."""
    if not isinstance(mode, str) or mode not in MODES:
        raise Unsupported(f"mode: boundary mode not supported: expected one of {', '.join(MODES)}; got {mode!r}")
    return mode


def as_index(argument: str, value: Any) -> int:
    """Return a whole number of any integer type."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{argument}: expected a whole number; got {value!r:.80}") from None


def _as_array(argument: str, value: Any) -> np.ndarray:
    try:
        return as_array(argument, value)
    except ValueError as error:
        raise ValueError(f"{argument}: expected an array of numbers; got a {type(value).__name__}: {error}") from None


def as_input(value: Any, *, empty: bool = False) -> np.ndarray:
    """Return an array of numbers of at least one axis, none of which is empty unless it may be."""
    array = _as_array("input", value)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        raise Unsupported(f"input: data type not supported: expected numbers of up to 64 bits; got {describe(array)}")
    if array.ndim < 1 or (array.size == 0 and not empty):
        raise Unsupported(f"input: input and output rank must be > 0, and no axis empty; got {describe(array)}")
    return array


def as_coordinates(coordinates: Any, ndim: int) -> np.ndarray:
    """Return coordinates (ndim, *out)."""
    coords = _as_array("coordinates", coordinates)
    if coords.dtype.kind == "c":
        raise TypeError(f"coordinates: Complex type not supported: expected real numbers; got {describe(coords)}")
    if coords.dtype.kind not in "biuf":
        raise Unsupported(f"coordinates: coordinate array data type not supported: expected numbers; got {describe(coords)}")
    if coords.ndim < 2:
        raise Unsupported(
            f"coordinates: input and output rank must be > 0: expected (input.ndim, *out); got {describe(coords)}"
        )
    if len(coords) != ndim:
        raise Unsupported(
            f"coordinates: invalid shape for coordinate array: expected ({ndim}, *out), as input has axes; "
            f"got {describe(coords)}"
        )
    return coords


def as_affine(matrix: Any, offset: Any, n: int, columns: int) -> tuple[np.ndarray, Any]:
    """Return a matrix (n, columns), or its diagonal (n,), and the offset, which a further column of the matrix may be."""
    given = _as_array("matrix", matrix)
    try:  # None, strings and objects too, if NumPy makes real numbers of them
        m = given.astype(np.float64, casting="same_kind" if given.dtype.kind == "c" else "unsafe")
    except (TypeError, ValueError):
        raise TypeError(f"matrix: expected real numbers; got {describe(given)}") from None
    if m.ndim not in (1, 2) or m.shape[0] < 1:
        raise Unsupported(f"matrix: no proper affine matrix provided: expected ({n}, {columns}) or ({n},); got {describe(m)}")
    if m.ndim == 2 and m.shape[1] == n + 1 and m.shape[0] in (n, n + 1):
        if m.shape[0] == n + 1 and not np.array_equal(m[n], np.eye(n + 1)[n]):
            raise ValueError(f"matrix: expected a homogeneous one, with the last row {[0] * n + [1]}; got {m[n].tolist()}")
        m, offset = m[:n, :n], m[:n, n]
    if m.shape[0] != n:
        raise Unsupported(f"matrix: affine matrix has wrong number of rows: expected {n}, as input has axes; got {describe(m)}")
    if m.ndim == 2 and m.shape[1] != columns:
        raise Unsupported(
            f"matrix: affine matrix has wrong number of columns: expected {columns}, as output has axes; got {describe(m)}"
        )
    return m, offset


def make_output(output: Any, input: np.ndarray, shape: tuple[int, ...], said_by: str = "input") -> np.ndarray:
    """Return the array that the result goes to: the caller's, or a new one of the dtype that the caller said.

    ``said_by`` is the argument that the shape comes from.
    """
    is_complex = input.dtype.kind == "c"
    if output is None:
        return _empty(said_by, shape, input.dtype.newbyteorder("="))
    if isinstance(output, (type, np.dtype, str)):
        try:
            dtype = np.dtype(output)
        except Exception:  # a string may be wrong in many ways, a syntax error among them
            raise TypeError(f"output: expected an array or a dtype; got {output!r:.80}") from None
        if dtype.kind not in "biufc":
            raise Unsupported(f"output: output must have numeric dtype; got {output!r}")
        if is_complex and dtype.kind != "c":
            if isinstance(output, str):
                raise Unsupported(f"output: output must have complex dtype, as input has; got {output!r}")
            import warnings

            warnings.warn("promoting specified output dtype to complex", stacklevel=3)
            dtype = np.promote_types(dtype, np.complex64)
        return _empty(said_by, shape, dtype)
    array = np.asarray(output)
    if array.shape != shape:
        raise Unsupported(f"output: output shape not correct: expected {shape}; got {array.shape}")
    if is_complex and array.dtype.kind != "c":
        raise Unsupported(f"output: output must have complex dtype, as input has; got {array.dtype}")
    check_writeable("output", array)
    return array


def _empty(said_by: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    try:
        return _memory.empty(shape, dtype)
    except ValueError:
        raise too_large(said_by, shape, dtype) from None


def as_cval(cval: Any, kind: type) -> Any:
    """Return the value of what is outside, as a number of this kind."""
    try:
        return kind(cval)
    except (TypeError, ValueError):
        raise TypeError(f"cval: expected a {'complex' if kind is complex else 'real'} number; got {cval!r}") from None


def as_shape(argument: str, shape: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(n) for n in shape)
    except TypeError:
        raise TypeError(f"{argument}: expected a sequence of whole numbers; got {shape!r}") from None
    if not sizes or min(sizes) < 0:
        raise Unsupported(f"{argument}: input and output rank must be > 0, and no size negative; got {shape!r}")
    return sizes


def as_sequence(argument: str, value: Any, count: int) -> tuple[float, ...]:
    """Return one number for each axis, from one for all or a sequence of them."""
    given = _as_array(argument, value)
    if given.dtype.kind not in "biuf" or given.ndim > 1:
        raise TypeError(f"{argument}: expected a real number, or one for each of the {count} axes; got {value!r:.80}")
    if given.ndim and given.size != count:
        raise Unsupported(
            f"{argument}: sequence argument must have length equal to input rank: expected {count} numbers; got {given.size}"
        )
    return tuple(float(one) for one in np.broadcast_to(given, count))


def zoomed(shape: tuple[int, ...], factors: tuple[float, ...]) -> tuple[int, ...]:
    """Return the sizes that a zoom makes of others."""
    sizes = [n * factor for n, factor in zip(shape, factors, strict=True)]
    if not all(map(math.isfinite, sizes)):
        raise ValueError(f"zoom: expected finite numbers, and sizes that are; got {factors} for {shape}")
    return as_shape("zoom", [round(size) for size in sizes])


def as_plane(axes: Any, ndim: int) -> list[int]:
    try:
        given = list(axes)
    except TypeError:
        raise TypeError(f"axes: expected two whole numbers; got {axes!r:.80}") from None
    if len(given) != 2:
        raise ValueError(f"axes: axes should contain exactly two values; got {axes!r}")
    if not all(isinstance(axis, numbers.Real) and float(axis).is_integer() for axis in given):
        raise ValueError(f"axes: axes should contain only integer values; got {axes!r}")
    plane = [int(axis) + ndim * (axis < 0) for axis in given]
    if not all(0 <= axis < ndim for axis in plane) or plane[0] == plane[1]:
        raise ValueError(f"axes: invalid rotation plane specified: expected two of {ndim} axes; got {axes!r}")
    return plane


_SINE = (
    1.58962301572218447952e-10,
    -2.50507477628503540135e-8,
    2.75573136213856773549e-6,
    -1.98412698295895384658e-4,
    8.33333333332211858862e-3,
    -1.66666666666666307295e-1,
)
_COSINE = (
    1.13678171382044553091e-11,
    -2.08758833757683644217e-9,
    2.75573155429816611547e-7,
    -2.48015872936186303776e-5,
    1.38888888888806666760e-3,
    -4.16666666666666348141e-2,
    4.99999999999999999798e-1,
)


def cosine_sine(angle: Any) -> tuple[float, float]:
    """Return cosine and sine of degrees as SciPy computes them, to the last bit; exact for quarter turns.

    Polynomials of an eighth of a turn: S. Moshier, Cephes, sindg and cosdg. The last bit decides between two samples where
    order 0 falls between them, as it does at 30 degrees.
    """
    if isinstance(angle, np.ndarray) and angle.ndim == 0:
        angle = as_array("angle", angle).item()
    if not isinstance(angle, numbers.Real) or not math.isfinite(angle):
        raise TypeError(f"angle: expected a finite number of degrees; got {angle!r}")
    degrees = abs(float(angle))
    octant = math.floor(degrees / 45)
    octant += octant % 2
    z = (degrees - octant * 45.0) * 1.74532925199432957692e-2
    zz = z * z
    s, c = z + z * (zz * _polynomial(_SINE, zz)), 1.0 - zz * _polynomial(_COSINE, zz)
    for _ in range(octant // 2 % 4):
        c, s = -s, c
    return c + 0.0, math.copysign(1.0, angle) * s + 0.0


def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total
