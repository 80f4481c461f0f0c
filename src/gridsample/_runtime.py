"""Threads and instruction sets: what the core runs with, and how to change it."""

import operator
import os
from typing import Any, TypedDict

from gridsample import _engine
from gridsample._spec import choose

__all__ = ["CpuInfo", "cpu_info", "get_num_threads", "set_num_threads"]


class CpuInfo(TypedDict):
    """What ``cpu_info`` returns."""

    isa: str
    available: tuple[str, ...]
    compiled: tuple[str, ...]
    vector_bytes: int


def cpu_info() -> CpuInfo:
    """Return which instruction set the core uses, and which it could use.

    The environment variable ``GRIDSAMPLE_ISA``, set before the import, forces one of the available ones: to compare, or to
    reproduce another machine.

    Returns
    -------
    dict
        ``isa``, the one in use; ``available``, those that this machine can run; ``compiled``, those in this build;
        ``vector_bytes``, the width of a vector of the one in use.

    Examples
    --------
    >>> import gridsample
    >>> info = gridsample.cpu_info()
    >>> info["isa"] in info["available"]
    True
    """
    return CpuInfo(
        isa=_engine.current_isa(),
        available=_engine.isa_names(runnable=True),
        compiled=_engine.isa_names(runnable=False),
        vector_bytes=_engine.vector_bytes(),
    )


def get_num_threads() -> int:
    """Return how many threads a call may use: one per core unless set.

    Returns
    -------
    int
        1 or more.

    Examples
    --------
    >>> import gridsample
    >>> gridsample.get_num_threads() >= 1
    True
    """
    return _engine.get_num_threads()


def set_num_threads(count: int) -> None:
    """Set how many threads a call may use, for all Python threads; results do not depend on it.

    The environment variable ``GRIDSAMPLE_NUM_THREADS`` sets it at the import.

    Parameters
    ----------
    count : int
        1 or more. Small calls use fewer.

    Raises
    ------
    TypeError
        ``count`` is not an int.
    ValueError
        ``count`` is less than 1 or more than 1024.

    Examples
    --------
    >>> import gridsample
    >>> gridsample.set_num_threads(2)
    >>> gridsample.get_num_threads()
    2
    """
    if not hasattr(count, "__index__") or isinstance(count, bool):
        raise TypeError(f"count: expected a whole number of threads; got {count!r} of type {type(count).__name__}")
    _engine.set_num_threads(_checked("count", operator.index(count)))


def _checked(argument: str, count: int) -> int:
    if not 1 <= count <= 1024:
        raise ValueError(f"{argument}: expected 1 to 1024 threads; got {count}")
    return count


def configure(environment: Any = os.environ) -> None:
    """Apply ``GRIDSAMPLE_ISA`` and ``GRIDSAMPLE_NUM_THREADS``; called once, at the import."""
    isa = environment.get("GRIDSAMPLE_ISA")
    if isa:
        _engine.choose_isa(choose("GRIDSAMPLE_ISA", isa, _engine.isa_names(runnable=True)))
    count = environment.get("GRIDSAMPLE_NUM_THREADS")
    if count:
        if not count.isdecimal():
            raise ValueError(f"GRIDSAMPLE_NUM_THREADS: expected a whole number of threads; got {count!r}")
        _engine.set_num_threads(_checked("GRIDSAMPLE_NUM_THREADS", int(count)))
