"""scikit-image's spelling: ``warp``, ``rotate`` and ``swirl`` for arrays.

Change ``from skimage.transform import warp`` to ``from gridsample.skimage import warp``. Values are those of scikit-image 0.26:
images of whole numbers become floats from 0 to 1 unless ``preserve_range`` says otherwise, or the order is 0.

>>> import numpy as np
>>> from gridsample.skimage import rotate
>>> rotate(np.array([[0.0, 1.0], [0.0, 0.0]]), 90)  # counter-clockwise as seen on a screen
array([[1., 0.],
       [0., 0.]])
"""

import math
import warnings
from typing import Any

import numpy as np

from gridsample._ndimage import resample
from gridsample._ndimage_arguments import as_input
from gridsample._sample import sample
from gridsample._spec import choose, describe, numbers_of
from gridsample._transform import Transform

__all__ = ["rotate", "swirl", "warp"]

_BOUNDARIES = {
    "constant": "constant",
    "edge": "border",
    "symmetric": "reflection_edge",
    "reflect": "reflection_center",
    "wrap": "wrap",
}
_MODES = {
    "constant": "grid-constant",
    "edge": "nearest",
    "symmetric": "reflect",
    "reflect": "mirror",
    "wrap": "grid-wrap",
}
"""The modes and what they are called as boundaries and in SciPy."""


def warp(
    image: Any,
    inverse_map: Any,
    map_args: dict[str, Any] | None = None,
    output_shape: Any = None,
    order: int | None = None,
    mode: str = "constant",
    cval: float = 0.0,
    clip: bool = True,
    preserve_range: bool = False,
) -> np.ndarray:
    r"""Warp an image: ``skimage.transform.warp``.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, C); of any number of axes, if ``inverse_map`` holds coordinates.
    inverse_map : array, transform or callable
        From output to input positions: a matrix (3, 3) on (x, y, 1); an object with such a matrix as ``params``, as the
        transforms of scikit-image; a function that takes positions (M, 2), x first, to others; or coordinates (image.ndim,
        \*out), axis 0 first.
    map_args : dict, optional
        Keyword arguments of a function.
    output_shape : (int, int), optional
        (H, W) of the result; that of ``image`` if not given.
    order : int, optional
        0 nearest, 1 linear, 3 cubic: with a matrix Keys' of a = -0.5, otherwise a spline, as of the orders 2, 4 and 5. 1 if not
        given, 0 for an image of bools.
    mode : {"constant", "edge", "symmetric", "reflect", "wrap"}
        What is outside, in the words of ``numpy.pad``.
    cval : float
        Of "constant".
    clip : bool
        Keep the result in the range of the image, ``cval`` apart.
    preserve_range : bool
        Whole numbers keep their range as floats.

    Returns
    -------
    array
        float64, float32 for float32; of the dtype of ``image`` for order 0.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        A shape, an order or a mode is not one of the above.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.skimage import warp
    >>> warp(np.array([[0, 51, 102]], np.uint8), np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 1]]))
    array([[0.1, 0.3, 0.2]])
    """
    picture = as_input(image)
    order = _order(picture.dtype, order)
    choose("mode", mode, _MODES)
    value = float(numbers_of("cval", cval, ()) if not np.isnan(cval) else cval)
    if order > 0:
        picture = _as_floats(picture, bool(preserve_range))
    if order == 2:
        warnings.warn(
            "Bi-quadratic interpolation is a spline here, as in scikit-image; order 1 or 3 is recommended.", stacklevel=2
        )
    matrix = _matrix_of(inverse_map)
    shape = _output_shape(output_shape, picture.shape)
    if matrix is not None and order in (1, 3) and not map_args and picture.ndim in (2, 3):
        kernel = {1: "linear", 3: "cubic"}[order]
        settings: dict[str, Any] = {"channels": "last", "fill_value": value, "cubic_a": -0.5}
        warped = sample(picture, Transform.perspective(matrix), kernel, _BOUNDARIES[mode], size=shape[:2], **settings)
    else:
        warped = _read(picture, _coordinates(inverse_map, matrix, map_args or {}, shape, picture), order, _MODES[mode], value)
    if clip:
        _clip(picture, warped, mode, value)
    return np.asarray(warped)


