"""The filters of SciPy's dialect, which find the coefficients of splines."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gridsample._ndimage import computed_for, spline_boundary
from gridsample._ndimage_arguments import as_index, as_input, check_mode, check_order, make_output
from gridsample._spline import filter_axes

__all__ = ["spline_filter", "spline_filter1d"]


def spline_filter(input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror") -> np.ndarray:
    """Return the coefficients of the spline through an array: ``scipy.ndimage.spline_filter``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    order : int
        Of the spline, 2 to 5.
    output : array or dtype
        Takes the coefficients, or their dtype; float32 is computed in float32 if ``input`` is narrow too.
    mode : str
        As of ``map_coordinates``: how the array goes on beyond its ends.

    Returns
    -------
    array
        Of the shape of ``input``.

    Raises
    ------
    TypeError
        A dtype is unknown.
    ValueError
        A shape, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import map_coordinates, spline_filter
    >>> coefficients = spline_filter(np.array([0.0, 1.0, 4.0, 9.0]))
    >>> map_coordinates(coefficients, [[1.0, 1.5, 2.0]], prefilter=False).round(3)
    array([1., 2., 4.])
    """
    order, mode, image = check_order(order, 2), check_mode(mode), as_input(input, empty=True)
    return _filter(image, range(image.ndim), order, output, mode)


def spline_filter1d(input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror") -> np.ndarray:
    """Return the coefficients of the spline through an array along one axis: ``scipy.ndimage.spline_filter1d``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    order : int
        Of the spline, 0 to 5; 0 and 1 change nothing.
    axis : int
        Along which to filter.
    output : array or dtype
        As of ``spline_filter``.
    mode : str
        As of ``spline_filter``.

    Returns
    -------
    array
        Of the shape of ``input``.

    Raises
    ------
    TypeError
        A dtype is unknown.
    ValueError
        A shape, an axis, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import spline_filter1d
    >>> spline_filter1d(np.array([0.0, 0.0, 6.0, 0.0, 0.0]), 3).round(3)
    array([ 1.5, -3. , 10.5, -3. ,  1.5])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    axis = as_index("axis", axis)
    if not -image.ndim <= axis < image.ndim:
        raise np.exceptions.AxisError(f"axis: axis {axis} is out of bounds for array of dimension {image.ndim}")
    return _filter(image, [axis % image.ndim] if order > 1 else [], order, output, mode)


def _filter(image: np.ndarray, axes: Iterable[int], order: int, output: Any, mode: str) -> np.ndarray:
    out = make_output(output, image, image.shape)
    work = np.array(computed_for(image, out))
    if work.dtype.kind not in "fc":
        work = work.astype(np.float32)
    for axis in axes:
        filter_axes(work, work, order, [(axis, spline_boundary(mode))])
        if out.dtype.kind not in "fc":  # whole numbers are what the next axis is given, as in SciPy
            work = np.trunc(work)
    out[...] = work
    return out
