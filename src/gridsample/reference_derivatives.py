"""The definition of every derivative of ``reference.sample`` in slow, plain NumPy: the oracle of the tests.

Sampling is a sum of weights times input values. Its derivatives are the same sum with derivatives of the weights; what it is
linear in is differentiated by reading the sum backwards. So two functions define everything: S, which reads, and A, its
transpose, which scatters, both with an order of derivative for each axis.

The derivative is with respect to the *given* coordinates. By the chain rule each order along an axis brings a factor: the scale
of the axis's map to index units, times the slope of the boundary's map of the coordinate (1, -1 where reflected, 0 where held).
"""

from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.polynomial.chebyshev import chebpts1

from gridsample._coords import AxisMap
from gridsample._modes import KERNELS
from gridsample.reference import (
    BOUNDARY_RULES,
    KERNEL_WEIGHTS,
    AxisTaps,
    _as_coords,
    _centers_inside,
    _index_coords,
    _native_order,
    _round_to,
    _sample,
    _tap_products,
    axis_taps,
    fold,
    folds,
)

__all__ = ["backward", "double_backward", "sample", "slope", "weights"]


def weights(kernel: str, fraction: np.ndarray, a: float, order: int) -> list[np.ndarray]:
    """Return the weights of the taps along one axis, differentiated ``order`` times by the fraction.

    Parameters
    ----------
    kernel : str
        As of ``gridsample.sample``.
    fraction : array, float64
        Of the points, from the sample that the window is about.
    a : float
        The parameter of the cubic kernel.
    order : int
        0 for the weights themselves.

    Returns
    -------
    list of arrays
        Of each tap, first tap first, of the shape of ``fraction``.

    Raises
    ------
    KeyError
        ``kernel`` is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference_derivatives
    >>> reference_derivatives.weights("linear", np.array([0.25]), -0.75, order=1)
    [array([-1.]), array([1.])]
    """
    if order == 0:
        return KERNEL_WEIGHTS[kernel](fraction, a)
    if kernel.startswith("lanczos"):
        # Smooth from 0 to 1, and so a polynomial of high degree; its first two derivatives have 10 and 8 digits.
        at = chebpts1(30)
        values = KERNEL_WEIGHTS[kernel]((at + 1) / 2, a)
        return [Chebyshev.fit((at + 1) / 2, value, 29, (0, 1)).deriv(order)(fraction) for value in values]
    polynomials = KERNEL_WEIGHTS[kernel](Polynomial([0.0, 1.0]), a)
    return [polynomial.deriv(order)(fraction) for polynomial in polynomials]


def slope(x: np.ndarray, size: int, kernel: str, boundary: str) -> np.ndarray:
    """Return the derivative of the boundary's map at index coordinates ``x``: 1, -1 or 0; 0 where ``x`` is not finite.

    Of wide kernels, whose indices are mapped, it is 1, or -1 where a mirrored array is read backwards. At a kink of
    narrow ones, where the border or a fold is, it is 0.

    Parameters
    ----------
    x : array, float32 or float64
        Index coordinates along one axis.
    size : int
        Of that axis.
    kernel : str
        As of ``gridsample.sample``.
    boundary : str
        As of ``gridsample.sample``.

    Returns
    -------
    array
        float64, of the shape of ``x``.

    Raises
    ------
    KeyError
        ``kernel`` or ``boundary`` is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference_derivatives
    >>> reference_derivatives.slope(np.array([-0.7, 0.0, 1.5, 3.6]), 4, "linear", "reflection_center")
    array([-1.,  0.,  1., -1.])
    """
    finite = np.isfinite(x).astype(np.float64)
    if boundary in ("zeros", "constant", "wrap"):
        return finite
    if KERNELS[kernel].taps > 2:
        return np.where(fold(x, boundary, size)[1], -finite, finite) if folds(kernel, boundary) else finite
    mapped = BOUNDARY_RULES[boundary](x, size)
    held = (mapped <= 0) | (mapped >= size - 1)
    if boundary == "border":
        return np.where(held | (mapped != x), 0.0, finite)
    return np.where(held, 0.0, np.where(fold(x, boundary, size)[1], -finite, finite))


