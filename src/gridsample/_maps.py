"""The maps that a ``Transform`` is made of: each takes index coordinates to index coordinates, axis 0 first.

NOTE [points of a block]
Points are one float64 array per axis, which broadcast together to the block of output that they belong to. An output lattice
begins as one vector per axis, and stays so as long as no map mixes axes: a resize costs a vector per axis, not a grid.
"""

import math
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from gridsample import _engine
from gridsample._coords import index_axes
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._spec import Spec

__all__ = [
    "Brown",
    "Displacement",
    "Function",
    "Invertible",
    "Map",
    "Panorama",
    "Points",
    "Polar",
    "Projective",
    "UndoneBrown",
    "stack",
]

Points = tuple[np.ndarray, ...]

_MOST_CONDITION = 1 / float(np.finfo(np.float64).eps)
"""Beyond it, no digit of the inverse of a matrix is known."""


class Map(Protocol):
    """What takes points to points."""

    def __call__(self, points: Points) -> Points:
        """Return where the points come from."""


@runtime_checkable
class Invertible(Map, Protocol):
    """A map that knows what undoes it; of flows and functions nobody does."""

    def inverse(self) -> Map:
        """Return the map that undoes this one, or raise ValueError if there is none."""


def stack(points: Points, shape: tuple[int, ...]) -> np.ndarray:
    """Return points as (*shape, ndim), in memory one axis after the other, which is how they are made and read fastest."""
    planes = np.empty((len(points), *shape))
    for plane, values in zip(planes, points, strict=True):
        plane[...] = values
    return np.moveaxis(planes, 0, -1)


