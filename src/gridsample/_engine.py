"""The only importer of the native core: makes arrays that it can read, and calls it."""

import math

import numpy as np

from gridsample import _native
from gridsample._native import choose_isa, current_isa, get_num_threads, set_num_threads, vector_bytes
from gridsample._spec import Spec

__all__ = ["choose_isa", "current_isa", "empty", "get_num_threads", "isa_names", "sample", "set_num_threads", "vector_bytes"]


def sample(input: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec) -> None:
    """Fill ``out`` (N, C, *out) with ``input`` (N, C, *spatial) read at ``coords`` (N, *out, ndim)."""
    _native.sample(_readable(input), _readable(coords), out, spec.kernel, spec.boundaries, spec.axes)


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


def _readable(array: np.ndarray) -> np.ndarray:
    """Copy an array only if it is of foreign byte order or its elements do not lie on whole elements of memory."""
    itemsize = array.dtype.itemsize
    if array.dtype.isnative and array.flags.aligned and all(stride % itemsize == 0 for stride in array.strides):
        return array
    return array.astype(array.dtype.newbyteorder("="), order="C")