def rotate(
    image: Any,
    angle: float,
    resize: bool = False,
    center: Any = None,
    order: int | None = None,
    mode: str = "constant",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
) -> np.ndarray:
    """Rotate an image: ``skimage.transform.rotate``.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, C).
    angle : float
        Degrees, counter-clockwise as seen on a screen.
    resize : bool
        The result is as large as to hold all of the rotated image.
    center : (float, float), optional
        (x, y) about which to rotate; the middle of the image if not given.
    order : int, optional
        As of ``warp``.
    mode : str
        As of ``warp``.
    cval : float
        As of ``warp``.
    clip : bool
        As of ``warp``.
    preserve_range : bool
        As of ``warp``.

    Returns
    -------
    array
        As of ``warp``.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        A shape, an order or a mode is not one of those of ``warp``.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.skimage import rotate
    >>> rotate(np.array([[1.0, 2.0, 3.0]]), 90, resize=True)
    array([[3.],
           [2.],
           [1.]])
    """
    picture = _picture(image)
    rows, columns = picture.shape[:2]
    x, y = (columns / 2 - 0.5, rows / 2 - 0.5) if center is None else numbers_of("center", center, (2,))
    turn = math.radians(float(numbers_of("angle", angle, ())))
    c, s = math.cos(turn), math.sin(turn)
    matrix = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
    shape = None
    if resize:
        corners = np.array([[0, 0], [0, rows - 1], [columns - 1, rows - 1], [columns - 1, 0]])
        moved = (corners - matrix[:2, 2]) @ matrix[:2, :2]
        low, high = moved.min(axis=0), moved.max(axis=0)
        shape = np.around((high - low + 1)[::-1])
        matrix[:2, 2] += matrix[:2, :2] @ low
    return warp(picture, matrix, None, shape, order, mode, cval, clip, preserve_range)


