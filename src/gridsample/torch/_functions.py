"""``grid_sample`` and ``sample`` on tensors: checks, and the choice of who computes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gridsample._grid_sample import MODES, padding_names
from gridsample._modes import KERNELS
from gridsample._spec import MAX_NDIM, as_flag, choose, choose_boundaries
from gridsample.torch import _cpu, _portable, _small, _spline, ops
from gridsample.torch._autograd import Sample
from gridsample.torch._check import check_devices, check_sizes, make_options
from gridsample.torch._options import INDEX, Options, normalized

__all__ = ["grid_sample", "sample"]


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str | Sequence[str] = "zeros",
    align_corners: bool | None = None,
    *,
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
) -> Tensor:
    """Read ``input`` at the positions in ``grid``: ``torch.nn.functional.grid_sample`` with gridsample's core and modes.

    Differentiable by ``input`` and ``grid``, in reverse and forward mode, to every order; works with ``torch.func``,
    ``torch.compile``, ``torch.export`` and, in the modes that ONNX has, ``torch.onnx.export``. Results and gradients are the
    same bits for every number of threads, which is ``torch.get_num_threads()``.

    Parameters
    ----------
    input : Tensor
        (N, C, W), (N, C, H, W) or (N, C, D, H, W), of any strides; floating, complex, uint8, int8, int16, uint16 or int32.
    grid : Tensor, float32, float64, float16 or bfloat16
        (N, W_out, 1), (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3): normalised positions, **x first**: -1 and 1 are the
        ends of the axis. Need not have the dtype of ``input``; 16-bit ones are computed in float32. Batch 1 goes with any.
    mode : {"bilinear", "nearest", "bicubic"}
        "linear" and "trilinear" are "bilinear"; "cubic" and "tricubic" are "bicubic", in 1-D to 3-D. On the CPU
        also the others of ``gridsample.grid_sample``: "bspline2" to "bspline7", "lanczos2" to "lanczos4", "mitchell".
    padding_mode : str, or a sequence of one for each spatial axis, in the order of ``input``
        "zeros", "border", "reflection", "reflection_edge", "reflection_center", "wrap" or "constant", as of
        ``gridsample.grid_sample``.
    align_corners : bool, optional
        Where -1 and 1 are: at the outer edges of the end samples (False, and if not given), or at their centres (True).
    fill_value : number, or one for each channel
        Of the padding "constant" and the outside rule "fill"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill"}
        What a whole sample is whose position is outside: what the padding says, or ``fill_value``. Its index, as rounded,
        decides, as of ``gridsample.grid_sample``.
    nan : {"boundary", "propagate"}
        What a sample at NaN is: what the padding says (outside with zeros and constant, index 0 with the others), or NaN. Its
        gradient is 0.
    cubic_a : float
        The parameter of the cubic kernel: -0.75 as in PyTorch, -0.5 for Catmull-Rom.
    prefilter : bool
        Of B-splines: find the coefficients of ``input`` first, through which gradients go; False if it holds coefficients.

    Returns
    -------
    Tensor
        (N, C, W_out), (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out), of the dtype of ``input``, channels last if those of
        ``input`` are.

    Raises
    ------
    TypeError
        An argument is no tensor, or of a dtype that is not one of those above, or a name is not a string.
    ValueError
        Shapes do not fit, devices differ, a tensor is sparse, ``input`` has an empty spatial axis, or a name is unknown.

    See Also
    --------
    gridsample.grid_sample : the same on NumPy arrays.
    sample : the same in index units, axis 0 first.

    Notes
    -----
    M. Jaderberg et al., "Spatial transformer networks", NeurIPS 2015; numbers and gradients as in PyTorch 2.13, but for those
    cases that ``docs/design.md`` lists. Tensors on other devices are sampled there, by ``F.grid_sample`` where it has the mode.

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> image = torch.arange(6.0).reshape(1, 1, 2, 3).requires_grad_()
    >>> grid = torch.tensor([[[[1.0, -1.0], [0.0, 0.0]]]])  # the right end of the top row; then the middle
    >>> out = gridsample.torch.grid_sample(image, grid, align_corners=True)
    >>> out.detach()
    tensor([[[[2.0000, 2.5000]]]])
    >>> out.sum().backward()
    >>> image.grad[0, 0, :, 1]  # the middle of an image of two rows is read from both
    tensor([0.5000, 0.5000])
    """
    key = None
    usual = outside is nan is _BOUNDARY and type(cubic_a) is float and cubic_a == _CUBIC_A
    if usual and prefilter is True and type(fill_value) is int and fill_value == 0:
        key = _small.key(input, grid, mode, padding_mode, align_corners)
        known = None if key is None else _small.call(key, input, grid)
        if known is not None:
            return known
    given = (mode, padding_mode, align_corners, fill_value, outside, nan, cubic_a)
    with _tracer_paused() as is_traced:
        options = _checked(_grid_options, input, grid, given)
        is_torch_mode = (is_traced or not _has_core(input)) and _is_torch_mode(input, grid, options)
    if as_flag("prefilter", prefilter) and options.kernel in _SPLINES:
        return _spline_sample(input, grid, options)
    if _cpu.is_plain(input, grid):
        result = _plain_sample(input, grid, options)
        if key is not None:
            _small.remember(key, input, grid, result, options)
        return result
    if is_torch_mode or (torch.onnx.is_in_onnx_export() and _is_torch_mode(input, grid, options)):
        name = "bicubic" if options.kernel == "cubic" else "bilinear" if options.kernel == "linear" else "nearest"
        padding = options.boundaries[0].partition("_")[0]
        return F.grid_sample(input, grid, name, padding, options.units == normalized(True))
    if is_traced and not torch.onnx.is_in_onnx_export():
        raise RuntimeError(
            "grid_sample(): torch.jit.trace records PyTorch's own modes of tensors only; use torch.export instead"
        )
    return _sample(input, grid, options)


@contextmanager
def _tracer_paused() -> Iterator[bool]:
    """Do what is of no interest to ``torch.jit.trace``, such as checks, and say whether it is at work."""
    state = torch._C._get_tracing_state()
    torch._C._set_tracing_state(None)
    try:
        yield state is not None
    finally:
        torch._C._set_tracing_state(state)


_BOUNDARY, _CUBIC_A = "boundary", -0.75

_SPLINES = {kernel.name for kernel in KERNELS.values() if kernel.order}

_known: dict[Any, Options] = {}
_MOST_KNOWN = 4096


def _checked(check: Callable[..., Options], input: Tensor, coords: Tensor, given: tuple[Any, ...]) -> Options:
    """Return the checked options; the same call again is known by its shapes, dtypes and arguments, and not checked again."""
    if torch.compiler.is_compiling():
        return check(input, coords, *given)
    try:
        tensors = (
            input.shape,
            input.dtype,
            input.layout,
            input.device,
            coords.shape,
            coords.dtype,
            coords.layout,
            coords.device,
        )
        key = (check, tensors, given, type(given[2]), type(given[-1]))  # True is 1 to a dictionary
        options = _known.get(key)
    except (AttributeError, TypeError):  # no tensor, or not to be hashed, as a list of fill values
        return check(input, coords, *given)
    if options is None:
        options = check(input, coords, *given)
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = options
    return options


def _grid_options(input: Tensor, grid: Tensor, mode: Any, padding_mode: Any, align_corners: Any, *rest: Any) -> Options:
    check_devices("grid_sample", input, "grid", grid)
    if input.ndim != grid.ndim:
        raise ValueError(
            "grid_sample(): expected 3D, 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    check_sizes("grid_sample", input, "grid", grid)
    kernel = MODES[choose("mode", mode, MODES)]
    corners = align_corners is not None and as_flag("align_corners", align_corners)
    boundaries = choose_boundaries("padding_mode", padding_mode, input.ndim - 2, padding_names(corners))
    return make_options("grid_sample", input, kernel, boundaries, normalized(corners), *rest)


def _is_torch_mode(input: Tensor, grid: Tensor, options: Options) -> bool:
    """Whether ``F.grid_sample`` has this mode, with the same meaning."""
    corners = options.units == normalized(True)
    paddings = {"zeros", "border", "reflection_center" if corners else "reflection_edge"}
    return (
        options.kernel in ("nearest", "linear", "cubic")
        and input.ndim in (4, 5)
        and input.dtype == grid.dtype
        and input.dtype in (torch.float32, torch.float64)
        and input.shape[0] == grid.shape[0]
        and not (options.kernel == "cubic" and (input.ndim == 5 or options.cubic_a != -0.75))
        and len({*options.boundaries}) == 1
        and options.boundaries[0] in paddings
        and options.outside == "boundary"
        and options.nan == "boundary"
    )


def _has_core(input: Tensor) -> bool:
    return input.device.type in ("cpu", "meta")


def _sample(input: Tensor, coords: Tensor, options: Options) -> Tensor:
    if not _has_core(input):
        return _portable.sample(input, coords, options)
    if _cpu.is_plain(input, coords):
        return _plain_sample(input, coords, options)
    return ops.sample(input, coords, options, (0,) * len(options.boundaries))


def _spline_sample(input: Tensor, coords: Tensor, options: Options) -> Tensor:
    return _sample(*_spline.prefiltered(input, coords, options)).to(input.dtype)


def _plain_sample(input: Tensor, coords: Tensor, options: Options) -> Tensor:
    """Do what ``ops.sample`` does with plain tensors."""
    orders = (0,) * len(options.boundaries)
    if torch.is_grad_enabled() and (input.requires_grad or coords.requires_grad):
        return Sample.apply(input, coords, options, orders)
    return _cpu.sample(input, coords, options, orders)


def sample(
    input: Tensor,
    coords: Tensor,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    fill_value: Any = 0,
    outside: str = "boundary",
    nan: str = "boundary",
    cubic_a: float = -0.75,
    prefilter: bool = True,
) -> Tensor:
    r"""Read ``input`` at ``coords``, given in index units, axis 0 first: sample i of an axis is at coordinate i.

    Differentiable as ``grid_sample`` is.

    Parameters
    ----------
    input : Tensor
        (N, C, \*spatial), with 1 to 3 spatial axes; or (C, \*spatial), or (\*spatial), without a batch.
    coords : Tensor, float32, float64, float16 or bfloat16
        (N, \*out, ndim) for a batched input, (\*out, ndim) otherwise; ``coords[..., k]`` is the position along spatial axis
        k of ``input``, in samples. ``ndim`` says how many axes of ``input`` are spatial. Batch 1 goes with any batch.
    kernel : {"linear", "nearest", "cubic"}
        The interpolation applied along each axis, on the CPU every one of ``gridsample.sample``.
    boundary : str, or a sequence of one for each spatial axis
        What a tap outside ``input`` reads, as of ``gridsample.sample``.
    fill_value : number, or one for each channel
        Of the boundary "constant" and the outside rule "fill"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill"}
        What a whole sample is whose centre is outside: what the boundary says, or ``fill_value``.
    nan : {"boundary", "propagate"}
        What a sample with a NaN coordinate is: what the boundary says, or NaN. Its gradient is 0.
    cubic_a : float
        The parameter of the cubic kernel.
    prefilter : bool
        Of B-splines: find the coefficients of ``input`` first, through which gradients go; False if it holds coefficients.

    Returns
    -------
    Tensor
        (N, C, \*out), (C, \*out) or (\*out), of the dtype of ``input``, channels last if those of ``input`` are.

    Raises
    ------
    TypeError
        An argument is no tensor, or of a dtype that is not one of those above, or a name is not a string.
    ValueError
        Shapes do not fit, devices differ, a tensor is sparse, ``input`` has an empty spatial axis, or a name is unknown.

    Notes
    -----
    Cubic: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29 (1981).

    Examples
    --------
    >>> import torch, gridsample.torch
    >>> image = torch.tensor([[0.0, 1.0], [10.0, 11.0]])
    >>> gridsample.torch.sample(image, torch.tensor([[1.0, 0.0], [0.5, 0.5]]))  # row 1, column 0; then the middle
    tensor([10.0000,  5.5000])
    """
    check_devices("sample", input, "coords", coords)
    ndim = coords.shape[-1] if coords.ndim else 0
    leading = input.ndim - ndim
    if not 1 <= ndim <= MAX_NDIM or leading not in (0, 1, 2) or (leading == 2 and coords.ndim < 2):
        raise ValueError(
            "sample(): expected input (N, C, *spatial) with coords (N, *out, ndim), or (C, *spatial) or (*spatial) with "
            f"(*out, ndim), and ndim 1 to {MAX_NDIM}, but got input with sizes {list(input.shape)} and coords with sizes "
            f"{list(coords.shape)}"
        )
    image = input if leading == 2 else input[None] if leading == 1 else input[None, None]
    points = coords if leading == 2 else coords[None]
    check_sizes("sample", image, "coords", points)
    boundaries = choose_boundaries("boundary", boundary, ndim)
    kernel = choose("kernel", kernel, KERNELS)
    options = make_options("sample", image, kernel, boundaries, INDEX, fill_value, outside, nan, cubic_a)
    splines = as_flag("prefilter", prefilter) and kernel in _SPLINES
    result = (_spline_sample if splines else _sample)(image, points, options)
    return result if leading == 2 else result[0] if leading == 1 else result[0, 0]
