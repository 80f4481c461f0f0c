"""OpenCV's spelling: remap, warpAffine, warpPerspective, undistort, getRotationMatrix2D, and their constants.

Change ``import cv2`` to ``from gridsample import opencv as cv2``. Any dtype of ``gridsample``, any number of channels and any
size are taken. Values are those of exact arithmetic to one grey level. OpenCV 5 is as exact for up to 4 channels of uint8,
uint16 and float32, but for INTER_LANCZOS4; otherwise, and in ``undistort``, it cuts positions into 32nds of a pixel, and
results differ by as much. Where positions are NaN or infinite, fixed-point maps have fractions and are read by INTER_NEAREST,
or taps outside are BORDER_TRANSPARENT, the rules are those written here; OpenCV has others, which it does not document.

>>> import numpy as np
>>> from gridsample import opencv as cv2
>>> cv2.warpAffine(np.array([[1, 2, 3]], np.uint8), np.float32([[1, 0, 1], [0, 1, 0]]), (3, 1))
array([[0, 1, 2]], dtype=uint8)
"""

import math
import operator
from typing import Any

import numpy as np

from gridsample import _modes
from gridsample._compose import Source, matrix_alone
from gridsample._coords import index_axes
from gridsample._engine import Mapped
from gridsample._opencv_arguments import (
    BORDER_CONSTANT,
    BORDER_DEFAULT,
    BORDER_ISOLATED,
    BORDER_REFLECT,
    BORDER_REFLECT101,
    BORDER_REFLECT_101,
    BORDER_REPLICATE,
    BORDER_TRANSPARENT,
    BORDER_WRAP,
    BOUNDARIES,
    INTER_AREA,
    INTER_CUBIC,
    INTER_LANCZOS4,
    INTER_LINEAR,
    INTER_NEAREST,
    WARP_FILL_OUTLIERS,
    WARP_INVERSE_MAP,
    WARP_RELATIVE_MAP,
    as_picture,
    as_plane,
    as_points,
    border_values,
    kernel_name,
    read_border,
    read_flags,
)
from gridsample._sample import run
from gridsample._small import Calls
from gridsample._spec import Spec, as_matrix, make_spec, numbers_of
from gridsample._transform import Transform

__all__ = [
    "BORDER_CONSTANT",
    "BORDER_DEFAULT",
    "BORDER_ISOLATED",
    "BORDER_REFLECT",
    "BORDER_REFLECT101",
    "BORDER_REFLECT_101",
    "BORDER_REPLICATE",
    "BORDER_TRANSPARENT",
    "BORDER_WRAP",
    "INTER_AREA",
    "INTER_CUBIC",
    "INTER_LANCZOS4",
    "INTER_LINEAR",
    "INTER_NEAREST",
    "WARP_FILL_OUTLIERS",
    "WARP_INVERSE_MAP",
    "WARP_RELATIVE_MAP",
    "getRotationMatrix2D",
    "remap",
    "undistort",
    "warpAffine",
    "warpPerspective",
]


