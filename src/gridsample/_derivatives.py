"""Derivatives of samples on arrays (N, C, ...): what every public function and front end calls for them.

The core sums in the dtype that the image is computed in, over arrays whose spatial axes lie in C order; others are converted
here.
"""

import math
from functools import lru_cache, partial
from typing import Any

import numpy as np

from gridsample import _engine, _memory
from gridsample._arrays import channels_first, channels_innermost, channels_last
from gridsample._modes import COMPLEX_DTYPES, DTYPES, KERNELS
from gridsample._spec import Spec

__all__ = ["adjoint", "backward", "double_backward", "sample_orders", "sums_elements"]

_MOST_BYTES = 64 << 20
"""For the sums of one image."""

_GOOD_BYTES = 16 << 20
"""For the sums of several: a good part of the last-level cache."""

_FEW_CHANNELS = 4
"""Of one tap, which take less time to add to planes than planes to make of sums."""


def sample_orders(
    input: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec, fill: np.ndarray, orders: tuple[int, ...]
) -> None:
    """Fill ``out`` (N, C, *out) with the derivative of the given order along each axis of the samples of ``input``.

    Samples that the outside rule or ``nan="propagate"`` decides have derivative 0.
    """
    spec = spec._replace(orders=orders)
    if any(orders) and spec.kernel == KERNELS["nearest"].code:
        out[...] = 0
        return
    if not any(orders) or not (spec.outside or spec.nan_propagates):
        _engine.sample(input, coords, out, spec, fill)
        return
    undecided = np.empty((out.shape[0], *coords.shape[1:-1]), bool)
    _engine.sample(input, coords, out, spec._replace(outside=0, nan_propagates=False), fill, undecided)
    if not spec.outside:
        undecided[...] = True
    if spec.nan_propagates:
        undecided &= ~np.isnan(coords).any(-1)
    out[...] = np.where(undecided[:, None], out, np.zeros((), out.dtype))


