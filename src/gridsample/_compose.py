"""What every composition of maps can do: be composed further, undone, and evaluated a block of output rows at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from gridsample._engine import STEPS, Mapped, Step, is_plain
from gridsample._maps import Brown, Displacement, Invertible, Map, Panorama, Points, Polar, Projective, UndoneBrown, stack
from gridsample._spec import MAX_NDIM, as_flag, choose, describe, real_numbers, spatial_sizes

__all__ = ["Composition", "Source", "as_field", "as_mapped", "blocks", "boxes", "matrix_alone", "points_of"]

_BLOCK = 1 << 15
"""Points of a block: its coordinates stay in the second-level cache between being made and being read."""

_T = TypeVar("_T", bound="Composition")

_ORDERS = {n: [*reversed(range(n - 1)), n - 1] for n in range(2, MAX_NDIM + 2)}
_TURNED = {n: np.arange(n * n).reshape(n, n)[order][:, order] for n, order in _ORDERS.items()}
"""Where the elements of a matrix with so many rows are in one for the axes in the other order."""


class Composition:
    """Maps that are done one after the other. Its public face is ``Transform``."""

    __slots__ = ("_maps", "ndim")

    ndim: int
    """Number of axes."""

    def __init__(self, ndim: int, maps: Sequence[Map]) -> None:
        """Hold maps, the one that is done first first; use the methods that have names instead."""
        self.ndim = ndim
        self._maps = tuple(maps)

    @classmethod
    def _projective(cls: type[_T], square: np.ndarray, order: str, inverse: bool) -> _T:
        if choose("order", order, ("xy", "ij")) == "xy":
            square = square.take(_TURNED[len(square)])
        projective = Projective(square)
        return cls(len(square) - 1, [projective.inverse() if as_flag("inverse", inverse) else projective])

    def __matmul__(self: _T, other: _T) -> _T:
        """Return the map that does first ``other`` and then this one; matrices that meet are multiplied.

        Parameters
        ----------
        other : Transform
            Of as many axes.

        Returns
        -------
        Transform
            From the output positions of ``other`` to the input positions of this one.

        Raises
        ------
        TypeError
            ``other`` is no ``Transform``.
        ValueError
            The two have not as many axes.

        Examples
        --------
        >>> import gridsample
        >>> double = gridsample.Transform.affine([[2, 0, 0], [0, 2, 0]])
        >>> right = gridsample.Transform.affine([[1, 0, 1], [0, 1, 0]])  # x becomes x + 1
        >>> (double @ right)([[0.0, 3.0]]), (right @ double)([[0.0, 3.0]])
        (array([[0., 8.]]), array([[0., 7.]]))
        """
        if not isinstance(other, Composition):
            return NotImplemented
        if self.ndim != other.ndim:
            raise ValueError(f"@: expected two maps of as many axes; got {self.ndim} and {other.ndim}")
        *before, last = other._maps
        first, *after = self._maps
        both = [first.after(last)] if isinstance(first, Projective) and isinstance(last, Projective) else [last, first]
        return type(self)(self.ndim, [*before, *both, *after])

    def inverse(self: _T) -> _T:
        """Return the map that undoes this one.

        Returns
        -------
        Transform
            From input to output positions.

        Raises
        ------
        ValueError
            There is none (a singular matrix), or none is known (a flow, a function).

        Examples
        --------
        >>> import gridsample
        >>> gridsample.Transform.affine([[2, 0, 1], [0, 2, 0]]).inverse()([[0.0, 5.0]])
        array([[0., 2.]])
        """
        undone = [one.inverse() for one in reversed(self._maps) if isinstance(one, Invertible)]
        if len(undone) < len(self._maps):
            raise ValueError("inverse: expected maps with an inverse in closed form; got a flow or a function, which has none")
        return type(self)(self.ndim, undone)

    def __call__(self, points: Any) -> np.ndarray:
        r"""Return where output positions read.

        Parameters
        ----------
        points : array
            (\*, ndim), real numbers, in pixels, axis 0 first.

        Returns
        -------
        array
            (\*, ndim), float64, in pixels, axis 0 first.

        Raises
        ------
        TypeError
            ``points`` is no array of real numbers.
        ValueError
            ``points`` is not (\*, ndim).

        Examples
        --------
        >>> import gridsample
        >>> turn = gridsample.Transform.affine([[0, 1, 0], [-1, 0, 4]])  # (x, y) -> (y, 4 - x)
        >>> turn([[0.0, 1.0], [2.0, 3.0]])  # (row, column)
        array([[3., 0.],
               [1., 2.]])
        """
        given = real_numbers("points", points)
        if given.ndim == 0 or given.shape[-1] != self.ndim:
            raise ValueError(f"points: expected (..., {self.ndim}), as the map has axes; got {describe(given)}")
        flat = given.reshape(-1, self.ndim)
        moved = self._apply(tuple(flat[:, axis].reshape(-1, *[1] * (self.ndim - 1)) for axis in range(self.ndim)))
        return np.ascontiguousarray(stack(moved, (len(flat), *[1] * (self.ndim - 1)))).reshape(given.shape)

    def coords(self, size: Any) -> np.ndarray:
        r"""Return where every sample of an output reads: the grid that ``sample`` does without.

        Parameters
        ----------
        size : sequence of int
            The spatial sizes of the output.

        Returns
        -------
        array
            (\*size, ndim), float64, in pixels, axis 0 first, as ``sample`` takes them.

        Raises
        ------
        ValueError
            ``size`` is not ndim positive whole numbers.

        Examples
        --------
        >>> import gridsample
        >>> gridsample.Transform.affine([[2, 0, 0.5], [0, 1, 0]]).coords((1, 3))
        array([[[0. , 0.5],
                [0. , 2.5],
                [0. , 4.5]]])
        """
        sizes = spatial_sizes("size", size, self.ndim)
        return np.ascontiguousarray(stack(self._apply(_lattice(tuple(slice(0, n) for n in sizes))), sizes))

    def _apply(self, points: Points) -> Points:
        for one in self._maps:
            points = one(points)
        return points

    def __repr__(self) -> str:
        """Name the maps, the one that is done last first, as in ``a @ b``."""
        names = " @ ".join(type(one).__name__.lower() for one in reversed(self._maps))
        return f"<gridsample.Transform, {self.ndim} axes: {names}>"


class Source(NamedTuple):
    """Transforms in the place of an array of coordinates (N, *size, ndim)."""

    transforms: tuple[Composition, ...]
    size: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that this stands for."""
        return (len(self.transforms), *self.size, self.transforms[0].ndim)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Callers' arrays that are read when this is evaluated."""
        maps = [one for transform in self.transforms for one in transform._maps]
        return {f"flow {i}": one.field for i, one in enumerate(maps) if isinstance(one, Displacement)}


