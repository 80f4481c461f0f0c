"""Small calls on arrays, known again by their shapes, layouts, dtypes and options: to check those takes longer than to sample.

NOTE [calls known again]
A front end makes a key of what it was given, if that is nothing out of the ordinary, and asks for the samples first. If there
are none, it does what it does, and has the call remembered. So the options of a known call were checked, and the core compares
the layouts of its arrays with those that were; the last layout is the one that is known.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from gridsample import _engine
from gridsample._arrays import as_batch, channels_first
from gridsample._spec import Spec

__all__ = ["Calls", "is_usual"]


class _Known(NamedTuple):
    shape: tuple[int, ...]  # of memory for the result
    dtype: np.dtype
    axes: tuple[int, ...] | None  # of that memory, as the result has them, if that is not how they lie
    again: _engine.Again


class Calls:
    """The calls that a front end knows."""

    def __init__(self, most: int = 1024) -> None:
        """Know none; forget all beyond so many."""
        self._known: dict[Hashable, _Known] = {}
        self._most = most

    def call(self, key: Hashable, input: np.ndarray, points: np.ndarray, others: np.ndarray | None = None) -> np.ndarray | None:
        """Return the samples, or None if no such call is known; with ``others``, points are two arrays: axis 0 first."""
        known = self._known.get(key)
        if known is None:
            return None
        shape, dtype, axes, again = known
        result = np.empty(shape, dtype)
        if axes is not None:
            result = result.transpose(axes)
        return result if again(input, points, result, others) else None

    def remember(
        self,
        key: Hashable,
        input: np.ndarray,
        points: np.ndarray,
        result: np.ndarray,
        coords: np.ndarray | _engine.Mapped,
        spec: Spec,
        *,
        last: bool = False,
        apart: bool = False,
    ) -> None:
        """Make known how ``input`` was sampled, which may be without a batch, and channels, if that is a small call.

        ``coords`` is what the core reads of ``points``, as ``call`` will be given them; ``last`` says where channels are, and
        ``apart`` that those points are two arrays.
        """
        leading = input.ndim - len(spec.axes)
        if result.nbytes > _engine.SMALL or spec.order or spec.keeps or _engine.WIDE[spec.kernel] or input.dtype.kind == "c":
            return
        if isinstance(coords, _engine.Mapped) and result.ndim - leading < 2:  # the core wants two axes of places
            return
        shape, axes = result.shape, None
        if not result.flags.c_contiguous:
            order = sorted(range(result.ndim), key=lambda axis: -result.strides[axis])
            shape, axes = tuple(result.shape[axis] for axis in order), tuple(map(order.index, range(result.ndim)))
        result = np.empty(shape, result.dtype).transpose(axes or range(len(shape)))  # as those that will be made
        image, out = (as_batch(array, leading, last) for array in (input, result))
        if last:
            image, out = channels_first(image), channels_first(out)
        if isinstance(coords, np.ndarray) and leading < 2:
            coords = coords[None]
        again = _engine.again(image, coords, out, spec, _engine.Held(input, points, result, apart))
        if again is None:
            return
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[key] = _Known(shape, result.dtype, axes, again)


def is_usual(
    dtype: Any, fill_value: Any, outside: Any, nan: Any, cubic_a: Any, prefilter: Any, return_mask: Any, out: Any
) -> bool:
    """Whether options are those that are not given, as they mostly are."""
    usual = dtype is None and type(fill_value) is int and fill_value == 0 and outside is nan is _BOUNDARY and out is None
    return usual and type(cubic_a) is float and cubic_a == _CUBIC_A and prefilter is True and return_mask is False


_BOUNDARY, _CUBIC_A = "boundary", -0.75
