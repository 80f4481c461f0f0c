"""Spline coefficients: what B-spline kernels read instead of the samples, so that the spline goes through the samples."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gridsample import _engine
from gridsample._arrays import as_image, check_out, empty_like_layout, sums_dtype
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._spec import Spec, as_flag, choose_boundaries, describe

__all__ = [
    "as_axes",
    "as_order",
    "filter_axes",
    "padded",
    "padding",
    "prefiltered",
    "prefiltered_adjoint",
    "spline_coefficients",
]

ORDERS = tuple(kernel.order for kernel in KERNELS.values() if kernel.order)

_NAME_OF = {boundary.code: boundary.name for boundary in BOUNDARIES.values()}
_PADDED = ("zeros", "constant", "border")
_ABOUT_CENTER = ("reflection_center", "zeros", "constant")


def spline_coefficients(
    input: Any,
    order: int = 3,
    boundary: str | Sequence[str] = "reflection_center",
    *,
    axes: int | Sequence[int] | None = None,
    adjoint: bool = False,
    out: Any = None,
) -> np.ndarray:
    """Return the B-spline coefficients of the spline through the samples of ``input``: SciPy's ``spline_filter``.

    ``sample`` and ``grid_sample`` find the coefficients themselves; call this once for an image that is sampled often, and
    sample the result with ``prefilter=False``.

    Parameters
    ----------
    input : array
        Samples, with any number of axes; any dtype of ``gridsample``.
    order : {2, 3, 4, 5, 7}
        Of the spline: coefficients for the kernel "bspline3" are of order 3.
    boundary : str, or a sequence of one for each of ``axes``
        How the samples go on beyond the ends: "reflection_center", "reflection_edge" or "wrap", as the coefficients then do
        too. "zeros" and "constant" are taken as "reflection_center" and "border" as "reflection_edge", as in SciPy: the
        coefficients of an array that goes on so do not end with it, and ``sample`` pads it first.
    axes : int or sequence of int, optional
        Along which to filter; all if not given. Of an image (N, C, H, W) these are (2, 3).
    adjoint : bool
        Apply the transposed map: a gradient with respect to the coefficients becomes the one with respect to the samples.
    out : array, optional
        Takes the result: of its shape and dtype. ``input`` itself will do, and is then overwritten.

    Returns
    -------
    array
        Of the shape and layout of ``input``. float32 (float64 for float64 and int32, complex for complex).

    Raises
    ------
    TypeError
        A dtype, ``order``, an axis or ``adjoint`` is not one of those above, or a name is not a string.
    ValueError
        An axis that ``input`` does not have or that is named twice, an unknown order or name, or ``out`` cannot take the
        result.

    See Also
    --------
    sample : with kernel="bspline3" and prefilter=False, reads these coefficients.

    Notes
    -----
    M. Unser, "Splines: a perfect fit for signal and image processing", IEEE SPM 16 (1999). Beyond its input and result this
    takes no more memory than some blocks of lines; the result does not depend on the number of threads.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> signal = np.array([0.0, 1.0, 4.0, 9.0, 16.0])
    >>> coefficients = gridsample.spline_coefficients(signal)
    >>> at = np.array([[2.0], [2.5]])
    >>> gridsample.sample(coefficients, at, "bspline3", "reflection_center", prefilter=False).round(3)
    array([4.   , 5.911])
    """
    input = as_image("input", input)
    order = as_order(order)
    chosen = as_axes("axes", axes, input.ndim)
    boundaries = choose_boundaries("boundary", boundary, len(chosen))
    dtype = sums_dtype(input)
    if out is None:
        out = np.empty_like(input, dtype=dtype, subok=False)
    elif out is not input:
        check_out(out, input.shape, dtype, input=input)
    elif input.dtype.newbyteorder("=") != dtype or not input.flags.writeable:
        raise ValueError(f"out: expected a writeable array of dtype {dtype}; got input itself, {describe(input)}")
    filter_axes(input, out, order, tuple(zip(chosen, boundaries, strict=True)), adjoint=as_flag("adjoint", adjoint))
    return out


def as_order(order: Any) -> int:
    """Return the checked order of a spline."""
    if isinstance(order, bool) or not hasattr(order, "__index__"):
        raise TypeError(f"order: expected one of {', '.join(map(str, ORDERS))}; got {order!r} of type {type(order).__name__}")
    if order not in ORDERS:
        raise ValueError(f"order: expected one of {', '.join(map(str, ORDERS))}; got {order!r}")
    return operator.index(order)


def as_axes(argument: str, axes: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that a caller named, each from 0 on; all of them for None."""
    if axes is None:
        return tuple(range(ndim))
    try:
        numbers = tuple(operator.index(axis) for axis in (axes if isinstance(axes, (tuple, list)) else (axes,)))
    except TypeError:
        raise TypeError(f"{argument}: expected an int, or a sequence of ints; got {axes!r}") from None
    chosen = tuple(axis + ndim * (axis < 0) for axis in numbers)
    if len(set(chosen)) != len(chosen) or not all(0 <= axis < ndim for axis in chosen):
        raise ValueError(f"{argument}: expected different axes of input, from {-ndim} to {ndim - 1}; got {axes!r}")
    return chosen


