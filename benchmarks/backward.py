"""Training steps beside PyTorch: ``python benchmarks/backward.py`` times forward and backward, and double backward.

Both are called in the same process, one after the other, on the same tensors with as many threads; printed are the medians of
PyTorch's time over gridsample's, round by round, and whether gradients agree.
"""

import sys
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

import gridsample.torch
from gridsample.bench.measure import Settings, time_interleaved
from gridsample.bench.workloads import ROWS, Workload, make

SECOND = ("R1", "R5", "R3")
"""Rows whose double backward is timed too."""

DEFAULT = ("R1", "R3", "R5", "R7", "W2", "W5", "W11", "W14", "W16", "W20")

Step = Callable[[], list[torch.Tensor]]


def steps(row: Workload, function: Callable[..., torch.Tensor], *, second: bool) -> Step:
    """Return a training step with both gradients, or one with the gradients of a penalty on them."""
    input, grid = make(row)
    leaves = [torch.from_numpy(array).requires_grad_() for array in (input, grid)]
    grad_out = torch.from_numpy(np.random.default_rng(1).random(row.result, dtype=np.float32))

    def first_order() -> list[torch.Tensor]:
        out = function(*leaves, row.mode, row.padding, row.align_corners)
        return list(torch.autograd.grad(out, leaves, grad_out))

    out = function(*leaves, row.mode, row.padding, row.align_corners)
    values = grad_out.requires_grad_()
    first = torch.autograd.grad(out, leaves, values, create_graph=True) if second else []
    directions = [torch.ones_like(part) for part in first]

    def second_order() -> list[torch.Tensor]:
        found = torch.autograd.grad(first, [values, *leaves], directions, retain_graph=True, allow_unused=True)
        return [part for part in found if part is not None]

    return second_order if second else first_order


def compare(row: Workload, *, second: bool) -> str:
    """Return one line of the table."""
    calls = {
        "gridsample": steps(row, gridsample.torch.grid_sample, second=second),
        "torch": steps(row, F.grid_sample, second=second),
    }
    results = {name: call() for name, call in calls.items()}
    apart = max(
        ((ours - theirs).abs().max() / theirs.abs().max()).item()
        for ours, theirs in zip(results["gridsample"], results["torch"], strict=True)
    )
    del results
    times = time_interleaved(calls, Settings())
    ratio = np.median(np.array(times["torch"]) / np.array(times["gridsample"]))
    kind = "double backward" if second else "forward + backward"
    return f"{row.id:6}{row.what:40}{kind:20}{ratio:8.2f}x   gradients differ by {apart:.0e} of the largest"


def main() -> None:
    """Print a table for the rows named on the command line, or for some that show every regime."""
    table = {row.id: row for row in ROWS}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        print(f"PyTorch {torch.__version__} over gridsample {gridsample.__version__}, {threads} threads")
        for name in sys.argv[1:] or DEFAULT:
            print(compare(table[name], second=False), flush=True)
            if name in SECOND:
                print(compare(table[name], second=True), flush=True)


if __name__ == "__main__":
    main()
