"""Everyone who is timed. Each ``prepare_*`` is the only code that knows its library.

It is given a row, its arrays and a thread count, does all that a user does once (converting, compiling, setting threads), and
returns a call without arguments, or raises ``Unsupported`` with the reason. Peers get what is best for them: the memory layout
of their documentation, fixed shapes, and their own result buffer again and again where they offer that.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gridsample.bench.workloads import Workload

__all__ = ["PEERS", "Peer", "Prepare", "Prepared", "Unsupported", "channels_last_tensor", "check_torch", "contiguous_tensor"]


class Unsupported(Exception):
    """The peer cannot do this row, or not in the same way; the message says why."""


class Prepared(NamedTuple):
    """What is timed, and how to read what it returns: as (N, C, *out), or as the gradients of image and grid."""

    call: Callable[[], Any]
    result: Callable[[Any], Any] = np.asarray
    memory: Any = None
    """Arrays that the library reads without holding them."""


Prepare = Callable[[Workload, np.ndarray, np.ndarray, int], Prepared]


class Peer(NamedTuple):
    """A library, or one way to use it."""

    name: str
    module: str
    prepare: Prepare
    dtypes: tuple[str, ...] = ("float32",)

    def version(self) -> str | None:
        """Return the version that is imported, None if it is not installed."""
        try:
            version = str(importlib.import_module(self.module).__version__)
        except ModuleNotFoundError:
            return None
        return version.split("-")[0]  # OpenVINO appends its build


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Unsupported(otherwise)


def _require_no_spline(row: Workload) -> None:
    _require(row.mode != "bspline3", "no splines")


def prepare_gridsample(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call it as a user does: arrays as they are, a new result each time."""
    import gridsample

    gridsample.set_num_threads(threads)
    return Prepared(lambda: gridsample.grid_sample(input, grid, row.mode, row.padding, row.align_corners))


def prepare_torch(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Give it contiguous tensors that need no gradient."""
    return _torch_call(row, contiguous_tensor(input), grid, threads)


def prepare_torch_channels_last(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Give the input in torch.channels_last, which the 2-D kernels read faster when channels are many."""
    return _torch_call(row, channels_last_tensor(input), grid, threads)


def contiguous_tensor(input: np.ndarray) -> Any:
    """Return the tensor that PyTorch reads as ``torch``."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(input))


def channels_last_tensor(input: np.ndarray) -> Any:
    """Return the tensor that PyTorch reads as ``torch-channels-last``."""
    import torch

    _require(input.ndim == 4, "torch.channels_last is for 4-D tensors")
    _require(input.shape[1] > 1, "one channel: the same memory as contiguous")
    return contiguous_tensor(input).contiguous(memory_format=torch.channels_last)


def check_torch(row: Workload) -> None:
    """Raise ``Unsupported`` with what PyTorch's own grid_sample cannot do."""
    _require_no_spline(row)
    _require(len(row.out) == 2 or row.mode != "bicubic", "no bicubic for volumes")


def _torch_call(row: Workload, input: Any, grid: np.ndarray, threads: int) -> Prepared:
    import torch

    check_torch(row)
    torch.set_num_threads(threads)
    sample, at = torch.nn.functional.grid_sample, torch.from_numpy(grid)
    return Prepared(lambda: sample(input, at, row.mode, row.padding, row.align_corners), lambda tensor: tensor.numpy())


def prepare_openvino(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Compile a model of one GridSample for the CPU and these shapes; its result buffer is reused."""
    import openvino
    from openvino import opset9

    _require_no_spline(row)
    _require(input.ndim == 4, "GridSample is for 4-D tensors")
    parameters = [opset9.parameter(array.shape, np.float32) for array in (input, grid)]
    attributes = {"mode": row.mode, "padding_mode": row.padding, "align_corners": row.align_corners}
    model = openvino.Model([opset9.grid_sample(*parameters, attributes)], parameters, "grid_sample")
    options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    arrays = np.ascontiguousarray(input), grid
    for index, array in enumerate(arrays):
        request.set_input_tensor(index, openvino.Tensor(array, shared_memory=True))
    return Prepared(lambda: request.infer(share_outputs=True), lambda results: results[0], arrays)


def prepare_onnxruntime(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Load a model of one GridSample (opset 20), with all arrays bound beforehand, the result too."""
    import onnxruntime
    from onnx import TensorProto, helper

    _require_no_spline(row)
    _require(input.ndim == 4 or row.mode != "bicubic", "no cubic for volumes")
    mode = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}[row.mode]
    node = helper.make_node(
        "GridSample", ["input", "grid"], ["out"], mode=mode, padding_mode=row.padding, align_corners=int(row.align_corners)
    )
    shapes = {"input": row.input, "grid": grid.shape, "out": row.result}
    infos = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    graph = helper.make_graph([node], "grid_sample", [infos["input"], infos["grid"]], [infos["out"]])
    # The IR version that belongs to opset 20; newer onnx packages would write one that onnxruntime does not read yet.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    arrays = {"input": np.ascontiguousarray(input), "grid": grid, "out": np.empty(row.result, np.float32)}
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in arrays.items()}
    binding = session.io_binding()
    binding.bind_ortvalue_input("input", values["input"])
    binding.bind_ortvalue_input("grid", values["grid"])
    binding.bind_ortvalue_output("out", values["out"])
    return Prepared(lambda: session.run_with_iobinding(binding), lambda _: values["out"].numpy(), arrays)


