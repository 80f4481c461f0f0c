"""The general operator on NumPy arrays, in index units."""

from typing import Any

import numpy as np

from gridsample import _engine
from gridsample._coords import index_axes
from gridsample._spec import (
    MAX_NDIM,
    Spec,
    as_array,
    broadcast_batch,
    check_out,
    check_space,
    choose_boundaries,
    choose_kernel,
    describe,
)

__all__ = ["run", "sample"]


def sample(input: Any, coords: Any, kernel: str = "linear", boundary: str = "zeros", *, out: Any = None) -> np.ndarray:
    r"""Read ``input`` at ``coords``, given in index units, axis 0 first: sample i of an axis is at coordinate i.

    Parameters
    ----------
    input : array, float32 or float64
        (N, C, \*spatial), with 1 to 3 spatial axes; or (C, \*spatial), or (\*spatial), without a batch. Any strides.
    coords : array, float32 or float64
        (N, \*out, ndim) for a batched input, (\*out, ndim) otherwise; ``coords[..., k]`` is the position along spatial axis
        k of ``input``, in samples. ``ndim`` says how many axes of ``input`` are spatial. Batch 1 goes with any batch.
        float32 coordinates are exact to the 24th bit: use float64 for axes longer than some thousands of samples.
    kernel : {"nearest", "linear", "cubic"}
        The interpolation applied along each axis; cubic is Keys' with a = -0.75.
    boundary : {"zeros", "border", "reflection_edge", "reflection_center"}
        What a tap outside ``input`` reads.
    out : array, optional
        Takes the result: of its shape, dtype ``input.dtype``, any strides, no memory shared with the other arrays.

    Returns
    -------
    array
        (N, C, \*out), (C, \*out) or (\*out), of the dtype of ``input``.

    Raises
    ------
    TypeError
        A dtype is not float32 or float64, or a name is not a string.
    ValueError
        Shapes do not fit, ``input`` has an empty spatial axis, a name is unknown, or ``out`` cannot take the result.

    See Also
    --------
    grid_sample : the same in PyTorch's conventions: normalised units, x first.

    Notes
    -----
    Cubic: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29 (1981).

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.array([[0.0, 1.0], [10.0, 11.0]])
    >>> gridsample.sample(image, np.array([[1.0, 0.0], [0.5, 0.5]]))  # row 1, column 0; then the middle
    array([10. ,  5.5])
    """
    input, coords = as_array("input", input), as_array("coords", coords)
    ndim = coords.shape[-1] if coords.ndim else 0
    if not 1 <= ndim <= MAX_NDIM:
        raise ValueError(f"coords: expected (..., ndim) with ndim 1 to {MAX_NDIM}; got {describe(coords)}")
    leading = input.ndim - ndim
    if leading not in (0, 1, 2):
        raise ValueError(
            f"input: expected (N, C, *spatial), (C, *spatial) or (*spatial) with {ndim} spatial axes, as coords "
            f"{coords.shape} says; got {describe(input)}"
        )
    check_space(input, ndim)
    spec = Spec(choose_kernel(kernel), choose_boundaries(boundary, ndim), index_axes(ndim))
    if leading == 2:
        if coords.ndim < 2:
            raise ValueError(f"coords: expected (N, *out, {ndim}) for an input (N, C, *spatial); got {describe(coords)}")
        return run(input, coords, spec, out, "coords")
    full = input.reshape((1,) * (2 - leading) + input.shape)
    shape = input.shape[:leading] + coords.shape[:-1]
    if out is None:
        return run(full, coords[None], spec, None, "coords").reshape(shape)
    check_out(out, shape, input.dtype.newbyteorder("="), input=input, coords=coords)
    run(full, coords[None], spec, out[(None,) * (2 - leading)], "coords")
    return out


def run(input: np.ndarray, coords: np.ndarray, spec: Spec, out: Any, coords_name: str) -> np.ndarray:
    """Sample input (N, C, *spatial) at coords (N, *out, ndim); every dialect ends here."""
    check_space(input, input.ndim - 2)
    batch = broadcast_batch(input, coords, coords_name)
    shape = (batch, input.shape[1], *coords.shape[1:-1])
    dtype = input.dtype.newbyteorder("=")
    if out is None:
        out = _engine.empty(shape, dtype)
    else:
        check_out(out, shape, dtype, **{"input": input, coords_name: coords})
    _engine.sample(input, coords, out, spec)
    return out