def matrix_alone(transform: Composition) -> np.ndarray | None:
    """Return the rows of the matrix that a map is, if it is nothing else; else None."""
    maps = transform._maps
    return np.ascontiguousarray(maps[0].rows) if len(maps) == 1 and isinstance(maps[0], Projective) else None


def as_mapped(transform: Composition) -> Mapped | None:
    """Return maps as the core knows them; None if there is one that it does not know."""
    first, *rest = transform._maps or (Projective(np.eye(transform.ndim + 1)),)
    if not isinstance(first, Projective):
        first, rest = Projective(np.eye(transform.ndim + 1)), [first, *rest]
    steps = [_as_step(one) for one in rest]
    known = tuple(step for step in steps if step is not None)
    return Mapped(np.ascontiguousarray(first.rows), known) if len(known) == len(steps) else None


def _as_step(one: Map) -> Step | None:
    if isinstance(one, Projective):
        return Step(STEPS["projective"], np.ravel(one.rows))
    if isinstance(one, Brown):
        return Step(STEPS["brown"], np.array(one.coefficients))
    if isinstance(one, UndoneBrown):
        return Step(STEPS["undone_brown"], np.array(one.brown.coefficients))
    if isinstance(one, Polar):
        return Step(STEPS["polar"], np.array([*one.center, one.per_radian, one.per_pixel, one.log, one.undone], np.float64))
    if isinstance(one, Panorama):
        return Step(STEPS["panorama"], np.array([*one.turn.ravel(), *one.size, one.undone], np.float64))
    if not isinstance(one, Displacement) or one.kernel != "linear" or one.field.dtype.name not in ("float32", "float64"):
        return None
    if not is_plain(one.field):
        return None
    return Step(STEPS["field"], np.column_stack([one.units, one.scale, one.shift]).ravel(), one.field, one.relative)


def as_field(transform: Composition, size: tuple[int, ...]) -> Displacement | None:
    """Return the field of a map that is nothing else, if the core can read it as it lies for an output of this size; else None.

    Not what is positions in other units than pixels: their products are float64 here, whatever the field is.
    """
    if len(transform._maps) != 1 or not isinstance(transform._maps[0], Displacement):
        return None
    moves = transform._maps[0]
    own = moves.field.shape[:-1] == size and set(moves.scale) == {1.0} and set(moves.shift) == {0.0}
    exact = moves.relative or set(moves.units) == {(1.0, 0.0)}
    return moves if own and exact and moves.field.dtype.name in ("float32", "float64") else None


def blocks(transform: Composition, size: tuple[int, ...]) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
    """Yield boxes of an output of this size, and where their samples read, (*box, ndim): together they are ``coords``."""
    for box in boxes(size):
        yield box, stack(points_of(transform, box), tuple(one.stop - one.start for one in box))


def points_of(transform: Composition, box: tuple[slice, ...]) -> Points:
    """Return where the samples of a box of an output read."""
    return transform._apply(_lattice(box))


def boxes(size: tuple[int, ...], block: int = 0) -> Iterator[tuple[slice, ...]]:
    """Cut an output into boxes of whole rows, or of parts of one, of about so many points each, or ``_BLOCK``."""
    block = block or _BLOCK
    axis, inner = len(size) - 1, 1
    while axis > 0 and inner * size[axis] <= block:
        inner *= size[axis]
        axis -= 1
    step = max(1, block // inner)
    whole = tuple(slice(0, n) for n in size[axis + 1 :])
    for outer in np.ndindex(size[:axis]):
        for start in range(0, size[axis], step):
            yield (*(slice(i, i + 1) for i in outer), slice(start, min(start + step, size[axis])), *whole)


def _lattice(box: tuple[slice, ...]) -> Points:
    """Return the positions of a box of samples, each axis a vector along itself."""
    return tuple(
        np.arange(one.start, one.stop, dtype=np.float64).reshape([-1 if k == axis else 1 for k in range(len(box))])
        for axis, one in enumerate(box)
    )
