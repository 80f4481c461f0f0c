"""PyTorch's spelling: grid_sample and affine_grid on NumPy arrays, and the grid that changes nothing."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gridsample._arrays import as_coords, as_dtype, as_image, too_large
from gridsample._coords import normalized_axes
from gridsample._frameworks import refuse, torch_front_end
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._sample import run
from gridsample._small import Calls, is_usual
from gridsample._spec import MAX_NDIM, Spec, as_flag, choose, choose_boundaries, describe, make_spec, positive_ints

__all__ = ["MODES", "PADDING_MODES", "affine_grid", "grid_sample", "grid_spec", "identity_grid", "padding_names"]

MODES = {
    "nearest": "nearest",
    "bilinear": "linear",
    "bicubic": "cubic",
    "linear": "linear",
    "trilinear": "linear",
    "cubic": "cubic",
    "tricubic": "cubic",
    **{name: name for name in KERNELS if name not in ("nearest", "linear", "cubic")},
}
"""Mode names, PyTorch's own first, and the kernels they mean; the number of axes is the input's, whatever the name says."""

_GRID_DTYPES = ("float32", "float64")

PADDING_MODES = ("zeros", "border", "reflection")
"""PyTorch's padding modes. Where the mirror of "reflection" is depends on ``align_corners``; the other names are those of the
boundaries, each of which can be asked for whatever ``align_corners`` is."""

_PADDING_NAMES = {
    corners: {name: name for name in (*PADDING_MODES, *BOUNDARIES)} | {"reflection": mirror}
    for corners, mirror in ((False, "reflection_edge"), (True, "reflection_center"))
}


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str | Sequence[str] = "zeros",
    align_corners: bool = False,
    *,
    channels: str = "first",
    dtype: Any = None,
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
    return_mask: bool = False,
    out: Any = None,
) -> Any:
    """Read ``input`` at the positions in ``grid``: ``torch.nn.functional.grid_sample`` on NumPy arrays, and on tensors.

    Tensors go to ``gridsample.torch.grid_sample``, which is differentiable.

    Parameters
    ----------
    input : array
        (N, C, W), (N, C, H, W) or (N, C, D, H, W). Any strides; any dtype of ``gridsample``: integers of up to 16 bits and
        int32, floats of 16 (bfloat16 too), 32 and 64 bits, complex.
    grid : array, float32, float64, float16 or bfloat16
        (N, W_out, 1), (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3): normalised positions, **x first**: ``grid[..., 0]``
        is x and runs along W, ``[..., 1]`` is y along H, ``[..., 2]`` is z along D; -1 and 1 are the ends of the axis. Need
        not have the dtype of ``input``; 16-bit ones are computed in float32. Batch 1 goes with any batch.
    mode : {"bilinear", "nearest", "bicubic"}
        "linear" and "trilinear" are "bilinear"; "cubic" and "tricubic" are "bicubic" (Keys), in 1-D to 3-D. "nearest" takes
        the even index halfway. The other kernels of ``sample`` go by their names there, as "bspline3" and "lanczos3".
    padding_mode : str, or a sequence of one for each spatial axis, in the order of ``input``
        What is outside: "zeros"; "border", the nearest sample of the border; "reflection", the image mirrored about its
        border: about the outer edge of the last sample, or about its centre with ``align_corners=True`` ("reflection_edge"
        and "reflection_center" say so themselves); "wrap", the image repeated; "constant", ``fill_value``.
    align_corners : bool
        Where -1 and 1 are: at the outer edges of the end samples (False), or at their centres (True).
    channels : {"first", "last"}
        Where the channels of ``input``, ``out`` and the result are: "last" means (N, H, W, C).
    dtype : dtype, optional
        Of the result; that of ``input`` if not given. Integers are rounded half to even and saturated.
    fill_value : number, or one for each channel
        Of the padding "constant" and the outside rule "fill"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill", "keep"}
        What a whole sample is whose position is outside: what the padding says, ``fill_value``, or what ``out`` holds already.
        Its index, as rounded, decides: outside is before -1/2 or after size - 1/2 along some axis, or with
        ``align_corners=True`` before 0 or after size - 1, where all that is finite is inside an axis of one sample.
    nan : {"boundary", "propagate"}
        What a sample at NaN is: what the padding says (outside with zeros and constant, index 0 with the others), or NaN.
    cubic_a : float
        The parameter of the cubic kernel: -0.75 as in PyTorch and OpenCV, -0.5 for Catmull-Rom.
    prefilter : bool
        Of B-splines: ``input`` are samples, which the spline goes through; False if it holds ``spline_coefficients`` already.
    return_mask : bool
        Return (result, mask), where mask, bool (N, H_out, W_out), says which positions are inside, as for ``outside``.
    out : array, optional
        Takes the result: of its shape and dtype, any strides, no memory shared with the other arrays.

    Returns
    -------
    array
        (N, C, W_out), (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out), or with the channels last; in the memory layout of
        ``input``.

    Raises
    ------
    TypeError
        A dtype is not one of those above, a mode is not a string, or ``align_corners`` is not True or False.
    ValueError
        Shapes do not fit, ``input`` has an empty spatial axis, a mode is unknown, ``fill_value`` is none that the dtype or
        the type of the sums holds, or ``out`` cannot take the result (or is missing, with ``outside="keep"``).

    See Also
    --------
    sample : the same in index units, axis 0 first.
    identity_grid : the grid that changes nothing; add a displacement to it.

    Notes
    -----
    M. Jaderberg et al., "Spatial transformer networks", NeurIPS 2015; numbers as in PyTorch 2.13.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.arange(6.0).reshape(1, 1, 2, 3)
    >>> grid = np.array([[[[1.0, -1.0], [0.0, 0.0]]]])  # the right end of the top row; then the middle
    >>> gridsample.grid_sample(image, grid, align_corners=True)
    array([[[[2. , 2.5]]]])
    """
    key = None
    named = type(mode) is type(padding_mode) is type(channels) is str and type(align_corners) is bool
    usual = named and is_usual(dtype, fill_value, outside, nan, cubic_a, prefilter, return_mask, out)
    if usual and type(input) is type(grid) is np.ndarray:
        key = (input.shape, grid.shape, input.dtype.num, grid.dtype.num, mode, padding_mode, align_corners, channels)
        known = _calls.call(key, input, grid)
        if known is not None:
            return known
    tensors = torch_front_end(input, grid)
    if tensors is not None:
        refuse(channels=(channels, "first"), dtype=(dtype, None))
        refuse(return_mask=(return_mask, False), out=(out, None))
        options = {"fill_value": fill_value, "outside": outside, "nan": nan, "cubic_a": cubic_a, "prefilter": prefilter}
        return tensors.grid_sample(input, grid, mode, padding_mode, align_corners, **options)
    input, grid = as_image("input", input), as_coords("grid", grid)
    spec = grid_spec(input, grid, mode, padding_mode, align_corners, channels, cubic_a=cubic_a, outside=outside, nan=nan)
    result = run(
        input,
        grid,
        spec,
        "grid",
        channels=channels,
        dtype=dtype,
        fill_value=fill_value,
        prefilter=prefilter,
        return_mask=return_mask,
        out=out,
    )
    if key is not None:
        _calls.remember(key, input, grid, result, grid, spec, last=channels == "last")
    return result


_calls = Calls()


def grid_spec(
    input: np.ndarray, grid: np.ndarray, mode: Any, padding_mode: Any, align_corners: Any, channels: Any, **options: Any
) -> Spec:
    """Return the description of a problem in PyTorch's conventions, its arrays checked to fit each other."""
    ndim = input.ndim - 2
    if not 1 <= ndim <= MAX_NDIM:
        raise ValueError(f"input: expected (N, C, W), (N, C, H, W) or (N, C, D, H, W); got {describe(input)}")
    if grid.ndim != input.ndim or grid.shape[-1] != ndim:
        wanted = "(N, " + "".join(f"{axis}_out, " for axis in "DHW"[3 - ndim :]) + f"{ndim})"
        raise ValueError(f"grid: expected {wanted} for an input of shape {input.shape}; got {describe(grid)}")
    given = (input.shape, mode, padding_mode, align_corners, channels, tuple(options), *options.values())
    try:
        return _known_spec(*given)
    except TypeError:  # a list of paddings is not to be hashed; or one of them is wrong, and says so again
        return _known_spec.__wrapped__(*given)


