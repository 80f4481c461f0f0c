"""The frozen description of one sampling problem, and every check of what a caller passed.

All messages are of one form: the argument, what was expected, what came, and what to do about it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gridsample._coords import AxisMap
from gridsample._modes import BOUNDARIES, DTYPES, KERNELS

__all__ = [
    "MAX_NDIM",
    "Spec",
    "as_array",
    "as_dtype",
    "as_flag",
    "broadcast_batch",
    "check_out",
    "check_space",
    "choose",
    "choose_boundaries",
    "choose_kernel",
    "describe",
    "positive_ints",
]

MAX_NDIM = 3


class Spec(NamedTuple):
    """Everything the core needs to know besides the arrays. One entry of ``boundaries`` and ``axes`` per memory axis."""

    kernel: int
    boundaries: tuple[int, ...]
    axes: tuple[AxisMap, ...]


def describe(array: np.ndarray) -> str:
    """Shape and dtype of an array as messages show them."""
    return f"shape {array.shape}, dtype {array.dtype}"


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


def choose_kernel(kernel: object) -> int:
    """Return the code of a kernel of the core."""
    return KERNELS[choose("kernel", kernel, KERNELS)].code


def choose_boundaries(boundary: object, ndim: int) -> tuple[int, ...]:
    """Return the codes of one boundary for each of ``ndim`` axes."""
    return (BOUNDARIES[choose("boundary", boundary, BOUNDARIES)].code,) * ndim


def as_array(argument: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array of a dtype that the core reads."""
    listed = " or ".join(DTYPES)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{argument}: expected an array of dtype {listed}; got a {type(value).__name__}: {error}") from None
    if array.dtype.name in DTYPES:
        return array
    if array.dtype.kind in "biuf":
        advice = f"convert it first, as with {argument}.astype('float32')"
        raise TypeError(f"{argument}: expected dtype {listed}; got {describe(array)}; {advice}")
    came = describe(array) if isinstance(value, np.ndarray) else f"{value!r:.60} of type {type(value).__name__}"
    raise TypeError(f"{argument}: expected an array of dtype {listed}; got {came}")


def as_dtype(argument: str, value: Any) -> np.dtype:
    """Return ``value`` as a dtype that the core reads."""
    try:
        dtype = np.dtype(value)
        known = dtype.name in DTYPES
    except TypeError:
        known = False
    if not known:
        raise TypeError(f"{argument}: expected {' or '.join(DTYPES)}; got {value!r}")
    return dtype


def as_flag(argument: str, value: Any) -> bool:
    """Return ``value`` if it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: expected True or False; got {value!r} of type {type(value).__name__}")
    return bool(value)


def check_space(input: np.ndarray, ndim: int) -> None:
    """Refuse an input that has nothing along one of its last ``ndim`` axes: there is no sample to read."""
    if 0 in input.shape[-ndim:]:
        raise ValueError(f"input: expected no empty spatial axis; got {describe(input)}")


def broadcast_batch(input: np.ndarray, coords: np.ndarray, name: str) -> int:
    """Return the batch size of (N, ...) arrays, either of which may have batch 1."""
    n, m = input.shape[0], coords.shape[0]
    if n != m and 1 not in (n, m):
        raise ValueError(
            f"{name}: expected the batch size of input, {n}, or 1; got {m} ({name} {coords.shape}, input {input.shape})"
        )
    return m if n == 1 else n


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype, **others: np.ndarray) -> np.ndarray:
    """Return ``out`` if it can take the result: its shape and dtype, writeable, no memory shared with the ``others``."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: expected a NumPy array of shape {shape}, dtype {dtype}; got {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"out: expected shape {shape}; got {describe(out)}")
    if out.dtype != dtype:
        raise TypeError(f"out: expected dtype {dtype} in native byte order; got {describe(out)}")
    if not out.flags.writeable:
        raise ValueError(f"out: expected a writeable array; got a read-only one of {describe(out)}")
    if out.size and any(stride == 0 and size > 1 for stride, size in zip(out.strides, out.shape, strict=True)):
        raise ValueError(f"out: expected memory of its own for every element; got a broadcast array, strides {out.strides}")
    for name, other in others.items():
        if _overlap(out, other):
            raise ValueError(f"out: expected memory apart from {name}; it overlaps {name} ({describe(other)})")
    return out


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    if not np.may_share_memory(a, b):
        return False
    work: Any = 10_000  # any number will do, though NumPy's annotations list two of them only
    try:
        return np.shares_memory(a, b, max_work=work)
    except np.exceptions.TooHardError:
        return True


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
