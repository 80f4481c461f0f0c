"""What an operator is told besides its tensors, in the types that PyTorch's schemas have."""

from functools import lru_cache
from typing import NamedTuple

from gridsample._coords import AxisMap, index_axes, normalized_axes
from gridsample._modes import BOUNDARIES
from gridsample._spec import Spec, make_spec

__all__ = ["INDEX", "SCHEMA", "Options", "axes_of", "component", "normalized", "one_more", "spec_of"]

SCHEMA = "str kernel, str[] boundaries, str units, float cubic_a, float[] fill, str outside, str nan"
"""The arguments that all operators share, in the order of ``Options``."""

INDEX = "index"
_CENTERS, _EDGES = "centers", "edges"


class Options(NamedTuple):
    """``units`` is index, or where -1 and 1 are: at the centres or at the edges of the end samples, x first.

    ``fill`` is one real number, or one for each channel; two for each, if complex.
    """

    kernel: str
    boundaries: tuple[str, ...]
    units: str
    cubic_a: float = -0.75
    fill: tuple[float, ...] = (0.0,)
    outside: str = "boundary"
    nan: str = "boundary"


def normalized(align_corners: bool) -> str:
    """Return the units of normalised coordinates."""
    return _CENTERS if align_corners else _EDGES


def component(options: Options, axis: int) -> int:
    """Return which component of a point belongs to a memory axis."""
    return axis if options.units == INDEX else len(options.boundaries) - 1 - axis


def one_more(orders: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return orders of derivatives with one more along ``axis``."""
    return (*orders[:axis], orders[axis] + 1, *orders[axis + 1 :])


def axes_of(units: str, spatial: tuple[int, ...]) -> tuple[AxisMap, ...]:
    """Return the map of each memory axis from given coordinates to index coordinates."""
    return index_axes(len(spatial)) if units == INDEX else normalized_axes(spatial, units == _CENTERS)


@lru_cache(maxsize=1024)
def spec_of(options: Options, spatial: tuple[int, ...], orders: tuple[int, ...]) -> Spec:
    """Return the description that the engine takes."""
    boundaries = tuple(BOUNDARIES[name].code for name in options.boundaries)
    spec = make_spec(
        options.kernel,
        boundaries,
        axes_of(options.units, spatial),
        cubic_a=options.cubic_a,
        outside=options.outside,
        nan=options.nan,
    )
    return spec._replace(orders=orders)
