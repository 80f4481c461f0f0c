"""Memory of large results, used again once nobody holds the result.

NOTE [large results]
The system gives a large array pages that it clears at their first touch, and takes them back when the array goes: for an output
of 32 MiB or more that is as much work as sampling, in every call, and on virtual machines several times as much. So the memory
of the last large results that went is kept for the next ones that fit it: at most ``KEPT`` bytes that nobody else can have
meanwhile, and at most ``LENT`` bytes of larger blocks, which the system is told that it may take when it needs memory
(MADV_FREE). A block comes back when the last array that looks into it goes.
"""

import math
import mmap
from typing import Any

import numpy as np

__all__ = ["KEPT", "LARGE", "LENT", "empty", "give_back"]

KEPT = 128 << 20
"""Most bytes that are kept while nobody uses them; larger blocks are lent to the system."""

LENT = 2 << 30
"""Most bytes of blocks that the system may take while nobody uses them."""

LARGE = 1 << 20
"""Fewer bytes are not kept."""

_ALIGNMENT = 64
_CAN_LEND = hasattr(mmap, "MADV_FREE") and hasattr(mmap, "MAP_ANONYMOUS")


class _Memory:
    """Bytes of the process; of a large block, as a mapping of its own."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self.mapped = _map(nbytes) if nbytes > KEPT else None
        self.bytes = np.empty(nbytes, np.uint8) if self.mapped is None else np.frombuffer(self.mapped, np.uint8)
        self.address: int = self.bytes.__array_interface__["data"][0]

    def lend(self) -> bool:
        """Let the system take the pages if it needs them; until then they stay as they are. Return whether they may be kept."""
        return self.mapped is None or _advise(self.mapped, mmap.MADV_FREE)


def _map(nbytes: int) -> mmap.mmap | None:
    if not _CAN_LEND:
        return None
    try:
        mapped = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError):  # there is not so much: NumPy says that better
        return None
    if hasattr(mmap, "MADV_HUGEPAGE"):  # as NumPy does
        _advise(mapped, mmap.MADV_HUGEPAGE)
    return mapped


def _advise(mapped: mmap.mmap, advice: int) -> bool:
    """Return whether the system takes such advice."""
    try:
        mapped.madvise(advice)
    except OSError:
        return False
    return True


_kept: dict[int, _Memory] = {}  # by its id(): other threads take from it too, and what pop() gives is nobody else's


class _Block:
    """Memory that NumPy takes for an array; an array made of it, and each of its views, holds the block."""

    def __init__(self, memory: _Memory, nbytes: int) -> None:
        self.memory = memory
        self.__array_interface__: dict[str, Any] = {
            "data": (memory.address + -memory.address % _ALIGNMENT, False),
            "shape": (nbytes,),
            "typestr": "|u1",
            "version": 3,
        }

    def __del__(self) -> None:
        if not self.memory.lend():
            return
        _kept[id(self.memory)] = self.memory
        for lent, most in ((False, KEPT), (True, LENT)):
            while sum(memory.nbytes for memory in _those(lent)) > most:
                _kept.pop(next((id(memory) for memory in _those(lent)), 0), None)  # the oldest


def _those(lent: bool) -> list[_Memory]:
    return [memory for memory in tuple(_kept.values()) if (memory.mapped is not None) == lent]


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array; a large one begins at a cache line, so that the core can write whole lines."""
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < LARGE:
        return np.empty(shape, dtype)
    return np.asarray(_Block(_memory(nbytes + _ALIGNMENT - 1), nbytes)).view(dtype).reshape(shape)


def _memory(nbytes: int) -> _Memory:
    """Return at least so many bytes: kept ones, if they are not more than twice as many."""
    for key, memory in tuple(_kept.items()):
        if nbytes <= memory.nbytes <= 2 * nbytes and _kept.pop(key, None) is not None:
            return memory
    return _Memory(nbytes)


def give_back() -> None:
    """Return what is kept to the system."""
    _kept.clear()
