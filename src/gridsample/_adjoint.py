"""The transpose of sampling and the slope of the sampled field, in index units."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridsample import _derivatives
from gridsample._arrays import (
    as_coords,
    as_float_image,
    channels_first,
    check_out,
    check_space,
    fill_values,
    sums_dtype,
    too_large,
    with_axes,
)
from gridsample._coords import index_axes
from gridsample._spec import MAX_NDIM, Spec, as_flag, choose, choose_boundaries, describe, make_spec, sizes_of
from gridsample._spline import padded, prefiltered, prefiltered_adjoint

__all__ = ["sample_adjoint", "sample_count", "sample_gradient"]


def sample_adjoint(
    values: Any,
    coords: Any,
    shape: Sequence[int],
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    channels: str = "first",
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
    out: Any = None,
) -> np.ndarray:
    r"""Scatter ``values`` to where ``sample`` reads: its exact transpose, also called push or splat.

    For every image x and values y, ``(sample(x, coords) * y).sum() == (x * sample_adjoint(y, coords, x.shape)).sum()``, but for
    rounding. The same bits come out for every number of threads.

    Parameters
    ----------
    values : array, float16, bfloat16, float32, float64 or complex
        (N, C, \*out), (C, \*out) or (\*out): one for each point and channel, as ``sample`` returns them.
    coords : array, float32, float64, float16 or bfloat16
        (N, \*out, ndim), or (\*out, ndim) without a batch: positions in index units, axis 0 first. Batch 1 goes with any batch.
    shape : sequence of int
        Of the image: (N, C, \*spatial), (C, \*spatial) or (\*spatial), with the ndim spatial axes that ``coords`` says. With
        N = 1 the values of a whole batch are summed into one image.
    kernel : str
        As for ``sample``.
    boundary : str, or a sequence of one for each spatial axis
        As for ``sample``. What "zeros" and "constant" read outside the image goes nowhere.
    channels : {"first", "last"}
        Where the channels of ``values``, ``shape`` and the result are: "last" means (N, \*spatial, C) or (\*spatial, C).
    outside : {"boundary", "fill"}
        With "fill", values of points outside go nowhere.
    nan : {"boundary", "propagate"}
        With "propagate", values of points at NaN go nowhere.
    cubic_a : float
        The parameter of the cubic kernel.
    prefilter : bool
        Of B-splines, as for ``sample``: the adjoint of the filter is part of it; with False the result is one of coefficients.
    out : array, optional
        Of ``shape`` and the dtype of ``values``: what is scattered is added to it.

    Returns
    -------
    array
        Of ``shape``, of the dtype of ``values``.

    Raises
    ------
    TypeError
        ``values`` are integers, or another dtype is not one of those above.
    ValueError
        Shapes do not fit, a name is unknown, or ``out`` cannot take the result.

    Notes
    -----
    The adjoint of interpolation is gridding: M. Unser, "Sampling: 50 years after Shannon", Proc. IEEE 88 (2000).

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> gridsample.sample_adjoint(np.array([8.0]), np.array([[0.25]]), (3,))  # a quarter of the way from 0 to 1
    array([6., 2., 0.])
    """
    values, coords = as_float_image("values", values), as_coords("coords", coords)
    sizes = sizes_of("shape", shape)
    ndim = coords.shape[-1] if coords.ndim else 0
    leading = len(sizes) - ndim
    if not 1 <= ndim <= MAX_NDIM or leading not in (0, 1, 2):
        raise ValueError(
            f"shape: expected (N, C, *spatial), (C, *spatial) or (*spatial), with the ndim = {ndim} axes that coords "
            f"{coords.shape} says, 1 to {MAX_NDIM}; got {sizes}"
        )
    last = leading > 0 and choose("channels", channels, ("first", "last")) == "last"
    spec = _make_spec(kernel, boundary, ndim, outside, nan, cubic_a)
    if out is not None:
        out = check_out(out, sizes, values.dtype.newbyteorder("="), values=values, coords=coords)
    points = with_axes("coords", coords, int(leading < 2))
    try:
        image = np.zeros(sizes, values.dtype.newbyteorder("=")) if out is None else out
    except ValueError:
        raise too_large("shape", sizes, values.dtype) from None
    target, given = _with_batch("out", image, leading, last), _with_batch("values", values, leading, last)
    check_space(target.shape[2:], image, "shape")
    expected = (given.shape[0], target.shape[1], *points.shape[1:-1])
    if given.shape != expected or {target.shape[0], points.shape[0]} - {1, given.shape[0]}:
        raise ValueError(
            f"values: expected one for each channel of shape {sizes} and point of coords {coords.shape}; got {describe(values)}"
        )
    if as_flag("prefilter", prefilter) and spec.order:
        sizes_of_coefficients, moved = padded(spec, target.shape[2:])
        dtype = sums_dtype(given)
        coefficients = np.zeros((*target.shape[:2], *sizes_of_coefficients), dtype)
        _derivatives.adjoint(given.astype(dtype, copy=False), points, coefficients, moved)
        target += prefiltered_adjoint(coefficients, spec, target.shape[2:]).astype(target.dtype, copy=False)
    else:
        _derivatives.adjoint(given, points, target, spec)
    return image


def sample_count(
    coords: Any,
    shape: Sequence[int],
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
) -> np.ndarray:
    r"""Count how often each sample is read: the sum of the weights that ``sample`` gives it, over all points.

    Dividing a ``sample_adjoint`` by it turns the sum of what was scattered into its mean.

    Parameters
    ----------
    coords : array, float32, float64, float16 or bfloat16
        (\*out, ndim): positions in index units, axis 0 first.
    shape : sequence of int
        The spatial sizes of the image, one for each of the ndim axes.
    kernel : str
        As for ``sample``; for B-splines, of their coefficients (``prefilter=False``).
    boundary : str, or a sequence of one for each spatial axis
        As for ``sample``.
    outside : {"boundary", "fill"}
        With "fill", points outside do not count.
    nan : {"boundary", "propagate"}
        With "propagate", points at NaN do not count.
    cubic_a : float
        The parameter of the cubic kernel.

    Returns
    -------
    array
        Of ``shape``: float64 for float64 ``coords``, else float32.

    Raises
    ------
    TypeError
        The dtype of ``coords`` is not one of those above.
    ValueError
        Shapes do not fit, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> gridsample.sample_count(np.array([[0.25], [1.0], [1.0]]), (3,))
    array([0.75, 2.25, 0.  ])
    """
    coords = as_coords("coords", coords)
    ones = np.ones(coords.shape[:-1], np.float64 if coords.dtype.name == "float64" else np.float32)
    return sample_adjoint(ones, coords, shape, kernel, boundary, outside=outside, nan=nan, cubic_a=cubic_a, prefilter=False)


def sample_gradient(
    input: Any,
    coords: Any,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    channels: str = "first",
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
) -> np.ndarray:
    r"""Return the slope of the field that ``sample`` reads: its derivative along each spatial axis, at ``coords``.

    Parameters
    ----------
    input : array, float16, bfloat16, float32, float64 or complex
        (N, C, \*spatial), (C, \*spatial) or (\*spatial), as for ``sample``.
    coords : array, float32, float64, float16 or bfloat16
        (N, \*out, ndim), or (\*out, ndim) without a batch: positions in index units, axis 0 first.
    kernel : str
        As for ``sample``; for B-splines ``input`` holds coefficients. The slope of "nearest" is 0; that of "linear" jumps at
        the samples, where it is the one to the right.
    boundary : str, or a sequence of one for each spatial axis
        As for ``sample``. Where "border" holds the field it is level; where a reflection reads it backwards its slope has
        the other sign. On the border itself the slope is 0, as in PyTorch.
    channels : {"first", "last"}
        Where the channels of ``input`` and the result are.
    fill_value : number, or one for each channel
        Of the boundary "constant"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill"}
        With "fill", the slope outside is 0.
    nan : {"boundary", "propagate"}
        The slope at NaN is 0 either way along the axis where the NaN is; with "propagate" along the others too.
    cubic_a : float
        The parameter of the cubic kernel.
    prefilter : bool
        Of B-splines, as for ``sample``: ``input`` are samples; False if it holds coefficients already.

    Returns
    -------
    array
        (N, C, \*out, ndim), (C, \*out, ndim) or (\*out, ndim), or with the channels before ndim if they are last: per sample of
        the axis, axis 0 first, of the dtype of ``input``.

    Raises
    ------
    TypeError
        ``input`` are integers, or another dtype is not one of those above.
    ValueError
        Shapes do not fit, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.array([[0.0, 1.0], [10.0, 11.0]])
    >>> gridsample.sample_gradient(image, np.array([[0.5, 0.5]]))  # per row, per column
    array([[10.,  1.]])
    """
    input, coords = as_float_image("input", input), as_coords("coords", coords)
    ndim = coords.shape[-1] if coords.ndim else 0
    leading = input.ndim - ndim
    if not 1 <= ndim <= MAX_NDIM or leading not in (0, 1, 2) or coords.ndim < 1 + (leading == 2):
        raise ValueError(
            f"coords: expected (*out, ndim), or (N, *out, ndim) for an input (N, C, *spatial), with ndim 1 to {MAX_NDIM}; "
            f"got {describe(coords)} for input {describe(input)}"
        )
    last = leading > 0 and choose("channels", channels, ("first", "last")) == "last"
    image, points = _with_batch("input", input, leading, last), with_axes("coords", coords, int(leading < 2))
    check_space(image.shape[2:], input)
    spec = _make_spec(kernel, boundary, ndim, outside, nan, cubic_a)
    sizes = {image.shape[0], points.shape[0]}
    if len(sizes) > 1 and 1 not in sizes:
        raise ValueError(f"coords: expected the batch size of input, {image.shape[0]}, or 1; got {describe(coords)}")
    batch = max(sizes) if 0 not in sizes else 0
    fill = fill_values(fill_value, image.shape[1], image.dtype, image)
    shape = (batch, image.shape[1], *points.shape[1:-1], ndim)
    try:
        slope = np.empty(shape, image.dtype.newbyteorder("="))
    except ValueError:
        raise too_large("coords", shape, image.dtype) from None
    if as_flag("prefilter", prefilter) and spec.order:
        image, spec = prefiltered(image, spec, fill)
    for axis in range(ndim):
        orders = tuple(int(axis == other) for other in range(ndim))
        _derivatives.sample_orders(image, points, slope[..., axis], spec, fill, orders)
    result = np.moveaxis(slope, 1, -2) if last else slope
    return result if leading == 2 else result[0] if leading else result[0, 0]


def _make_spec(kernel: Any, boundary: Any, ndim: int, outside: Any, nan: Any, cubic_a: Any) -> Spec:
    choose("outside", outside, ("boundary", "fill"))
    boundaries = choose_boundaries("boundary", boundary, ndim)
    return make_spec(kernel, boundaries, index_axes(ndim), cubic_a=cubic_a, outside=outside, nan=nan)


def _with_batch(argument: str, array: np.ndarray, leading: int, last: bool) -> np.ndarray:
    """View an array with ``leading`` axes before the others as (N, C, ...)."""
    array = with_axes(argument, array, 2 - leading)
    return channels_first(array) if last else array
