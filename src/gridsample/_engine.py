"""The only importer of the native core: makes arrays that it can read, and calls it."""

import numpy as np

from gridsample import _native
from gridsample._spec import Spec

__all__ = ["sample"]


def sample(input: np.ndarray, coords: np.ndarray, out: np.ndarray, spec: Spec) -> None:
    """Fill ``out`` (N, C, *out) with ``input`` (N, C, *spatial) read at ``coords`` (N, *out, ndim)."""
    _native.sample(_readable(input), _readable(coords), out, spec.kernel, spec.boundaries, spec.axes)


def _readable(array: np.ndarray) -> np.ndarray:
    """Copy an array only if it is of foreign byte order or its elements do not lie on whole elements of memory."""
    itemsize = array.dtype.itemsize
    if array.dtype.isnative and array.flags.aligned and all(stride % itemsize == 0 for stride in array.strides):
        return array
    return array.astype(array.dtype.newbyteorder("="), order="C")
