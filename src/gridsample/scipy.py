"""SciPy's spelling: the interpolating functions of ``scipy.ndimage``, by the same names, arguments and defaults.

Change ``from scipy import ndimage`` to ``from gridsample import scipy as ndimage``. Values are those of SciPy 1.17; where image
and result are float32 or narrower, they are computed in float32. What raises a RuntimeError there raises one here too.

>>> import numpy as np
>>> from gridsample import scipy as ndimage
>>> ndimage.zoom(np.array([[0.0, 1.0], [2.0, 3.0]]), (1, 2), order=1).round(3)
array([[0.   , 0.333, 0.667, 1.   ],
       [2.   , 2.333, 2.667, 3.   ]])

What differs from SciPy 1.17:

* Splines of whole numbers by "grid-constant": SciPy makes ``cval`` a number of the image's dtype, cut off or wrapped around;
  here it stays as it is.
* ``spline_filter`` into whole numbers too narrow for the coefficients: SciPy wraps them around after each axis; here they are
  cast once, after the last.
* ``zoom`` of complex arrays: SciPy ignores ``grid_mode``.
* Splines by "reflect" and "grid-mirror", and ``spline_filter`` by "nearest", along axes of less than some 20 samples: SciPy's
  miss the samples, by 1e-2 of their range where there are but two or three; these here go through them.
* An array with a mask is refused, and so is an ``output`` that is broadcast or overlaps itself.
"""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

import numpy as np

from gridsample._compose import Composition
from gridsample._maps import Projective
from gridsample._ndimage import Axes, Mapping, resample
from gridsample._ndimage_arguments import (
    Unsupported,
    as_affine,
    as_coordinates,
    as_input,
    as_plane,
    as_sequence,
    as_shape,
    check_mode,
    check_order,
    cosine_sine,
    make_output,
    zoomed,
)
from gridsample._ndimage_filters import spline_filter, spline_filter1d
from gridsample._spec import as_flag, describe

__all__ = [
    "affine_transform",
    "geometric_transform",
    "map_coordinates",
    "rotate",
    "shift",
    "spline_filter",
    "spline_filter1d",
    "zoom",
]


