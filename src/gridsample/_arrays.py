"""The checks of the arrays that a caller passed, and the arrays that results go to."""

import numbers
from typing import Any

import numpy as np

from gridsample import _memory
from gridsample._modes import COMPLEX_DTYPES, COORD_DTYPES, DTYPES, dtype_name
from gridsample._spec import as_array, describe

__all__ = [
    "as_batch",
    "as_coords",
    "as_dtype",
    "as_float_image",
    "as_image",
    "broadcast_batch",
    "channels_first",
    "channels_innermost",
    "channels_last",
    "check_out",
    "check_space",
    "check_writeable",
    "empty_like_layout",
    "fill_values",
    "missing_out",
    "out_dtype",
    "sums_dtype",
    "too_large",
    "with_axes",
]

IMAGE_DTYPES = (*DTYPES, *COMPLEX_DTYPES)
FLOAT_DTYPES = (*(name for name in DTYPES if "float" in name), *COMPLEX_DTYPES)


def _as_array(argument: str, value: Any, known: tuple[str, ...]) -> np.ndarray:
    listed = ", ".join(known[:-1]) + " or " + known[-1]
    try:
        array = as_array(argument, value)
    except ValueError as error:
        raise ValueError(f"{argument}: expected an array of dtype {listed}; got a {type(value).__name__}: {error}") from None
    if dtype_name(array.dtype) in known:
        return array
    if array.dtype.kind in "biuf":
        advice = f"convert it first, as with {argument}.astype('float32')"
        raise TypeError(f"{argument}: expected dtype {listed}; got {describe(array)}; {advice}")
    came = describe(array) if isinstance(value, np.ndarray) else f"{value!r:.60} of type {type(value).__name__}"
    raise TypeError(f"{argument}: expected an array of dtype {listed}; got {came}")


