"""Warping by a matrix, a flow or a lens, without making a grid: ``Transform`` and ``sample`` in one call."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gridsample._arrays import as_image
from gridsample._frameworks import torch_front_end
from gridsample._sample import sample
from gridsample._spec import MAX_NDIM, as_array, as_flag, choose, describe, real_numbers, spatial_sizes
from gridsample._transform import Transform

__all__ = ["undistort", "warp_affine", "warp_flow", "warp_perspective"]

_UNITS = ("pixels", "normalized")
_OPTIONS = tuple(sample.__kwdefaults__ or ())
"""What goes on to ``sample`` by name."""


def warp_affine(
    input: Any,
    matrix: Any,
    size: Any = None,
    kernel: str = "linear",
    boundary: Any = "zeros",
    *,
    inverse: bool = False,
    order: str = "xy",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Any:
    r"""Rotate, scale, shear or move an image or a volume by an affine matrix.

    Parameters
    ----------
    input : array
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    matrix : array, real numbers
        (ndim, ndim + 1), or (ndim + 1, ndim + 1) with last row (0, ..., 0, 1): takes each **output** position to the **input**
        position to read there. (N, ...) for one matrix for each image of the batch.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first: (H, W), not (W, H); as ``input`` has them if not given.
    kernel : str
        As of ``sample``: "nearest", "linear", "cubic" and others.
    boundary : str
        As of ``sample``: "zeros", "border", "constant" and others, or one for each spatial axis.
    inverse : bool
        The matrix takes input positions to output positions instead ("what was here goes there"), and is inverted.
    order : {"xy", "ij"}
        Of the rows and columns of ``matrix``: "xy" if the first component runs along the last axis, as in OpenCV and torch,
        "ij" if it runs along axis 0, as in SciPy.
    units : {"pixels", "normalized"}
        Of the positions: pixel i is at i, or the image spans [-1, 1], the output too, as for torch's affine_grid.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``.
    options : keyword arguments
        Of ``sample``: ``channels``, ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``,
        ``return_mask``, ``out``.

    Returns
    -------
    array
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, ``matrix`` is singular with ``inverse=True``, or what ``sample`` raises.

    See Also
    --------
    Transform : what this builds; it composes with other maps.

    Notes
    -----
    The input position is matrix @ (x, y[, z], 1): R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2003,
    section 2.4.

    Examples
    --------
    Move an image one pixel to the right, said in both directions:

    >>> import numpy as np, gridsample
    >>> image = np.array([[1.0, 2.0, 3.0]])
    >>> gridsample.warp_affine(image, [[1, 0, -1], [0, 1, 0]])  # the output at x reads the input at x - 1
    array([[0., 1., 2.]])
    >>> gridsample.warp_affine(image, [[1, 0, 1], [0, 1, 0]], inverse=True)  # the input at x goes to x + 1
    array([[0., 1., 2.]])
    """
    _check_options("warp_affine", options)
    directions = {"order": order, "inverse": inverse}
    options = {"kernel": kernel, "boundary": boundary, **options}
    if front_end := torch_front_end(input, matrix):
        units_given = {"units": units, "align_corners": align_corners}
        return front_end.warp_affine(input, matrix, size, **directions, **units_given, **options)
    return _warp_by_matrix(Transform.affine, input, matrix, size, units, align_corners, directions, **options)


def warp_perspective(
    input: Any,
    matrix: Any,
    size: Any = None,
    kernel: str = "linear",
    boundary: Any = "zeros",
    *,
    inverse: bool = False,
    order: str = "xy",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Any:
    r"""Warp an image or a volume by a homography.

    Parameters
    ----------
    input : array
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    matrix : array, real numbers
        (ndim + 1, ndim + 1): takes (x, y, 1) of each **output** position to a multiple of (x, y, 1) of the **input** position
        to read there. (N, ndim + 1, ndim + 1) for one matrix for each image of the batch.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first: (H, W), not (W, H); as ``input`` has them if not given.
    kernel : str
        As of ``sample``: "nearest", "linear", "cubic" and others.
    boundary : str
        As of ``sample``: "zeros", "border", "constant" and others, or one for each spatial axis.
    inverse : bool
        The matrix takes input positions to output positions instead ("what was here goes there"), and is inverted.
    order : {"xy", "ij"}
        Of the rows and columns of ``matrix``: "xy" if the first component runs along the last axis, "ij" if along axis 0.
    units : {"pixels", "normalized"}
        Of the positions: pixel i is at i, or the image spans [-1, 1], the output too.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``.
    options : keyword arguments
        Of ``sample``: ``channels``, ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``,
        ``return_mask``, ``out``.

    Returns
    -------
    array
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, ``matrix`` is singular with ``inverse=True``, or what ``sample`` raises.

    See Also
    --------
    Transform : what this builds; it composes with other maps.

    Notes
    -----
    R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2003, section 2.3.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> gridsample.warp_perspective(image, [[2, 0, 0], [0, 1, 0], [0, 0, 2]])  # only the ratio to the last component counts
    array([[1., 2., 3., 4.]])
    >>> gridsample.warp_perspective(image, [[1, 0, 0], [0, 1, 0], [0.5, 0, 1]])  # x / (1 + x / 2): ever slower
    array([[1.        , 1.66666667, 2.        , 2.2       ]])
    """
    _check_options("warp_perspective", options)
    directions = {"order": order, "inverse": inverse}
    options = {"kernel": kernel, "boundary": boundary, **options}
    if front_end := torch_front_end(input, matrix):
        units_given = {"units": units, "align_corners": align_corners}
        return front_end.warp_perspective(input, matrix, size, **directions, **units_given, **options)
    return _warp_by_matrix(Transform.perspective, input, matrix, size, units, align_corners, directions, **options)


def warp_flow(
    input: Any,
    flow: Any,
    size: Any = None,
    kernel: str = "linear",
    boundary: Any = "zeros",
    *,
    relative: bool = True,
    order: str = "xy",
    flow_channels: str = "last",
    units: str = "pixels",
    align_corners: bool = False,
    **options: Any,
) -> Any:
    r"""Warp an image or a volume by a flow: each output pixel reads so far away from itself.

    Parameters
    ----------
    input : array
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), of any dtype of ``sample``.
    flow : array, real numbers
        (\*lattice, ndim): from each **output** position to the **input** position to read there ("backward" flow). (N, ...) for
        one flow for each image of the batch. Any strides; it is not copied.
    size : sequence of int, optional
        The spatial sizes of the output, axis 0 first; those of the lattice if not given. A flow on a coarser lattice is
        interpolated linearly to this size; its displacements are in pixels of the size, not of the lattice.
    kernel : str
        As of ``sample``: "nearest", "linear", "cubic" and others.
    boundary : str
        As of ``sample``: "zeros", "border", "constant" and others, or one for each spatial axis.
    relative : bool
        ``flow`` holds displacements; otherwise positions, as the maps of OpenCV's remap.
    order : {"xy", "ij"}
        Of the components of ``flow``: "xy" if the first runs along the last axis, "ij" if it runs along axis 0.
    flow_channels : {"last", "first"}
        Where the components of ``flow`` are: "first" means (ndim, \*lattice), as networks give it.
    units : {"pixels", "normalized"}
        Of ``flow``: pixels of ``input``, or the input spans 2 units.
    align_corners : bool
        Where -1 and 1 are, with ``units="normalized"``; and whether the ends of a coarser lattice are the end pixels' centres.
    options : keyword arguments
        Of ``sample``: ``channels``, ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``,
        ``return_mask``, ``out``.

    Returns
    -------
    array
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, a name is unknown, or what ``sample`` raises.

    See Also
    --------
    Transform : what this builds; it composes with other maps.
    flow_to_grid : the same as a grid for ``grid_sample``.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.array([[1.0, 2.0, 3.0]])
    >>> flow = np.zeros((1, 3, 2))
    >>> flow[..., 0] = 1  # x: one pixel to the right
    >>> gridsample.warp_flow(image, flow, boundary="border")
    array([[2., 3., 3.]])
    """
    _check_options("warp_flow", options)
    if front_end := torch_front_end(input, flow):
        given = {"relative": relative, "order": order, "flow_channels": flow_channels, "units": units}
        return front_end.warp_flow(input, flow, size, kernel, boundary, align_corners=align_corners, **given, **options)
    field, image = as_array("flow", flow), as_image("input", input)
    first = choose("flow_channels", flow_channels, ("last", "first")) == "first"
    fits = (n for n in range(1, MAX_NDIM + 1) if field.ndim - n in (1, 2) and _components(field, n, first) == n)
    ndim = next((n for n in fits if image.ndim - n in ((2,) if field.ndim == n + 2 else (0, 1, 2))), 0)
    if not ndim:
        wanted = "(ndim, *spatial), or the same with N before," if first else "(*spatial, ndim), or the same with N before,"
        raise ValueError(f"flow: expected {wanted} for an input of shape {image.shape}; got {describe(field)}")
    fields = [field] if field.ndim == ndim + 1 else [*field]
    lattice = fields[0].shape[1:] if first else fields[0].shape[:-1]
    sizes = lattice if size is None else spatial_sizes("size", size, ndim)
    normalized = _spatial(image, ndim, options) if choose("units", units, _UNITS) == "normalized" else None
    found = [
        Transform.flow(
            one,
            relative=relative,
            order=order,
            channels=flow_channels,
            normalized=normalized,
            size=sizes,
            align_corners=align_corners,
        )
        for one in fields
    ]
    return sample(image, found, kernel, boundary, size=sizes, **options)


def undistort(
    input: Any,
    camera_matrix: Any,
    distortion: Any,
    size: Any = None,
    kernel: str = "linear",
    boundary: Any = "zeros",
    *,
    new_camera_matrix: Any = None,
    rotation: Any = None,
    inverse: bool = False,
    **options: Any,
) -> Any:
    r"""Take the distortion of a lens out of a picture: straight lines become straight.

    Parameters
    ----------
    input : array
        (N, C, H, W), (C, H, W) or (H, W), of any dtype of ``sample``.
    camera_matrix : array, real numbers
        (3, 3): ((fx, 0, cx), (0, fy, cy), (0, 0, 1)) in pixels, x first.
    distortion : array, real numbers
        k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4[, tx, ty]]]], as OpenCV orders them.
    size : (int, int), optional
        (H, W) of the output; as ``input`` has it if not given.
    kernel : str
        As of ``sample``: "nearest", "linear", "cubic" and others.
    boundary : str
        As of ``sample``: "zeros", "border", "constant" and others, or one for each spatial axis.
    new_camera_matrix : array, optional
        (3, 3), of the output; ``camera_matrix`` if not given.
    rotation : array, optional
        (3, 3): turns the directions of the camera into those of the output, as in rectification.
    inverse : bool
        Put the distortion in instead: ``input`` is a picture without, of ``new_camera_matrix``.
    options : keyword arguments
        Of ``sample``: ``channels``, ``dtype``, ``fill_value``, ``outside``, ``nan``, ``cubic_a``, ``prefilter``,
        ``return_mask``, ``out``.

    Returns
    -------
    array
        (N, C, \*size), (C, \*size) or (\*size), as ``sample`` returns it.

    Raises
    ------
    TypeError
        An argument is not of the type above, or an option is unknown.
    ValueError
        Shapes do not fit, a matrix has no inverse, or what ``sample`` raises.

    See Also
    --------
    Transform.lens : what this builds, with the formula's source.

    Examples
    --------
    A pincushion lens drew the left end of the picture further out: it is read there, a twentieth of 2 pixels outside.

    >>> import numpy as np, gridsample
    >>> image = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
    >>> gridsample.undistort(image, [[2, 0, 2], [0, 2, 0], [0, 0, 1]], [0.05, 0, 0, 0]).round(4)
    array([[0.    , 0.9875, 2.    , 3.0125, 3.6   ]])
    """
    _check_options("undistort", options)
    transform = Transform.lens(camera_matrix, distortion, new_camera_matrix=new_camera_matrix, rotation=rotation)
    if as_flag("inverse", inverse):
        transform = transform.inverse()
    return sample(input, transform, kernel, boundary, size=size, **options)


def _check_options(who: str, options: dict[str, Any]) -> None:
    """Refuse what ``sample`` would, in the name of the function that was called."""
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"{who}() got an unexpected keyword argument {name!r}")


def _warp_by_matrix(
    make: Callable[..., Transform],
    input: Any,
    matrix: Any,
    size: Any,
    units: str,
    align_corners: bool,
    directions: dict[str, Any],
    **options: Any,
) -> Any:
    """Warp by one matrix, or by one for each image of a batch, each of which ``make`` turns into a map."""
    image, given = as_image("input", input), real_numbers("matrix", matrix)
    found = [make(one, **directions) for one in (given if given.ndim == 3 else [given])]
    if not found:
        raise ValueError(f"matrix: expected one, or one for each image; got {describe(given)}")
    ndim = found[0].ndim
    spatial = _spatial(image, ndim, options)
    sizes = spatial if size is None else spatial_sizes("size", size, ndim)
    if choose("units", units, _UNITS) == "normalized":
        into, out_of = Transform.normalization(sizes, align_corners), Transform.normalization(spatial, align_corners).inverse()
        found = [out_of @ one @ into for one in found]
    return sample(image, found if given.ndim == 3 else found[0], size=sizes, **options)


def _components(field: np.ndarray, ndim: int, first: bool) -> int:
    """Return how many components a field has if it has so many axes."""
    return field.shape[field.ndim - ndim - 1] if first else field.shape[-1]


def _spatial(image: np.ndarray, ndim: int, options: dict[str, Any]) -> tuple[int, ...]:
    """Return the spatial sizes of an input with so many spatial axes."""
    if image.ndim - ndim not in (0, 1, 2):
        raise ValueError(
            f"input: expected (N, C, *spatial), (C, *spatial) or (*spatial) with {ndim} spatial axes; got {describe(image)}"
        )
    last = options.get("channels") == "last" and image.ndim > ndim
    return image.shape[image.ndim - ndim - last : image.ndim - last]
