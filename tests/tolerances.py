"""How closely numbers must agree. Every test takes its tolerance from here, by what the numbers were computed in.

Errors of sums are measured against the scale: the largest magnitude of the input, since the terms of a sum are of that size
whatever their sum is.
"""

from typing import NamedTuple

import numpy as np

from gridsample._grid_sample import MODES
from gridsample._modes import KERNELS

__all__ = [
    "ADJOINT",
    "AFFINE",
    "CONVERTED",
    "DERIVATIVES",
    "DIFFERENCES",
    "DTYPE_STEPS",
    "GREY",
    "GREY_32NDS",
    "NATIVE",
    "NDIMAGE",
    "NDIMAGE_FLOAT32",
    "NDIMAGE_TIES",
    "NO_WORSE_MAX",
    "NO_WORSE_RMS",
    "OPENCV_FLOAT",
    "OPENCV_MAPS",
    "SCIPY",
    "SKIMAGE",
    "SKIMAGE_FLOAT32",
    "SPLINE",
    "TIE",
    "TORCH",
    "TORCH_GRADIENT",
    "Tolerance",
    "assert_close",
    "assert_gradient",
    "assert_native",
    "assert_stored",
    "precision",
]


class Tolerance(NamedTuple):
    absolute: float
    relative: float


NATIVE = {
    # Same coordinates, same taps: what differs is how weights and sums are rounded. Wide kernels have more terms, and negative
    # weights: the terms of a tricubic sum are together up to 1.6^3 times the scale.
    ("float32", "nearest"): 0.0,
    ("float32", "narrow"): 5e-7,
    ("float32", "wide"): 1.5e-6,
    ("float64", "nearest"): 0.0,
    ("float64", "narrow"): 4e-15,
    ("float64", "wide"): 1e-14,
}
"""Native core against ``reference.py``, relative to the scale."""

SPLINE = {
    # The filter magnifies the roundings of noise: by up to 2, 3, 5, 7.5 and 19 along each axis.
    "float32": {2: 2e-6, 3: 2e-6, 4: 5e-6, 5: 1e-5, 7: 1e-4},
    "float64": {2: 1e-14, 3: 1e-14, 4: 2e-14, 5: 5e-14, 7: 4e-13},
}
"""Spline coefficients, and samples of them, against ``reference.py``, by the order, relative to the scale of the image."""

SCIPY = 1e-12
"""Splines in float64 against SciPy, of images up to 1: both filter with 15 digits, from weights that are less exact by 100."""

DTYPE_STEPS = {
    "float32": 4e-6,
    "float64": 1e-14,
    "complex64": 4e-6,
    "complex128": 1e-14,
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
    "uint8": 1,
    "int8": 1,
    "uint16": 1,
    "int16": 1,
    "int32": 1,
}
"""Of a stored result: integers may round to a neighbour where the sum is at a tie; floats, relative to the scale."""

DERIVATIVES = {"float32": 1e-4, "float64": 1e-10, "lanczos": 1e-6}
"""Of derivatives, relative to the largest of them: weights to the third derivative, sums over channels and over points. The
definition of Lanczos' derivatives is a fit, whose second one has 8 digits."""

TORCH = {"float32": Tolerance(1e-5, 5e-5), "float64": Tolerance(1e-12, 1e-12)}
"""Against PyTorch, whose own kernels differ from each other by as much."""

TORCH_GRADIENT = {"float32": 1e-4, "float64": 1e-12}
"""Gradients against PyTorch's, relative to the largest."""

DIFFERENCES = 1e-7
"""Derivatives in float64 against finite differences with a step of 1e-5, relative to the largest."""

ADJOINT = 1e-12
"""Of two ways to the same sums in float64, relative to the largest."""

AFFINE = {"float32": Tolerance(1e-6, 1e-6), "float64": Tolerance(1e-15, 1e-15)}
"""affine_grid and identity_grid against PyTorch: a few units in the last place of positions of size 1."""

CONVERTED = {"float64": 1e-12}
"""Coordinates and what is read there, converted from one unit to another and back: some roundings of some tens of samples."""

