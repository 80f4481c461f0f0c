"""One size after the other of the same work: the table of sweeps, and the steps that they consist of.

To add a sweep, add a row to ``SWEEPS``: it gets its own table and its own panel of the picture.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gridsample.bench.workloads import Workload

__all__ = ["SWEEPS", "THREADS", "Step", "Sweep", "plan"]


class Sweep(NamedTuple):
    """What grows, and how much."""

    title: str
    label: str
    """Of a size."""
    sizes: tuple[int, ...]
    row: Callable[[int], Workload]
    """The case of each size."""


class Step(NamedTuple):
    """One size of one sweep."""

    sweep: str
    size: int
    row: Workload
    threads: int


def _rotation(id: str, what: str, input: tuple[int, ...]) -> Workload:
    """Rotate by about half a radian: rows are not read in order. Every point reads: where it is outside, at the border."""
    return Workload(id, what, input, input[2:], "affine", padding="border")


def _powers(first: int, last: int) -> tuple[int, ...]:
    return tuple(1 << k for k in range(first.bit_length() - 1, last.bit_length()))


THREADS = "threads"
"""The sweep whose sizes are thread counts."""

SWEEPS = {
    "image": Sweep(
        "Larger images", "n: n x n pixels, one channel", _powers(64, 16384),
        lambda n: _rotation(f"image {n}", f"{n} x {n} pixels", (1, 1, n, n)),
    ),
    "volume": Sweep(
        "Larger volumes", "n: n x n x n voxels, one channel", _powers(32, 512),
        lambda n: _rotation(f"volume {n}", f"{n} x {n} x {n} voxels", (1, 1, n, n, n)),
    ),
    "channels": Sweep(
        "More channels", "channels of 128 x 128 pixels", _powers(1, 1024),
        lambda n: _rotation(f"channels {n}", f"{n} channels of 128 x 128", (1, n, 128, 128)),
    ),
    "batch": Sweep(
        "Larger batches", "images of 3 x 128 x 128 pixels", _powers(1, 256),
        lambda n: _rotation(f"batch {n}", f"{n} images of 3 x 128 x 128", (n, 3, 128, 128)),
    ),
    THREADS: Sweep(
        "More threads", "threads, 3 x 2048 x 2048 pixels", (),
        lambda n: _rotation(f"threads {n}", "an image of 3 x 2048 x 2048", (1, 3, 2048, 2048)),
    ),
}  # fmt: skip
"""By name. The sizes of the last are the thread counts that are asked for; the others use the largest of them."""


def plan(threads: Sequence[int], *, quick: bool = False) -> list[Step]:
    """Return all steps, small sizes first; quick ones are every second size without the largest two."""
    steps = []
    for name, sweep in SWEEPS.items():
        for size in sorted({*threads}) if name == THREADS else sweep.sizes[:-2:2] if quick else sweep.sizes:
            steps.append(Step(name, size, sweep.row(size), size if name == THREADS else max(threads)))
    return steps