def remap(
    src: Any,
    map1: Any,
    map2: Any,
    interpolation: int,
    dst: Any = None,
    borderMode: int = BORDER_CONSTANT,
    borderValue: Any = 0,
    hint: int = 0,
) -> np.ndarray:
    """Read ``src`` at the positions in two maps: ``cv2.remap``.

    Parameters
    ----------
    src : array
        (H, W) or (H, W, C), of any dtype of ``gridsample``.
    map1 : array
        (H_out, W_out) floats, x in pixels; or (H_out, W_out, 2), x and y; or the same as int16, whole pixels (CV_16SC2).
    map2 : array or None
        (H_out, W_out) floats, y in pixels; or with CV_16SC2 None or whole numbers, the fractions as convertMaps writes them.
    interpolation : int
        INTER_NEAREST, INTER_LINEAR, INTER_CUBIC (Keys, a = -0.75), INTER_LANCZOS4, or INTER_AREA, which is linear here; with
        WARP_RELATIVE_MAP the maps say how far from itself each output pixel reads.
    dst : array, optional
        Takes the result if it has its shape and dtype.
    borderMode : int
        BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, BORDER_WRAP, BORDER_REFLECT_101; or BORDER_TRANSPARENT: taps that are
        outside read ``dst`` (0 if there is none).
    borderValue : number, or up to 4 of them
        Of BORDER_CONSTANT: of the first channels, the others are 0.
    hint : int
        Is not used: results are always exact.

    Returns
    -------
    array
        (H_out, W_out), also for an image of (H, W, 1), or (H_out, W_out, C), of the dtype of ``src``.

    Raises
    ------
    TypeError
        An array or a number is of another kind.
    ValueError
        Shapes do not fit, or a flag does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import opencv as cv2
    >>> x, y = np.float32([[0.5, 1.5]]), np.float32([[0, 0]])
    >>> cv2.remap(np.array([[0, 10, 20]], np.uint8), x, y, cv2.INTER_LINEAR)
    array([[ 5, 15]], dtype=uint8)
    """
    key, src = None, as_plane(src)
    usual = type(interpolation) is int and _is_usual(dst, borderMode, borderValue)
    if usual and type(src) is type(map1) is np.ndarray and (map2 is None or type(map2) is np.ndarray):
        points, others = (map1, None) if map2 is None else (map2, map1)
        key = (src.shape, points.shape, src.dtype.num, points.dtype.num, others is None, interpolation, borderMode)
        known = _calls.call(key, src, points, others)
        if known is not None:
            return known
    flags = read_flags("interpolation", interpolation, WARP_RELATIVE_MAP)
    kernel = kernel_name("interpolation", flags & ~WARP_RELATIVE_MAP)
    where: Any = as_points(map1, map2, nearest=kernel == "nearest")
    size = where.shape[:2]
    if flags & WARP_RELATIVE_MAP:
        where, key = Transform.flow(where, order="ij"), None
    image = as_picture(src)
    result = _read(image, where, size, kernel, dst, borderMode, borderValue)
    if key is not None and np.may_share_memory(where, points):
        _calls.remember(
            key, src, points, result, where, _spec(kernel, read_border(borderMode)), last=True, apart=others is not None
        )
    return result


def warpAffine(
    src: Any,
    M: Any,
    dsize: Any,
    dst: Any = None,
    flags: int = INTER_LINEAR,
    borderMode: int = BORDER_CONSTANT,
    borderValue: Any = 0,
    hint: int = 0,
) -> np.ndarray:
    """Warp an image by an affine matrix: ``cv2.warpAffine``.

    Parameters
    ----------
    src : array
        (H, W) or (H, W, C), of any dtype of ``gridsample``.
    M : array
        (2, 3): takes (x, y, 1) of ``src`` to (x, y) of the result; or, with WARP_INVERSE_MAP, of the result to ``src``.
    dsize : (int, int) or None
        (W, H) of the result; None, or a 0 in it, for that of ``src``.
    dst : array, optional
        As of ``remap``.
    flags : int
        An interpolation as of ``remap``, with WARP_INVERSE_MAP or not.
    borderMode : int
        As of ``remap``.
    borderValue : number, or up to 4 of them
        As of ``remap``.
    hint : int
        Is not used: results are always exact.

    Returns
    -------
    array
        (H, W), also for an image of (H, W, 1), or (H, W, C), of the dtype of ``src``.

    Raises
    ------
    TypeError
        An array or a number is of another kind.
    ValueError
        Shapes do not fit, a flag does not exist, or ``M`` is singular, without WARP_INVERSE_MAP.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import opencv as cv2
    >>> turn = cv2.getRotationMatrix2D((1, 1), 90, 1.0)
    >>> cv2.warpAffine(np.arange(9, dtype=np.uint8).reshape(3, 3), turn, (3, 3))
    array([[2, 5, 8],
           [1, 4, 7],
           [0, 3, 6]], dtype=uint8)
    """
    return _warp(as_matrix("M", M, (2, 3)), src, dsize, dst, flags, borderMode, borderValue)


