"""Pictures as people have them, (H, W) or (H, W, C) of any dtype and measured in pixels, made ready for ``grid_sample``.

Pixel (x, y) is at column x and row y; x grows to the right and y downwards.
"""

import math

import numpy as np

from gridsample._coords import normalized_axes

__all__ = ["affine_positions", "as_picture", "as_planes", "flow_positions", "grid_of_positions"]


def affine_positions(
    shape: tuple[int, int],
    size: tuple[int, int],
    rotate: float = 0.0,
    scale: float = 1.0,
    translate: tuple[float, float] = (0.0, 0.0),
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each output pixel reads when a picture is turned, magnified and moved about its centre.

    Parameters
    ----------
    shape : (H, W)
        Of the picture.
    size : (H_out, W_out)
        Of the output: a frame about the same centre. Pixels stay square whatever the two sizes are.
    rotate : float
        Degrees, counter-clockwise as seen on a screen.
    scale : float
        1.5 makes the picture larger.
    translate : (dx, dy)
        Pixels of the output, to the right and down; after the rotation.

    Returns
    -------
    (array, array)
        x and y, float64, (H_out, W_out): positions in the picture, in pixels.

    Examples
    --------
    >>> x, y = affine_positions((1, 3), (3, 1), rotate=90)  # what was to the right of the centre is now above it
    >>> x.round(12)
    array([[2.],
           [1.],
           [0.]])
    """
    # The inverse map: undo the move, then the magnification, then the rotation. y points down, so that a
    # counter-clockwise turn takes (1, 0) to (0, -1).
    dx = np.arange(size[1]) - (size[1] - 1) / 2 - translate[0]
    dy = np.arange(size[0])[:, None] - (size[0] - 1) / 2 - translate[1]
    cosine, sine = math.cos(math.radians(rotate)) / scale, math.sin(math.radians(rotate)) / scale
    return dx * cosine - dy * sine + (shape[1] - 1) / 2, dx * sine + dy * cosine + (shape[0] - 1) / 2


def flow_positions(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each output pixel reads: its own place, displaced by ``flow`` (H, W, 2), which is (dx, dy) in pixels."""
    height, width = flow.shape[:2]
    moved = flow.astype(np.float64)
    return np.arange(width) + moved[..., 0], np.arange(height)[:, None] + moved[..., 1]


def grid_of_positions(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], align_corners: bool = False) -> np.ndarray:
    """Return the grid (1, H_out, W_out, 2) of positions in pixels of a picture of ``shape`` (H, W).

    Where ``align_corners`` decides nothing but the mirror of ``padding_mode="reflection"``: the positions are the same.
    """
    grid = np.empty((1, *np.broadcast_shapes(x.shape, y.shape), 2))
    for axis, index in zip(normalized_axes(shape, align_corners), (y, x), strict=True):
        grid[0, ..., axis.component] = axis.to_given(index)
    return grid


def as_planes(picture: np.ndarray) -> np.ndarray:
    """Return a picture (H, W) or (H, W, C) as floats (1, C, H, W) that hold its values exactly.

    Raises
    ------
    ValueError
        64-bit integers too large for float64.
    """
    narrow = (picture.dtype.kind in "biu" and picture.dtype.itemsize <= 2) or picture.dtype == np.float16
    dtype = np.float32 if narrow or picture.dtype == np.float32 else np.float64
    if picture.dtype.kind in "iu" and picture.dtype.itemsize == 8 and (picture.max() > 2**53 or picture.min() < -(2**53)):
        raise ValueError(f"the picture has values beyond 2**53, which {picture.dtype} holds and no float does; scale it down")
    floats: np.ndarray = picture.astype(dtype)
    planes: np.ndarray = np.atleast_3d(floats).transpose(2, 0, 1)[None]
    return planes


def as_picture(planes: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return floats (1, C, H, W) as a picture with the dtype and the number of axes of the picture ``like``.

    Integers are rounded half to even and saturated: a bicubic overshoot of white is white. ``planes`` is used up: pictures
    are large, and this is the last that is done with it.
    """
    picture: np.ndarray = planes[0].transpose(1, 2, 0)
    if like.ndim == 2:
        picture = picture[..., 0]
    if like.dtype.kind == "b":
        picture = np.rint(picture) > 0
    elif like.dtype.kind in "iu":
        low, high = float(np.iinfo(like.dtype).min), float(np.iinfo(like.dtype).max)
        if high > np.iinfo(like.dtype).max:  # 64 bits: the float next to the limit is one too many
            high = float(np.nextafter(high, 0))
        np.clip(np.rint(picture, out=picture), low, high, out=picture)
    return picture.astype(like.dtype.newbyteorder("="), order="C")
