"""Double backward beside PyTorch's: ``python benchmarks/double_backward.py`` times the gradients of a penalty on gradients.

Both are called in the same process, one after the other, on the same tensors with as many threads; printed are the medians of
PyTorch's time over gridsample's, round by round, and whether the results agree.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

import gridsample.torch
from gridsample.bench.measure import Settings, time_interleaved
from gridsample.bench.report import in_threads
from gridsample.bench.training import make_upstream, require_gradients
from gridsample.bench.workloads import ROWS, Workload, make

DEFAULT = ("R1", "R5", "R3")


def step(row: Workload, function: Callable[..., torch.Tensor]) -> Callable[[], list[torch.Tensor]]:
    """Return what finds the gradients of the sum of both gradients; these are there beforehand."""
    input, grid = make(row)
    leaves = require_gradients(torch.from_numpy(input), grid)
    values = torch.from_numpy(make_upstream(row)).requires_grad_()
    out = function(*leaves, row.mode, row.padding, row.align_corners)
    first = torch.autograd.grad(out, leaves, values, create_graph=True)
    directions = [torch.ones_like(part) for part in first]

    def second_order() -> list[torch.Tensor]:
        found = torch.autograd.grad(first, [values, *leaves], directions, retain_graph=True, allow_unused=True)
        return [part for part in found if part is not None]

    return second_order


def compare(row: Workload) -> str:
    """Return one line of the table."""
    calls = {"gridsample": step(row, gridsample.torch.grid_sample), "torch": step(row, F.grid_sample)}
    results = {name: call() for name, call in calls.items()}
    apart = max(
        ((ours - theirs).abs().max() / theirs.abs().max()).item()
        for ours, theirs in zip(results["gridsample"], results["torch"], strict=True)
    )
    del results
    times = time_interleaved(calls, Settings())
    ratio = np.median(np.array(times["torch"]) / np.array(times["gridsample"]))
    return f"{row.id:6}{row.what:40}{ratio:8.2f}x   results differ by {apart:.0e} of the largest"


def main() -> None:
    """Print a table for the rows named on the command line, or for some that show every regime."""
    table = {row.id: row for row in ROWS}
    parser = argparse.ArgumentParser(description="Time double backward beside PyTorch's.")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"ids, as `gridsample bench --list` has them; else {', '.join(DEFAULT)}"
    )
    names = parser.parse_args().rows or DEFAULT
    if unknown := {*names} - {*table}:
        parser.error(f"ROW: unknown {', '.join(sorted(unknown))}; expected {', '.join(table)}")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        versions = f"PyTorch {torch.__version__} over gridsample {gridsample.__version__}"
        print(f"{versions}, double backward, {in_threads(threads)}")
        for name in names:
            print(compare(table[name]), flush=True)


if __name__ == "__main__":
    main()
