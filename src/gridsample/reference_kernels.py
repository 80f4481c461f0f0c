"""The weights of B-splines, Lanczos kernels and Mitchell and Netravali's: part of ``gridsample.reference``.

Each function takes the fraction and the parameter of the cubic kernel, and gives the weights of the taps, first tap first: the
textbook's function at the taps' distances. B-splines of even order have an odd number of taps, about the nearest sample: their
fraction is from -1/2 to 1/2, and their window has one tap more, of weight 0.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["WIDE_KERNEL_WEIGHTS"]


def _bspline2(f: Any, a: float) -> list[Any]:
    return [(0.5 - f) ** 2 / 2, 0.75 - f**2, (0.5 + f) ** 2 / 2, 0 * f]


def _bspline3(f: Any, a: float) -> list[Any]:
    def near(t: Any) -> Any:  # |t| <= 1
        return 2 / 3 - t**2 + t**3 / 2

    return [(1 - f) ** 3 / 6, near(f), near(1 - f), f**3 / 6]


def _bspline4(f: Any, a: float) -> list[Any]:
    def next_one(t: Any) -> Any:  # 1/2 <= |t| <= 3/2
        return 55 / 96 + 5 / 24 * t - 5 / 4 * t**2 + 5 / 6 * t**3 - t**4 / 6

    middle = 115 / 192 - 5 / 8 * f**2 + f**4 / 4
    return [(0.5 - f) ** 4 / 24, next_one(1 + f), middle, next_one(1 - f), (0.5 + f) ** 4 / 24, 0 * f]


def _bspline5(f: Any, a: float) -> list[Any]:
    def near(t: Any) -> Any:  # |t| <= 1
        return 11 / 20 - t**2 / 2 + t**4 / 4 - t**5 / 12

    def next_one(t: Any) -> Any:  # 1 <= |t| <= 2
        return 17 / 40 + 5 / 8 * t - 7 / 4 * t**2 + 5 / 4 * t**3 - 3 / 8 * t**4 + t**5 / 24

    return [(1 - f) ** 5 / 120, next_one(1 + f), near(f), near(1 - f), next_one(2 - f), f**5 / 120]


def _bspline7(f: Any, a: float) -> list[Any]:
    def powers(t: Any, count: int) -> Any:  # sum of (-1)^k (8 over k) (t - k)^7 / 7!, of the first terms
        return sum((-1) ** k * math.comb(8, k) * (t - k) ** 7 for k in range(count)) / math.factorial(7)

    from_left = [powers(f + k, k + 1) for k in range(4)]
    from_right = [powers(1 - f + k, k + 1) for k in range(4)]
    return from_right + from_left[::-1]


def _mitchell(f: Any, a: float) -> list[Any]:
    def near(t: Any) -> Any:  # |t| <= 1
        return (7 * t**3 - 12 * t**2 + 16 / 3) / 6

    def far(t: Any) -> Any:  # 1 <= |t| <= 2; in powers of 2 - t, so that it is 0 at 2, exactly
        return (7 * (2 - t) ** 3 - 6 * (2 - t) ** 2) / 18

    return [far(1 + f), near(f), near(1 - f), far(2 - f)]


def _sinc(t: Any) -> Any:
    return np.where(t == np.rint(t), t == 0, np.sinc(t))  # exact at whole numbers


def _lanczos(f: Any, lobes: int) -> list[Any]:
    """``sinc(t) sinc(t / lobes)`` at the distances of the taps, divided by the sum."""
    distances = [f + (lobes - 1 - tap) for tap in range(2 * lobes)]
    values = [_sinc(t) * _sinc(t / lobes) for t in distances]
    return [value / sum(values) for value in values]


WIDE_KERNEL_WEIGHTS: dict[str, Callable[[Any, float], list[Any]]] = {
    "bspline2": _bspline2,
    "bspline3": _bspline3,
    "bspline4": _bspline4,
    "bspline5": _bspline5,
    "bspline7": _bspline7,
    "lanczos2": lambda f, a: _lanczos(f, 2),
    "lanczos3": lambda f, a: _lanczos(f, 3),
    "lanczos4": lambda f, a: _lanczos(f, 4),
    "mitchell": _mitchell,
}
