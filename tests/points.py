"""Inputs and coordinates that reach every path of the core: the same for every test of numbers, from fixed seeds."""

import numpy as np

__all__ = ["BASIC", "FLOATS", "index_points", "make_input", "normalized_points"]

FLOATS = ("float32", "float64")
"""The dtypes that PyTorch has too; the others are in test_dtypes.py."""

BASIC = ("nearest", "linear", "cubic")
"""Kernels that PyTorch has too, one for each way of reading taps. The wider ones and splines are in test_kernels.py."""

SPREADS = (0.5, 0.9, 1.0, 1.3, 4.0, 40.0)
"""How far points lie from the middle, in half arrays: inside, at the edge, and so far out that all taps are."""

RUN = 48
"""Points of one spread in a row: some groups of points that the core classifies together are of one kind, others mixed."""


def make_input(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    """Return noise from -1 to 1, the hardest image there is."""
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


def normalized_points(count: int, ndim: int, dtype: str, seed: int = 1) -> np.ndarray:
    """Return (count, ndim) positions of which -1 to 1 is inside; the ends and the middle are among them."""
    rng = np.random.default_rng(seed)
    spread = np.repeat(rng.choice(SPREADS, -(-count // RUN)), RUN)[:count, None]
    points = rng.uniform(-1, 1, (count, ndim)) * spread
    exact = rng.choice([-1.0, 0.0, 1.0], (count, ndim))
    return np.where(rng.random((count, ndim)) < 0.03, exact, points).astype(dtype)


def index_points(count: int, spatial: tuple[int, ...], dtype: str, seed: int = 1) -> np.ndarray:
    """Return (count, ndim) positions in index units; whole numbers and halves are among them."""
    half = np.array(spatial) / 2
    points = normalized_points(count, len(spatial), "float64", seed) * half + (half - 0.5)
    rounded = np.random.default_rng(seed + 1).random(points.shape) < 0.1
    return np.where(rounded, np.rint(2 * points) / 2, points).astype(dtype)
