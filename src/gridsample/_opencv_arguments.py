"""OpenCV's constants, the checks of what its functions are given, and what that means here."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gridsample._arrays import as_image
from gridsample._spec import describe, numbers_of

__all__ = [
    "BOUNDARIES",
    "KERNELS",
    "as_picture",
    "as_plane",
    "as_points",
    "border_values",
    "kernel_name",
    "read_border",
    "read_flags",
]

INTER_NEAREST, INTER_LINEAR, INTER_CUBIC, INTER_AREA, INTER_LANCZOS4 = range(5)
WARP_FILL_OUTLIERS, WARP_INVERSE_MAP, WARP_RELATIVE_MAP = 8, 16, 32
BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, BORDER_WRAP, BORDER_REFLECT_101, BORDER_TRANSPARENT = range(6)
BORDER_REFLECT101 = BORDER_DEFAULT = BORDER_REFLECT_101
BORDER_ISOLATED = 16

KERNELS = {
    INTER_NEAREST: "nearest",
    INTER_LINEAR: "linear",
    INTER_CUBIC: "cubic",
    INTER_AREA: "linear",
    INTER_LANCZOS4: "lanczos4",
}
"""INTER_AREA is linear where an image is warped, as in OpenCV."""

BOUNDARIES = {
    BORDER_CONSTANT: "constant",
    BORDER_REPLICATE: "border",
    BORDER_REFLECT: "reflection_edge",
    BORDER_WRAP: "wrap",
    BORDER_REFLECT_101: "reflection_center",
    BORDER_TRANSPARENT: "zeros",
}
_STEPS = 32
"""Of a pixel, in the fixed-point maps of convertMaps."""


def read_flags(argument: str, value: Any, known: int) -> int:
    """Return flags, which may hold an interpolation (up to 7) and those that are known."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{argument}: expected an int, as INTER_LINEAR; got {value!r} of type {type(value).__name__}")
    flags = int(value) & ~WARP_FILL_OUTLIERS  # which says what constant borders do anyway
    if flags < 0 or flags & ~(7 | known):
        raise ValueError(f"{argument}: expected an interpolation (INTER_*) and flags that exist (WARP_*); got {value!r}")
    return flags


def kernel_name(argument: str, code: int) -> str:
    if code not in KERNELS:
        raise ValueError(f"{argument}: unknown interpolation method {code}: expected INTER_NEAREST to INTER_LANCZOS4")
    return KERNELS[code]


def as_plane(src: Any) -> Any:
    """Return an image of one channel as (H, W): results have no axis of that size in OpenCV."""
    return src[..., 0] if isinstance(src, np.ndarray) and src.ndim == 3 and src.shape[2] == 1 else src


def as_picture(src: Any) -> np.ndarray:
    image = as_image("src", src)
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"src: expected an image (H, W) or (H, W, C) that is not empty; got {describe(image)}")
    return image


def as_points(map1: Any, map2: Any, nearest: bool) -> np.ndarray:
    """Return the maps as floats (H, W, 2), y first."""
    first = np.asarray(map1)
    second = None if map2 is None or np.size(map2) == 0 else np.asarray(map2)
    if first.ndim == 3 and first.shape[2] == 2 and first.dtype == np.int16:
        whole = first[..., ::-1].astype(np.float32)
        if second is not None:
            if second.shape != first.shape[:2] or second.dtype.kind not in "iu":
                raise ValueError(f"map2: expected the fractions of map1, ints {first.shape[:2]}; got {describe(second)}")
            for component, steps in ((1, second % _STEPS), (0, second // _STEPS % _STEPS)):
                whole[..., component] += steps >= _STEPS // 2 if nearest else steps * np.float32(1 / _STEPS)
        return whole
    for name, array in (("map1", first), ("map2", second)):
        if array is not None and (array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8)):
            raise TypeError(f"{name}: expected floats in pixels, or int16 (H, W, 2) as map1; got {describe(array)}")
    if second is None:
        if first.ndim != 3 or first.shape[2] != 2:
            raise ValueError(f"map1: expected (H, W, 2), x and y, since map2 is not given; got {describe(first)}")
        return first[..., ::-1]
    if first.ndim != 2 or second.shape != first.shape:
        raise ValueError(f"map2: expected map1 and map2 of one shape (H, W); got {describe(first)} and {describe(second)}")
    return _side_by_side(second, first)


def _side_by_side(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return two arrays as one (H, W, 2), without a copy if they are laid out alike.

    NOTE [two arrays as one]
    The core reads a component of a point at a stride from the other, whatever that stride is: here the distance of the two
    arrays in memory. The result lives only as long as the call that holds both arrays, and nothing between them is read.
    """
    apart = x.__array_interface__["data"][0] - y.__array_interface__["data"][0]
    if x.dtype != y.dtype or x.strides != y.strides or apart % x.itemsize or not x.dtype.isnative:
        return np.stack([y, x], -1)
    return as_strided(y, (*y.shape, 2), (*y.strides, apart), writeable=False)


def read_border(border_mode: Any) -> int:
    if isinstance(border_mode, bool) or not isinstance(border_mode, (int, np.integer)):
        raise TypeError(f"borderMode: expected an int, as BORDER_CONSTANT; got {border_mode!r}")
    border = int(border_mode) & ~BORDER_ISOLATED
    if border not in BOUNDARIES:
        raise ValueError(f"borderMode: expected a BORDER_* that exists; got {border_mode!r}")
    return border


def border_values(border_value: Any, channels: int, dtype: np.dtype) -> Any:
    """Return the value of each channel: the four of OpenCV's scalar, again and again, in the range of the dtype."""
    if type(border_value) is int and border_value == 0:
        return 0  # as it mostly is, and there is nothing to check
    given = np.atleast_1d(numbers_of("borderValue", border_value, None)).ravel()
    if given.size > 4:
        raise ValueError(f"borderValue: expected up to 4 numbers; got {border_value!r}")
    values = np.resize(np.append(given, np.zeros(4 - given.size)), channels)
    if dtype.kind in "iu":
        values = np.clip(np.rint(values), np.iinfo(dtype).min, np.iinfo(dtype).max)
    return values
