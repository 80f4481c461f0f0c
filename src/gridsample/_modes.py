"""The tables: every kernel, boundary and dtype, each named and explained once.

The native core keeps the same lists in ``native/modes.h``; a test holds the two equal. Messages, documentation, command
line choices and the test matrix are all derived from here.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

__all__ = [
    "BOUNDARIES",
    "COMPLEX_DTYPES",
    "COORD_DTYPES",
    "DTYPES",
    "KERNELS",
    "NAN_RULES",
    "OUTSIDE_RULES",
    "Boundary",
    "Dtype",
    "Kernel",
    "dtype_name",
]


class Kernel(NamedTuple):
    """A 1-D interpolation function, applied along each axis in turn.

    ``taps`` is the window that is read: an even number, and so one more than B-splines of even order have. A spline has an
    ``order``, and samples coefficients: ``spline_coefficients`` finds those of an image.
    """

    name: str
    code: int
    taps: int
    meaning: str
    order: int = 0


class Boundary(NamedTuple):
    """What a tap outside the array reads."""

    name: str
    code: int
    picture: str
    meaning: str


KERNELS = {
    row.name: row
    for row in (
        Kernel("nearest", 0, 1, "the closest sample; halfway goes to the even index"),
        Kernel("linear", 1, 2, "weights 1 - f and f of the two neighbours"),
        Kernel("cubic", 2, 4, "Keys' cubic convolution of the four neighbours; its parameter a is -0.75 unless given"),
        Kernel("bspline2", 3, 4, "the quadratic spline through all samples", 2),
        Kernel("bspline3", 4, 4, "the cubic spline through all samples: smooth in its second derivative", 3),
        Kernel("bspline4", 5, 6, "the quartic spline through all samples", 4),
        Kernel("bspline5", 6, 6, "the quintic spline through all samples", 5),
        Kernel("bspline7", 7, 8, "the spline of degree 7 through all samples", 7),
        Kernel("lanczos2", 8, 4, "a sinc, windowed by another, of the four neighbours; the weights are divided by their sum"),
        Kernel("lanczos3", 9, 6, "the same of the six neighbours"),
        Kernel("lanczos4", 10, 8, "the same of the eight neighbours"),
        Kernel("mitchell", 11, 4, "Mitchell and Netravali's cubic, B = C = 1/3: smooths a little, rings less"),
    )
}

BOUNDARIES = {
    row.name: row
    for row in (
        Boundary("zeros", 0, "0 0 0 | a b c d | 0 0 0", "0; the weights of the other taps stay as they are"),
        Boundary("border", 1, "a a a | a b c d | d d d", "the nearest sample of the array"),
        Boundary("reflection_edge", 2, "c b a | a b c d | d c b", "the array mirrored about the outer edge of its last sample"),
        Boundary("reflection_center", 3, "d c b | a b c d | c b a", "the array mirrored about the centre of its last sample"),
        Boundary("constant", 4, "f f f | a b c d | f f f", "the fill value; the weights of the other taps stay as they are"),
        Boundary("wrap", 5, "b c d | a b c d | a b c", "the array repeated, with period size"),
    )
}


class Dtype(NamedTuple):
    """A dtype of images, and which one it is computed in."""

    name: str
    code: int
    computed: str


DTYPES = {
    row.name: row
    for row in (
        Dtype("float32", 0, "float32"),
        Dtype("float64", 1, "float64"),
        Dtype("uint8", 2, "float32"),
        Dtype("int8", 3, "float32"),
        Dtype("uint16", 4, "float32"),
        Dtype("int16", 5, "float32"),
        Dtype("int32", 6, "float64"),
        Dtype("float16", 7, "float32"),
        Dtype("bfloat16", 8, "float32"),
    )
}
"""dtypes of images and results. Integers are rounded half to even and saturated. bfloat16 is that of ``ml_dtypes``."""

COORD_DTYPES = ("float32", "float64", "float16", "bfloat16")
"""dtypes of coordinates; 16-bit ones are computed in float32."""

COMPLEX_DTYPES = {"complex64": "float32", "complex128": "float64"}
"""Complex dtypes are pairs of real channels."""

OUTSIDE_RULES = {"boundary": 0, "fill": 1, "keep": 2}
"""What becomes of a whole sample whose centre is outside the array: nothing special, the fill value, what ``out`` holds."""

NAN_RULES = ("boundary", "propagate")
"""What becomes of a sample with a NaN coordinate: what the boundary says, or NaN."""


@lru_cache(maxsize=64)
def dtype_name(dtype: np.dtype) -> str:
    """Return ``dtype.name``, which NumPy takes microseconds to put together."""
    return dtype.name
