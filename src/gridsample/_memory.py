"""Memory of large results, used again once nobody holds the result.

NOTE [large results]
The system gives a large array pages that it clears at their first touch, and takes them back when the array goes: for an output
of 32 MiB or more that is as much work as sampling, in every call. So the memory of the last large results that went is kept for
the next ones that fit it: at most ``KEPT`` bytes. A block comes back when the last array that looks into it goes.
"""

import math
from typing import Any

import numpy as np

__all__ = ["KEPT", "LARGE", "empty", "give_back"]

KEPT = 128 << 20
"""Most bytes that are kept while nobody uses them."""

LARGE = 1 << 20
"""Fewer bytes are not kept."""

_ALIGNMENT = 64
_kept: dict[int, np.ndarray] = {}  # by its id(): other threads take from it too, and what pop() gives is nobody else's


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
        _kept[id(self.memory)] = self.memory
        while sum(memory.nbytes for memory in tuple(_kept.values())) > KEPT:
            _kept.pop(next(iter(tuple(_kept)), 0), None)  # the oldest


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array; a large one begins at a cache line, so that the core can write whole lines."""
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < LARGE:
        return np.empty(shape, dtype)
    return np.asarray(_Block(_memory(nbytes + _ALIGNMENT - 1), nbytes)).view(dtype).reshape(shape)


def _memory(nbytes: int) -> np.ndarray:
    """Return at least so many bytes: kept ones, if they are not more than twice as many."""
    for key, memory in tuple(_kept.items()):
        if nbytes <= memory.nbytes <= 2 * nbytes and _kept.pop(key, None) is not None:
            return memory
    return np.empty(nbytes, np.uint8)


def give_back() -> None:
    """Return what is kept to the system."""
    _kept.clear()
