"""The only importer of the native core: makes arrays that it can read, and calls it."""

import math

import numpy as np

from gridsample import _native
from gridsample._native import choose_isa, current_isa, get_num_threads, set_num_threads, vector_bytes
from gridsample._spec import Spec

__all__ = ["choose_isa", "current_isa", "empty", "get_num_threads", "isa_names", "sample", "set_num_threads", "vector_bytes"]


def sample(input: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec) -> None:
    """Fill ``out`` (N, C, *out) with ``input`` (N, C, *spatial) read at ``coords`` (N, *out, ndim)."""
    target = out if _is_plain(out) else np.empty(out.shape, out.dtype)
    _native.sample(_readable(input), _readable(coords), target, spec.kernel, spec.boundaries, spec.axes)
    if target is not out:
        out[...] = target


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array for a result; a large one begins at a cache line, so that the core can write whole lines."""
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < 1 << 20:
        return np.empty(shape, dtype)
    memory = np.empty(nbytes + 63, np.uint8)
    start = -memory.__array_interface__["data"][0] % 64
    return memory[start : start + nbytes].view(dtype).reshape(shape)


def isa_names(*, runnable: bool) -> tuple[str, ...]:
    """Return the instruction sets of this build, or those of them that this machine can run, the most capable first."""
    return tuple(_native.isa_names(runnable))


def _is_plain(array: np.ndarray) -> bool:
    """Whether the core can use an array where it is: of native byte order, its elements at whole elements of memory."""
    itemsize = array.dtype.itemsize
    return array.dtype.isnative and array.flags.aligned and all(stride % itemsize == 0 for stride in array.strides)


def _readable(array: np.ndarray) -> np.ndarray:
    return array if _is_plain(array) else array.astype(array.dtype.newbyteorder("="), order="C")
