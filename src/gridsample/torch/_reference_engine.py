"""Stands in for the engine's derivatives."""

import numpy as np

from gridsample import _engine
from gridsample import reference_derivatives as rd
from gridsample._modes import BOUNDARIES, KERNELS, OUTSIDE_RULES


def _given(input, coords, spec, fill):
    k = {r.code: r.name for r in KERNELS.values()}[spec.kernel]
    b = {r.code: r.name for r in BOUNDARIES.values()}
    o = {v: k for k, v in OUTSIDE_RULES.items()}[spec.outside]
    if input.dtype.kind == "c":
        fill = fill.view(np.complex128)
    return (k, tuple(b[c] for c in spec.boundaries), spec.axes), dict(
        cubic_a=spec.cubic_a, fill_value=fill, outside=o, nan="propagate" if spec.nan_propagates else "boundary"
    )


def sample(input, coords, out, spec, fill, orders):
    if not any(orders):
        return _engine.sample(input, coords, out, spec, fill)
    a, o = _given(input, coords, spec, fill)
    out[...] = rd.sample(input, coords, *a, orders=orders, **o)


def backward(grad_out, input, coords, spec, fill, needs, orders):
    a, o = _given(input, coords, spec, fill)
    return rd.backward(grad_out, input, coords, *a, needs=needs, orders=orders, **o)


def double_backward(ti, tc, grad_out, input, coords, spec, fill, needs):
    a, o = _given(input, coords, spec, fill)
    return rd.double_backward(ti, tc, grad_out, input, coords, *a, needs=needs, **o)
