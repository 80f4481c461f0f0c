"""What is timed of a row: the forward pass alone, or the backward pass with it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gridsample.bench import agreement, gradients
from gridsample.bench.agreement import Agreement, Check
from gridsample.bench.bounds import Bound, find_bound, find_training_bound
from gridsample.bench.peers import PEERS
from gridsample.bench.peers.base import Prepare, Unsupported
from gridsample.bench.training import STEPS
from gridsample.bench.workloads import Workload

__all__ = ["BACKWARD", "FORWARD", "Pass"]


class Pass(NamedTuple):
    """What is timed, and how its results and its time are judged."""

    title: str
    what: str
    """Of the tables, in sentences."""
    dtypes: tuple[str, ...]
    """Of the rows that have it."""
    prepare_by: Callable[[str], Prepare]
    """How a peer prepares it, by its name; ``Unsupported`` if it cannot."""
    compare: Callable[[Workload, Any, Any], Agreement]
    """How far a peer's result is from gridsample's."""
    against_exact: Callable[[Workload, np.ndarray, np.ndarray], Check]
    find_bound: Callable[[Workload, np.ndarray, np.ndarray, int], Bound]

    def why_not(self, row: Workload) -> str | None:
        """Return why a row is left out, None if it is not."""
        return None if row.dtype in self.dtypes else f"{row.dtype} has no gradients"


def _prepare_step(name: str) -> Prepare:
    if name not in STEPS:
        raise Unsupported("no gradients")
    return STEPS[name]


FORWARD = Pass(
    "Forward",
    "Over the bound is gridsample's time over the least that this machine allows: by memory, to copy as many bytes as the "
    "row must move; by loads, to read as many rows of taps from the first-level cache.",
    ("float32", "float16", "uint8"),
    lambda name: PEERS[name].prepare,
    agreement.compare,
    agreement.against_exact,
    find_bound,
)

BACKWARD = Pass(
    "Forward + backward",
    "A training step: the call, then the gradients of image and grid given the result's, of which differences are relative to "
    "the largest, and the grid's are held against exact ones. Over the bound is gridsample's time over the least that this "
    "machine allows: to copy as many bytes as image, grid, result and the gradients of the three have.",
    ("float32", "float16"),
    _prepare_step,
    gradients.compare,
    gradients.gradients_against_exact,
    find_training_bound,
)
