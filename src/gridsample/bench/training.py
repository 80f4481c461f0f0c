"""A training step of those who have gradients: the call, then the gradients of the image and of the grid, given the result's.

As for the call alone, each ``prepare_*`` does beforehand all that a user does once, and is given the same.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from gridsample.bench.peers.base import Prepare, Prepared
from gridsample.bench.peers.networks import channels_last_tensor, check_torch, contiguous_tensor
from gridsample.bench.workloads import Workload

__all__ = ["STEPS", "make_upstream", "require_gradients"]


@lru_cache(maxsize=1)  # one array for everybody: the largest is of a gigabyte
def make_upstream(row: Workload) -> np.ndarray:
    """Return the gradient of the result: noise in [0, 1), the same for the same row."""
    return np.random.default_rng(1).random(row.result, dtype=np.float32).astype(row.dtype, copy=False)


def require_gradients(image: Any, grid: np.ndarray) -> tuple[Any, Any]:
    """Return an image and a grid as tensors of which gradients are asked for."""
    import torch

    return image.requires_grad_(), torch.from_numpy(grid).requires_grad_()


def prepare_gridsample(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Call it as a user does: the image as it lies in memory."""
    import torch

    import gridsample.torch

    return _step(row, torch.from_numpy(input), grid, threads, gridsample.torch.grid_sample)


def prepare_torch(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Give PyTorch a contiguous image."""
    import torch

    check_torch(row)
    return _step(row, contiguous_tensor(input), grid, threads, torch.nn.functional.grid_sample)


def prepare_torch_channels_last(row: Workload, input: np.ndarray, grid: np.ndarray, threads: int) -> Prepared:
    """Give PyTorch an image in torch.channels_last."""
    import torch

    check_torch(row)
    return _step(row, channels_last_tensor(input), grid, threads, torch.nn.functional.grid_sample)


def _step(row: Workload, image: Any, grid: np.ndarray, threads: int, sample: Callable[..., Any]) -> Prepared:
    import torch

    torch.set_num_threads(threads)  # gridsample.torch's threads too
    leaves, upstream = require_gradients(image, grid), torch.from_numpy(make_upstream(row))

    def step() -> Any:
        out = sample(*leaves, row.mode, row.padding, row.align_corners)
        return torch.autograd.grad(out, leaves, upstream)

    return Prepared(step, lambda gradients: tuple(tensor.numpy() for tensor in gradients))


STEPS: dict[str, Prepare] = {
    "gridsample": prepare_gridsample,
    "torch": prepare_torch,
    "torch-channels-last": prepare_torch_channels_last,
}
"""By the names of ``PEERS``."""
