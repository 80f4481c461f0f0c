"""The frozen description of one sampling problem, and the checks of what a caller said; ``_arrays`` checks arrays.

All messages are of one form: the argument, what was expected, what came, and what to do about it.
"""

import math
import numbers
import operator
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gridsample._coords import AxisMap
from gridsample._modes import BOUNDARIES, KERNELS, NAN_RULES, OUTSIDE_RULES

__all__ = [
    "MAX_NDIM",
    "Spec",
    "as_array",
    "as_flag",
    "as_matrix",
    "choose",
    "choose_boundaries",
    "describe",
    "make_spec",
    "numbers_of",
    "positive_ints",
    "real_numbers",
    "sizes_of",
    "spatial_sizes",
]

MAX_NDIM = 3

_OWN_NAMES = {name: name for name in BOUNDARIES}

_FLOAT32_MAX: Any = float(np.finfo(np.float32).max)

_ORDERS = {kernel.code: kernel.order for kernel in KERNELS.values()}


class Spec(NamedTuple):
    """Everything the core needs to know besides the arrays. One entry of ``boundaries`` and ``axes`` per memory axis."""

    kernel: int
    boundaries: tuple[int, ...]
    axes: tuple[AxisMap, ...]
    cubic_a: float
    outside: int
    nan_propagates: bool
    orders: tuple[int, ...]
    """Of the derivative that is taken along each axis, with respect to the given coordinate; 0 for the sample itself."""
    relative: bool = False
    """Coordinates are displacements from the place of their point in the output, whose last axes are the spatial ones."""

    @property
    def order(self) -> int:
        """Of a B-spline kernel, which reads coefficients; 0 of kernels that read samples."""
        return _ORDERS[self.kernel]

    @property
    def keeps(self) -> bool:
        """Whether samples outside leave ``out`` as it is."""
        return self.outside == OUTSIDE_RULES["keep"]


def make_spec(
    kernel: object,
    boundaries: tuple[int, ...],
    axes: tuple[AxisMap, ...],
    *,
    cubic_a: Any = -0.75,
    outside: object = "boundary",
    nan: object = "boundary",
) -> Spec:
    """Return the checked description of a problem."""
    code = KERNELS[choose("kernel", kernel, KERNELS)].code
    if isinstance(cubic_a, bool) or not isinstance(cubic_a, numbers.Real) or not abs(cubic_a) <= _FLOAT32_MAX:
        raise ValueError(f"cubic_a: expected a finite number that float32 holds, as -0.75 or -0.5; got {cubic_a!r}")
    rule = OUTSIDE_RULES[choose("outside", outside, OUTSIDE_RULES)]
    propagates = choose("nan", nan, NAN_RULES) == "propagate"
    return Spec(code, boundaries, axes, float(cubic_a), rule, propagates, (0,) * len(axes))


def describe(array: np.ndarray) -> str:
    """Shape and dtype of an array as messages show them."""
    return f"shape {array.shape}, dtype {array.dtype}"


def as_array(argument: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array, and refuse one with a mask, which would be lost."""
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{argument}: expected an array without a mask; got a masked one of {describe(value)}; "
            f"fill it first, as with {argument}.filled(0)"
        )
    return np.asarray(value)


def choose(argument: str, value: object, options: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``options``; otherwise name them, and the closest one first."""
    options = tuple(options)
    if isinstance(value, str) and value in options:
        return value
    listed = ", ".join(repr(option) for option in options)
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected one of {listed}; got {value!r} of type {type(value).__name__}")
    import difflib

    close = difflib.get_close_matches(value.lower(), options, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ValueError(f"{argument}: unknown name {value!r}; {hint}expected one of {listed}")


def choose_boundaries(argument: str, boundary: object, ndim: int, names: Mapping[str, str] = _OWN_NAMES) -> tuple[int, ...]:
    """Return the codes of one boundary, or of one for each of ``ndim`` axes; ``names`` maps a caller's names to boundaries."""
    if isinstance(boundary, (tuple, list)):
        if len(boundary) != ndim:
            raise ValueError(
                f"{argument}: expected one name, or one for each of the {ndim} spatial axes of input, in their order; "
                f"got {len(boundary)}: {boundary!r}"
            )
        rules = [names[choose(argument, rule, names)] for rule in boundary]
    else:
        rules = [names[choose(argument, boundary, names)]] * ndim
    if "zeros" in rules and "constant" in rules:
        raise ValueError(f"{argument}: expected zeros or constant, not both, since both say what is outside; got {boundary!r}")
    return tuple(BOUNDARIES[rule].code for rule in rules)


def as_flag(argument: str, value: Any) -> bool:
    """Return ``value`` if it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: expected True or False; got {value!r} of type {type(value).__name__}")
    return bool(value)


def positive_ints(argument: str, value: Any) -> tuple[int, ...]:
    """Return ``value`` as a tuple of positive ints."""
    try:
        sizes = tuple(int(size) for size in value)
        exact = all(int(size) == size for size in value)
    except (TypeError, ValueError, OverflowError):
        sizes, exact = (), False
    if not sizes or not exact or min(sizes) < 1:
        raise ValueError(f"{argument}: expected a sequence of positive whole numbers; got {value!r}")
    return sizes


def sizes_of(argument: str, value: Any) -> tuple[int, ...]:
    """Return the shape of an array as a tuple of ints, 0 among them or not."""
    try:
        sizes = tuple(operator.index(size) for size in value)
    except TypeError:
        sizes = (-1,)
    if min(sizes, default=0) < 0:
        raise ValueError(f"{argument}: expected a sequence of whole numbers, 0 or more; got {value!r}")
    return sizes


def spatial_sizes(argument: str, size: Any, count: int | None = None) -> tuple[int, ...]:
    sizes = positive_ints(argument, size)
    if len(sizes) > MAX_NDIM or (count is not None and len(sizes) != count):
        wanted = f"1 to {MAX_NDIM}" if count is None else count
        raise ValueError(f"{argument}: expected {wanted} spatial sizes, axis 0 first and without N and C; got {size!r}")
    return sizes


def real_numbers(argument: str, value: Any) -> np.ndarray:
    try:
        array = as_array(argument, value)
    except ValueError as error:
        raise ValueError(f"{argument}: expected an array of real numbers; got {value!r:.60}: {error}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{argument}: expected real numbers; got {value!r:.60} of type {type(value).__name__}")
    return array.astype(np.float64)


def numbers_of(argument: str, value: Any, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return finite real numbers of a shape, as a float64 array of their own."""
    array = real_numbers(argument, value)
    if shape is not None and array.shape != shape:
        raise ValueError(f"{argument}: expected shape {shape}; got shape {array.shape}")
    if not all(map(math.isfinite, array.ravel().tolist())):  # of a few numbers, in a tenth of the time of NumPy's
        raise ValueError(f"{argument}: expected finite numbers; got {array.tolist()}")
    return array


def as_matrix(argument: str, value: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return a matrix (ndim, ndim + 1) or (ndim + 1, ndim + 1), or of one of these shapes, as the square one."""
    matrix = numbers_of(argument, value, shape)
    columns = matrix.shape[-1] if matrix.ndim == 2 else 0
    if not 2 <= columns <= MAX_NDIM + 1 or matrix.shape[0] not in (columns - 1, columns):
        raise ValueError(f"{argument}: expected shape (ndim, ndim + 1) or (ndim + 1, ndim + 1); got shape {matrix.shape}")
    if matrix.shape[0] == columns:
        return matrix
    square = np.zeros((columns, columns))
    square[:-1], square[-1, -1] = matrix, 1
    return square
