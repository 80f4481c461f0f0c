"""How much memory is free, and how much a call takes while it lasts."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gridsample import _memory

__all__ = ["free_bytes", "temporary_bytes"]

CALLS = 3
"""Of which the one that takes most memory counts."""

_PROC, _CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """Return the memory that programs can still get: of the machine, or of the container if that is less."""
    meminfo = _PROC / "meminfo"
    if meminfo.exists():
        free = _kilobytes(meminfo, "MemAvailable")
    else:
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2  # the rest is likely to be in use
    try:
        limit, used = ((_CGROUP / name).read_text() for name in ("memory.max", "memory.current"))
        return min(free, int(limit) - int(used))
    except (OSError, ValueError):  # there is none, or it is "max"
        return free


def temporary_bytes(call: Callable[[], Any]) -> int | None:
    """Return by how much the memory of this process grows while ``call`` runs; None where the system does not tell.

    That is the peak of the resident memory, NumPy's as well as the core's, over what it was before. A call before that has
    started the threads, whose stacks stay. What allocators keep for later is given back first, so that it counts when it is
    taken again. Linux counts pages in batches: less than some hundred KiB may be noise.
    """
    status, reset = _PROC / "self/status", _PROC / "self/clear_refs"
    if not os.access(reset, os.W_OK):
        return None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)  # glibc's
    call()
    grown = []
    for _ in range(CALLS):
        _memory.give_back()
        trim(0)
        reset.write_text("5")  # the peak is what there is now
        before = _kilobytes(status, "VmHWM")
        call()
        grown.append(_kilobytes(status, "VmHWM") - before)
    return max(grown)


def _kilobytes(path: Path, name: str) -> int:
    """Return what a file of /proc says in kB, in bytes."""
    (line,) = [line for line in path.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