# The same call again, as in a loop over many small images, is not checked again. `typed`, since 1 is True to a dictionary.
@lru_cache(maxsize=1024, typed=True)
def _known_spec(
    shape: tuple[int, ...],
    mode: Any,
    padding_mode: Any,
    align_corners: Any,
    channels: Any,
    names: tuple[str, ...],
    *options: Any,
) -> Spec:
    kernel = MODES[choose("mode", mode, MODES)]
    align_corners = as_flag("align_corners", align_corners)
    last = choose("channels", channels, ("first", "last")) == "last"
    boundaries = choose_boundaries("padding_mode", padding_mode, len(shape) - 2, padding_names(align_corners))
    axes = normalized_axes(shape[1:-1] if last else shape[2:], align_corners)
    return make_spec(kernel, boundaries, axes, **dict(zip(names, options, strict=True)))


def padding_names(align_corners: bool) -> dict[str, str]:
    """Return the names of paddings and the boundaries they mean."""
    return _PADDING_NAMES[align_corners]


def _base_positions(size: int, align_corners: bool, dtype: np.dtype) -> np.ndarray:
    """Return the normalised positions of the samples of one axis."""
    if size == 1:
        return np.zeros(1, dtype)
    positions = np.linspace(-1.0, 1.0, size)
    return (positions if align_corners else positions * ((size - 1) / size)).astype(dtype)


