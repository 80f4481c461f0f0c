"""Everyone who is timed. Each ``prepare_*`` is the only code that knows its library.

It is given a row, its arrays and a thread count, does all that a user does once (converting, compiling, setting threads), and
returns a call without arguments, or raises ``Unsupported`` with the reason. Peers get what is best for them: the memory layout
of their documentation, fixed shapes, and their own result buffer again and again where they offer that.
"""

import numpy as np

from gridsample.bench.peers import arrays, networks
from gridsample.bench.peers.base import Peer, Prepared
from gridsample.bench.workloads import Workload

__all__ = ["PEERS"]


def prepare_gridsample(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call it as a user does: arrays as they are, a new result each time."""
    import gridsample

    gridsample.set_num_threads(threads)
    return Prepared(lambda: gridsample.grid_sample(input, grid, row.mode, row.padding, row.align_corners))


PEERS = {
    peer.name: peer
    for peer in (
        Peer("gridsample", "gridsample", prepare_gridsample, ("float32", "float16", "uint8")),
        Peer("torch", "torch", networks.prepare_torch),
        Peer("torch-channels-last", "torch", networks.prepare_torch_channels_last),
        Peer("openvino", "openvino", networks.prepare_openvino),
        Peer("onnxruntime", "onnxruntime", networks.prepare_onnxruntime),
        Peer("opencv", "cv2", arrays.prepare_opencv, ("float32", "uint8")),
        Peer("scipy", "scipy", arrays.prepare_scipy),
        Peer("simpleitk", "SimpleITK", arrays.prepare_simpleitk),
        Peer("volresample", "volresample", arrays.prepare_volresample),
        Peer("torch-interpol", "interpol", arrays.prepare_interpol),
    )
}
