"""Those who warp pictures and volumes: OpenCV, SciPy, SimpleITK, volresample, torch-interpol."""

import numpy as np

from gridsample.bench.peers.base import Prepared, index_coordinates, require, require_no_spline
from gridsample.bench.workloads import Workload

__all__ = ["prepare_interpol", "prepare_opencv", "prepare_scipy", "prepare_simpleitk", "prepare_volresample"]


def prepare_opencv(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call remap on an interleaved image, with two float32 maps in pixels."""
    import cv2

    require_no_spline(row)
    require(input.ndim == 4 and row.input[0] == 1 and row.input[1] <= 4, "remap is for one image of up to 4 channels")
    cv2.setNumThreads(threads)
    image = np.ascontiguousarray(np.moveaxis(input[0], 0, -1))
    map_y, map_x = (np.ascontiguousarray(axis, np.float32) for axis in index_coordinates(row, grid[0]))
    interpolation = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}[row.mode]
    reflect = cv2.BORDER_REFLECT_101 if row.align_corners else cv2.BORDER_REFLECT
    border = {"zeros": cv2.BORDER_CONSTANT, "border": cv2.BORDER_REPLICATE, "reflection": reflect}[row.padding]
    return Prepared(
        lambda: cv2.remap(image, map_x, map_y, interpolation, borderMode=border),
        lambda result: np.moveaxis(result.reshape(*row.out, row.input[1]), -1, 0)[None],
    )


def prepare_scipy(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call map_coordinates for each channel."""
    from scipy import ndimage

    spline = row.mode == "bspline3"  # which few others have: SciPy's one thread stands beside ours, however many these are
    require(threads == 1 or spline, "runs on one thread only")
    require(row.mode != "bicubic", "order 3 is a B-spline, another kernel")
    require(row.input[0] * row.input[1] <= 8, "a call for each channel: not for many")
    coordinates = [np.stack([at.astype(np.float32) for at in index_coordinates(row, points)]) for points in grid]
    planes = np.ascontiguousarray(input)
    order = {"nearest": 0, "bilinear": 1, "bspline3": 3}[row.mode]
    reflect = "mirror" if row.align_corners else "reflect"
    mode = {"zeros": "grid-constant", "border": "nearest", "reflection": reflect}[row.padding]

    def call() -> np.ndarray:
        out = np.empty(row.result, np.float32)
        for n, c in np.ndindex(row.input[:2]):
            ndimage.map_coordinates(planes[n, c], coordinates[n], output=out[n, c], order=order, mode=mode, prefilter=spline)
        return out

    return Prepared(call)


def prepare_simpleitk(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Resample with a displacement field; where a sample's centre is outside it returns 0, so the edges differ."""
    import SimpleITK as sitk

    require(row.input[:2] == (1, 1) and input.ndim == 5, "compared for single volumes only")
    spline = (row.mode, row.padding, row.align_corners) == ("bspline3", "reflection", True)
    require(
        spline or (row.mode, row.padding) == ("bilinear", "zeros"),
        "compared for trilinear with zeros and for mirrored splines",
    )
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    displacement = np.stack([at - here for at, here in zip(index_coordinates(row, grid[0]), np.indices(row.out), strict=True)])
    field = sitk.GetImageFromArray(np.moveaxis(displacement[::-1], 0, -1), isVector=True)
    image, reference = sitk.GetImageFromArray(input[0, 0]), sitk.Image(*row.out[::-1], sitk.sitkFloat32)
    transform = sitk.DisplacementFieldTransform(field)
    return Prepared(
        lambda: sitk.Resample(image, reference, transform, sitk.sitkBSpline if spline else sitk.sitkLinear, 0.0),
        lambda result: sitk.GetArrayFromImage(result)[None, None],
    )


def prepare_volresample(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call its grid_sample, which knows align_corners=False only: the same places in its units."""
    import volresample

    require(input.ndim == 5, "for volumes")
    require(row.mode in ("bilinear", "nearest"), "nearest and linear only")
    require(not (row.align_corners and row.padding == "reflection"), "reflects at the edges of samples only")
    volresample.set_num_threads(threads)
    volume, mode = np.ascontiguousarray(input), {"bilinear": "linear"}.get(row.mode, row.mode)
    if row.align_corners:
        grid = np.stack([_normalized(row, points) for points in grid])
    return Prepared(lambda: volresample.grid_sample(volume, grid, mode, row.padding))


def _normalized(row: Workload, points: np.ndarray) -> np.ndarray:
    """Return ``points`` in the units of align_corners=False, x first."""
    axes = zip(index_coordinates(row, points), row.input[2:], strict=True)
    return np.stack([(2 * at + 1) / size - 1 for at, size in axes][::-1], -1).astype(np.float32)


def prepare_interpol(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call grid_pull, which filters splines first, at positions in samples, axis 0 first."""
    import interpol
    import torch

    require(input.ndim == 5, "compared for volumes only")
    require(row.input[0] * row.input[1] <= 8, "takes too long for many channels")
    require(row.mode != "bicubic", "order 3 is a B-spline, another kernel")
    torch.set_num_threads(threads)
    order = {"nearest": 0, "bilinear": 1, "bspline3": 3}[row.mode]
    bound = {"zeros": "zero", "border": "replicate", "reflection": "dct1" if row.align_corners else "dct2"}[row.padding]
    volume = torch.from_numpy(np.ascontiguousarray(input))
    coords = np.stack([np.stack(list(index_coordinates(row, points)), -1) for points in grid]).astype(np.float32)
    at = torch.from_numpy(coords)
    return Prepared(
        lambda: interpol.grid_pull(volume, at, order, bound, extrapolate=True, prefilter=order > 1),
        lambda tensor: tensor.numpy(),
    )