def identity_grid(size: Any, align_corners: bool = False, *, dtype: Any = np.float32) -> np.ndarray:
    """Return the grid at which ``grid_sample`` returns the input unchanged; add a displacement to warp.

    Parameters
    ----------
    size : sequence of int
        (N, C, W), (N, C, H, W) or (N, C, D, H, W), as of the image; C is not used.
    align_corners : bool
        As it will be given to ``grid_sample``.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    array
        (N, W, 1), (N, H, W, 2) or (N, D, H, W, 3), normalised, x first.

    Raises
    ------
    TypeError
        ``dtype`` is not float32 or float64, or ``align_corners`` is not True or False.
    ValueError
        ``size`` is not 3 to 5 positive whole numbers.

    Examples
    --------
    >>> import gridsample
    >>> gridsample.identity_grid((1, 1, 2, 2), align_corners=True)[0, 0]  # the top row: (x, y) of both ends
    array([[-1., -1.],
           [ 1., -1.]], dtype=float32)
    """
    batch, spatial = _split_size(size)
    dtype, align_corners = as_dtype("dtype", dtype, _GRID_DTYPES), as_flag("align_corners", align_corners)
    ndim = len(spatial)
    try:
        grid = np.empty((batch, *spatial, ndim), dtype)
    except ValueError:
        raise too_large("size", (batch, *spatial, ndim), dtype) from None
    for axis, length in enumerate(spatial):
        shape = [1] * ndim
        shape[axis] = length
        grid[..., ndim - 1 - axis] = _base_positions(length, align_corners, dtype).reshape(shape)
    return grid


def affine_grid(theta: Any, size: Any, align_corners: bool = False) -> np.ndarray:
    r"""Return the grid of an affine map: ``torch.nn.functional.affine_grid`` on NumPy arrays.

    Parameters
    ----------
    theta : array, float32 or float64
        (N, ndim, ndim + 1): each matrix takes an output position (x, y[, z], 1), normalised, to the input position to read.
    size : sequence of int
        Of the output: (N, C, W), (N, C, H, W) or (N, C, D, H, W); C is not used.
    align_corners : bool
        As it will be given to ``grid_sample``.

    Returns
    -------
    array
        (N, \*spatial, ndim), normalised, x first, of the dtype of ``theta``.

    Raises
    ------
    TypeError
        ``theta`` is not float32 or float64, or ``align_corners`` is not True or False.
    ValueError
        ``theta`` is not (N, ndim, ndim + 1) for the N and the spatial axes of ``size``.

    Notes
    -----
    The position at the output position (x, y[, z]) is theta @ (x, y[, z], 1): M. Jaderberg et al., "Spatial transformer
    networks", NeurIPS 2015, equation 1, in the conventions of PyTorch 2.13.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> flip = np.array([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])  # x becomes -x
    >>> image = np.arange(3.0).reshape(1, 1, 1, 3)
    >>> grid = gridsample.affine_grid(flip, image.shape, align_corners=True)
    >>> gridsample.grid_sample(image, grid, align_corners=True)
    array([[[[2., 1., 0.]]]])
    """
    batch, spatial = _split_size(size)
    theta = as_coords("theta", theta)
    if theta.dtype.name not in _GRID_DTYPES:
        raise TypeError(f"theta: expected dtype float32 or float64; got {describe(theta)}")
    ndim = len(spatial)
    if theta.shape != (batch, ndim, ndim + 1):
        raise ValueError(f"theta: expected shape {(batch, ndim, ndim + 1)} for size {tuple(size)}; got {describe(theta)}")
    align_corners = as_flag("align_corners", align_corners)
    theta = theta.astype(theta.dtype.newbyteorder("="), copy=False)
    grid = np.empty((batch, *spatial, ndim), theta.dtype)
    for row in range(ndim):  # by broadcasting: the first sums are of rows and planes, not of every point
        total = theta[:, row, -1].reshape(batch, *[1] * ndim)
        for axis, length in reversed(list(enumerate(spatial))):
            along = theta[:, row, ndim - 1 - axis, None] * _base_positions(length, align_corners, theta.dtype)
            shape = [1] * ndim
            shape[axis] = length
            total = total + along.reshape(batch, *shape)
        grid[..., row] = total
    return grid


def _split_size(size: Any) -> tuple[int, tuple[int, ...]]:
    sizes = positive_ints("size", size)
    if not 3 <= len(sizes) <= 2 + MAX_NDIM:
        raise ValueError(f"size: expected (N, C, W), (N, C, H, W) or (N, C, D, H, W); got {tuple(size)}")
    return sizes[0], sizes[2:]