def as_image(argument: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array that can be sampled."""
    return _as_array(argument, value, IMAGE_DTYPES)


def as_float_image(argument: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array that has derivatives."""
    return _as_array(argument, value, FLOAT_DTYPES)


def as_coords(argument: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array of coordinates."""
    return _as_array(argument, value, COORD_DTYPES)


def as_dtype(argument: str, value: Any, known: tuple[str, ...]) -> np.dtype:
    """Return ``value`` as one of the ``known`` dtypes, in native byte order."""
    try:
        dtype = np.dtype(value)
    except Exception:  # a string or a record may be wrong in many ways, a syntax error among them
        dtype = None
    if dtype is not None and dtype.name in known:
        return dtype.newbyteorder("=")
    raise TypeError(f"{argument}: expected {', '.join(known[:-1])} or {known[-1]}; got {value!r}")


def out_dtype(dtype: Any, input: np.ndarray) -> np.dtype:
    """Return the dtype of a result: that of ``input`` unless ``dtype`` says another; complex stays complex."""
    if dtype is None:
        return input.dtype.newbyteorder("=")
    return as_dtype("dtype", dtype, tuple(COMPLEX_DTYPES) if input.dtype.kind == "c" else tuple(DTYPES))


def check_space(spatial: tuple[int, ...], input: np.ndarray, name: str = "input") -> None:
    """Refuse an input that has nothing along a spatial axis: there is no sample to read."""
    if 0 in spatial:
        raise ValueError(f"{name}: expected no empty spatial axis; got {describe(input)}")


def broadcast_batch(input: np.ndarray, coords: tuple[int, ...], name: str) -> int:
    """Return the batch size of an input (N, ...) and coordinates of a shape (N, ...), either of which may have batch 1."""
    n, m = input.shape[0], coords[0]
    if n != m and 1 not in (n, m):
        raise ValueError(f"{name}: expected the batch size of input, {n}, or 1; got {m} ({name} {coords}, input {input.shape})")
    return m if n == 1 else n


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype, **others: np.ndarray) -> np.ndarray:
    """Return ``out`` if it can take the result: its shape and dtype, writeable, no memory shared with the ``others``."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: expected a NumPy array of shape {shape}, dtype {dtype}; got {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"out: expected shape {shape}; got {describe(out)}")
    if out.dtype != dtype:
        raise TypeError(f"out: expected dtype {dtype} in native byte order; got {describe(out)}")
    check_writeable("out", out)
    for name, other in others.items():
        if _overlap(out, other):
            raise ValueError(f"out: expected memory apart from {name}; it overlaps {name} ({describe(other)})")
    return out


def check_writeable(argument: str, array: np.ndarray) -> None:
    """Refuse an array that is read-only, or has elements in the same memory."""
    if not array.flags.writeable:
        raise ValueError(f"{argument}: expected a writeable array; got a read-only one of {describe(array)}")
    if not (array.flags.c_contiguous or _elements_are_apart(array)):
        raise ValueError(
            f"{argument}: expected memory of its own for every element; got an array that is broadcast or overlaps itself, "
            f"strides {array.strides}"
        )


def _elements_are_apart(array: np.ndarray) -> bool:
    """Whether each stride steps over all that smaller ones reach, as in every array that ``as_strided`` did not make."""
    reach, axes = array.itemsize, zip(map(abs, array.strides), array.shape, strict=True)
    for stride, size in sorted(axis for axis in axes if axis[1] > 1):
        if stride < reach:
            return array.size == 0
        reach += stride * (size - 1)
    return True


def missing_out(shape: tuple[int, ...], dtype: np.dtype) -> ValueError:
    """Return what to raise where samples are kept and there are none."""
    return ValueError(f'out: expected an array of shape {shape}, dtype {dtype}, whose values outside="keep" keeps; got None')


def too_large(argument: str, shape: tuple[int, ...], dtype: np.dtype) -> ValueError:
    """Return what to raise where NumPy has no array of that many axes or bytes."""
    return ValueError(f"{argument}: expected a result that NumPy has an array for; got one of shape {shape}, dtype {dtype}")


def with_axes(argument: str, array: np.ndarray, count: int) -> np.ndarray:
    """View an array with ``count`` axes of size 1 before its own."""
    try:
        return array[(None,) * count]
    except IndexError:
        raise ValueError(f"{argument}: expected {count} axes less than NumPy can have; got {describe(array)}") from None


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    if not np.may_share_memory(a, b):
        return False
    work: Any = 10_000  # any number will do, though NumPy's annotations list two of them only
    try:
        return np.shares_memory(a, b, max_work=work)
    except np.exceptions.TooHardError:
        return True


def fill_values(fill_value: Any, channels: int, dtype: np.dtype, image: np.ndarray) -> np.ndarray:
    """Return the fill value of each channel of ``image``, as float64; complex ones as pairs of real ones.

    They are checked to be such that ``dtype`` holds, and the type of the sums, in which they get there.
    """
    if type(fill_value) is int and fill_value == 0:
        return np.zeros(2 * channels if dtype.kind == "c" else channels)
    try:
        given = _as_numbers(fill_value, dtype.kind == "c")
        with np.errstate(over="ignore"):
            values = given.astype(np.complex128 if dtype.kind == "c" else np.float64, casting="same_kind")
    except OverflowError:  # of a whole number or a fraction of Python's
        raise ValueError(f"fill_value: expected a number that dtype {dtype} holds; got {fill_value!r}") from None
    except (TypeError, ValueError):
        message = f"fill_value: expected a number, or one for each channel, for dtype {dtype}; got {fill_value!r}"
        raise TypeError(message) from None
    if values.ndim > 1 or (values.ndim == 1 and values.size != channels):
        raise ValueError(f"fill_value: expected a number, or one for each of the {channels} channels; got {fill_value!r}")
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not np.all((values >= limits.min) & (values <= limits.max) & (values == np.rint(values))):
            raise ValueError(
                f"fill_value: expected whole numbers from {limits.min} to {limits.max}, which dtype {dtype} holds; "
                f"got {fill_value!r}"
            )
    with np.errstate(over="ignore"):
        stored, summed = values.astype(dtype), values.astype(sums_dtype(image))
    if not (_same_infinities(given, values) and _same_infinities(values, stored)):
        raise ValueError(f"fill_value: expected a number that dtype {dtype} holds; got {fill_value!r}")
    if not _same_infinities(values, summed) or (dtype.kind in "iu" and not np.array_equal(values, summed)):
        exactly = " exactly" if dtype.kind in "iu" else ""
        raise ValueError(
            f"fill_value: expected a number that {summed.dtype} holds{exactly}, in which images of {image.dtype} are summed; "
            f"got {fill_value!r}; convert the image first, as with .astype({values.dtype.name!r})"
        )
    values = np.ascontiguousarray(np.broadcast_to(values, (channels,)))
    return values.view(np.float64) if dtype.kind == "c" else values


def _as_numbers(value: Any, allow_complex: bool) -> np.ndarray:
    """Return ``value`` as an array; Python's own numbers that NumPy has no dtype for as the floats next to them."""
    array = np.asarray(value)
    if array.dtype.kind != "O":
        return array
    kind, convert = (numbers.Complex, complex) if allow_complex else (numbers.Real, float)
    if not all(isinstance(one, kind) for one in array.flat):
        raise TypeError
    return np.array([convert(one) for one in array.flat]).reshape(array.shape)


def _same_infinities(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether nothing overflowed as ``b`` was made of ``a``."""
    if np.isfinite(b).all():
        return True
    return all(np.array_equal(np.isinf(part(a)), np.isinf(part(b))) for part in (np.real, np.imag))


def sums_dtype(image: np.ndarray) -> np.dtype:
    """Return the dtype that an image is summed in; of a complex one, a complex one."""
    name = dtype_name(image.dtype)
    return np.dtype(name if name in COMPLEX_DTYPES else DTYPES[name].computed)


def as_batch(array: Any, leading: int, last: bool) -> Any:
    """Give an array without a batch, and without channels if ``leading`` is 0, both; leave to others what is no array."""
    if leading == 2 or not isinstance(array, np.ndarray):
        return array
    if leading == 0:
        array = array[..., None] if last else array[None]
    return array[None]


def channels_first(array: np.ndarray) -> np.ndarray:
    """Return (N, *spatial, C) as (N, C, *spatial), without a copy; in a tenth of the time of ``np.moveaxis``."""
    return array.transpose(0, array.ndim - 1, *range(1, array.ndim - 1))


def channels_last(array: np.ndarray) -> np.ndarray:
    """Return (N, C, *spatial) as (N, *spatial, C), without a copy."""
    return array.transpose(0, *range(2, array.ndim), 1)


def channels_innermost(array: np.ndarray) -> bool:
    """Whether the channels of (N, C, *spatial) lie side by side."""
    return array.shape[1] > 1 and 0 < array.strides[1] < min(abs(stride) for stride in array.strides[2:])


def empty_like_layout(input: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array (N, C, *out) with the channels where ``input`` (N, C, *spatial) has them: outermost or innermost."""
    if not channels_innermost(input):
        return _memory.empty(shape, dtype)
    return channels_first(_memory.empty((shape[0], *shape[2:], shape[1]), dtype))