def swirl(
    image: Any,
    center: Any = None,
    strength: float = 1,
    radius: float = 100,
    rotation: float = 0,
    output_shape: Any = None,
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
) -> np.ndarray:
    """Swirl an image: ``skimage.transform.swirl``.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, C).
    center : (float, float), optional
        (x, y) of the middle of the swirl; that of the image if not given.
    strength : float
        How far it turns in the middle, in radians.
    radius : float
        How far it reaches, in pixels.
    rotation : float
        How far all is turned, in radians.
    output_shape : (int, int), optional
        As of ``warp``.
    order : int, optional
        As of ``warp``.
    mode : str
        As of ``warp``.
    cval : float
        As of ``warp``.
    clip : bool
        As of ``warp``.
    preserve_range : bool
        As of ``warp``.

    Returns
    -------
    array
        As of ``warp``.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        A shape, an order or a mode is not one of those of ``warp``.

    Notes
    -----
    At the distance d from the middle, an output position reads at the same distance, turned by ``rotation`` +
    ``strength`` exp(-d / r), with r = ``radius`` ln(2) / 5: the formula is that of scikit-image.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample.skimage import swirl
    >>> swirl(np.eye(3), strength=0).round(6)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    picture = _picture(image)
    middle = np.array(picture.shape[:2][::-1]) / 2 if center is None else numbers_of("center", center, (2,))
    numbers = {"strength": strength, "radius": radius, "rotation": rotation}
    turn, reach, all_turn = (float(numbers_of(name, number, ())) for name, number in numbers.items())
    decay = reach / 5 * math.log(2)

    def mapping(xy: np.ndarray) -> np.ndarray:
        x, y = (xy - middle).T
        rho = np.hypot(x, y)
        theta = all_turn + turn * np.exp(-rho / decay) + np.arctan2(y, x)
        return np.stack([rho * np.cos(theta), rho * np.sin(theta)], -1) + middle

    return warp(picture, mapping, None, output_shape, order, mode, cval, clip, preserve_range)


def _picture(image: Any) -> np.ndarray:
    picture = as_input(image)
    if picture.ndim not in (2, 3):
        raise ValueError(f"image: Only 2-D images are supported: expected (H, W) or (H, W, C); got {describe(picture)}")
    return picture


def _order(dtype: np.dtype, order: Any) -> int:
    if order is None:
        return 0 if dtype.kind == "b" else 1
    if isinstance(order, bool) or order not in range(6):
        raise ValueError(f"order: Spline interpolation order has to be in the range 0-5; got {order!r}")
    if dtype.kind == "b" and order:
        raise ValueError(f"order: expected 0 for an image of bools, or an image of another dtype; got {order!r}")
    return int(order)


def _as_floats(image: np.ndarray, preserve_range: bool) -> np.ndarray:
    """Return floats: whole numbers from 0, or -1, to 1 unless they keep their range."""
    if image.dtype.kind == "c":
        raise TypeError(f"image: expected real numbers; got {describe(image)}")
    if image.dtype.kind == "f":
        return image.astype(np.float64 if image.dtype.itemsize == 8 else np.float32, copy=False)
    floats = image.astype(np.float64)
    return floats if preserve_range else np.maximum(floats * (1.0 / np.iinfo(image.dtype).max), -1.0)


def _matrix_of(inverse_map: Any) -> np.ndarray | None:
    """Return the matrix (3, 3) that a map is or holds, if it is one or holds one."""
    held = inverse_map if isinstance(inverse_map, np.ndarray) else getattr(inverse_map, "params", None)
    return numbers_of("inverse_map", held, (3, 3)) if isinstance(held, np.ndarray) and held.shape == (3, 3) else None


def _output_shape(output_shape: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    if output_shape is None:
        return shape
    sizes = numbers_of("output_shape", output_shape, None)
    if sizes.ndim != 1 or sizes.size < 2 or (sizes != np.rint(sizes)).any() or sizes.min() < 1:
        raise ValueError(f"output_shape: expected (H, W), positive whole numbers; got {output_shape!r}")
    return tuple(int(n) for n in sizes)


def _coordinates(
    inverse_map: Any, matrix: np.ndarray | None, map_args: dict[str, Any], shape: tuple[int, ...], image: np.ndarray
) -> np.ndarray:
    """Return coordinates: all of a caller's own; of a function or a matrix (2, H, W), the same for all channels."""
    if isinstance(inverse_map, np.ndarray) and matrix is None:
        return inverse_map
    _picture(image)
    rows, columns = shape[:2]
    if matrix is not None:
        return np.moveaxis(Transform.perspective(matrix).coords((rows, columns)), -1, 0)
    if not callable(inverse_map):
        raise TypeError(f"inverse_map: expected an array, a transform or a callable; got {inverse_map!r:.80}")
    given = np.indices((columns, rows), np.float64).reshape(2, -1).T
    moved = np.asarray(inverse_map(given, **map_args), np.float64)
    if moved.shape != given.shape:
        raise ValueError(f"inverse_map: expected it to return positions {given.shape}; got shape {moved.shape}")
    return moved.T.reshape(2, columns, rows).swapaxes(1, 2)[::-1]


def _read(image: np.ndarray, coords: np.ndarray, order: int, mode: str, cval: float) -> np.ndarray:
    ndim = len(coords)
    if ndim not in (image.ndim, image.ndim - 1):
        raise ValueError(f"inverse_map: expected coordinates ({image.ndim}, *out), as image has axes; got shape {coords.shape}")
    planes = image[None] if ndim == image.ndim else np.moveaxis(image, -1, 0)
    out = np.empty((*coords.shape[1:], len(planes)), image.dtype.newbyteorder("="))
    resample(planes, coords, np.moveaxis(out, -1, 0), order, mode, cval, prefilter=True)
    return out[..., 0] if ndim == image.ndim else out


def _clip(image: np.ndarray, warped: np.ndarray, mode: str, cval: float) -> None:
    """Keep a result in the range of the image; ``cval`` too, where it is in the result but not in the range."""
    low, high = np.nanmin(image), np.nanmax(image)
    if mode == "constant" and not low <= cval <= high and np.nanmin(warped) <= cval <= np.nanmax(warped):
        low, high = min(low, image.dtype.type(cval)), max(high, image.dtype.type(cval))
    np.clip(warped, low, high, out=warped)
