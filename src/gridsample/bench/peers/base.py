"""What a peer is, and what those who prepare one need."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gridsample.bench.workloads import Workload

__all__ = ["Peer", "Prepare", "Prepared", "Unsupported", "index_coordinates", "require", "require_no_spline"]


class Unsupported(Exception):
    """The peer cannot do this row, or not in the same way; the message says why."""


class Prepared(NamedTuple):
    """What is timed, and how to read what it returns: as (N, C, *out), or as the gradients of image and grid."""

    call: Callable[[], Any]
    result: Callable[[Any], Any] = np.asarray
    memory: Any = None
    """Arrays that the library reads without holding them."""


Prepare = Callable[[Workload, np.ndarray, np.ndarray, int], Prepared]


class Peer(NamedTuple):
    """A library, or one way to use it."""

    name: str
    module: str
    prepare: Prepare
    dtypes: tuple[str, ...] = ("float32",)

    def version(self) -> str | None:
        """Return the version that is imported, None if it is not installed."""
        try:
            version = str(importlib.import_module(self.module).__version__)
        except ModuleNotFoundError:
            return None
        return version.split("-")[0]  # OpenVINO appends its build


def require(condition: bool, otherwise: str) -> None:
    """Raise ``Unsupported`` with the reason ``otherwise``."""
    if not condition:
        raise Unsupported(otherwise)


def require_no_spline(row: Workload) -> None:
    """Raise ``Unsupported`` for rows of splines."""
    require(row.mode != "bspline3", "no splines")


def index_coordinates(row: Workload, grid: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the float64 coordinates of ``grid`` (*out, ndim) in samples, one array per axis of the input, axis 0 first."""
    for size, component in zip(row.input[2:], reversed(range(grid.shape[-1])), strict=True):
        at = grid[..., component].astype(np.float64)
        at += 1
        at *= (size - 1) / 2 if row.align_corners else size / 2
        if not row.align_corners:
            at -= 0.5
        yield at
