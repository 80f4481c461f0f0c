"""The tables: every kernel, boundary and dtype, each named and explained once.

The native core keeps the same lists in ``native/modes.h``; a test holds the two equal. Messages, documentation, command
line choices and the test matrix are all derived from here.
"""

from typing import NamedTuple

__all__ = ["BOUNDARIES", "DTYPES", "KERNELS", "Boundary", "Kernel"]


class Kernel(NamedTuple):
    """A 1-D interpolation function, applied along each axis in turn."""

    name: str
    code: int
    taps: int
    meaning: str


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
        Kernel("cubic", 2, 4, "Keys' cubic convolution, a = -0.75, of the four neighbours"),
    )
}

BOUNDARIES = {
    row.name: row
    for row in (
        Boundary("zeros", 0, "0 0 0 | a b c d | 0 0 0", "0; the weights of the other taps stay as they are"),
        Boundary("border", 1, "a a a | a b c d | d d d", "the nearest sample of the array"),
        Boundary("reflection_edge", 2, "c b a | a b c d | d c b", "the array mirrored about the outer edge of its last sample"),
        Boundary("reflection_center", 3, "d c b | a b c d | c b a", "the array mirrored about the centre of its last sample"),
    )
}

DTYPES = {"float32": 0, "float64": 1}
"""dtypes of images, coordinates and results, and their native codes."""