def backward(
    grad_out: np.ndarray, input: np.ndarray, coords: np.ndarray, spec: Spec, fill: np.ndarray, needs: tuple[bool, bool]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the gradients of ``(grad_out * samples).sum()`` for ``input`` and ``coords``, those that ``needs`` asks for.

    They have the shapes and dtypes of ``input`` and ``coords``: where the batch of one is 1 and that of ``grad_out`` is not,
    they are summed over it.
    """
    computed = _computed(input)
    grad_input = _image_like(input, computed) if needs[0] else None
    grad_coords = _coords_like(grad_out, coords, computed) if needs[1] else None
    has_slopes = needs[1] and spec.kernel != KERNELS["nearest"].code  # of nearest, they are 0, and nothing need be read
    if grad_coords is not None and not has_slopes:
        grad_coords.fill(0)
    arrays: dict[str, Any] = {"input": _planar(input, computed), "grad_coords": grad_coords} if has_slopes else {}
    if has_slopes or needs[0]:
        _run(grad_out, coords, spec, fill, input.shape[2:], computed, grad_input=grad_input, **arrays)
    return (
        None if grad_input is None else _like(grad_input, input),
        None if grad_coords is None else _sum_batch(grad_coords, coords),
    )


def adjoint(values: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec) -> None:
    """Add to ``out`` (N or 1, C, *spatial) what the transpose of sampling makes of ``values`` (N, C, *out)."""
    computed = _computed(out)
    plain = out.dtype == computed and _is_planar(out)
    total = out if plain else _planar(out, computed).copy()
    fill = np.zeros(total.shape[1])
    _run(values, coords, spec, fill, out.shape[2:], computed, adds=True, grad_input=total)
    if not plain:
        out[...] = _from_planar(total, out.dtype)


def double_backward(
    tangent_input: np.ndarray | None,
    tangent_coords: np.ndarray | None,
    grad_out: np.ndarray,
    input: np.ndarray,
    coords: np.ndarray,
    spec: Spec,
    fill: np.ndarray,
    needs: tuple[bool, bool, bool],
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Return the gradients of ``(tangent_input * grad_input).sum() + (tangent_coords * grad_coords).sum()``.

    grad_input and grad_coords are what ``backward`` returns; a tangent that is None is 0. The gradients are those for
    ``grad_out``, ``input`` and ``coords``, where ``needs`` asks for them.
    """
    computed = _computed(input)
    channels = _channels(input)
    points = (grad_out.shape[0], *coords.shape[1:-1])
    by_out = _memory.empty((points[0], channels, *points[1:]), computed) if needs[0] else None
    by_input = _image_like(input, computed) if needs[1] else None
    by_coords = _coords_like(grad_out, coords, computed) if needs[2] else None
    moves = tangent_coords is not None
    if by_input is not None and not moves:
        by_input.fill(0)
    _run(
        grad_out,
        coords,
        spec,
        fill,
        input.shape[2:],
        computed,
        second=True,
        input=_planar(input, computed) if moves and (needs[0] or needs[2]) else None,
        tangent=None if tangent_input is None else _planar(tangent_input, computed),
        direction=np.ascontiguousarray(tangent_coords, computed) if moves else None,
        grad_input=by_input if moves else None,
        grad_coords=by_coords,
        grad_out=by_out,
    )
    return (
        None if by_out is None else _from_planar(by_out, grad_out.dtype),
        None if by_input is None else _like(by_input, input),
        None if by_coords is None else _sum_batch(by_coords, coords),
    )


def _run(
    grad: np.ndarray,
    coords: np.ndarray,
    spec: Spec,
    fill: np.ndarray,
    sizes: tuple[int, ...],
    computed: np.dtype,
    *,
    second: bool = False,
    adds: bool = False,
    **arrays: np.ndarray | None,
) -> None:
    """Write ``grad_input``, or add to it if ``adds`` says so, ``grad_coords`` and ``grad_out``."""
    if grad.size == 0 or (spec.kernel == KERNELS["nearest"].code and any(spec.orders)):  # no terms, or none but 0
        for written in (arrays.get("grad_coords"), arrays.get("grad_out"), None if adds else arrays.get("grad_input")):
            if written is not None:
                written.fill(0)
        return
    if grad.dtype.kind == "c" or not _engine.is_plain(grad) or grad.dtype != computed:
        grad = _planar(grad, computed)
    image, sums = arrays.get("grad_input"), None
    if image is not None:
        in_planes = spec.kernel == KERNELS["nearest"].code and not adds
        elements = sums_elements(image.shape, len(grad), image.itemsize, in_planes)
        sums = _memory.empty((elements,), image.dtype) if elements else None
    _engine.derivatives(grad, coords, spec, fill, sizes, second, not adds, sums=sums, **arrays)


def sums_elements(image: tuple[int, ...], batch: int, itemsize: int, in_planes: bool) -> int:
    """Return how many numbers there should be memory for in which several channels of such images are summed side by side.

    0 for one channel, and where it would be too much, or for few, if ``in_planes``: those are added to planes of the result.
    """
    if image[1] == 1 or (in_planes and image[1] <= _FEW_CHANNELS):
        return 0
    elements = partial(_engine.sums_elements, image[1], math.prod(image[2:]))
    of_item = elements(1) * itemsize
    items = 1 if image[0] == 1 else min(batch, max(2, _GOOD_BYTES // of_item))
    return elements(items) if of_item <= _MOST_BYTES else 0


def _computed(array: np.ndarray) -> np.dtype:
    return _computed_dtype(array.dtype)


@lru_cache(maxsize=64)
def _computed_dtype(dtype: np.dtype) -> np.dtype:
    return np.dtype(COMPLEX_DTYPES[dtype.name] if dtype.kind == "c" else DTYPES[dtype.name].computed)


def _channels(array: np.ndarray) -> int:
    return array.shape[1] * (2 if array.dtype.kind == "c" else 1)


def _is_planar(array: np.ndarray) -> bool:
    """Whether the spatial axes lie in C order, and elements and channels where the core can find them."""
    stride = array.itemsize
    for size, step in zip(array.shape[:1:-1], array.strides[:1:-1], strict=True):
        if size > 1 and step != stride:
            return False
        stride *= size
    return array.dtype.kind == "f" and _engine.is_plain(array)


def _planar(array: np.ndarray, computed: np.dtype) -> np.ndarray:
    """Return (N, C, *spatial) in the dtype that is computed in, spatial axes in C order; complex channels become two."""
    if array.dtype.kind == "c":
        array = np.stack((array.real, array.imag), axis=2).reshape(array.shape[0], -1, *array.shape[2:])
    if array.dtype == computed and _is_planar(array):
        return array
    pixels = channels_last(array)
    if array.dtype == computed == np.float32 and pixels.flags.c_contiguous and _engine.is_plain(array) and array.size:
        planes = _memory.empty(array.shape, computed)
        _engine.transpose(pixels.reshape(len(array), -1, array.shape[1]), planes.reshape(*array.shape[:2], -1))
        return planes
    return np.ascontiguousarray(array, computed)


def _from_planar(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "c":
        pairs = array.reshape(array.shape[0], -1, 2, *array.shape[2:])
        array = pairs[:, :, 0] + 1j * pairs[:, :, 1]
    return array.astype(dtype, copy=False)


def _image_like(input: np.ndarray, computed: np.dtype) -> np.ndarray:
    """Return memory for the gradient of an image."""
    return _memory.empty((input.shape[0], _channels(input), *input.shape[2:]), computed)


def _like(planar: np.ndarray, input: np.ndarray) -> np.ndarray:
    """Return a gradient in the dtype of its array, its channels innermost if that has them there."""
    result = planar if planar.dtype == input.dtype else _from_planar(planar, input.dtype.newbyteorder("="))
    if not channels_innermost(input):
        return result
    if result.dtype != np.float32 or result.size == 0:
        return channels_first(np.ascontiguousarray(channels_last(result)))
    pixels = _memory.empty((len(result), *result.shape[2:], result.shape[1]), result.dtype)
    _engine.transpose(result.reshape(*result.shape[:2], -1), pixels.reshape(len(result), -1, result.shape[1]))
    return channels_first(pixels)


def _coords_like(grad_out: np.ndarray, coords: np.ndarray, computed: np.dtype) -> np.ndarray:
    return _memory.empty((grad_out.shape[0], *coords.shape[1:]), computed)


def _sum_batch(grad: np.ndarray, coords: np.ndarray) -> np.ndarray:
    summed: Any = grad.sum(axis=0, keepdims=True) if coords.shape[0] == 1 and grad.shape[0] != 1 else grad
    return summed if summed.dtype == coords.dtype else summed.astype(coords.dtype.newbyteorder("="))
