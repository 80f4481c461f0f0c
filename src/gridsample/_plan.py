"""Sampling many arrays at the same places."""

from typing import Any

import numpy as np

from gridsample._arrays import as_coords
from gridsample._compose import Composition
from gridsample._coords import index_axes
from gridsample._sample import as_transforms, sample
from gridsample._small import Calls
from gridsample._spec import MAX_NDIM, choose_boundaries, describe, make_spec, spatial_sizes

__all__ = ["Plan"]


class Plan:
    r"""Where to sample, evaluated and checked once, for frames of a video or many small arrays.

    A plan holds the coordinates of every sample of an output: what a ``Transform`` takes time to compute is computed once. It
    costs their memory, and reading them. It is worth it for callers' functions and undone lenses (8 times as fast and more),
    compositions with flows, coarse flows and panoramas (2 to 4 times), lenses and polar maps (1.2 to 1.6 times), and for calls
    of some hundred samples, whose checks take longer than sampling (6 times). It is not for affine and perspective maps and
    flows at full size, which are computed as fast as they are read: pass those to ``sample``. The figures are in
    docs/performance.md.

    Parameters
    ----------
    coords : array; or a Transform, or a list of them, one for each of the batch
        As of ``sample``. An array is copied.
    kernel : str
        As of ``sample``.
    boundary : str, or a sequence of one for each spatial axis
        As of ``sample``.
    size : sequence of int, optional
        For a ``Transform``, and only then: the output's spatial axes.
    coords_dtype : {"float64", "float32"}, optional
        What coordinates are held in: as they came, if not given, and a ``Transform``'s as float64. float32 is half the memory,
        and rounds a coordinate of 1000 to 1/16384 of a sample.
    channels : {"first", "last"}
        As of ``sample``.
    fill_value : number, or one for each channel
        As of ``sample``.
    outside : {"boundary", "fill", "keep"}
        As of ``sample``.
    nan : {"boundary", "propagate"}
        As of ``sample``.
    cubic_a : float
        As of ``sample``.
    prefilter : bool
        As of ``sample``.

    Raises
    ------
    TypeError
        A dtype is unknown, or a name is not a string.
    ValueError
        Shapes do not fit, ``size`` is missing, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> plan = gridsample.Plan(gridsample.Transform.polar((4, 6), (2, 3), 2), size=(4, 6))
    >>> frames = [np.full((5, 7), n, "float32") for n in range(3)]
    >>> [float(plan(frame)[0, 0]) for frame in frames]
    [0.0, 1.0, 2.0]
    """

    def __init__(
        self,
        coords: Any,
        kernel: str = "linear",
        boundary: Any = "zeros",
        *,
        size: Any = None,
        coords_dtype: str | None = None,
        channels: str = "first",
        fill_value: Any = 0,
        outside: str = "boundary",
        nan: str = "boundary",
        cubic_a: float = -0.75,
        prefilter: bool = True,
    ) -> None:
        """Evaluate and check."""
        if coords_dtype not in (None, "float32", "float64"):
            raise ValueError(f"coords_dtype: expected 'float32', 'float64' or None; got {coords_dtype!r}")
        located = as_transforms(coords)
        self._alone = isinstance(coords, Composition)
        if located:
            if size is None:
                raise ValueError("size: expected the output's spatial axes, since coords are Transforms; got None")
            sizes = spatial_sizes("size", size, located[0].ndim)
            each = [one.coords(sizes).astype(coords_dtype or "float64", copy=False) for one in located]
            found = each[0] if self._alone else np.stack(each)
        else:
            if size is not None:
                raise ValueError(f"size: expected None, since coords are an array, which says what the output is; got {size!r}")
            given = as_coords("coords", coords)
            found = np.array(given, coords_dtype or given.dtype.newbyteorder("="), order="C", subok=False)
        ndim = found.shape[-1] if found.ndim else 0
        if not 1 <= ndim <= MAX_NDIM:
            raise ValueError(f"coords: expected (..., ndim) with ndim 1 to {MAX_NDIM}; got {describe(found)}")
        boundaries = choose_boundaries("boundary", boundary, ndim)
        self._spec = make_spec(kernel, boundaries, index_axes(ndim), cubic_a=cubic_a, outside=outside, nan=nan)
        self._coords = found
        self._modes = (kernel, boundary)
        self._options = {
            "channels": channels,
            "fill_value": fill_value,
            "outside": outside,
            "nan": nan,
            "cubic_a": cubic_a,
            "prefilter": prefilter,
        }
        self._calls = Calls(16)
        self._quick = isinstance(fill_value, (int, float)) and fill_value == 0

    @property
    def coords(self) -> np.ndarray:
        r"""The coordinates: (\*out, ndim) or (N, \*out, ndim), in index units, axis 0 first; a copy."""
        return self._coords.copy()

    def __call__(self, input: Any, *, dtype: Any = None, return_mask: bool = False, out: Any = None) -> Any:
        r"""Read an array at the places of the plan.

        Parameters
        ----------
        input : array
            As of ``sample``.
        dtype : dtype, optional
            As of ``sample``.
        return_mask : bool
            As of ``sample``.
        out : array, optional
            As of ``sample``.

        Returns
        -------
        array
            As of ``sample``.

        Raises
        ------
        TypeError
            The dtype of ``input`` is unknown.
        ValueError
            Shapes do not fit.

        Examples
        --------
        >>> import numpy as np, gridsample
        >>> plan = gridsample.Plan(np.array([[0.0, 0.5], [1.0, 2.0]]))
        >>> plan(np.array([[1, 2, 3], [4, 5, 6]], np.uint8)), plan(np.eye(2, 3))
        (array([2, 6], dtype=uint8), array([0.5, 0. ]))
        """
        key = None
        if self._quick and type(input) is np.ndarray and dtype is None and out is None and return_mask is False:
            key = (input.shape, input.dtype.num)
            known = self._calls.call(key, input, self._coords)
            if known is not None:
                return known
        batched = self._alone and np.ndim(input) == self._coords.shape[-1] + 2
        coords = self._coords[None] if batched else self._coords
        kernel, boundary = self._modes
        values = sample(input, coords, kernel, boundary, dtype=dtype, return_mask=return_mask, out=out, **self._options)
        if key is not None and not batched:
            last = self._options["channels"] == "last"
            self._calls.remember(key, input, self._coords, values, self._coords, self._spec, last=last)
        return values

    def __repr__(self) -> str:
        """Say where it reads."""
        kernel, boundary = self._modes
        return f"<gridsample.Plan, coords {describe(self._coords)}: {kernel}, {boundary}>"
