"""Print docs/api.md, the list of public names, from the first lines of their docstrings.

``python docs/make_api.py > docs/api.md``; a test holds the page up to date.
"""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import gridsample.opencv
import gridsample.reference
import gridsample.reference_derivatives
import gridsample.scipy
import gridsample.skimage
import gridsample.torch.nn

GROUPS = {
    "Reading": ("grid_sample", "sample", "interpolate"),
    "Grids and conventions": (
        *("identity_grid", "affine_grid", "flow_to_grid", "grid_to_flow"),
        *("normalize_coords", "pixel_coords", "swap_xy"),
    ),
    "Warps": ("warp_affine", "warp_perspective", "warp_flow", "undistort", "Transform", "Plan"),
    "Splines": ("spline_coefficients",),
    "The adjoint and derivatives": ("sample_adjoint", "sample_count", "sample_gradient", "grid_sample_backward"),
    "Threads and processors": ("set_num_threads", "get_num_threads", "cpu_info"),
}
"""The names of ``gridsample``, by what they are for. A new one goes into one of these."""

MODULES = (
    gridsample.torch,
    gridsample.torch.nn,
    gridsample.scipy,
    gridsample.opencv,
    gridsample.skimage,
    gridsample.reference,
    gridsample.reference_derivatives,
)


def first_line(value: Any) -> str:
    """Return the first line of a docstring, as Markdown."""
    line = (inspect.getdoc(value) or "").split("\n", maxsplit=1)[0].replace("``", "`")
    parts = line.split("`")  # every other one is code, in which a star is a star
    return "`".join(part if n % 2 else re.sub(r"(?<!\\)\*", r"\\*", part) for n, part in enumerate(parts))


def members(cls: type) -> Iterator[str]:
    """Yield a line for each public method of a class."""
    for name, value in inspect.getmembers(cls):
        if name[0] != "_" and (inspect.isroutine(value) or isinstance(value, property)):
            yield f"  - `{cls.__name__}.{name}`: {first_line(value)}"


def listed(names: tuple[str, ...], module: ModuleType) -> Iterator[str]:
    """Yield the lines of functions and classes; other values are named in one line at the end."""
    others = []
    for name in names:
        value = getattr(module, name)
        if callable(value):
            yield f"- `{name}`: {first_line(value)}"
            if value in (gridsample.Transform, gridsample.Plan):
                yield from members(value)
        else:
            others.append(f"`{name}`")
    if others:
        yield f"- {', '.join(others)}"


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    missing = {*gridsample.__all__} ^ {"__version__", *(name for names in GROUPS.values() for name in names)}
    if missing:
        raise ValueError(f"GROUPS: expected every public name of gridsample; got a difference of {sorted(missing)}")
    yield "# Every public name"
    yield ""
    yield "Printed by `docs/make_api.py` from the first lines of docstrings; a test holds it up to date."
    yield ""
    yield "## gridsample"
    for title, names in GROUPS.items():
        yield ""
        yield f"### {title}"
        yield ""
        yield from listed(names, gridsample)
    for module in MODULES:
        yield ""
        yield f"## {module.__name__}"
        yield ""
        yield first_line(module)
        yield ""
        yield from listed(tuple(module.__all__), module)


if __name__ == "__main__":
    print("\n".join(page()))
