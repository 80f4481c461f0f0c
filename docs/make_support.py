"""Print docs/support.md, the table of what can be sampled, by trying every combination.

``python docs/make_support.py > docs/support.md``; a test holds the page up to date.
"""

from collections.abc import Callable, Iterator

import ml_dtypes  # noqa: F401  makes "bfloat16" a dtype
import numpy as np

import gridsample
from gridsample._modes import BOUNDARIES, COMPLEX_DTYPES, COORD_DTYPES, DTYPES, KERNELS

OTHERS = ("bool", "uint32", "int64", "uint64", "longdouble")
"""Real numbers that NumPy has beside ours."""

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "channels first": np.ascontiguousarray,
    "channels last": lambda image: np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1),
    "other strides": lambda image: np.repeat(image, 2, axis=-1)[..., ::-2],
}


def is_refused(image: np.ndarray, kernel: str = "linear", boundary: str = "zeros", coords: str = "float32") -> bool:
    """Whether ``sample`` says that it cannot."""
    try:
        gridsample.sample(image, np.ones((1, 4, image.ndim - 2), coords), kernel, boundary)
    except TypeError:
        return True
    return False


def supported(dtype: str, kernel: str) -> str:
    """Return with which layouts and boundaries a dtype goes."""
    works = {
        (layout, boundary)
        for layout, lay in LAYOUTS.items()
        for boundary in BOUNDARIES
        if not any(is_refused(lay(np.ones((1, 3, *[4] * ndim), dtype)), kernel, boundary) for ndim in (1, 2, 3))
    }
    if len(works) == len(LAYOUTS) * len(BOUNDARIES):
        return "all"
    return "; ".join(f"{layout}, {boundary}" for layout, boundary in sorted(works)) or "no"


def computed(dtype: str) -> str:
    """Return the dtype of weights and sums."""
    if dtype in COMPLEX_DTYPES:
        return f"{COMPLEX_DTYPES[dtype]}, real and imaginary parts apart"
    return DTYPES[dtype].computed if dtype in DTYPES else "no"


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(row) + " |"


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# What can be sampled"
    yield ""
    yield "Printed by `docs/make_support.py`, which tries every combination; a test holds it up to date. What is not there is"
    yield "refused with a message that names the dtype."
    yield ""
    yield f"**all** stands for every layout ({', '.join(LAYOUTS)}; in 1-D, 2-D and 3-D) and every boundary"
    yield f"({', '.join(BOUNDARIES)}), another one for each axis if so wanted."
    yield ""
    wide = ", ".join(kernel.name for kernel in KERNELS.values() if kernel.taps > 4)
    yield f"Images are read where they are, but for these. Kernels of more than 4 samples ({wide})"
    yield "read a copy, in the type of the sums, of images of another dtype or complex, and of those whose last axis is not"
    yield "contiguous. B-splines read coefficients, a copy too, unless they are given (`prefilter=False`). Arrays of"
    yield "another byte order, or at addresses that are no multiples of the size of an element, are copied."
    yield ""
    names = (*DTYPES, *COMPLEX_DTYPES, *OTHERS)
    rows = [[f"**{name}**", computed(name), *(supported(name, kernel) for kernel in KERNELS)] for name in names]
    yield from table(["image", "sums in", *KERNELS], rows)
    yield ""
    yield "Coordinates may be of these dtypes, whatever the image's:"
    yield ""
    image = np.ones((1, 1, 4), "float32")
    rows = [
        [f"**{name}**", "no" if is_refused(image, coords=name) else "yes"]
        for name in (*COORD_DTYPES, "longdouble", "int32", "complex64")
    ]
    yield from table(["coordinates", "taken"], rows)
    yield ""
    yield "The result (`dtype=`) is of the image's dtype, or of any other real one in the first table; of complex images, of"
    yield "either complex one."
    yield ""
    yield "| boundary | outside, array, outside | meaning |"
    yield "| --- | --- | --- |"
    for row in BOUNDARIES.values():
        yield f"| **{row.name}** | `{row.picture}`".replace(" | a b c d | ", " ‖ a b c d ‖ ") + f" | {row.meaning} |"


if __name__ == "__main__":
    print("\n".join(page()))