def map_coordinates(
    input: Any,
    coordinates: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> np.ndarray:
    r"""Read ``input`` at ``coordinates``: ``scipy.ndimage.map_coordinates``.

    Parameters
    ----------
    input : array
        Numbers of up to 64 bits, real or complex, of any number of axes.
    coordinates : array, real numbers
        (input.ndim, \*out): ``coordinates[k]`` is the position along axis k, in samples.
    output : array or dtype, optional
        Takes the result, or its dtype; that of ``input`` if not given. Whole numbers are rounded half away from zero.
    order : int
        Of the spline, 0 to 5: 0 is nearest, 1 linear.
    mode : {"constant", "grid-constant", "grid-mirror", "grid-wrap", "mirror", "nearest", "reflect", "wrap"}
        What is outside. "constant" makes a whole sample ``cval`` once its centre is outside, "grid-constant" each tap that is.
        "wrap" has period n - 1, "grid-wrap" n.
    cval : number
        Of "constant" and "grid-constant".
    prefilter : bool
        ``input`` is an image; otherwise it holds coefficients already, of ``spline_filter``.

    Returns
    -------
    array
        (\*out).

    Raises
    ------
    TypeError
        ``coordinates`` or ``cval`` is not real, ``order`` is no whole number, or an array has a mask.
    ValueError
        A shape, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import map_coordinates
    >>> map_coordinates(np.array([[0.0, 1.0], [2.0, 3.0]]), [[0.5, 1.0], [0.5, 0.0]], order=1)
    array([1.5, 2. ])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    coords = as_coordinates(coordinates, image.ndim)
    out = make_output(output, image, coords.shape[1:], "coordinates")
    return _run(image, coords, out, order, mode, cval, prefilter)


def affine_transform(
    input: Any,
    matrix: Any,
    offset: Any = 0.0,
    output_shape: Any = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> np.ndarray:
    r"""Read ``input`` at ``matrix @ index + offset`` of each output index: ``scipy.ndimage.affine_transform``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    matrix : array, real numbers
        (input.ndim, output.ndim), axis 0 first; or (input.ndim,), its diagonal; or with the offset as a further column, and
        with the last row (0, ..., 0, 1) below that.
    offset : number, or one for each axis of ``input``
        In samples; not used where ``matrix`` holds it.
    output_shape : sequence of int, optional
        That of ``output`` or of ``input`` if not given.
    output : array or dtype, optional
        As of ``map_coordinates``.
    order : int
        As of ``map_coordinates``.
    mode : str
        As of ``map_coordinates``.
    cval : number
        As of ``map_coordinates``.
    prefilter : bool
        As of ``map_coordinates``.

    Returns
    -------
    array
        Of ``output_shape``.

    Raises
    ------
    TypeError
        An argument is not made of numbers.
    ValueError
        A shape, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import affine_transform
    >>> affine_transform(np.arange(4.0), [0.5], offset=1, order=1)
    array([1. , 1.5, 2. , 2.5])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    if output_shape is None:
        output_shape = output.shape if isinstance(output, np.ndarray) else image.shape
    shape = as_shape("output_shape", output_shape)
    out = make_output(output, image, shape, "output_shape")
    n = image.ndim
    m, offset = as_affine(matrix, offset, n, len(shape))
    moved = as_sequence("offset", offset, n)
    if m.ndim == 1:
        if len(shape) != n:
            raise Unsupported(f"output_shape: expected {n} axes, as a diagonal matrix keeps them; got {output_shape!r}")
        with np.errstate(divide="ignore", invalid="ignore"):
            where = Axes(tuple(np.asarray(moved) / m), tuple(m))
        return _run(image, Composition(n, [where]), out, order, mode, cval, prefilter)
    square = np.zeros((n + 1, len(shape) + 1))
    square[:n, :-1], square[:n, -1], square[n, -1] = m, moved, 1
    return _run(image, Composition(n, [Projective(square)]), out, order, mode, cval, prefilter)


def shift(
    input: Any,
    shift: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> np.ndarray:
    """Move an array: ``scipy.ndimage.shift``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    shift : number, or one for each axis
        In samples: what was at index i is at i + shift.
    output : array or dtype, optional
        As of ``map_coordinates``.
    order : int
        As of ``map_coordinates``.
    mode : str
        As of ``map_coordinates``.
    cval : number
        As of ``map_coordinates``.
    prefilter : bool
        As of ``map_coordinates``.

    Returns
    -------
    array
        Of the shape of ``input``.

    Raises
    ------
    TypeError
        ``shift`` is not made of numbers.
    ValueError
        A shape, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import shift
    >>> shift(np.arange(4.0), 1.5, order=1)
    array([0. , 0. , 0.5, 1.5])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    out = make_output(output, image, image.shape)
    moved = tuple(-one for one in as_sequence("shift", shift, image.ndim))
    where = Composition(image.ndim, [Axes(moved, (1.0,) * image.ndim)])
    return _run(image, where, out, order, mode, cval, prefilter)


def zoom(
    input: Any,
    zoom: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
    *,
    grid_mode: bool = False,
) -> np.ndarray:
    """Resize an array: ``scipy.ndimage.zoom``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    zoom : number, or one for each axis
        The result has ``round(size * zoom)`` samples along an axis.
    output : array or dtype, optional
        As of ``map_coordinates``.
    order : int
        As of ``map_coordinates``.
    mode : str
        As of ``map_coordinates``.
    cval : number
        As of ``map_coordinates``.
    prefilter : bool
        As of ``map_coordinates``.
    grid_mode : bool
        The outer edges of the end samples stay where they are; otherwise their centres do.

    Returns
    -------
    array
        Resized.

    Raises
    ------
    TypeError
        ``zoom`` is not made of numbers.
    ValueError
        A shape, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import zoom
    >>> zoom(np.array([0.0, 3.0]), 2, order=1)
    array([0., 1., 2., 3.])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    grid_mode = as_flag("grid_mode", grid_mode)
    factors = as_sequence("zoom", zoom, image.ndim)
    shape = zoomed(image.shape, factors)
    out = make_output(output, image, shape, "zoom")
    if all(factor == 1 for factor in factors) and prefilter:
        out[...] = image
        return out
    if grid_mode and mode in ("constant", "wrap"):
        import warnings

        warnings.warn(f"It is recommended to use mode = grid-{mode} instead of {mode} when grid_mode is True.", stacklevel=2)
    whole = 0 if grid_mode else 1
    scale = [(n - whole) / (m - whole) if m != whole else 1.0 for n, m in zip(image.shape, shape, strict=True)]
    maps: list[Any] = [Axes((0.5 * grid_mode,) * image.ndim, tuple(scale))]
    if grid_mode:
        maps.append(Axes((-0.5,) * image.ndim, (1.0,) * image.ndim))
    return _run(image, Composition(image.ndim, maps), out, order, mode, cval, prefilter)


def rotate(
    input: Any,
    angle: float,
    axes: Sequence[int] = (1, 0),
    reshape: bool = True,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> np.ndarray:
    """Rotate an array in the plane of two of its axes: ``scipy.ndimage.rotate``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``, of 2 axes or more.
    angle : float
        Degrees.
    axes : (int, int)
        The plane.
    reshape : bool
        The result is as large as to hold all of the rotated input; otherwise as the input.
    output : array or dtype, optional
        As of ``map_coordinates``.
    order : int
        As of ``map_coordinates``.
    mode : str
        As of ``map_coordinates``.
    cval : number
        As of ``map_coordinates``.
    prefilter : bool
        As of ``map_coordinates``.

    Returns
    -------
    array
        Rotated about its centre.

    Raises
    ------
    TypeError
        ``angle`` is not a number.
    ValueError
        A shape, axes, an order, a mode or a dtype is not one of the above (a RuntimeError too, as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import rotate
    >>> rotate(np.array([[1.0, 2.0, 3.0]]), 90, order=1)
    array([[3.],
           [2.],
           [1.]])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    if image.ndim < 2:
        raise ValueError(f"input: input array should be at least 2D; got {describe(image)}")
    plane = sorted(as_plane(axes, image.ndim))
    c, s = cosine_sine(angle)
    turn = np.array([[c, s], [-s, c]])
    inside = np.array([image.shape[axis] for axis in plane])
    outside = inside
    if reshape:
        corners = turn @ [[0, 0, inside[0], inside[0]], [0, inside[1], 0, inside[1]]]
        outside = (np.ptp(corners, axis=1) + 0.5).astype(int)
    shape = list(image.shape)
    for axis, size in zip(plane, outside, strict=True):
        shape[axis] = int(size)
    out = make_output(output, image, tuple(shape))
    square = np.eye(3)
    square[:2, :2] = turn
    square[:2, 2] = (inside - 1) / 2 - turn @ ((outside - 1) / 2)
    where = Composition(2, [Projective(square)])
    # The planes along the longest other axis are channels of one call.
    planes, target = np.moveaxis(image, plane, (-2, -1)), np.moveaxis(out, plane, (-2, -1))
    if image.ndim == 2:
        planes, target = planes[None], target[None]
    longest = int(np.argmax(planes.shape[:-2]))
    planes, target = np.moveaxis(planes, longest, -3), np.moveaxis(target, longest, -3)
    for at in np.ndindex(planes.shape[:-3]):
        resample(planes[at], where, target[at], order, mode, cval, prefilter)
    return out


def geometric_transform(
    input: Any,
    mapping: Callable[..., Any],
    output_shape: Any = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
) -> np.ndarray:
    """Read ``input`` where a function says: ``scipy.ndimage.geometric_transform``.

    Parameters
    ----------
    input : array
        As of ``map_coordinates``.
    mapping : callable
        Is given a tuple of output indices, one for each axis, and returns a tuple of input coordinates. It is called with
        arrays of many points at once; one that cannot take them, or does not return the same then, is called for each point.
    output_shape : sequence of int, optional
        That of ``input`` if not given.
    output : array or dtype, optional
        As of ``map_coordinates``.
    order : int
        As of ``map_coordinates``.
    mode : str
        As of ``map_coordinates``.
    cval : number
        As of ``map_coordinates``.
    prefilter : bool
        As of ``map_coordinates``.
    extra_arguments : tuple
        Passed on to ``mapping``.
    extra_keywords : dict, optional
        Passed on to ``mapping``.

    Returns
    -------
    array
        Of ``output_shape``.

    Raises
    ------
    TypeError
        ``mapping`` cannot be called; a compiled one (LowLevelCallable) is not taken.
    ValueError
        ``mapping`` returns something else, or a shape, an order, a mode or a dtype is not one of the above (a RuntimeError too,
        as in SciPy).

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.scipy import geometric_transform
    >>> geometric_transform(np.arange(4.0), lambda index: (index[0] - 0.5,), order=1)
    array([0. , 0.5, 1.5, 2.5])
    """
    order, mode, image = check_order(order), check_mode(mode), as_input(input, empty=True)
    if not callable(mapping):
        raise TypeError(f"mapping: invalid callable given: expected a Python function; got {mapping!r:.80}")
    if not isinstance(extra_arguments, (tuple, list)):
        raise Unsupported(f"extra_arguments: extra_arguments must be a tuple; got {extra_arguments!r:.80}")
    if not isinstance(extra_keywords, (dict, NoneType)):
        raise Unsupported(f"extra_keywords: extra_keywords must be a dictionary; got {extra_keywords!r:.80}")
    shape = as_shape("output_shape", image.shape if output_shape is None else output_shape)
    out = make_output(output, image, shape, "output_shape")
    where = Composition(image.ndim, [Mapping(mapping, image.ndim, tuple(extra_arguments), extra_keywords or {})])
    return _run(image, where, out, order, mode, cval, prefilter)


def _run(image: np.ndarray, where: Any, out: np.ndarray, order: int, mode: str, cval: Any, prefilter: Any) -> np.ndarray:
    resample(image[None], where, out[None], order, mode, cval, bool(prefilter))
    return out