def warpPerspective(
    src: Any,
    M: Any,
    dsize: Any,
    dst: Any = None,
    flags: int = INTER_LINEAR,
    borderMode: int = BORDER_CONSTANT,
    borderValue: Any = 0,
    hint: int = 0,
) -> np.ndarray:
    """Warp an image by a homography: ``cv2.warpPerspective``.

    Parameters
    ----------
    src : array
        (H, W) or (H, W, C), of any dtype of ``gridsample``.
    M : array
        (3, 3): takes (x, y, 1) of ``src`` to a multiple of (x, y, 1) of the result; the other way with WARP_INVERSE_MAP.
    dsize : (int, int) or None
        (W, H) of the result; None, or a 0 in it, for that of ``src``.
    dst : array, optional
        As of ``remap``.
    flags : int
        An interpolation as of ``remap``, with WARP_INVERSE_MAP or not.
    borderMode : int
        As of ``remap``.
    borderValue : number, or up to 4 of them
        As of ``remap``.
    hint : int
        Is not used: results are always exact.

    Returns
    -------
    array
        (H, W), also for an image of (H, W, 1), or (H, W, C), of the dtype of ``src``.

    Raises
    ------
    TypeError
        An array or a number is of another kind.
    ValueError
        Shapes do not fit, a flag does not exist, or ``M`` is singular, without WARP_INVERSE_MAP.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import opencv as cv2
    >>> image = np.array([[1, 2, 3, 4]], np.uint8)
    >>> cv2.warpPerspective(image, np.diag([2.0, 2.0, 1.0]), (8, 1))  # twice as large
    array([[1, 2, 2, 2, 3, 4, 4, 2]], dtype=uint8)
    """
    return _warp(as_matrix("M", M, (3, 3)), src, dsize, dst, flags, borderMode, borderValue)


def undistort(src: Any, cameraMatrix: Any, distCoeffs: Any, dst: Any = None, newCameraMatrix: Any = None) -> np.ndarray:
    """Take the distortion of a lens out of an image: ``cv2.undistort``.

    Parameters
    ----------
    src : array
        (H, W) or (H, W, C), of any dtype of ``gridsample``.
    cameraMatrix : array
        (3, 3), in pixels.
    distCoeffs : array or None
        4, 5, 8, 12 or 14 coefficients; None for no distortion.
    dst : array, optional
        As of ``remap``.
    newCameraMatrix : array, optional
        (3, 3), of the result; ``cameraMatrix`` if not given.

    Returns
    -------
    array
        Of the shape, without channels if that is one, and the dtype of ``src``; 0 where ``src`` has nothing.

    Raises
    ------
    TypeError
        An argument is no array of real numbers.
    ValueError
        Shapes do not fit, or a matrix has no inverse.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import opencv as cv2
    >>> camera = np.array([[2.0, 0, 2], [0, 2, 0], [0, 0, 1]])
    >>> cv2.undistort(np.array([[0, 100, 200, 100, 0]], np.uint8), camera, np.array([0.05, 0, 0, 0]))
    array([[  0,  99, 200,  99,   0]], dtype=uint8)
    """
    camera = numbers_of("cameraMatrix", cameraMatrix, (3, 3))
    new = camera if newCameraMatrix is None else numbers_of("newCameraMatrix", newCameraMatrix, (3, 3))
    coefficients = np.zeros(4) if distCoeffs is None else np.ravel(numbers_of("distCoeffs", distCoeffs, None))
    image = as_picture(as_plane(src))
    where = Transform.lens(camera, coefficients, new_camera_matrix=new)
    return _read(image, where, image.shape[:2], "linear", dst, BORDER_CONSTANT, 0)


def getRotationMatrix2D(center: Any, angle: float, scale: float) -> np.ndarray:
    """Return the matrix that turns and magnifies an image about a point: ``cv2.getRotationMatrix2D``.

    Parameters
    ----------
    center : (float, float)
        (x, y), in pixels.
    angle : float
        Degrees, counter-clockwise as seen on a screen.
    scale : float
        Above 1 magnifies.

    Returns
    -------
    array
        (2, 3), float64, for ``warpAffine`` without WARP_INVERSE_MAP.

    Raises
    ------
    TypeError
        An argument is not made of real numbers.
    ValueError
        ``center`` is not two numbers, or one is not finite.

    Notes
    -----
    With a = scale cos(angle) and b = scale sin(angle): ((a, b, (1 - a) x - b y), (-b, a, b x + (1 - a) y)), as OpenCV's manual
    has it.

    Examples
    --------
    >>> from gridsample import opencv as cv2
    >>> cv2.getRotationMatrix2D((1, 1), 90, 1.0).round(12) + 0.0
    array([[ 0.,  1.,  0.],
           [-1.,  0.,  2.]])
    """
    x, y = numbers_of("center", center, (2,))
    turn, size = math.radians(float(numbers_of("angle", angle, ()))), float(numbers_of("scale", scale, ()))
    a, b = size * math.cos(turn), size * math.sin(turn)
    return np.array([[a, b, (1 - a) * x - b * y], [-b, a, b * x + (1 - a) * y]])


