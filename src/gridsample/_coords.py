"""Conventions of coordinates, reduced to three numbers per axis and an order.

NOTE [one affine per axis]
Whatever units a caller speaks, the core computes the index coordinate of a point along one memory axis as

    index = fma(given + pre, scale, shift)

* index units:                       pre = 0, scale = 1,              shift = 0      (index = given, exactly)
* [-1, 1], align_corners=True:       pre = 1, scale = (size - 1) / 2, shift = 0      (-1, 1 are centres of the end samples)
* [-1, 1], align_corners=False:      pre = 1, scale = size / 2,       shift = -1/2   (-1, 1 are outer edges of the end samples)

``pre`` is not folded into ``shift``: these are PyTorch's operations in PyTorch's order, so that both pick the same side
of a tie. A sample's centre is inside the array from index -margin to size - 1 + margin: margin is 1/2 where -1 and 1 are the
outer edges, else 0. The order says which component of a point belongs to which memory axis: a grid says (x, y, z) and x runs
along the *last* axis; index coordinates say axis 0 first.
"""

from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["AxisMap", "index_axes", "normalized_axes"]


class AxisMap(NamedTuple):
    """How the core turns one component of a point into an index along one memory axis."""

    component: int
    pre: float
    scale: float
    shift: float
    margin: float

    def to_index(self, given: Any) -> Any:
        """Return the index coordinates of given ones: numbers or arrays."""
        return (given + self.pre) * self.scale + self.shift

    def to_given(self, index: Any) -> Any:
        """Return what to give for an index coordinate; where all is index 0 (scale 0), what is given for the middle."""
        return (index - self.shift) / self.scale - self.pre if self.scale else index * 0.0


@lru_cache
def index_axes(ndim: int) -> tuple[AxisMap, ...]:
    """Index units, axis 0 first: sample i is at coordinate i."""
    return tuple(AxisMap(axis, 0.0, 1.0, 0.0, 0.0) for axis in range(ndim))


def normalized_axes(spatial: tuple[int, ...], align_corners: bool) -> tuple[AxisMap, ...]:
    """Normalised units, x first: the array spans [-1, 1] along each axis."""
    last = len(spatial) - 1
    if align_corners:
        return tuple(AxisMap(last - axis, 1.0, (size - 1) / 2, 0.0, 0.0) for axis, size in enumerate(spatial))
    return tuple(AxisMap(last - axis, 1.0, size / 2, -0.5, 0.5) for axis, size in enumerate(spatial))