class _Points:
    """The points of one batch item: their taps, the factors of the chain rule, and which samples no tap decides."""

    def __init__(
        self,
        image: np.ndarray,
        points: np.ndarray,
        kernel: str,
        boundaries: tuple[str, ...],
        axes: tuple[AxisMap, ...],
        *,
        cubic_a: float,
        outside: str,
        nan: str,
    ) -> None:
        spatial = image.shape[1:]
        x = _index_coords(points, axes, image)
        self._kernel, self._a = kernel, cubic_a
        self._taps: list[AxisTaps] = []
        self._factors: list[np.ndarray] = []
        for at, axis, size, boundary in zip(x, axes, spatial, boundaries, strict=True):
            self._taps.append(axis_taps(at, size, kernel, boundary))
            self._factors.append(axis.scale * slope(at, size, kernel, boundary))
        self._decided = np.zeros(points.shape[:-1], bool)
        if outside != "boundary":
            self._decided |= ~_centers_inside(x, axes, spatial)
        if nan == "propagate":
            self._decided |= np.logical_or.reduce([np.isnan(at) for at in x])

    def _weights(self, orders: tuple[int, ...]) -> list[list[np.ndarray]]:
        """Return the weights along each axis, the factors of the chain rule with them; 0 where no tap decides."""
        return [
            [np.where(self._decided, 0.0, along * factor**order) for along in weights(self._kernel, taps[2], self._a, order)]
            for taps, factor, order in zip(self._taps, self._factors, orders, strict=True)
        ]

    def read(self, image: np.ndarray, orders: tuple[int, ...], unread: np.ndarray) -> np.ndarray:
        """Return S: the derivative, of the given order along each axis, of the samples of an image (C, spatial axes)."""
        result = np.zeros((image.shape[0], *self._decided.shape), unread.dtype)
        every: Any = slice(None)
        for index, valid, weight in _tap_products(self._taps, self._weights(orders)):
            values = np.where(valid, image[(every, *index)].astype(result.dtype), unread)
            with np.errstate(invalid="ignore", over="ignore"):
                result += np.where(self._decided, 0.0, weight * values)
        return result

    def scatter(self, values: np.ndarray, orders: tuple[int, ...], spatial: tuple[int, ...]) -> np.ndarray:
        """Return A, the transpose of ``read`` with unread taps 0: values of samples added into an array (C, spatial axes)."""
        result = np.zeros((values.shape[0], *spatial), values.dtype)
        for index, valid, weight in _tap_products(self._taps, self._weights(orders)):
            taken = valid & ~self._decided
            for channel, added in zip(result, weight * values, strict=True):
                np.add.at(channel, tuple(along[taken] for along in index), added[taken])
        return result