def _warp(matrix: np.ndarray, src: Any, dsize: Any, dst: Any, flags: Any, border_mode: Any, border_value: Any) -> np.ndarray:
    chosen = read_flags("flags", flags, WARP_INVERSE_MAP)
    try:
        transform = Transform._projective(matrix, "xy", inverse=not chosen & WARP_INVERSE_MAP)
    except ValueError as error:
        raise ValueError(str(error).replace("matrix", "M", 1)) from None
    key, rows, src = None, matrix_alone(transform), as_plane(src)
    usual = _is_usual(dst, border_mode, border_value) and type(dsize) is tuple and {*map(type, dsize)} == {int}
    if usual and rows is not None and type(src) is np.ndarray:
        key = (src.shape, src.dtype.num, rows.shape, dsize, chosen & ~WARP_INVERSE_MAP, border_mode)
        known = _calls.call(key, src, rows)
        if known is not None:
            return known
    image = as_picture(src)
    kernel = kernel_name("flags", chosen & ~WARP_INVERSE_MAP)
    try:
        width, height = (0, 0) if dsize is None else map(operator.index, dsize)
    except (TypeError, ValueError):
        width = height = -1
    if min(width, height) < 0:
        raise ValueError(f"dsize: expected (width, height), whole numbers; got {dsize!r}")
    shape = (height, width) if width and height else image.shape[:2]
    result = _read(image, transform, shape, kernel, dst, border_mode, border_value)
    if key is not None and rows is not None:
        _calls.remember(key, src, rows, result, Mapped(rows), _spec(kernel, read_border(border_mode)), last=True)
    return result


_calls = Calls()


def _is_usual(dst: Any, border_mode: Any, border_value: Any) -> bool:
    plain = type(border_mode) is type(border_value) is int and border_value == 0
    return plain and dst is None and border_mode & ~BORDER_ISOLATED != BORDER_TRANSPARENT


def _spec(kernel: str, border: int) -> Spec:
    return make_spec(kernel, (_modes.BOUNDARIES[BOUNDARIES[border]].code,) * 2, index_axes(2))


def _read(
    image: np.ndarray, where: Any, size: tuple[int, ...], kernel: str, dst: Any, border_mode: Any, border_value: Any
) -> np.ndarray:
    """Read an image at coordinates (H, W, 2), or at those of a ``Transform``."""
    border = read_border(border_mode)
    shape = (*size, *image.shape[2:])
    shapes = (shape, (*shape, 1)) if image.ndim == 2 else (shape,)
    fits = isinstance(dst, np.ndarray) and dst.shape in shapes and dst.dtype == image.dtype and dst.flags.writeable
    if 0 in shape:
        return np.empty(shape, image.dtype)
    channels = image.shape[2] if image.ndim == 3 else 1
    coords = Source((where,), size) if isinstance(where, Transform) else where[None]

    def read(pixels: np.ndarray, dtype: Any, fill_value: Any) -> np.ndarray:
        settings = {"channels": "last", "dtype": dtype, "fill_value": fill_value, "return_mask": False, "out": None}
        found: np.ndarray = run(pixels[None], coords, _spec(kernel, border), "map1", **settings)[0]
        return found

    pixels = image if image.ndim == 3 else image[..., None]
    if border != BORDER_TRANSPARENT:
        found = read(pixels, None, border_values(border_value, channels, image.dtype))
    else:  # taps that are outside read dst: they have what is left of the weights
        computed = np.float64 if image.dtype.itemsize >= 4 else np.float32
        found = read(pixels, computed, 0)
        left = 1 - read(np.ones((*image.shape[:2], 1), computed), computed, 0)
        found += left * (dst.reshape(found.shape) if fits else 0)
        if image.dtype.kind in "iu":
            found = np.clip(np.rint(found), np.iinfo(image.dtype).min, np.iinfo(image.dtype).max)
        found = found.astype(image.dtype)
    found = found.reshape(shape)
    if not fits:
        return found
    dst[...] = found.reshape(dst.shape)
    return dst
