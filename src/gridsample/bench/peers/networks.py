"""Those who run networks: PyTorch, OpenVINO, onnxruntime."""

from typing import Any

import numpy as np

from gridsample.bench.peers.base import Prepared, require, require_no_spline
from gridsample.bench.workloads import Workload

__all__ = [
    "channels_last_tensor",
    "check_torch",
    "contiguous_tensor",
    "prepare_onnxruntime",
    "prepare_openvino",
    "prepare_torch",
    "prepare_torch_channels_last",
]


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

    require(input.ndim == 4, "torch.channels_last is for 4-D tensors")
    require(input.shape[1] > 1, "one channel: the same memory as contiguous")
    return contiguous_tensor(input).contiguous(memory_format=torch.channels_last)


def check_torch(row: Workload) -> None:
    """Raise ``Unsupported`` with what PyTorch's own grid_sample cannot do."""
    require_no_spline(row)
    require(len(row.out) == 2 or row.mode != "bicubic", "no bicubic for volumes")


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

    require_no_spline(row)
    require(input.ndim == 4, "GridSample is for 4-D tensors")
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

    require_no_spline(row)
    require(input.ndim == 4 or row.mode != "bicubic", "no cubic for volumes")
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