class _Batch:
    """One sampling problem: its arrays, its points by batch item, and where batches of 1 are repeated."""

    def __init__(
        self,
        input: Any,
        coords: Any,
        kernel: str,
        boundaries: tuple[str, ...],
        axes: tuple[AxisMap, ...],
        *,
        fill_value: Any = 0,
        outside: str = "boundary",
        nan: str = "boundary",
        cubic_a: float = -0.75,
    ) -> None:
        self.input, self.coords = _native_order(np.asarray(input)), np.asarray(coords)
        self.axes = axes
        computed = np.dtype(np.complex128 if self.input.dtype.kind == "c" else np.float64)
        given = _as_coords(self.coords)
        fill = np.broadcast_to(np.asarray(fill_value, computed), self.input.shape[1]).reshape(-1, *[1] * (given.ndim - 2))
        self.computed, self.zero = computed, np.zeros_like(fill)
        self.unread = fill if "constant" in boundaries else self.zero
        sizes = (self.input.shape[0], given.shape[0])
        self.size = max(sizes) if 0 not in sizes else 0
        options: dict[str, Any] = {"cubic_a": cubic_a, "outside": outside, "nan": nan}
        self.points = [
            _Points(self.image(self.input, n), self.image(given, n), kernel, boundaries, axes, **options)
            for n in range(self.size)
        ]

    def image(self, array: np.ndarray, n: int) -> np.ndarray:
        return array[n if array.shape[0] > 1 else 0]

    def orders(self, orders: tuple[int, ...] | None, *more: int) -> tuple[int, ...]:
        """Return ``orders`` with one order more along each of the axes ``more``."""
        counts = [0] * len(self.axes) if orders is None else list(orders)
        for axis in more:
            counts[axis] += 1
        return tuple(counts)

    def add(self, total: np.ndarray, n: int, part: np.ndarray) -> None:
        """Add what batch item ``n`` gives to the gradient of an array whose batch may be 1."""
        with np.errstate(invalid="ignore", over="ignore"):
            total[n if total.shape[0] > 1 else 0] += part

    def gradient(self, array: np.ndarray) -> np.ndarray:
        return np.zeros(array.shape, np.complex128 if array.dtype.kind == "c" else np.float64)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the sum over channels of products; of complex ones the real part, that of pairs of real numbers."""
    return (a.conj() * b).real.sum(axis=0)


def sample(
    input: Any, coords: Any, kernel: str, boundaries: tuple[str, ...], axes: tuple[AxisMap, ...], *, orders: Any, **options: Any
) -> np.ndarray:
    r"""Define the derivative of the given order along each axis of the samples of ``input`` at ``coords``.

    Samples that the outside rule or ``nan="propagate"`` decides have derivative 0.

    Parameters
    ----------
    input : array
        (N, C, \*spatial).
    coords : array
        (N, \*out, ndim), in the units of ``axes``.
    kernel : str
        As of ``gridsample.sample``.
    boundaries : sequence of str
        One for each spatial axis, as of ``gridsample.sample``.
    axes : sequence of AxisMap
        Of each spatial axis, as ``gridsample._coords`` makes them.
    orders : sequence of int
        One for each spatial axis: 0 everywhere is the sample itself.
    options : keyword arguments
        ``fill_value``, ``outside``, ``nan``, ``cubic_a``: as of ``gridsample.sample``.

    Returns
    -------
    array
        (N, C, \*out), of the dtype of ``input``.

    Raises
    ------
    KeyError
        A kernel or a boundary is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference_derivatives
    >>> from gridsample._coords import index_axes
    >>> image, at = np.array([[[0.0, 10.0, 30.0]]]), np.array([[[0.25]]])
    >>> reference_derivatives.sample(image, at, "linear", ("border",), index_axes(1), orders=(1,))
    array([[[10.]]])
    """
    if not any(orders):
        return _sample(_native_order(np.asarray(input)), _as_coords(coords), kernel, boundaries, axes, **options)[0]
    batch = _Batch(input, coords, kernel, boundaries, axes, **options)
    result = np.zeros((batch.size, batch.input.shape[1], *batch.coords.shape[1:-1]), batch.computed)
    for n, points in enumerate(batch.points):
        result[n] = points.read(batch.image(batch.input, n), tuple(orders), batch.unread)
    return _round_to(result, batch.input.dtype)


def backward(
    grad_out: Any,
    input: Any,
    coords: Any,
    kernel: str,
    boundaries: tuple[str, ...],
    axes: tuple[AxisMap, ...],
    *,
    needs: tuple[bool, bool] = (True, True),
    orders: tuple[int, ...] | None = None,
    **options: Any,
) -> tuple[np.ndarray | None, np.ndarray | None]:
    r"""Define the vector-Jacobian product of ``sample``: the gradients of ``(grad_out * sample(...)).sum()``.

    Parameters
    ----------
    grad_out : array
        Of the shape of the samples, (N, C, \*out).
    input : array
        (N, C, \*spatial).
    coords : array
        (N, \*out, ndim), in the units of ``axes``.
    kernel : str
        As of ``gridsample.sample``.
    boundaries : sequence of str
        One for each spatial axis, as of ``gridsample.sample``.
    axes : sequence of AxisMap
        Of each spatial axis, as ``gridsample._coords`` makes them.
    needs : (bool, bool)
        Which gradients are wanted.
    orders : sequence of int, optional
        As of ``sample``; 0 everywhere if not given.
    options : keyword arguments
        ``fill_value``, ``outside``, ``nan``, ``cubic_a``: as of ``gridsample.sample``.

    Returns
    -------
    (array or None, array or None)
        By ``input`` and by ``coords``, in their shapes and dtypes: summed over the batch where theirs is 1 and that of
        ``grad_out`` is not. None if it is not wanted.

    Raises
    ------
    KeyError
        A kernel or a boundary is unknown; nothing else is checked.

    Examples
    --------
    >>> import numpy as np
    >>> from gridsample import reference_derivatives
    >>> from gridsample._coords import index_axes
    >>> image, at = np.array([[[0.0, 10.0, 30.0]]]), np.array([[[0.25]]])
    >>> reference_derivatives.backward(np.ones((1, 1, 1)), image, at, "linear", ("border",), index_axes(1))
    (array([[[0.75, 0.25, 0.  ]]]), array([[[10.]]]))
    """
    batch = _Batch(input, coords, kernel, boundaries, axes, **options)
    values = np.asarray(grad_out).astype(batch.computed)
    for_input, for_coords = batch.gradient(batch.input), batch.gradient(batch.coords)
    for n, points in enumerate(batch.points):
        image = batch.image(batch.input, n)
        if needs[0]:
            batch.add(for_input, n, points.scatter(values[n], batch.orders(orders), image.shape[1:]))
        if needs[1]:
            along = np.zeros(batch.coords.shape[1:])
            for k, axis in enumerate(axes):
                along[..., axis.component] = _dot(values[n], points.read(image, batch.orders(orders, k), batch.unread))
            batch.add(for_coords, n, along)
    return (
        _round_to(for_input, batch.input.dtype) if needs[0] else None,
        _round_to(for_coords, batch.coords.dtype) if needs[1] else None,
    )


def double_backward(
    tangent_input: Any,
    tangent_coords: Any,
    grad_out: Any,
    input: Any,
    coords: Any,
    kernel: str,
    boundaries: tuple[str, ...],
    axes: tuple[AxisMap, ...],
    *,
    needs: tuple[bool, bool, bool] = (True, True, True),
    **options: Any,
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    r"""Define the vector-Jacobian product of ``backward``, by ``grad_out``, ``input`` and ``coords``.

    These are the gradients of ``(tangent_input * grad_input).sum() + (tangent_coords * grad_coords).sum()``, where grad_input
    and grad_coords are what ``backward`` returns; either tangent may be None, which is 0. With v the tangent of the
    coordinates, g the ``grad_out``, S and A the two sums of this module and e_a one order along axis a:

        by grad_out   S(tangent_input) + sum_a v_a S_{e_a}(input)
        by input      sum_a A_{e_a}(v_a g)
        by coords_b   sum_c g S_{e_b}(tangent_input) + sum_a v_a sum_c g S_{e_a + e_b}(input)

    Parameters
    ----------
    tangent_input : array or None
        Of the shape of ``input``.
    tangent_coords : array or None
        Of the shape of ``coords``.
    grad_out : array
        Of the shape of the samples, (N, C, \*out).
    input : array
        (N, C, \*spatial).
    coords : array
        (N, \*out, ndim), in the units of ``axes``.
    kernel : str
        As of ``gridsample.sample``.
    boundaries : sequence of str
        One for each spatial axis, as of ``gridsample.sample``.
    axes : sequence of AxisMap
        Of each spatial axis, as ``gridsample._coords`` makes them.
    needs : (bool, bool, bool)
        Which gradients are wanted.
    options : keyword arguments
        ``fill_value``, ``outside``, ``nan``, ``cubic_a``: as of ``gridsample.sample``.

    Returns
    -------
    (array or None, array or None, array or None)
        By ``grad_out``, ``input`` and ``coords``, in their shapes and dtypes, as of ``backward``.

    Raises
    ------
    KeyError
        A kernel or a boundary is unknown; nothing else is checked.

    Examples
    --------
    A coordinate that moves by 1 changes a linear sample by the slope, and the gradients of the two samples that it reads:

    >>> import numpy as np
    >>> from gridsample import reference_derivatives
    >>> from gridsample._coords import index_axes
    >>> image, at = np.array([[[0.0, 10.0, 30.0]]]), np.array([[[0.25]]])
    >>> one = np.ones((1, 1, 1))
    >>> reference_derivatives.double_backward(None, one, one, image, at, "linear", ("border",), index_axes(1))
    (array([[[10.]]]), array([[[-1.,  1.,  0.]]]), array([[[0.]]]))
    """
    batch = _Batch(input, coords, kernel, boundaries, axes, **options)
    values = np.asarray(grad_out).astype(batch.computed)
    moved_input = np.zeros_like(batch.input, batch.computed) if tangent_input is None else np.asarray(tangent_input)
    moved_coords = np.zeros(batch.coords.shape) if tangent_coords is None else np.asarray(tangent_coords).astype(np.float64)
    for_values, for_input = np.zeros_like(values), batch.gradient(batch.input)
    for_coords = batch.gradient(batch.coords)
    for n, points in enumerate(batch.points):
        image, moved = batch.image(batch.input, n), batch.image(moved_input, n)
        v = [batch.image(moved_coords, n)[..., axis.component] for axis in axes]
        for_values[n] = points.read(moved, batch.orders(None), batch.zero)
        along = np.zeros(batch.coords.shape[1:])
        for a in range(len(axes)):
            for_values[n] += v[a] * points.read(image, batch.orders(None, a), batch.unread)
            batch.add(for_input, n, points.scatter(v[a] * values[n], batch.orders(None, a), image.shape[1:]))
            slopes = points.read(moved, batch.orders(None, a), batch.zero)
            for b in range(len(axes)):
                slopes = slopes + v[b] * points.read(image, batch.orders(None, a, b), batch.unread)
            along[..., axes[a].component] = _dot(values[n], slopes)
        batch.add(for_coords, n, along)
    return (
        _round_to(for_values, np.asarray(grad_out).dtype) if needs[0] else None,
        _round_to(for_input, batch.input.dtype) if needs[1] else None,
        _round_to(for_coords, batch.coords.dtype) if needs[2] else None,
    )
