"""How far gradients differ: from each other, and from the exact ones."""

import math
from collections.abc import Sequence

import numpy as np

from gridsample import reference, reference_derivatives
from gridsample._coords import normalized_axes
from gridsample._grid_sample import MODES, padding_names
from gridsample._modes import KERNELS
from gridsample.bench.agreement import TIES, Agreement, Check, differ, take_sample, tolerance
from gridsample.bench.training import make_upstream
from gridsample.bench.workloads import Workload

__all__ = ["compare", "gradients_against_exact"]

Gradients = Sequence[np.ndarray]
"""Of the image and of the grid."""


def compare(row: Workload, result: Gradients, expected: Gradients) -> Agreement:
    """Return how far two pairs of gradients differ: the worse of the two, where 1 is the largest gradient of its array."""
    found = [_of_image(row, result[0], expected[0]), _of_grid(row, result[1], expected[1])]
    return Agreement(
        max(each.max_difference for each in found),
        max(each.share_off for each in found),
        all(each.holds for each in found),
    )


def gradients_against_exact(row: Workload, input: np.ndarray, grid: np.ndarray) -> Check:
    """Evaluate the definition of the grid's gradient in float64 on a sample, and return what holds gradients against it.

    The image's is not looked at: each of its values is a sum over all points, of which a sample says nothing.
    """
    entries, points, grids = take_sample(row, grid)
    upstream = make_upstream(row).reshape(*row.result[:2], -1)
    exact = [
        _grid_gradient(row, input[entry : entry + 1].astype(np.float64), picked, upstream[entry][:, points])
        for entry, picked in zip(entries, grids, strict=True)
    ]

    def check(result: Gradients) -> Agreement:
        picked = result[1].reshape(len(grid), -1, grid.shape[-1])[entries[:, None], points]
        return _of_grid(row, picked, np.stack(exact))

    return check


def _grid_gradient(row: Workload, image: np.ndarray, picked: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    kernel, boundary = MODES[row.mode], padding_names(row.align_corners)[row.padding]
    boundaries, axes = (boundary,) * len(row.out), normalized_axes(row.input[2:], row.align_corners)
    if KERNELS[kernel].order:
        image, axes = reference._prefiltered(image, kernel, boundaries, axes, 0)
    given = upstream.reshape(1, -1, *picked.shape[1:-1])
    _, gradient = reference_derivatives.backward(given, image, picked, kernel, boundaries, axes, needs=(False, True))
    assert gradient is not None
    return gradient.reshape(-1, len(row.out))


def _of_image(row: Workload, result: np.ndarray, expected: np.ndarray) -> Agreement:
    # In nearest mode rounding decides which sample a gradient comes back to.
    return _relative(row, result, expected, TIES if row.mode == "nearest" else 0)


def _of_grid(row: Workload, result: np.ndarray, expected: np.ndarray) -> Agreement:
    # A bilinear surface has kinks, at which rounding decides on which side a point is.
    return _relative(row, result, expected, TIES if row.mode == "bilinear" else 0)


def _relative(row: Workload, result: np.ndarray, expected: np.ndarray, share_allowed: float) -> Agreement:
    largest = max(float(expected.max(initial=0)), -float(expected.min(initial=0)))
    scale = largest if 0 < largest < math.inf else 1.0  # in nearest mode all of the grid's are 0
    found = differ(result, expected, tolerance(row) * scale, share_allowed)
    return found._replace(max_difference=found.max_difference / scale)