def prepare_opencv(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call remap on an interleaved image, with two float32 maps in pixels."""
    import cv2

    _require_no_spline(row)
    _require(input.ndim == 4 and row.input[0] == 1 and row.input[1] <= 4, "remap is for one image of up to 4 channels")
    cv2.setNumThreads(threads)
    image = np.ascontiguousarray(np.moveaxis(input[0], 0, -1))
    map_y, map_x = (np.ascontiguousarray(axis, np.float32) for axis in _index_coordinates(row, grid[0]))
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
    _require(threads == 1 or spline, "runs on one thread only")
    _require(row.mode != "bicubic", "order 3 is a B-spline, another kernel")
    _require(row.input[0] * row.input[1] <= 8, "a call for each channel: not for many")
    coordinates = [np.stack([at.astype(np.float32) for at in _index_coordinates(row, points)]) for points in grid]
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

    _require(row.input[:2] == (1, 1) and input.ndim == 5, "compared for single volumes only")
    spline = (row.mode, row.padding, row.align_corners) == ("bspline3", "reflection", True)
    _require(
        spline or (row.mode, row.padding) == ("bilinear", "zeros"),
        "compared for trilinear with zeros and for mirrored splines",
    )
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    displacement = np.stack([at - here for at, here in zip(_index_coordinates(row, grid[0]), np.indices(row.out), strict=True)])
    field = sitk.GetImageFromArray(np.moveaxis(displacement[::-1], 0, -1), isVector=True)
    image, reference = sitk.GetImageFromArray(input[0, 0]), sitk.Image(*row.out[::-1], sitk.sitkFloat32)
    transform = sitk.DisplacementFieldTransform(field)
    return Prepared(
        lambda: sitk.Resample(image, reference, transform, sitk.sitkBSpline if spline else sitk.sitkLinear, 0.0),
        lambda result: sitk.GetArrayFromImage(result)[None, None],
    )


def _index_coordinates(row: Workload, grid: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the float64 coordinates of ``grid`` (*out, ndim) in samples, one array per axis of the input, axis 0 first."""
    for size, component in zip(row.input[2:], reversed(range(grid.shape[-1])), strict=True):
        at = grid[..., component].astype(np.float64)
        at += 1
        at *= (size - 1) / 2 if row.align_corners else size / 2
        if not row.align_corners:
            at -= 0.5
        yield at


PEERS = {
    peer.name: peer
    for peer in (
        Peer("gridsample", "gridsample", prepare_gridsample, ("float32", "float16", "uint8")),
        Peer("torch", "torch", prepare_torch),
        Peer("torch-channels-last", "torch", prepare_torch_channels_last),
        Peer("openvino", "openvino", prepare_openvino),
        Peer("onnxruntime", "onnxruntime", prepare_onnxruntime),
        Peer("opencv", "cv2", prepare_opencv, ("float32", "uint8")),
        Peer("scipy", "scipy", prepare_scipy),
        Peer("simpleitk", "SimpleITK", prepare_simpleitk),
    )
}
