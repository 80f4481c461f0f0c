"""Converters between the ways to say where: grids and coordinates, pixels and normalised units, flows, x or row first."""

from typing import Any

import numpy as np

from gridsample._arrays import as_coords
from gridsample._coords import normalized_axes
from gridsample._spec import MAX_NDIM, as_flag, choose, describe, positive_ints

__all__ = ["flow_to_grid", "grid_to_flow", "normalize_coords", "pixel_coords", "swap_xy"]


def _as_points(argument: str, value: Any) -> tuple[np.ndarray, np.dtype]:
    """Return points (..., ndim) as float64, and the dtype of what they become: float32 for what is narrower."""
    points = as_coords(argument, value)
    if points.ndim == 0 or not 1 <= points.shape[-1] <= MAX_NDIM:
        raise ValueError(f"{argument}: expected (..., ndim) with ndim 1 to {MAX_NDIM}; got {describe(points)}")
    return points.astype(np.float64), np.dtype(np.float64 if points.dtype.itemsize == 8 else np.float32)


def _spatial(size: Any, points: np.ndarray, argument: str) -> tuple[int, ...]:
    sizes = positive_ints("size", size)
    if len(sizes) != points.shape[-1]:
        raise ValueError(
            f"size: expected {points.shape[-1]} spatial sizes, axis 0 first and without N and C, as {argument} {points.shape} "
            f"says; got {size!r}"
        )
    return sizes


def normalize_coords(coords: Any, size: Any, align_corners: bool = False) -> np.ndarray:
    r"""Turn coordinates of ``sample`` (pixels, axis 0 first) into a grid of ``grid_sample`` (normalised, x first).

    Parameters
    ----------
    coords : array, float32, float64, float16 or bfloat16
        (\*, ndim), in pixels (index units): ``coords[..., k]`` runs along axis k, and pixel i is at i.
    size : sequence of int
        The spatial sizes of the image that is read: (W,), (H, W) or (D, H, W).
    align_corners : bool
        As it will be given to ``grid_sample``.

    Returns
    -------
    array
        (\*, ndim), normalised: component 0 is x and runs along the last axis. float64 for float64, otherwise float32.

    Raises
    ------
    TypeError
        ``coords`` is no array of floats, or ``align_corners`` is not True or False.
    ValueError
        ``coords`` is not (\*, ndim), or ``size`` is not ndim positive whole numbers.

    See Also
    --------
    pixel_coords : the way back.

    Notes
    -----
    The inverse of the first lines of PyTorch's grid_sample: x = (2 i + 1) / size - 1, or 2 i / (size - 1) - 1 with
    ``align_corners=True``. An axis of one sample has no such scale there; its position is 0.

    Examples
    --------
    A grid is neither in pixels nor row first. Row 1, column 2 of a 2 × 4 image:

    >>> import numpy as np, gridsample
    >>> image, point = np.arange(8.0).reshape(1, 1, 2, 4), np.array([[[[1.0, 2.0]]]])
    >>> gridsample.grid_sample(image, point)  # the mistake: far outside
    array([[[[0.]]]])
    >>> gridsample.grid_sample(image, gridsample.normalize_coords(point, (2, 4)))
    array([[[[6.]]]])
    """
    points, dtype = _as_points("coords", coords)
    axes = normalized_axes(_spatial(size, points, "coords"), as_flag("align_corners", align_corners))
    out = np.empty(points.shape, dtype)
    for axis, one in enumerate(axes):
        out[..., one.component] = one.to_given(points[..., axis])
    return out


