"""The maps of cameras and panoramas, as constructors of ``Transform``."""

import math
from typing import Any, TypeVar

import numpy as np

from gridsample._compose import Composition
from gridsample._maps import Brown, Panorama, Polar
from gridsample._spec import as_flag, choose, numbers_of, spatial_sizes

__all__ = ["Cameras"]

_COEFFICIENTS = (4, 5, 8, 12, 14)
_T = TypeVar("_T", bound=Composition)


class Cameras(Composition):
    """Constructors of lens, polar and equirectangular maps."""

    __slots__ = ()

    @classmethod
    def lens(cls: type[_T], camera_matrix: Any, distortion: Any, *, new_camera_matrix: Any = None, rotation: Any = None) -> _T:
        """Return the map from an undistorted picture to the distorted one that a lens made: Brown and Conrady's model.

        Parameters
        ----------
        camera_matrix : array
            (3, 3): fx, fy, cx, cy of the distorted picture in pixels, x first: ((fx, 0, cx), (0, fy, cy), (0, 0, 1)).
        distortion : array
            k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4[, tx, ty]]]], as OpenCV orders them; tx and ty in radians.
        new_camera_matrix : array, optional
            (3, 3), of the undistorted picture; ``camera_matrix`` if not given.
        rotation : array, optional
            (3, 3): turns the directions of the distorted camera into those of the undistorted one, as in rectification.

        Returns
        -------
        Transform
            Of 2 axes. Its ``inverse()`` iterates, and is NaN where that finds nothing.

        Raises
        ------
        TypeError
            An argument is no array of real numbers.
        ValueError
            A shape is wrong, a value is not finite, or a matrix has no inverse.

        Notes
        -----
        D. C. Brown, "Decentering distortion of lenses", Photogrammetric Engineering 32 (1966); the formula is that of
        OpenCV's initUndistortRectifyMap.

        Examples
        --------
        >>> import gridsample
        >>> camera = [[100, 0, 50], [0, 100, 50], [0, 0, 1]]
        >>> barrel = gridsample.Transform.lens(camera, [-0.2, 0, 0, 0])
        >>> barrel([[50.0, 50.0], [50.0, 100.0]]).round(6)  # the centre stays; 0.5 from it, the lens drew it 5% nearer
        array([[50. , 50. ],
               [50. , 97.5]])
        """
        camera = numbers_of("camera_matrix", camera_matrix, (3, 3))
        new = camera if new_camera_matrix is None else numbers_of("new_camera_matrix", new_camera_matrix, (3, 3))
        turn = np.eye(3) if rotation is None else numbers_of("rotation", rotation, (3, 3))
        k = numbers_of("distortion", distortion, None).ravel()
        if k.size not in _COEFFICIENTS:
            raise ValueError(f"distortion: expected {', '.join(map(str, _COEFFICIENTS))} coefficients; got {k.size}")
        to_direction = cls._projective(new @ turn, "xy", True)
        to_pixel = cls._projective(camera @ _tilt(*k[12:]) if k.size > 12 else camera, "xy", False)
        return to_pixel @ cls(2, [Brown((*k[:12], *[0.0] * (12 - min(k.size, 12))))]) @ to_direction

    @classmethod
    def polar(cls: type[_T], size: Any, center: Any, radius: float, *, order: str = "xy", log: bool = False) -> _T:
        """Return the map from an unrolled picture, angle by radius, to the picture around a centre.

        Parameters
        ----------
        size : (int, int)
            Of the unrolled picture: rows are angles, from 0 (to the right) clockwise once around; columns are radii, from 0.
        center : (float, float)
            In the picture, in pixels.
        radius : float
            Of the circle that is unrolled, in pixels: column c is at radius c * radius / columns.
        order : {"xy", "ij"}
            Of ``center``.
        log : bool
            Column c is at radius ``radius ** (c / columns)`` instead, so that magnifying is shifting.

        Returns
        -------
        Transform
            Of 2 axes; ``inverse()`` rolls up again: sample with the boundary "wrap" along the angles.

        Raises
        ------
        TypeError
            ``center`` or ``radius`` is no real number.
        ValueError
            ``size`` is not two positive whole numbers, ``radius`` not above 0 (above 1, with ``log``), or an order is unknown.

        Notes
        -----
        Row r and column c are at the angle a = 2 pi r / rows and at the radius d above, and read (x, y) = center + d (cos a,
        sin a): the formula is that of OpenCV's warpPolar.

        Examples
        --------
        >>> import gridsample
        >>> unroll = gridsample.Transform.polar((4, 10), center=(20, 30), radius=10)
        >>> unroll([[0.0, 5.0], [1.0, 5.0]]).round(6)  # row 30, column 25: to the right; then below
        array([[30., 25.],
               [35., 20.]])
        """
        rows, columns = spatial_sizes("size", size, 2)
        middle = numbers_of("center", center, (2,))
        if choose("order", order, ("xy", "ij")) == "xy":
            middle = middle[::-1]
        reach = float(numbers_of("radius", radius, ()))
        log = as_flag("log", log)
        if reach <= log:
            raise ValueError(f"radius: expected more than {int(log)} pixels; got {radius!r}")
        per_pixel = columns / (math.log(reach) if log else reach)
        return cls(2, [Polar((float(middle[0]), float(middle[1])), rows / (2 * math.pi), per_pixel, log, False)])

    @classmethod
    def equirectangular(
        cls: type[_T],
        panorama: Any,
        view: Any,
        field_of_view: float = 90.0,
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
    ) -> _T:
        """Return the map from a flat view to the equirectangular panorama that it looks into.

        Parameters
        ----------
        panorama : (int, int)
            (H, W) of the panorama: 360 degrees from left to right, 180 from top to bottom, between outer edges. Sample with the
            boundary ("reflection_edge", "wrap").
        view : (int, int)
            (H, W) of the view.
        field_of_view : float
            Degrees, from the left to the right edge of the view, above 0 and below 180.
        yaw : float
            Degrees that the view turns to the right.
        pitch : float
            Degrees that it then turns upwards.
        roll : float
            Degrees that it then turns clockwise.

        Returns
        -------
        Transform
            Of 2 axes; ``inverse()`` paints a view into a panorama, NaN behind it.

        Raises
        ------
        TypeError
            An angle is no real number.
        ValueError
            A size is not two positive whole numbers, or an angle is out of range.

        Notes
        -----
        The direction (x right, y down, z ahead) of a pixel of the view, turned, has the longitude atan2(x, z) and the latitude
        atan2(y, hypot(x, z)), of which the panorama is a linear function. The view is the gnomonic projection of the sphere,
        the panorama the equidistant cylindrical one: J. Snyder, "Map projections: a working manual", USGS Professional Paper
        1395 (1987).

        Examples
        --------
        >>> import gridsample
        >>> look = gridsample.Transform.equirectangular((180, 360), (101, 101), yaw=90)
        >>> look([[50.0, 50.0]]).round(6)  # the middle of the view is at longitude 90: three quarters to the right
        array([[ 89.5, 269.5]])
        """
        height, width = spatial_sizes("panorama", panorama, 2)
        rows, columns = spatial_sizes("view", view, 2)
        names = {"field_of_view": field_of_view, "yaw": yaw, "pitch": pitch, "roll": roll}
        wide, *angles = (math.radians(float(numbers_of(name, angle, ()))) for name, angle in names.items())
        if not 0 < wide < math.pi:
            raise ValueError(f"field_of_view: expected degrees above 0 and below 180; got {field_of_view!r}")
        focal = columns / 2 / math.tan(wide / 2)
        lens = np.array([[focal, 0, (columns - 1) / 2], [0, focal, (rows - 1) / 2], [0, 0, 1]])
        camera = _rotation(1, angles[0]) @ _rotation(0, angles[1]) @ _rotation(2, angles[2]) @ np.linalg.inv(lens)
        return cls(2, [Panorama(camera, (height, width), False)])


def _rotation(axis: int, angle: float) -> np.ndarray:
    """Return the matrix that turns (x right, y down, z ahead) about one of them: ahead goes up or right, or right goes down."""
    turn = np.eye(3)
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    turn[a, a] = turn[b, b] = math.cos(angle)
    turn[b, a] = math.sin(angle)
    turn[a, b] = -turn[b, a]
    return turn


def _tilt(about_x: float, about_y: float) -> np.ndarray:
    """Return what a tilted sensor does to normalised coordinates (x, y, 1), as in OpenCV's model of 14 coefficients."""
    turn = _rotation(1, about_y).T @ _rotation(0, about_x).T
    return np.array([[turn[2, 2], 0, -turn[0, 2]], [0, turn[2, 2], -turn[1, 2]], [0, 0, 1]]) @ turn
