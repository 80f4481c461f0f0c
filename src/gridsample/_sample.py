"""The general operator on NumPy arrays, in index units."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridsample import _engine
from gridsample._arrays import (
    as_batch,
    as_coords,
    as_image,
    broadcast_batch,
    channels_first,
    channels_last,
    check_out,
    check_space,
    empty_like_layout,
    fill_values,
    missing_out,
    out_dtype,
    too_large,
    with_axes,
)
from gridsample._compose import Composition, Source, as_field, as_mapped, blocks, matrix_alone
from gridsample._coords import index_axes
from gridsample._frameworks import refuse, torch_front_end
from gridsample._maps import Displacement
from gridsample._small import Calls, is_usual
from gridsample._spec import MAX_NDIM, Spec, as_flag, choose, choose_boundaries, describe, make_spec, spatial_sizes
from gridsample._spline import prefiltered

__all__ = ["as_transforms", "run", "sample"]


def sample(
    input: Any,
    coords: Any,
    kernel: str = "linear",
    boundary: str | Sequence[str] = "zeros",
    *,
    size: Any = None,
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
    r"""Read ``input`` at ``coords``, given in index units, axis 0 first: sample i of an axis is at coordinate i.

    Parameters
    ----------
    input : array
        (N, C, \*spatial), with 1 to 3 spatial axes; or (C, \*spatial), or (\*spatial), without a batch. Any strides; any dtype
        of ``gridsample``: integers of up to 16 bits and int32, floats of 16 (bfloat16 too), 32 and 64 bits, complex.
    coords : array, float32, float64, float16 or bfloat16; or a Transform, or a list of them, one for each of the batch
        (N, \*out, ndim) for a batched input, (\*out, ndim) otherwise; ``coords[..., k]`` is the position along spatial axis
        k of ``input``, in samples. ``ndim`` says how many axes of ``input`` are spatial. Batch 1 goes with any batch.
        float32 coordinates are exact to the 24th bit: use float64 for axes longer than some thousands of samples.
        A ``Transform`` says where every sample of the output reads, without an array.
    kernel : str
        The interpolation applied along each axis: "nearest"; "linear"; "cubic", which is Keys'; the B-splines "bspline2",
        "bspline3", "bspline4", "bspline5" and "bspline7" of that order; "lanczos2", "lanczos3" and "lanczos4" of 4, 6 and 8
        samples, whose weights are divided by their sum; "mitchell", which smooths.
    boundary : {"zeros", "border", "reflection_edge", "reflection_center", "constant", "wrap"}
        What a tap outside ``input`` reads; or a sequence of one name for each spatial axis. "constant" is ``fill_value``.
    size : sequence of int, optional
        Of the output's spatial axes, for a ``Transform``: \*out; as ``input`` has them if not given.
    channels : {"first", "last"}
        Where the channels of ``input``, ``out`` and the result are: "last" means (N, \*spatial, C) or (\*spatial, C).
    dtype : dtype, optional
        Of the result; that of ``input`` if not given. Integers are rounded half to even and saturated.
    fill_value : number, or one for each channel
        Of the boundary "constant" and the outside rule "fill"; it is a number of the type of the sums, which is float64
        for images of float64, int32 and complex128 and float32 for others.
    outside : {"boundary", "fill", "keep"}
        What a whole sample is whose centre, as its coordinate is rounded, is outside, before 0 or after size - 1 along some
        axis: what the boundary says, ``fill_value``, or what ``out`` holds already.
    nan : {"boundary", "propagate"}
        What a sample with a NaN coordinate is: what the boundary says (with zeros and constant that it is outside, with the
        others index 0), or NaN.
    cubic_a : float
        The parameter of the cubic kernel: -0.75 as in PyTorch and OpenCV, -0.5 for Catmull-Rom.
    prefilter : bool
        Of B-splines: ``input`` are samples, which the spline goes through; False if it holds ``spline_coefficients`` already.
    return_mask : bool
        Return (result, mask), where mask, bool (N, \*out) or (\*out), says which centres are inside, as for ``outside``.
    out : array, optional
        Takes the result: of its shape and dtype, any strides, no memory shared with the other arrays.

    Returns
    -------
    array
        (N, C, \*out), (C, \*out) or (\*out), with the channels where ``channels`` says, in the memory layout of ``input``.

    Raises
    ------
    TypeError
        A dtype is not one of those above, or a name is not a string.
    ValueError
        Shapes do not fit, ``input`` has an empty spatial axis, a name is unknown, ``fill_value`` is none that the dtype or
        the type of the sums holds, or ``out`` cannot take the result (or is missing, with ``outside="keep"``).

    See Also
    --------
    Transform : affine, perspective, flow, lens and other maps, and their compositions.
    grid_sample : the same in PyTorch's conventions: normalised units, x first.

    Notes
    -----
    Cubic: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29 (1981). B-splines: M. Unser,
    "Splines: a perfect fit for signal and image processing", IEEE SPM 16 (1999). Lanczos: C. Duchon, "Lanczos filtering in one
    and two dimensions", J. Appl. Meteorology 18 (1979). Mitchell: D. Mitchell and A. Netravali, "Reconstruction filters in
    computer graphics", SIGGRAPH 1988, with B = C = 1/3. Images are read where they are, with these exceptions: kernels of more
    than 4 samples read a float copy of an image of integers, 16-bit floats or complex numbers, and of one whose last axis is
    not contiguous; splines read coefficients, which are a copy too unless they were given; and memory of another byte order,
    or at addresses that are no multiples of the size of an element, is copied.

    Examples
    --------
    >>> import numpy as np, gridsample
    >>> image = np.array([[0.0, 1.0], [10.0, 11.0]])
    >>> gridsample.sample(image, np.array([[1.0, 0.0], [0.5, 0.5]]))  # row 1, column 0; then the middle
    array([10. ,  5.5])
    """
    key, points = None, _points_alone(coords)
    named = type(kernel) is type(boundary) is type(channels) is str
    usual = named and is_usual(dtype, fill_value, outside, nan, cubic_a, prefilter, return_mask, out)
    whole = size is None or (type(size) is tuple and all(type(n) is int for n in size))
    if usual and whole and points is not None and type(input) is np.ndarray:
        arrays = (input.shape, points.shape, input.dtype.num, points.dtype.num, type(coords))
        key = (*arrays, size, kernel, boundary, channels)
        known = _calls.call(key, input, points)
        if known is not None:
            return known
    tensors = torch_front_end(input, coords)
    if tensors is not None:
        refuse(size=(size, None), channels=(channels, "first"), dtype=(dtype, None))
        refuse(return_mask=(return_mask, False), out=(out, None))
        options = {"fill_value": fill_value, "outside": outside, "nan": nan, "cubic_a": cubic_a, "prefilter": prefilter}
        return tensors.sample(input, coords, kernel, boundary, **options)
    input = as_image("input", input)
    last = choose("channels", channels, ("first", "last")) == "last"
    located = as_transforms(coords)
    if located:
        ndim = located[0].ndim
    else:
        coords = as_coords("coords", coords)
        ndim = coords.shape[-1] if coords.ndim else 0
        if not 1 <= ndim <= MAX_NDIM:
            raise ValueError(f"coords: expected (..., ndim) with ndim 1 to {MAX_NDIM}; got {describe(coords)}")
    leading = input.ndim - ndim
    if leading not in (0, 1, 2):
        raise ValueError(
            f"input: expected (N, C, *spatial), (C, *spatial) or (*spatial) with {ndim} spatial axes, as coords "
            f"{'has axes' if located else f'{coords.shape} says'}; got {describe(input)}"
        )
    spatial = input.shape[leading - last * (leading > 0) : input.ndim - last * (leading > 0)]
    if located:
        coords = Source(located, spatial if size is None else spatial_sizes("size", size, ndim))
        if leading < 2 and len(located) > 1:
            raise ValueError(f"coords: expected one Transform for an input without a batch; got {len(located)}")
    elif size is not None:
        raise ValueError(f"size: expected None, since coords {coords.shape} says what the output is; got {size!r}")
    elif leading == 2 and coords.ndim < 2:
        raise ValueError(f"coords: expected (N, *out, {ndim}) for an input (N, C, *spatial); got {describe(coords)}")
    spec = make_spec(
        kernel,
        choose_boundaries("boundary", boundary, ndim),
        index_axes(ndim),
        cubic_a=cubic_a,
        outside=outside,
        nan=nan,
    )
    check_space(spatial, input)
    options = {
        "channels": channels,
        "dtype": dtype,
        "fill_value": fill_value,
        "prefilter": prefilter,
        "return_mask": return_mask,
    }
    if leading == 2:
        result = run(input, coords, spec, "coords", out=out, **options)
        if key is not None and points is not None:
            _calls.remember(key, input, points, result, _engine.Mapped(points) if located else coords, spec, last=last)
        return result
    if out is not None or spec.keeps:
        points = coords.size if located else coords.shape[:-1]
        spatial_last = last and leading == 1
        shape = (*points, input.shape[-1]) if spatial_last else input.shape[:leading] + points
        if out is None:
            raise missing_out(shape, out_dtype(dtype, input))
        check_out(out, shape, out_dtype(dtype, input), **_memory(input, coords, "coords"))
    batch = [as_batch(array, leading, last) for array in (input, out)]
    result = run(batch[0], coords if located else with_axes("coords", coords, 1), spec, "coords", out=batch[1], **options)
    values, mask = result if return_mask else (result, [None])
    alone = values[0] if leading else values[0, ..., 0] if last else values[0, 0]
    alone = alone if out is None else out
    if key is not None and points is not None:
        _calls.remember(key, input, points, alone, _engine.Mapped(points) if located else coords, spec, last=last)
    return (alone, mask[0]) if return_mask else alone


_calls = Calls()


def _points_alone(coords: Any) -> np.ndarray | None:
    """Return the one array that says where points are: coordinates, or the matrix that a transform is."""
    return matrix_alone(coords) if isinstance(coords, Composition) else coords if type(coords) is np.ndarray else None


def as_transforms(coords: Any) -> tuple[Composition, ...]:
    """Return the transforms that ``coords`` is or holds; nothing, if it is something else."""
    held = (coords,) if isinstance(coords, Composition) else tuple(coords) if isinstance(coords, (list, tuple)) else ()
    if not any(isinstance(one, Composition) for one in held):
        return ()
    if not all(isinstance(one, Composition) and one.ndim == held[0].ndim for one in held):
        raise ValueError(f"coords: expected transforms of as many axes each; got {coords!r:.200}")
    return held


def _memory(input: np.ndarray, coords: np.ndarray | Source, name: str) -> dict[str, np.ndarray]:
    """Return the arrays that are read while ``out`` is written."""
    return {"input": input, **({name: coords} if isinstance(coords, np.ndarray) else coords.arrays)}


def run(
    input: np.ndarray,
    coords: np.ndarray | Source,
    spec: Spec,
    coords_name: str,
    *,
    channels: str,
    dtype: Any,
    fill_value: Any,
    return_mask: Any,
    out: Any,
    prefilter: Any = True,
) -> Any:
    """Sample input (N, C, *spatial), or (N, *spatial, C), at coords (N, *out, ndim); every dialect ends here."""
    last = choose("channels", channels, ("first", "last")) == "last"
    return_mask = as_flag("return_mask", return_mask)
    image = channels_first(input) if last else input
    check_space(image.shape[2:], input)
    batch, points = broadcast_batch(input, coords.shape, coords_name), coords.shape[1:-1]
    shape = (batch, *points, image.shape[1]) if last else (batch, image.shape[1], *points)
    dtype = out_dtype(dtype, input)
    fill = fill_values(fill_value, image.shape[1], dtype, input)
    if out is not None:
        check_out(out, shape, dtype, **_memory(input, coords, coords_name))
        target = channels_first(out) if last else out
    elif spec.keeps:
        raise missing_out(shape, dtype)
    else:
        try:
            target = empty_like_layout(image, (batch, image.shape[1], *points), dtype)
        except ValueError:
            raise too_large(coords_name, shape, dtype) from None
        out = channels_last(target) if last else target
    mask = np.empty((batch, *points), bool) if return_mask else None
    if as_flag("prefilter", prefilter) and spec.order:
        image, spec = prefiltered(image, spec, fill)
    if isinstance(coords, np.ndarray):
        _engine.sample(image, coords, target, spec, fill, mask)
    else:
        _sample_blocks(image, coords, target, spec, fill, mask)
    return (out, mask) if return_mask else out


def _sample_blocks(
    image: np.ndarray, source: Source, out: np.ndarray, spec: Spec, fill: np.ndarray, mask: np.ndarray | None
) -> None:
    """Sample where the core can map points itself, or block by block: the coordinates of one at a time are in memory."""
    for n, transform in enumerate(source.transforms):
        alone = len(source.transforms) > 1
        images = image[n : n + 1] if alone and len(image) > 1 else image
        items = slice(n, n + 1) if alone else slice(None)
        part = None if mask is None else mask[items]
        field = as_field(transform, source.size)
        padded = any(axis.shift for axis in spec.axes)  # positions of float32 would be rounded once more
        if field is not None and (field.relative or not padded):
            coords, moved = _given(field, spec)
            _engine.sample(images, coords, out[items], moved, fill, part)
            continue
        if (mapped := as_mapped(transform)) is not None:
            _engine.sample(images, mapped, out[items], spec, fill, part)
            continue
        for box, points in blocks(transform, source.size):
            part = None if mask is None else mask[(items, *box)]
            _engine.sample(images, points[None], out[(items, slice(None), *box)], spec, fill, part)


def _given(moves: Displacement, spec: Spec) -> tuple[np.ndarray, Spec]:
    """Return a field as coordinates (1, *out, ndim), and how the core turns them into index coordinates."""
    field, order = moves.field, range(len(spec.axes))
    if field.strides[-1] < 0:  # x first, seen backwards: read fastest as it lies
        field, order = field[..., ::-1], order[::-1]
    each = zip(spec.axes, order, moves.units, strict=True)
    axes = tuple(axis._replace(component=k, scale=scale, shift=axis.shift + shift) for axis, k, (scale, shift) in each)
    return field[None], spec._replace(axes=axes, relative=moves.relative)
