"""Hypothesis strategies: calls of ``sample`` and ``grid_sample`` on arrays of every dtype that lie in memory in every way."""

from typing import Any, NamedTuple

import ml_dtypes  # noqa: F401  makes "bfloat16" a dtype
import numpy as np
from hypothesis import strategies as st

from gridsample._modes import BOUNDARIES, COMPLEX_DTYPES, COORD_DTYPES, DTYPES, KERNELS, NAN_RULES, OUTSIDE_RULES

__all__ = ["Call", "calls"]

SIDES = (1, 2, 3, 5, 8, 17)
COLUMNS = (1, 2, 3, 15, 16, 17, 33, 64, 65)
"""Points in a row: about the lanes of every ISA, the groups and the tiles."""

ODD = (np.nan, np.inf, -np.inf, 1e30, -1e30, 3e4, -3e4, 1e-40, -1e-40, -0.0, -0.5, -1.0, 0.5)
"""Coordinates that are no numbers, too large or too small for some dtypes, or where rules meet."""

REST = 85
"""What lies in memory between the elements of an array: larger than any float of an image, so that reading it shows."""

_sides, _columns = st.sampled_from(SIDES), st.sampled_from(COLUMNS)


class Call(NamedTuple):
    """A call, and where its result is to go."""

    input: np.ndarray
    coords: np.ndarray
    kernel: str
    boundary: tuple[str, ...]
    align_corners: bool | None
    channels: str
    options: dict[str, Any]
    out: np.ndarray | None
    memory: np.ndarray | None  # which ``out`` is a view of

    def __repr__(self) -> str:
        """Everything but the elements."""
        arrays = {name: getattr(self, name) for name in ("input", "coords", "out")}
        laid = {name: a is not None and (a.dtype.name, a.shape, a.strides) for name, a in arrays.items()}
        return f"Call({laid}, {self.kernel}, {self.boundary}, {self.align_corners}, {self.channels}, {self.options})"


@st.composite
def laid(draw: st.DrawFn, values: np.ndarray, *, repeats: bool) -> tuple[np.ndarray, np.ndarray]:
    """Lay values in memory anew: axes in any order, backwards, with gaps, and if ``repeats`` perhaps one of stride 0.

    Returns the array, and the larger one that it is a view of. Repeating keeps the first element along the axis only.
    """
    shape = values.shape
    repeated = draw(st.none() | st.integers(0, values.ndim - 1)) if repeats else None
    if repeated is not None and shape[repeated] > 0:
        values = values.take([0], repeated)
    plain = draw(st.booleans())
    order = range(values.ndim) if plain else draw(st.permutations(range(values.ndim)))
    steps = [1] * values.ndim if plain else [draw(st.sampled_from((1, 1, -1, 2, -3))) for _ in order]
    margin = 0 if plain else draw(st.integers(0, 2))
    memory = np.full([2 * margin + values.shape[axis] * abs(steps[axis]) for axis in order], REST, values.dtype)
    view = memory.transpose(np.argsort(order))
    for axis, step in enumerate(steps):
        part = [slice(None)] * values.ndim
        part[axis] = slice(margin, margin + values.shape[axis] * abs(step), abs(step))
        view = view[tuple(part)]
        view = np.flip(view, axis) if step < 0 else view
    view[...] = values
    return (view if repeated is None else np.broadcast_to(view, shape)), memory


def image_values(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, *, full: bool, strange: bool) -> np.ndarray:
    """Return noise: over the whole range of an integer if ``full``, else up to 80; NaN and infinities if ``strange``."""
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        return rng.integers(limits.min if full else 0, limits.max if full else 80, shape, endpoint=True, dtype=kind)
    values = rng.uniform(-1, 1, shape)
    if strange:
        values[rng.random(shape) < 0.03] = rng.choice([np.nan, np.inf, -np.inf])
    return (values + 1j * rng.uniform(-1, 1, shape) if kind.kind == "c" else values).astype(kind)


def index_coords(rng: np.random.Generator, shape: tuple[int, ...], spatial: tuple[int, ...], odd: float) -> np.ndarray:
    """Return positions in index units: inside, about the edge, and outside; a share of them odd."""
    half = np.array(spatial) / 2
    coords = half - 0.5 + half * rng.uniform(-1, 1, shape) * rng.choice([0.5, 0.9, 1.1, 3.0, 40.0])
    halves = rng.random(shape) < 0.1
    coords = np.where(halves, np.rint(2 * coords) / 2, coords)
    return np.where(rng.random(shape) < odd, rng.choice(ODD, shape), coords)


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Draw a call with everything that it may be told."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from((*DTYPES, *COMPLEX_DTYPES)))
    out_dtype = draw(st.sampled_from(tuple(COMPLEX_DTYPES if np.dtype(dtype).kind == "c" else DTYPES)) | st.just(dtype))
    ndim, batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 9))
    spatial = tuple(draw(_sides) for _ in range(ndim))
    strange = draw(st.booleans())
    align_corners = None if strange else draw(st.none() | st.booleans())  # None: in index units
    points = tuple(draw(_columns if axis == 0 else st.integers(1, 3)) for axis in range(ndim))[::-1]
    last = draw(st.booleans())

    image = image_values(
        rng, (draw(st.sampled_from((1, batch))), channels, *spatial), dtype, full=dtype == out_dtype, strange=strange
    )
    image, _ = draw(laid(np.moveaxis(image, 1, -1) if last else image, repeats=True))
    coords = index_coords(rng, (batch, *points, ndim), spatial, draw(st.sampled_from((0.0, 0.03, 0.3))))
    if strange:  # beside an infinity, weights of 0 and of almost 0, as rounding has it, are worlds apart
        coords = np.rint(64 * coords) / 64
    if align_corners is not None:
        size = np.array(spatial)
        coords = (2 * coords / np.maximum(size - 1, 1) - 1 if align_corners else (2 * coords + 1) / size - 1)[..., ::-1]
    with np.errstate(over="ignore"):
        coords, _ = draw(laid(coords.astype(draw(st.sampled_from(COORD_DTYPES))), repeats=True))

    boundary = [draw(st.sampled_from(tuple(BOUNDARIES))) for _ in range(ndim)]
    boundary = ["constant" if rule == "zeros" and "constant" in boundary else rule for rule in boundary]
    outside = draw(st.sampled_from(tuple(OUTSIDE_RULES)))
    kernel = draw(st.sampled_from(tuple(KERNELS)))
    # The filter of a spline spreads infinities, and magnifies roundings: test_spline.py has its tolerances.
    filters = not strange and KERNELS[kernel].order <= 3
    options = {
        "dtype": out_dtype,
        "outside": outside,
        "nan": draw(st.sampled_from(NAN_RULES)),
        "fill_value": rng.integers(0, 100, channels) if draw(st.booleans()) else 7,
        "cubic_a": draw(st.sampled_from((-0.75, -0.5))),
        "prefilter": draw(st.booleans()) if filters else False,
    }
    out = memory = None
    if outside == "keep" or draw(st.booleans()):
        shape = (batch, *points, channels) if last else (batch, channels, *points)
        out, memory = draw(laid(np.full(shape, 3, out_dtype), repeats=False))
    side = "last" if last else "first"
    return Call(image, coords, kernel, tuple(boundary), align_corners, side, options, out, memory)