class Projective(NamedTuple):
    """A matrix (ndim + 1, ndim + 1) on homogeneous coordinates, axis 0 first."""

    matrix: np.ndarray

    @property
    def is_affine(self) -> bool:
        """Whether no division is needed."""
        *others, last = self.matrix[-1].tolist()
        return not any(others) and last == 1

    @property
    def rows(self) -> np.ndarray:
        """The matrix without its last row if that does nothing."""
        return self.matrix[:-1] if self.is_affine else self.matrix

    def __call__(self, points: Points) -> Points:
        """Multiply, and divide by the last component."""
        rows = [self._row(row, points) for row in self.rows]
        if self.is_affine:
            return tuple(rows)
        *moved, last = rows
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # the horizon is infinitely far: outside
            return tuple(row / last for row in moved)

    @staticmethod
    def _row(row: np.ndarray, points: Points) -> Any:
        """Return one component; axes that have no part in it are left out, so that it may stay a vector.

        The constant comes first, as in SciPy, whose results at order 0 depend on the last bit.
        """
        total: Any = np.full((1,) * points[0].ndim, row[-1])
        for factor, values in zip(row, points, strict=False):
            if factor:
                total = total + (values if factor == 1 else values * factor)
        return total

    def inverse(self) -> "Projective":
        """Return the inverse matrix."""
        inverted = _inverse(self.matrix)
        condition = math.hypot(*self.matrix.ravel().tolist()) * math.hypot(*inverted.ravel().tolist())  # or NaN
        if not condition <= _MOST_CONDITION:
            raise ValueError(f"matrix: expected one that has an inverse; got a singular one: {self.matrix.tolist()}")
        if self.is_affine:
            inverted[-1] = self.matrix[-1]
        return Projective(inverted)

    def after(self, other: "Projective") -> "Projective":
        """Return the one map that does first ``other`` and then this."""
        product = self.matrix @ other.matrix
        if self.is_affine and other.is_affine:
            product[-1] = self.matrix[-1]
        return Projective(product)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse of a square matrix; of a singular one infinities, or what rounding makes of it."""
    if len(matrix) != 3:
        try:
            return np.linalg.inv(matrix)
        except np.linalg.LinAlgError:
            return np.full_like(matrix, np.inf)
    # Of images, for each of which there may be another: Cramer's rule takes a third of the time of a call of LAPACK.
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    first, second, third = e * i - f * h, f * g - d * i, d * h - e * g
    determinant = a * first + b * second + c * third
    if determinant == 0:
        return np.full_like(matrix, np.inf)
    adjugate = (
        (first, c * h - b * i, b * f - c * e),
        (second, a * i - c * g, c * d - a * f),
        (third, b * g - a * h, a * e - b * d),
    )
    return np.array(adjugate) / determinant


_AROUND = 4
"""Samples around a point that no kernel of a field reads beyond, with room for rounding."""


class Displacement(NamedTuple):
    """A field of displacements or positions, axis 0 first, over a lattice that may be coarser than the points it is asked at.

    A point p is at ``p * scale + shift`` of the lattice; between the lattice's points the field is interpolated, outside of it
    it is that of the border.
    """

    field: np.ndarray
    """(*lattice, ndim), axis 0 first; of any stride and real dtype."""
    units: tuple[tuple[float, float], ...]
    """For each axis, the factor and the offset that turn a value of the field into pixels of what is read."""
    scale: tuple[float, ...]
    shift: tuple[float, ...]
    relative: bool
    kernel: str

    def __call__(self, points: Points) -> Points:
        """Look the field up, and add it to the points if it is relative."""
        values = self._rows(points) or self._interpolated(points)
        found = tuple(v if unit == (1, 0) else v * unit[0] + unit[1] for v, unit in zip(values, self.units, strict=True))
        return tuple(at + moved for at, moved in zip(points, found, strict=True)) if self.relative else found

    def _rows(self, points: Points) -> Points | None:
        """Return the field itself where the points are its own lattice, or a box of it: nothing is interpolated then."""
        box = []
        for axis, (at, size) in enumerate(zip(points, self.field.shape, strict=False)):
            if at.size != at.shape[axis] or at.size == 0 or (self.scale[axis], self.shift[axis]) != (1, 0):
                return None
            start = at.flat[0]
            if start < 0 or start % 1 or start + at.size > size or not np.array_equal(at.ravel(), start + np.arange(at.size)):
                return None
            box.append(slice(int(start), int(start) + at.size))
        values = self.field[tuple(box)]
        return tuple(values[..., axis].astype(np.float64) for axis in range(len(points)))

    def _interpolated(self, points: Points) -> Points:
        ndim = len(points)
        at = tuple(p * scale + shift for p, scale, shift in zip(points, self.scale, self.shift, strict=True))
        shape = np.broadcast_shapes(*(p.shape for p in at))
        if all(p.size and np.isfinite(p).all() for p in at):  # only the part that is asked for is converted
            first = [int(np.clip(p.min() - _AROUND, 0, n - 1)) for p, n in zip(at, self.field.shape, strict=False)]
            last = [int(np.clip(p.max() + _AROUND, 0, n - 1)) for p, n in zip(at, self.field.shape, strict=False)]
            part = self.field[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))]
            at = tuple(p - a for p, a in zip(at, first, strict=True))
        else:
            part = self.field
        out = np.empty((1, ndim, *shape))
        border = (BOUNDARIES["border"].code,) * ndim
        spec = Spec(KERNELS[self.kernel].code, border, index_axes(ndim), -0.5, 0, True, (0,) * ndim)
        field = np.moveaxis(part, -1, 0)[None].astype(np.float64, copy=False)
        _engine.sample(field, stack(at, shape)[None], out, spec, np.zeros(ndim))
        return tuple(out[0])


class Function(NamedTuple):
    """A caller's own function of the points (*shape, ndim), in the order that it was given with."""

    function: Any
    xy: bool

    def __call__(self, points: Points) -> Points:
        """Call it for all points at once, and check what comes back."""
        shape = np.broadcast_shapes(*(p.shape for p in points))
        given = np.ascontiguousarray(stack(points[::-1] if self.xy else points, shape))
        moved = np.asarray(self.function(given), np.float64)
        if moved.shape != given.shape:
            raise ValueError(
                f"function: expected it to return points of the shape that it is given, {given.shape}; got shape {moved.shape}"
            )
        found = tuple(np.moveaxis(moved, -1, 0))
        return found[::-1] if self.xy else found