OPENCV_MAPS = 1e-4
"""OpenCV's float32 maps of positions of some tens of pixels against float64."""

NDIMAGE, NDIMAGE_FLOAT32, NDIMAGE_TIES = 1e-12, 2e-6, 1
"""Against SciPy, relative to the scale: results in float64, in float32; and whole numbers, whose ties may round differently."""

SKIMAGE, SKIMAGE_FLOAT32 = 1e-6, 2e-5
"""Against scikit-image: splines of colours, which it filters along the channels too; float32, to which it rounds the matrix."""

GREY, GREY_32NDS, OPENCV_FLOAT = 1, 4, 1e-3
"""Against OpenCV, of smooth images up to 255: a grey level; four where it cuts positions into 32nds of a pixel; floats."""

TIE = {"float32": 1e-5, "float64": 1e-12}
"""So near to a tie, in samples, nearest may take either neighbour where coordinates are rounded differently."""

NO_WORSE_RMS = 1.002
"""Our root-mean-square error over PyTorch's, both against exact evaluation: below 1, but for chance."""

NO_WORSE_MAX = Tolerance(2.0**-24, 0.05)
"""The same for the largest error, of an input up to 1: one point decides it, and how its value happens to be rounded."""


def precision(*arrays: np.ndarray) -> str:
    """Return the dtype that limits a result: float64 only if everything is."""
    return "float64" if all(array.dtype.name == "float64" for array in arrays) else "float32"


def assert_native(actual: np.ndarray, expected: np.ndarray, input: np.ndarray, coords: np.ndarray, kernel: str) -> None:
    """Check a result of the native core against the reference; ``kernel`` may be the name of a mode."""
    assert actual.dtype == expected.dtype
    width = {1: "nearest", 2: "narrow"}.get(KERNELS[MODES.get(kernel, kernel)].taps, "wide")
    scale = float(np.abs(input[np.isfinite(input)]).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=NATIVE[precision(input, coords), width] * scale)


def assert_as_finite(actual: np.ndarray, expected: np.ndarray, input: np.ndarray, coords: np.ndarray, kernel: str) -> None:
    """Check a result where it is finite, and that it is so where the reference is.

    The core gives a sample that several taps of a point fall on the sum of their weights, so that one that is infinite makes
    an infinity where the reference has the difference of two.
    """
    np.testing.assert_array_equal(np.isfinite(actual), np.isfinite(expected))
    finite = np.isfinite(expected)
    actual, expected = (np.where(finite, values, values.dtype.type(0)) for values in (actual, expected))
    assert_native(actual, expected, input, coords, kernel)


def assert_close(actual: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> None:
    np.testing.assert_allclose(actual, expected, atol=tolerance.absolute, rtol=tolerance.relative)


def assert_gradient(actual: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Check gradients, relative to the largest of them or to 1."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * max(1.0, float(np.abs(expected).max(initial=0))))


def assert_stored(actual: np.ndarray, expected: np.ndarray, input: np.ndarray, largest_fill: float = 100.0) -> None:
    """Check a result of any dtype against the reference: NaN and infinities at the same places, and near elsewhere."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    actual_parts, expected_parts, input_parts = map(_real_parts, (actual, expected, input))
    np.testing.assert_array_equal(np.isnan(actual_parts), np.isnan(expected_parts))
    scale = max(largest_fill, float(np.abs(input_parts[np.isfinite(input_parts)]).max(initial=0)))
    step = DTYPE_STEPS[actual.dtype.name] * (1 if actual.dtype.kind in "iu" else scale)
    if input.dtype.name not in ("float64", "complex128", "int32"):
        step += DTYPE_STEPS["float32"] * scale  # of the sum, before it is stored
    with np.errstate(invalid="ignore"):
        differences = np.abs(actual_parts - expected_parts)  # NaN where both are the same infinity
    assert np.nanmax(differences, initial=0) <= step


def _real_parts(array: np.ndarray) -> np.ndarray:
    """Return numbers as float64, complex ones as pairs."""
    if array.dtype.kind != "c":
        return array.astype(np.float64)
    return np.stack([array.real, array.imag]).astype(np.float64)
