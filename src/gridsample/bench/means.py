"""All rows in one number for each peer."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsample.bench.measure import OURS, Reading
from gridsample.bench.peers import PEERS

__all__ = ["Mean", "geometric_means"]


class Mean(NamedTuple):
    """Of a peer's ratios, and of how many rows."""

    ratio: float
    rows: int


def geometric_means(readings: Sequence[Reading]) -> dict[str, Mean]:
    """Return the mean of each peer over the rows that it ran, but for those in which it does other work: its result differs.

    Geometric, so that twice as long in one row and half as long in another are together as long.
    """
    found = {}
    for name in PEERS:
        timings = [reading.timings[name] for reading in readings if name != OURS and name in reading.timings]
        ratios = [timing.ratio for timing in timings if timing.agreement.holds]
        if ratios:
            found[name] = Mean(float(np.exp(np.mean(np.log(ratios)))), len(ratios))
    return found