# NOTE [the adjoint of the filter]
# The filter is the inverse of the matrix of samples of B-splines, whose entry (i, j) is the sum of b(i - j') over the places j'
# where coefficient j is repeated. Where an array is wrapped, or mirrored about its edges, those of j are as far from i as those
# of i from j: the matrix is symmetric, and so is the filter. Mirrored about their centres, the end samples have half as many
# images as the others: the matrix is a symmetric one whose first and last columns are halved. The transposed filter doubles
# the end samples before, and halves them after it.
def filter_axes(
    input: np.ndarray, out: np.ndarray, order: int, axes: Sequence[tuple[int, int]], *, adjoint: bool = False
) -> None:
    """Fill ``out`` with the coefficients of ``input`` along some axes, each with the code of its boundary."""
    centered = [adjoint and out.shape[axis] > 1 and _NAME_OF[boundary] in _ABOUT_CENTER for axis, boundary in axes]
    if input.dtype != out.dtype or not axes or any(centered):
        if out is not input:
            out[...] = input
        input = out
    for (axis, boundary), doubles in zip(axes, centered, strict=True):
        ends = np.moveaxis(out, axis, 0)[:: max(1, out.shape[axis] - 1)]
        if doubles:
            ends *= 2
        _engine.prefilter(input, out, axis, order, boundary)
        if doubles:
            ends /= 2
        input = out


# NOTE [splines beyond the border]
# An array that is mirrored or repeated has coefficients that are so too: as many as samples. One that goes on with a constant
# has coefficients beyond its ends, which fall off to that constant by a factor of 0.27 (order 3) or 0.43 (order 5) a sample. As
# SciPy does, we pad such axes, with 12 samples on each side, and filter and sample the padded array; what is left at its
# ends is not worth more. Order 7, which SciPy lacks, falls off by 0.54, and gets twice as many.
def padding(order: int, boundary: str) -> int:
    """Return how many samples coefficients of an array with this boundary have before its first and behind its last one."""
    return 0 if boundary not in _PADDED else 12 if order <= 5 else 24


def prefiltered(image: np.ndarray, spec: Spec, fill: np.ndarray) -> tuple[np.ndarray, Spec]:
    """Return what to sample instead of ``image`` (N, C, *spatial), and how, so that a spline kernel interpolates.

    ``fill``, float64, is the fill value of each channel (two numbers, if complex).
    """
    pads, inside = _place(spec, image.shape[2:])
    spatial, moved = padded(spec, image.shape[2:])
    out = empty_like_layout(image, (*image.shape[:2], *spatial), sums_dtype(image))
    if any(pads):
        values = fill.view(np.complex128) if image.dtype.kind == "c" else fill
        out[(slice(None), slice(None), *inside)] = image
        for axis, boundary in enumerate(spec.boundaries):
            rule = _NAME_OF[boundary]
            for pad, edge in _ends(axis, inside):
                if rule == "border":
                    out[pad] = out[edge]
                elif rule in _PADDED:
                    out[pad] = (values if rule == "constant" else np.zeros_like(values)).reshape(1, -1, *[1] * len(pads))
        image = out
    filter_axes(image, out, spec.order, _axes(spec))
    return out, moved


def prefiltered_adjoint(grad: np.ndarray, spec: Spec, spatial: tuple[int, ...]) -> np.ndarray:
    """Return the gradient with respect to the image from that with respect to what ``prefiltered`` returns, (N, C, *padded).

    ``grad`` is overwritten, and what is returned is a view of it; ``spatial`` are the sizes of the image.
    """
    _, inside = _place(spec, spatial)
    filter_axes(grad, grad, spec.order, _axes(spec), adjoint=True)
    for axis, boundary in reversed([*enumerate(spec.boundaries)]):
        if _NAME_OF[boundary] == "border":
            for pad, edge in _ends(axis, inside):
                grad[edge] += grad[pad].sum(axis=axis + 2, keepdims=True)
    return grad[(slice(None), slice(None), *inside)]


def _axes(spec: Spec) -> list[tuple[int, int]]:
    return [(axis + 2, boundary) for axis, boundary in enumerate(spec.boundaries)]


def _place(spec: Spec, spatial: tuple[int, ...]) -> tuple[list[int], tuple[slice, ...]]:
    """Return by how many samples each axis is padded, and where the image is then."""
    pads = [padding(spec.order, _NAME_OF[boundary]) for boundary in spec.boundaries]
    return pads, tuple(slice(pad, pad + size) for pad, size in zip(pads, spatial, strict=True))


def padded(spec: Spec, spatial: tuple[int, ...]) -> tuple[tuple[int, ...], Spec]:
    """Return the spatial sizes of coefficients, and a spec whose coordinates are those of the padded axes."""
    pads, _ = _place(spec, spatial)
    axes = (axis._replace(shift=axis.shift + pad, margin=axis.margin - pad) for axis, pad in zip(spec.axes, pads, strict=True))
    sizes = tuple(size + 2 * pad for size, pad in zip(spatial, pads, strict=True))
    return sizes, spec._replace(axes=tuple(axes))


def _ends(axis: int, inside: tuple[slice, ...]) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return, before and behind the samples along a spatial axis, where the padding is, and the samples beside it.

    Of the axes before it the padding is counted in, of those after it not: axes are padded one after the other.
    """
    before: tuple[slice, ...] = (slice(None),) * (axis + 2)
    along, after = inside[axis], inside[axis + 1 :]
    first, last = slice(along.start, along.start + 1), slice(along.stop - 1, along.stop)
    return [
        ((*before, slice(0, along.start), *after), (*before, first, *after)),
        ((*before, slice(along.stop, None), *after), (*before, last, *after)),
    ]
