"""Coordinates without a grid: maps that are composed, and evaluated a block of output rows at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gridsample._cameras import Cameras
from gridsample._coords import normalized_axes
from gridsample._maps import Displacement, Function, Projective
from gridsample._spec import MAX_NDIM, as_array, as_flag, as_matrix, choose, describe, positive_ints, spatial_sizes

__all__ = ["Transform"]


class Transform(Cameras):
    r"""Where each output sample reads: a map from output to input positions, in pixels, that can be composed.

    ``a @ b`` is the map that does ``b`` first, as matrices are multiplied: an output position goes through ``b`` and then
    through ``a`` to the input position that is read. ``sample`` takes a ``Transform`` in place of coordinates and evaluates it
    a block of output rows at a time, so that no grid is ever in memory. Positions are in pixels (index units): pixel i is at i.

    A ``Transform`` is made by ``Transform.affine``, ``.perspective``, ``.flow``, ``.lens``, ``.polar``, ``.equirectangular``,
    ``.function`` and ``.normalization``, and does not change. Where a matrix or a field speaks of components, ``order="xy"``
    says that the first runs along the last axis, as in OpenCV and torch, and ``order="ij"`` that it runs along axis 0.

    Examples
    --------
    Turn by 90 degrees, then move the result one pixel to the right, without making a grid:

    >>> import numpy as np, gridsample
    >>> turn = gridsample.Transform.affine([[0, 1, 0], [-1, 0, 1]])  # (x, y) of the output -> (x, y) of the input
    >>> move = gridsample.Transform.affine([[1, 0, 1], [0, 1, 0]], inverse=True)  # what was at x is at x + 1
    >>> image = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> gridsample.sample(image, turn @ move, size=(2, 3))
    array([[0., 3., 1.],
           [0., 4., 2.]])
    """

    __slots__ = ()

    @classmethod
    def affine(cls, matrix: Any, *, order: str = "xy", inverse: bool = False) -> "Transform":
        """Return an affine map.

        Parameters
        ----------
        matrix : array
            (ndim, ndim + 1), or (ndim + 1, ndim + 1) with last row (0, ..., 0, 1): takes an output position in pixels to the
            input position to read.
        order : {"xy", "ij"}
            Of its rows and columns.
        inverse : bool
            The matrix says where an input position goes to in the output, and is inverted.

        Returns
        -------
        Transform
            Of ndim axes.

        Raises
        ------
        TypeError
            ``matrix`` is no array of real numbers.
        ValueError
            ``matrix`` has another shape or last row, or holds what is not finite; it is singular, with ``inverse=True``.

        Examples
        --------
        >>> import gridsample
        >>> half = gridsample.Transform.affine([[0.5, 0, 0], [0, 1, 0]])  # twice as wide: x is halved
        >>> half([[0.0, 6.0]])  # row 0, column 6 of the output
        array([[0., 3.]])
        """
        square = as_matrix("matrix", matrix)
        *others, last = square[-1].tolist()
        if any(others) or last != 1:
            raise ValueError(f"matrix: expected the last row of an affine map to be 0, ..., 0, 1; got {square[-1].tolist()}")
        return cls._projective(square, order, inverse)

    @classmethod
    def perspective(cls, matrix: Any, *, order: str = "xy", inverse: bool = False) -> "Transform":
        """Return a homography.

        Parameters
        ----------
        matrix : array
            (ndim + 1, ndim + 1): takes (x, y, 1) of an output position, in pixels, to a multiple of (x, y, 1) of the input's.
        order : {"xy", "ij"}
            Of its rows and columns.
        inverse : bool
            The matrix says where an input position goes to in the output, and is inverted.

        Returns
        -------
        Transform
            Of ndim axes.

        Raises
        ------
        TypeError
            ``matrix`` is no array of real numbers.
        ValueError
            ``matrix`` is not square or not finite; it is singular, with ``inverse=True``.

        Examples
        --------
        >>> import gridsample
        >>> gridsample.Transform.perspective([[1, 0, 0], [0, 1, 0], [0, 0.5, 1]])([[2.0, 6.0]])  # row 2: half as large
        array([[1., 3.]])
        """
        square = as_matrix("matrix", matrix)
        if np.shape(matrix)[0] != np.shape(matrix)[1]:
            raise ValueError(f"matrix: expected shape (ndim + 1, ndim + 1); got shape {np.shape(matrix)}")
        return cls._projective(square, order, inverse)

    @classmethod
    def normalization(cls, size: Any, align_corners: bool = False) -> "Transform":
        r"""Return the map from pixels to normalised units, axis by axis: compose with it what speaks normalised units.

        Parameters
        ----------
        size : sequence of int
            The spatial sizes: (W,), (H, W) or (D, H, W).
        align_corners : bool
            Where -1 and 1 are, as in ``grid_sample``.

        Returns
        -------
        Transform
            Its ``inverse()`` goes from normalised units to pixels; with ``align_corners`` an axis of 1 has none.

        Raises
        ------
        TypeError
            ``align_corners`` is not True or False.
        ValueError
            ``size`` is not 1 to 3 positive whole numbers.

        Examples
        --------
        A matrix of torch's affine_grid, for an input of 4 × 6 and an output of 2 × 3:

        >>> import gridsample
        >>> T = gridsample.Transform
        >>> theta = T.affine([[1, 0, 0], [0, 1, 0]])
        >>> resize = T.normalization((4, 6)).inverse() @ theta @ T.normalization((2, 3))
        >>> resize([[0.0, 0.0], [1.0, 2.0]])
        array([[0.5, 0.5],
               [2.5, 4.5]])
        """
        axes = normalized_axes(spatial_sizes("size", size), as_flag("align_corners", align_corners))
        scale = [1 / axis.scale if axis.scale else 0.0 for axis in axes]
        square = np.diag([*scale, 1.0])
        square[:-1, -1] = [axis.to_given(0.0) for axis in axes]
        return cls(len(axes), [Projective(square)])

    @classmethod
    def flow(
        cls,
        flow: Any,
        *,
        relative: bool = True,
        order: str = "xy",
        channels: str = "last",
        normalized: Any = None,
        size: Any = None,
        align_corners: bool = False,
        kernel: str = "linear",
    ) -> "Transform":
        r"""Return a map by a field of displacements or of positions.

        Parameters
        ----------
        flow : array
            (\*lattice, ndim), real numbers of any dtype and strides; it is not copied.
        relative : bool
            The field says how far from itself an output position reads; otherwise, where.
        order : {"xy", "ij"}
            Of the components.
        channels : {"last", "first"}
            Where the components are: "first" means (ndim, \*lattice).
        normalized : sequence of int, optional
            The spatial sizes of what is read, if the field speaks normalised units, in which that spans [-1, 1]; otherwise the
            field is in pixels.
        size : sequence of int, optional
            The spatial sizes that the field covers, if its lattice is coarser (or finer) than that; it is interpolated. The
            displacements are in pixels of this size, not of the lattice.
        align_corners : bool
            With ``normalized``: where -1 and 1 are. With ``size``: the ends of the lattice are the end pixels of ``size``;
            otherwise their outer edges are the same.
        kernel : {"linear", "cubic", "nearest"}
            How the field is interpolated, where it is asked between its points; beyond its border it goes on as there.

        Returns
        -------
        Transform
            Of ndim axes; it has no ``inverse()``.

        Raises
        ------
        TypeError
            ``flow`` is no array of real numbers, or a flag is not True or False.
        ValueError
            ``flow`` has not as many components as axes, sizes do not fit it, or a name is unknown.

        Examples
        --------
        >>> import numpy as np, gridsample
        >>> flow = np.zeros((2, 3, 2))
        >>> flow[..., 0] = 1  # read one pixel to the right
        >>> gridsample.Transform.flow(flow)([[0.0, 1.0]])
        array([[0., 2.]])
        """
        field = as_array("flow", flow)
        if field.dtype.kind not in "iuf" and field.dtype.name != "bfloat16":
            raise TypeError(f"flow: expected an array of real numbers; got {describe(field)}")
        first = choose("channels", channels, ("last", "first")) == "first"
        ndim = field.ndim - 1
        if first and field.ndim:
            field = np.moveaxis(field, 0, -1)
        if not 1 <= ndim <= MAX_NDIM or field.shape[-1] != ndim or field.size == 0:
            wanted = "(ndim, *spatial)" if first else "(*spatial, ndim)"
            raise ValueError(f"flow: expected {wanted}, as many components as spatial axes; got {describe(np.asarray(flow))}")
        if choose("order", order, ("xy", "ij")) == "xy":
            field = field[..., ::-1]
        lattice, align_corners = field.shape[:-1], as_flag("align_corners", align_corners)
        scale, shift = (1.0,) * ndim, (0.0,) * ndim
        if size is not None:
            sizes = spatial_sizes("size", size, ndim)
            pairs = list(zip(normalized_axes(lattice, align_corners), normalized_axes(sizes, align_corners), strict=True))
            scale = tuple(1.0 if a == b else a.scale / b.scale if b.scale else 0.0 for a, b in pairs)
            shift = tuple(0.0 if a == b else a.to_index(b.to_given(0.0)) for a, b in pairs)  # exactly, to look nothing up
        relative, kernel = as_flag("relative", relative), choose("kernel", kernel, ("linear", "cubic", "nearest"))
        units = ((1.0, 0.0),) * ndim
        if normalized is not None:
            axes = normalized_axes(spatial_sizes("normalized", normalized, ndim), align_corners)
            units = tuple((axis.scale, 0.0 if relative else axis.to_index(0.0)) for axis in axes)
        return cls(ndim, [Displacement(field, units, scale, shift, relative, kernel)])

    @classmethod
    def function(cls, function: Callable[[np.ndarray], Any], ndim: int, *, order: str = "xy") -> "Transform":
        r"""Return a map by a caller's own function.

        Parameters
        ----------
        function : callable
            Is given output positions (\*, ndim), float64, in pixels, and returns the input positions to read, shaped so too.
            It is called for many positions at once, several times.
        ndim : int
            Number of axes, 1 to 3.
        order : {"xy", "ij"}
            Of the components.

        Returns
        -------
        Transform
            Of ndim axes; it has no ``inverse()``.

        Raises
        ------
        TypeError
            ``function`` cannot be called.
        ValueError
            ``ndim`` is not 1 to 3, an order is unknown; later, if ``function`` returns another shape.

        Examples
        --------
        >>> import numpy as np, gridsample
        >>> wave = gridsample.Transform.function(lambda p: p + np.sin(p[..., ::-1]), 2)
        >>> wave([[0.0, 3.0]]).round(3)
        array([[0.141, 3.   ]])
        """
        if not callable(function):
            raise TypeError(f"function: expected a callable; got {function!r} of type {type(function).__name__}")
        (axes,) = positive_ints("ndim", (ndim,))
        if axes > MAX_NDIM:
            raise ValueError(f"ndim: expected 1 to {MAX_NDIM}; got {ndim!r}")
        return cls(axes, [Function(function, choose("order", order, ("xy", "ij")) == "xy")])
