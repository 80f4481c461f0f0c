"""Memory of large results, used again once nobody holds the result.

NOTE [large results]
The system gives a large array pages that it clears at their first touch, and takes them back when the array goes: for an output
of 32 MiB or more that is as much work as sampling, in every call. So the memory of the last large result that went is kept for
the next one that fits it: one block, of at most ``KEPT`` bytes. A block goes back when the last array that looks into it goes.
"""

import math
from contextlib import suppress
from typing import Any

import numpy as np

__all__ = ["KEPT", "empty"]

KEPT = 128 << 20
"""Most bytes that are kept while nobody uses them."""

_LARGE = 1 << 20
_ALIGNMENT = 64
_kept: list[np.ndarray] = []


class _Block:
    """Memory that NumPy takes for an array; an array made of it, and each of its views, holds the block."""

    def __init__(self, memory: np.ndarray, nbytes: int) -> None:
        self.memory = memory
        address = memory.__array_interface__["data"][0]
        self.__array_interface__: dict[str, Any] = {
            "data": (address + -address % _ALIGNMENT, False),
            "shape": (nbytes,),
            "typestr": "|u1",
            "version": 3,
        }

    def __del__(self) -> None:
        if self.memory.nbytes <= KEPT and not _kept:
            _kept.append(self.memory)


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array; a large one begins at a cache line, so that the core can write whole lines."""
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < _LARGE:
        return np.empty(shape, dtype)
    return np.asarray(_Block(_memory(nbytes + _ALIGNMENT - 1), nbytes)).view(dtype).reshape(shape)


def _memory(nbytes: int) -> np.ndarray:
    """Return at least so many bytes: those kept, if they are not more than twice as many."""
    with suppress(IndexError):  # another thread may take them first
        memory = _kept.pop()
        if nbytes <= memory.nbytes <= 2 * nbytes:
            return memory
    return np.empty(nbytes, np.uint8)
