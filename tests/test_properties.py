"""Whatever the dtypes, layouts, boundaries, kernels and values: the native core gives what the reference gives."""

import numpy as np
import pytest
from hypothesis import given

import gridsample
from gridsample import reference
from gridsample._grid_sample import MODES

from .strategies import REST, Call, calls
from .tolerances import assert_stored

pytestmark = pytest.mark.isa

MODE_OF = {kernel: mode for mode, kernel in reversed(MODES.items())}


def run(call: Call, module, image, out):
    """Make the call, of ``gridsample`` or of its reference, which knows channels-first arrays only."""
    options = call.options | {"out": out, "return_mask": True}
    if module is gridsample:
        options["channels"] = call.channels
    if call.align_corners is None:
        return module.sample(image, call.coords, call.kernel, call.boundary, **options)
    return module.grid_sample(image, call.coords, MODE_OF[call.kernel], call.boundary, call.align_corners, **options)


def channels_first(call: Call, array):
    return np.moveaxis(array, -1, 1) if array is not None and call.channels == "last" else array


@given(calls())
def test_native_is_reference(call):
    expected, inside = run(call, reference, channels_first(call, call.input), channels_first(call, call.out))
    result, mask = run(call, gridsample, call.input, call.out)
    np.testing.assert_array_equal(mask, inside)
    assert call.out is None or result is call.out
    assert_stored(channels_first(call, result), expected, call.input)
    if call.out is not None:  # and nothing else was written
        call.out[...] = REST
        np.testing.assert_array_equal(call.memory, np.full_like(call.memory, REST))
