"""
The native core of gridsample. Not public: its only caller is gridsample._engine.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray


def sample(input: Annotated[NDArray, dict(device='cpu', writable=False)], coords: Annotated[NDArray, dict(device='cpu', writable=False)] | None, matrix: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)] | None, steps: Sequence[tuple[int, Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], Annotated[NDArray, dict(device='cpu', writable=False)] | None, int, bool]], out: Annotated[NDArray, dict(device='cpu')], mask: Annotated[NDArray, dict(device='cpu')] | None, fill: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], dtypes: tuple[int, int, int], kernel: int, boundaries: Sequence[int], axes: Sequence[tuple[int, float, float, float, float]], orders: Sequence[int], cubic_a: float, outside: int, nan_propagates: bool, relative: bool) -> None: ...

def derivatives(grad: Annotated[NDArray, dict(device='cpu', writable=False)], coords: Annotated[NDArray, dict(device='cpu', writable=False)], input: Annotated[NDArray, dict(device='cpu', writable=False)] | None, tangent: Annotated[NDArray, dict(device='cpu', writable=False)] | None, direction: Annotated[NDArray, dict(device='cpu', writable=False)] | None, grad_input: Annotated[NDArray, dict(device='cpu')] | None, grad_coords: Annotated[NDArray, dict(device='cpu')] | None, grad_out: Annotated[NDArray, dict(device='cpu')] | None, sums: Annotated[NDArray, dict(device='cpu')] | None, fill: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], dtypes: tuple[int, int], second: bool, clear: bool, sizes: Sequence[int], kernel: int, boundaries: Sequence[int], axes: Sequence[tuple[int, float, float, float, float]], orders: Sequence[int], cubic_a: float, outside: int, nan_propagates: bool) -> None: ...

def sums_elements(channels: int, samples: int, items: int) -> int: ...

class Again:
    """A call of the core; false for arrays that it was not made for."""

    def __call__(self, input: object, points: object, out: object, others: object | None = ...) -> bool: ...

    def at(self, input: int, coords: int, out: int, threads: int) -> None:
        """The same, of addresses, which are not checked, on so many threads."""

    def back_at(self, grad: int, input: int, coords: int, grad_input: int, grad_coords: int, sums: int, elements: int, threads: int) -> None:
        """Its gradients, of addresses; 0 for what is not wanted."""

def again(input: Annotated[NDArray, dict(device='cpu', writable=False)], coords: Annotated[NDArray, dict(device='cpu', writable=False)] | None, matrix: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)] | None, out: Annotated[NDArray, dict(device='cpu')], fill: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], dtypes: tuple[int, int, int], held: tuple[object, object, object], apart: bool, kernel: int, boundaries: Sequence[int], axes: Sequence[tuple[int, float, float, float, float]], orders: Sequence[int], cubic_a: float, outside: int, nan_propagates: bool) -> Again: ...

def prefilter(input: Annotated[NDArray, dict(device='cpu', writable=False)], out: Annotated[NDArray, dict(device='cpu')], dtype: int, axis: int, order: int, boundary: int) -> None:
    """Spline coefficients along one axis; out may be input."""

def weighted(input: Annotated[NDArray, dict(device='cpu', writable=False)], start: Annotated[NDArray, dict(device='cpu', writable=False)], weight: Annotated[NDArray, dict(device='cpu', writable=False)], then_start: Annotated[NDArray, dict(device='cpu', writable=False)] | None, then_weight: Annotated[NDArray, dict(device='cpu', writable=False)] | None, out: Annotated[NDArray, dict(device='cpu')]) -> None:
    """
    Sums of a few neighbours along the middle axis, and then along the last one.
    """

def take(input: Annotated[NDArray, dict(device='cpu', writable=False)], row: Annotated[NDArray, dict(device='cpu', writable=False)], column: Annotated[NDArray, dict(device='cpu', writable=False)], out: Annotated[NDArray, dict(device='cpu')]) -> None:
    """Elements at the sums of two offsets."""

def transpose(input: Annotated[NDArray, dict(device='cpu', writable=False)], out: Annotated[NDArray, dict(device='cpu')]) -> None:
    """Matrices of float32 to their transposes."""

def isa_names(runnable: bool) -> list[str]:
    """ISAs of this build, or those that this machine can run."""

def current_isa() -> str: ...

def vector_bytes() -> int: ...

def choose_isa(name: str) -> bool: ...

def get_num_threads() -> int: ...

def set_num_threads(count: int) -> None: ...

def use_threads(count: int) -> None:
    """How many threads the calling thread's calls use; 0: as set."""

KERNELS: dict = ...

BOUNDARIES: dict = ...

DTYPES: dict = ...

MAP_STEPS: dict = ...

GROUP: int = ...

MOST_TAPS_CONVERTED: int = ...
