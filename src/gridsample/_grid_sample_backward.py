"""PyTorch's spelling of the derivative of grid_sample, on NumPy arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridsample import _derivatives
from gridsample._arrays import (
    as_coords,
    as_float_image,
    broadcast_batch,
    channels_first,
    channels_last,
    check_out,
    check_space,
    fill_values,
)
from gridsample._grid_sample import grid_spec
from gridsample._spec import as_flag, choose, describe
from gridsample._spline import prefiltered, prefiltered_adjoint

__all__ = ["grid_sample_backward"]


def grid_sample_backward(
    grad_out: Any,
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str | Sequence[str] = "zeros",
    align_corners: bool = False,
    *,
    needs: tuple[bool, bool] = (True, True),
    channels: str = "first",
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
    out: tuple[Any, Any] = (None, None),
) -> tuple[np.ndarray | None, np.ndarray | None]:
    r"""Return the gradients of a loss for ``input`` and ``grid``, given that for ``grid_sample(input, grid, ...)``.

    Both come from one pass. The same bits come out for every number of threads.

    Parameters
    ----------
    grad_out : array, float16, bfloat16, float32, float64 or complex
        (N, C, \*out): the gradient of the loss for the result of ``grid_sample``.
    input : array, float16, bfloat16, float32, float64 or complex
        (N, C, W), (N, C, H, W) or (N, C, D, H, W), as it was given to ``grid_sample``. A complex input counts as
        pairs of real numbers.
    grid : array, float32, float64, float16 or bfloat16
        (N, \*out, ndim), normalised, x first, as it was given to ``grid_sample``.
    mode : {"bilinear", "nearest", "bicubic"}
        As for ``grid_sample``.
    padding_mode : str, or a sequence of one for each spatial axis
        As for ``grid_sample``. The gradient of ``grid`` is 0 where "border" holds the image, on the border too, as in PyTorch.
    align_corners : bool
        As for ``grid_sample``.
    needs : (bool, bool)
        Which of the two to compute.
    channels : {"first", "last"}
        Where the channels of ``grad_out``, ``input`` and its gradient are.
    fill_value : number, or one for each channel
        Of the padding "constant"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill"}
        With "fill", points outside give no gradient.
    nan : {"boundary", "propagate"}
        With "propagate", points at NaN give no gradient.
    cubic_a : float
        The parameter of the cubic kernel.
    prefilter : bool
        Of B-splines, as for ``sample``: ``input`` are samples, and the gradient is theirs; False if it holds coefficients.
    out : (array or None, array or None)
        Of the shapes and dtypes of ``input`` and ``grid``: the gradients are added to these.

    Returns
    -------
    (array or None, array or None)
        The gradients for ``input`` and ``grid``, in their shapes and dtypes, summed over the batch where theirs is 1
        and that of ``grad_out`` is not; None for what is not needed.

    Raises
    ------
    TypeError
        ``input`` or ``grad_out`` are integers, or another dtype is not one of those above.
    ValueError
        Shapes do not fit, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image, grid = np.array([[[[0.0, 8.0]]]]), np.array([[[[0.0, 0.0]]]])  # the middle of two pixels
    >>> gridsample.grid_sample_backward(np.ones((1, 1, 1, 1)), image, grid, padding_mode="border")
    (array([[[[0.5, 0.5]]]]), array([[[[8., 0.]]]]))
    """
    given, image, grid = as_float_image("grad_out", grad_out), as_float_image("input", input), as_coords("grid", grid)
    choose("outside", outside, ("boundary", "fill"))
    spec = grid_spec(image, grid, mode, padding_mode, align_corners, channels, cubic_a=cubic_a, outside=outside, nan=nan)
    last = channels == "last"
    moved, grad = (channels_first(array) if last and array.ndim > 2 else array for array in (image, given))
    check_space(moved.shape[2:], image)
    expected = (broadcast_batch(moved, grid.shape, "grid"), moved.shape[1], *grid.shape[1:-1])
    if grad.shape != expected:
        shape = (expected[0], *expected[2:], expected[1]) if last else expected
        raise ValueError(f"grad_out: expected the shape of the samples, {shape}; got {describe(given)}")
    fill = fill_values(fill_value, moved.shape[1], moved.dtype, moved)
    for total, array in zip(out, (image, grid), strict=True):
        if total is not None:
            check_out(total, array.shape, array.dtype.newbyteorder("="), grad_out=given, input=image, grid=grid)
    filters = as_flag("prefilter", prefilter) and spec.order > 0
    sampled, where = prefiltered(moved, spec, fill) if filters else (moved, spec)
    by_input, by_grid = _derivatives.backward(grad, sampled, grid, where, fill, (bool(needs[0]), bool(needs[1])))
    if filters and by_input is not None:
        by_input = prefiltered_adjoint(by_input, spec, moved.shape[2:]).astype(image.dtype.newbyteorder("="), copy=False)
    if by_input is not None and last:
        by_input = channels_last(by_input)
    return _added(by_input, out[0]), _added(by_grid, out[1])


def _added(gradient: np.ndarray | None, total: np.ndarray | None) -> np.ndarray | None:
    if gradient is None or total is None:
        return gradient
    total += gradient
    return total
