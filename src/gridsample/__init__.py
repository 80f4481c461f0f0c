"""gridsample: read images and volumes at arbitrary coordinates, fast and exact.

>>> import numpy as np, gridsample
>>> image = np.random.rand(1, 3, 480, 640).astype("float32")  # (N, C, H, W)
>>> grid = gridsample.identity_grid(image.shape)  # (N, H, W, 2): x first, -1 to 1
>>> warped = gridsample.grid_sample(image, grid + 0.1, mode="bicubic", padding_mode="reflection")
>>> warped.shape
(1, 3, 480, 640)
"""

import importlib
import typing

from gridsample import _runtime
from gridsample._adjoint import sample_adjoint, sample_count, sample_gradient
from gridsample._convert import flow_to_grid, grid_to_flow, normalize_coords, pixel_coords, swap_xy
from gridsample._grid_sample import affine_grid, grid_sample, identity_grid
from gridsample._grid_sample_backward import grid_sample_backward
from gridsample._interpolate import interpolate
from gridsample._plan import Plan
from gridsample._runtime import cpu_info, get_num_threads, set_num_threads
from gridsample._sample import sample
from gridsample._spline import spline_coefficients
from gridsample._transform import Transform
from gridsample._warp import undistort, warp_affine, warp_flow, warp_perspective

__version__ = "0.1.0"

__all__ = [
    "Plan",
    "Transform",
    "__version__",
    "affine_grid",
    "cpu_info",
    "flow_to_grid",
    "get_num_threads",
    "grid_sample",
    "grid_sample_backward",
    "grid_to_flow",
    "identity_grid",
    "interpolate",
    "normalize_coords",
    "pixel_coords",
    "sample",
    "sample_adjoint",
    "sample_count",
    "sample_gradient",
    "set_num_threads",
    "spline_coefficients",
    "swap_xy",
    "undistort",
    "warp_affine",
    "warp_flow",
    "warp_perspective",
]

_runtime.configure()

_DIALECTS = ("opencv", "reference", "reference_derivatives", "scipy", "skimage", "torch")

if not typing.TYPE_CHECKING:  # which knows of no attributes then that there are not

    def __getattr__(name: str) -> object:
        """Import a dialect when it is first asked for."""
        if name in _DIALECTS:
            return importlib.import_module(f"gridsample.{name}")
        raise AttributeError(f"module 'gridsample' has no attribute {name!r}")