def pixel_coords(grid: Any, size: Any, align_corners: bool = False) -> np.ndarray:
    r"""Turn a grid of ``grid_sample`` (normalised, x first) into coordinates of ``sample`` (pixels, axis 0 first).

    Parameters
    ----------
    grid : array, float32, float64, float16 or bfloat16
        (\*, ndim), normalised: ``grid[..., 0]`` is x and runs along the last axis.
    size : sequence of int
        The spatial sizes of the image that is read: (W,), (H, W) or (D, H, W).
    align_corners : bool
        As it would be given to ``grid_sample`` with this grid.

    Returns
    -------
    array
        (\*, ndim), in pixels (index units), axis 0 first. float64 for float64, otherwise float32.

    Raises
    ------
    TypeError
        ``grid`` is no array of floats, or ``align_corners`` is not True or False.
    ValueError
        ``grid`` is not (\*, ndim), or ``size`` is not ndim positive whole numbers.

    See Also
    --------
    normalize_coords : the way back.

    Notes
    -----
    As in PyTorch's grid_sample: ((x + 1) size - 1) / 2, or (x + 1) (size - 1) / 2 with ``align_corners=True``.

    Examples
    --------
    With ``align_corners=False``, -1 is not the first pixel but its outer edge, half a pixel before:

    >>> import numpy as np, gridsample
    >>> gridsample.pixel_coords(np.array([-1.0, -1.0]), (2, 4))
    array([-0.5, -0.5])
    >>> gridsample.pixel_coords(np.array([-1.0, -1.0]), (2, 4), align_corners=True)
    array([0., 0.])
    """
    points, dtype = _as_points("grid", grid)
    axes = normalized_axes(_spatial(size, points, "grid"), as_flag("align_corners", align_corners))
    out = np.empty(points.shape, dtype)
    for axis, one in enumerate(axes):
        out[..., axis] = one.to_index(points[..., one.component])
    return out


def swap_xy(points: Any) -> np.ndarray:
    r"""Turn points that are x first into points that are axis 0 first, or back: reverse their components.

    Parameters
    ----------
    points : array
        (\*, ndim), of any dtype: (x, y) or (row, column), (x, y, z) or (axis 0, axis 1, axis 2).

    Returns
    -------
    array
        (\*, ndim), the components in reverse: a view of ``points``, without a copy.

    Raises
    ------
    ValueError
        ``points`` is not (\*, ndim) with ndim 1 to 3.

    Examples
    --------
    OpenCV, torch and most flows say (x, y); SciPy, NumPy's indices and ``sample`` say (row, column):

    >>> import numpy as np, gridsample
    >>> image, xy = np.arange(8.0).reshape(2, 4), np.array([[3.0, 0.0]])  # the right end of the top row
    >>> gridsample.sample(image, xy)  # the mistake: row 3 of 2
    array([0.])
    >>> gridsample.sample(image, gridsample.swap_xy(xy))
    array([3.])
    """
    array = np.asarray(points)
    if array.ndim == 0 or not 1 <= array.shape[-1] <= MAX_NDIM:
        raise ValueError(f"points: expected (..., ndim) with ndim 1 to {MAX_NDIM}; got {describe(array)}")
    return array[..., ::-1]


def _as_field(argument: str, value: Any, channels: str) -> tuple[np.ndarray, np.dtype]:
    """Return a flow or grid, with its components last and as float64, and the dtype of what it becomes."""
    field = as_coords(argument, value)
    first, count = choose("channels", channels, ("last", "first")) == "first", field.ndim
    if first and count >= 2:
        field = np.moveaxis(field, 1 if field.shape[1] == count - 2 else 0, -1)
    if not 2 <= count <= MAX_NDIM + 2 or not 1 <= field.shape[-1] <= MAX_NDIM or count - field.shape[-1] not in (1, 2):
        wanted = "(N, ndim, *spatial) or (ndim, *spatial)" if first else "(N, *spatial, ndim) or (*spatial, ndim)"
        raise ValueError(f"{argument}: expected {wanted} with channels={channels!r}; got {describe(np.asarray(value))}")
    return field.astype(np.float64), np.dtype(np.float64 if field.dtype.itemsize == 8 else np.float32)