class Brown(NamedTuple):
    """Brown and Conrady's distortion of normalised image coordinates (y, x), from undistorted to distorted.

    With r² = x² + y²:  x (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶) + 2 p1 x y + p2 (r² + 2 x²) + s1 r² + s2 r⁴,
    and for y the same with the p exchanged and s3, s4.
    """

    coefficients: tuple[float, ...]
    """k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4."""

    def _parts(self, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the radial factor, and what is added to y and to x."""
        k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = self.coefficients
        r2 = x * x + y * y
        radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
        to_y = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + r2 * s4)
        to_x = 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2)
        return radial, to_y, to_x

    def __call__(self, points: Points) -> Points:
        """Distort."""
        y, x = points
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            radial, to_y, to_x = self._parts(y, x)
            return y * radial + to_y, x * radial + to_x

    def inverse(self) -> "UndoneBrown":
        """Return the map from distorted to undistorted."""
        return UndoneBrown(self)


class UndoneBrown(NamedTuple):
    """The inverse of a Brown-Conrady distortion, by iteration; where that finds nothing, NaN."""

    brown: Brown

    def __call__(self, points: Points) -> Points:
        """Iterate x = (distorted - added) / radial until nothing moves, as OpenCV's undistortPoints does five times."""
        y, x = distorted = np.broadcast_arrays(*points)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for _ in range(100):
                radial, to_y, to_x = self.brown._parts(y, x)
                before, y, x = (y, x), (distorted[0] - to_y) / radial, (distorted[1] - to_x) / radial
                moved = np.abs(y - before[0]) + np.abs(x - before[1])
                if not (moved > 1e-14).any():
                    break
            lost = ~(moved <= 1e-9)
        return np.where(lost, np.nan, y), np.where(lost, np.nan, x)

    def inverse(self) -> Brown:
        """Return the distortion."""
        return self.brown


class Polar(NamedTuple):
    """From (angle, radius) in pixels of the unrolled picture to a picture's (row, column); ``undone`` the other way."""

    center: tuple[float, float]
    """(row, column)."""
    per_radian: float
    """Rows of the unrolled picture."""
    per_pixel: float
    """Columns of the unrolled picture for each pixel of radius; for each factor of e, if ``log``."""
    log: bool
    undone: bool

    def __call__(self, points: Points) -> Points:
        """Roll up, or unroll."""
        if self.undone:
            dy, dx = points[0] - self.center[0], points[1] - self.center[1]
            radius = np.hypot(dy, dx)
            if self.log:
                with np.errstate(divide="ignore"):
                    radius = np.log(radius)
            return np.mod(np.arctan2(dy, dx), 2 * math.pi) * self.per_radian, radius * self.per_pixel
        angle, radius = points[0] / self.per_radian, points[1] / self.per_pixel
        if self.log:
            radius = np.exp(radius)
        return radius * np.sin(angle) + self.center[0], radius * np.cos(angle) + self.center[1]

    def inverse(self) -> "Polar":
        """Return the map the other way."""
        return self._replace(undone=not self.undone)


class Panorama(NamedTuple):
    """From (row, column) of a flat view to those of an equirectangular panorama; ``undone`` the other way."""

    camera: np.ndarray
    """(3, 3): from homogeneous (column, row, 1) to a direction (x right, y down, z ahead) of the panorama."""
    size: tuple[int, int]
    """(H, W) of the panorama: all around, from straight up to straight down."""
    undone: bool

    @property
    def turn(self) -> np.ndarray:
        """From a pixel to its direction, or the other way."""
        return np.linalg.inv(self.camera) if self.undone else self.camera

    def __call__(self, points: Points) -> Points:
        """Go from pixels to directions to pixels."""
        row, column = points
        height, width = self.size
        if self.undone:
            longitude = ((column + 0.5) / width - 0.5) * (2 * math.pi)
            latitude = ((row + 0.5) / height - 0.5) * math.pi
            level = np.cos(latitude)
            direction = np.sin(longitude) * level, np.sin(latitude), np.cos(longitude) * level
            x, y, z = self._turned(self.turn, direction)
            with np.errstate(divide="ignore", invalid="ignore"):
                ahead = np.where(z > 0, z, np.nan)  # what is behind the view is nowhere in it
                return y / ahead, x / ahead
        x, y, z = self._turned(self.turn, (column, row, np.ones(())))
        longitude, latitude = np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))
        return (latitude / math.pi + 0.5) * height - 0.5, (longitude / (2 * math.pi) + 0.5) * width - 0.5

    @staticmethod
    def _turned(matrix: np.ndarray, vector: Points) -> list[Any]:
        return [row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2] for row in matrix]

    def inverse(self) -> "Panorama":
        """Return the map the other way."""
        return self._replace(undone=not self.undone)