def flow_to_grid(flow: Any, align_corners: bool = False, *, channels: str = "last", order: str = "xy") -> np.ndarray:
    r"""Turn a flow in pixels into the grid at which ``grid_sample`` reads so far from each pixel.

    Parameters
    ----------
    flow : array, float32, float64, float16 or bfloat16
        (N, \*spatial, ndim) or (\*spatial, ndim): how many pixels away from itself each pixel reads.
    align_corners : bool
        As it will be given to ``grid_sample``.
    channels : {"last", "first"}
        Where the components of ``flow`` are: "first" means (N, ndim, \*spatial) or (ndim, \*spatial), as networks give it;
        what could be either is taken to have an N.
    order : {"xy", "ij"}
        Of the components: "xy" if the first runs along the last axis, "ij" if it runs along axis 0.

    Returns
    -------
    array
        (N, \*spatial, ndim) or (\*spatial, ndim), normalised, x first. float64 for float64, otherwise float32.

    Raises
    ------
    TypeError
        ``flow`` is no array of floats, or ``align_corners`` is not True or False.
    ValueError
        ``flow`` has not as many components as spatial axes where ``channels`` says, or a name is unknown.

    See Also
    --------
    grid_to_flow : the way back.
    warp_flow : reads at a flow without making the grid.

    Notes
    -----
    A displacement of d pixels along an axis of n is 2 d / n, or 2 d / (n - 1) with ``align_corners=True``.

    Examples
    --------
    A flow is neither normalised nor a position. Read one pixel to the right of each:

    >>> import numpy as np, gridsample
    >>> image = np.arange(4.0).reshape(1, 1, 1, 4)
    >>> flow = np.zeros((1, 1, 4, 2))
    >>> flow[..., 0] = 1.0
    >>> gridsample.grid_sample(image, gridsample.identity_grid(image.shape) + flow)  # the mistake: half an image
    array([[[[2., 3., 0., 0.]]]])
    >>> gridsample.grid_sample(image, gridsample.flow_to_grid(flow))
    array([[[[1., 2., 3., 0.]]]])
    """
    moved, dtype = _as_field("flow", flow, channels)
    ndim = moved.shape[-1]
    spatial = moved.shape[-1 - ndim : -1]
    axes = normalized_axes(spatial, as_flag("align_corners", align_corners))
    out = np.empty(moved.shape, dtype)
    xy = choose("order", order, ("xy", "ij")) == "xy"
    for axis, one in enumerate(axes):
        component = one.component if xy else axis
        out[..., one.component] = one.to_given(moved[..., component] + _positions(axis, spatial))
    return out


def grid_to_flow(grid: Any, align_corners: bool = False, *, channels: str = "last", order: str = "xy") -> np.ndarray:
    r"""Turn a grid of ``grid_sample`` into the flow: how many pixels away from itself each pixel reads.

    Parameters
    ----------
    grid : array, float32, float64, float16 or bfloat16
        (N, \*spatial, ndim) or (\*spatial, ndim), normalised, x first, for an image of the same spatial sizes.
    align_corners : bool
        As it would be given to ``grid_sample`` with this grid.
    channels : {"last", "first"}
        Where the components of the result shall be.
    order : {"xy", "ij"}
        Of the components of the result: "xy" if the first runs along the last axis, "ij" if it runs along axis 0.

    Returns
    -------
    array
        (N, \*spatial, ndim), (N, ndim, \*spatial), or the same without N, in pixels. float64 for float64, otherwise float32.

    Raises
    ------
    TypeError
        ``grid`` is no array of floats, or ``align_corners`` is not True or False.
    ValueError
        ``grid`` has not as many components as spatial axes, or a name is unknown.

    See Also
    --------
    flow_to_grid : the way back.

    Examples
    --------
    The difference of two grids is not yet in pixels; half an axis of 4 is 2 pixels:

    >>> import numpy as np, gridsample
    >>> base = gridsample.identity_grid((1, 1, 1, 4))
    >>> moved = base + np.array([1.0, 0.0])
    >>> (moved - base)[0, 0, 0], gridsample.grid_to_flow(moved)[0, 0, 0]
    (array([1., 0.]), array([2., 0.]))
    """
    given, dtype = _as_field("grid", grid, "last")
    ndim = given.shape[-1]
    spatial = given.shape[-1 - ndim : -1]
    axes = normalized_axes(spatial, as_flag("align_corners", align_corners))
    first = choose("channels", channels, ("last", "first")) == "first"
    out = np.empty((*given.shape[: -1 - ndim], ndim, *spatial) if first else given.shape, dtype)
    components = np.moveaxis(out, -1 - ndim, -1) if first else out
    xy = choose("order", order, ("xy", "ij")) == "xy"
    for axis, one in enumerate(axes):
        component = one.component if xy else axis
        components[..., component] = one.to_index(given[..., one.component]) - _positions(axis, spatial)
    return out


def _positions(axis: int, spatial: tuple[int, ...]) -> np.ndarray:
    """Return 0, 1, 2, ... along one axis, so shaped that it goes with fields of these spatial sizes."""
    return np.arange(float(spatial[axis])).reshape([-1 if k == axis else 1 for k in range(len(spatial))])
