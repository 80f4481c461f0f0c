"""Warps of tensors by matrices and flows: those of NumPy arrays, with gradients that reach what says the map."""

import numpy as np
import pytest
import torch

import gridsample
import gridsample.torch

SPATIAL = {1: (9,), 2: (7, 9), 3: (5, 6, 7)}
MATRIX_WARPS = ("warp_affine", "warp_perspective")
UNITS = [("pixels", False), ("normalized", False), ("normalized", True)]


def some_matrix(who, ndim, units, rng):
    """Return a matrix near the identity, in float64, with a small shift."""
    matrix = np.eye(ndim + 1) + rng.uniform(-0.1, 0.1, (ndim + 1, ndim + 1)) * (0.02 if units == "pixels" else 1)
    if who == "warp_affine":
        return matrix[:-1]
    return matrix * 2.0


@pytest.mark.parametrize(("units", "align_corners"), UNITS)
@pytest.mark.parametrize("order", ["xy", "ij"])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("ndim", SPATIAL)
@pytest.mark.parametrize("who", MATRIX_WARPS)
def test_matrix_warps_are_those_of_arrays(who, ndim, inverse, order, units, align_corners):
    rng = np.random.default_rng(ndim)
    image, matrix = rng.normal(size=(2, 3, *SPATIAL[ndim])), some_matrix(who, ndim, units, rng)
    size = tuple(n + 2 for n in SPATIAL[ndim])
    options = {"inverse": inverse, "order": order, "units": units, "align_corners": align_corners}
    expected = getattr(gridsample, who)(image, matrix, size, "cubic", "border", **options)
    warp = getattr(gridsample.torch, who)
    result = warp(torch.from_numpy(image), torch.from_numpy(matrix), size, "cubic", "border", **options)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
@pytest.mark.parametrize("who", MATRIX_WARPS)
def test_one_matrix_for_each_image(who, leading):
    rng = np.random.default_rng(0)
    image = rng.normal(size=(*leading, 7, 9))
    matrices = np.stack([some_matrix(who, 2, "pixels", rng) for _ in range(2)])
    matrix = matrices if len(leading) == 2 else matrices[0]
    expected = getattr(gridsample, who)(image, matrix)
    result = getattr(gridsample.torch, who)(torch.from_numpy(image), torch.from_numpy(matrix))
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("units", "align_corners"), UNITS)
@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("flow_channels", ["last", "first"])
@pytest.mark.parametrize("ndim", SPATIAL)
def test_flow_warps_are_those_of_arrays(ndim, flow_channels, relative, units, align_corners):
    rng = np.random.default_rng(ndim)
    image, lattice = rng.normal(size=(2, 3, *SPATIAL[ndim])), tuple(n - 2 for n in SPATIAL[ndim])
    flow = rng.uniform(-1, 1, (2, *lattice, ndim))
    if flow_channels == "first":
        flow = np.moveaxis(flow, -1, 1)
    options = {"flow_channels": flow_channels, "relative": relative, "units": units, "align_corners": align_corners}
    for size in (None, SPATIAL[ndim]):
        for order in ("xy", "ij"):
            expected = gridsample.warp_flow(image, flow, size, "linear", "reflection_edge", order=order, **options)
            result = gridsample.torch.warp_flow(
                torch.from_numpy(image), torch.from_numpy(flow), size, "linear", "reflection_edge", order=order, **options
            )
            np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("who", MATRIX_WARPS)
def test_gradients_reach_the_matrix(who, inverse):
    rng = np.random.default_rng(1)
    image = torch.from_numpy(rng.normal(size=(1, 2, 5, 6))).requires_grad_()
    matrix = torch.from_numpy(some_matrix(who, 2, "pixels", rng)).requires_grad_()
    warp = getattr(gridsample.torch, who)

    def warped(image, matrix):
        return warp(image, matrix, None, "cubic", "border", inverse=inverse)

    assert torch.autograd.gradcheck(warped, (image, matrix))
    assert torch.autograd.gradgradcheck(warped, (image, matrix))


def test_gradients_reach_the_flow():
    rng = np.random.default_rng(2)
    image = torch.from_numpy(rng.normal(size=(1, 2, 5, 6))).requires_grad_()
    flow = torch.from_numpy(rng.uniform(0.1, 0.9, (1, 2, 3, 4))).requires_grad_()  # coarse, and off the samples

    def warped(image, flow):
        return gridsample.torch.warp_flow(image, flow, (5, 6), flow_channels="first")

    assert torch.autograd.gradcheck(warped, (image, flow))


@pytest.mark.parametrize("front_end", [gridsample, gridsample.torch])
def test_components_first_of_one_row(front_end):
    """Two components of an image of one row are not two flows of a signal."""
    flow = torch.zeros(2, 1, 3)
    flow[0] = 1
    image = torch.tensor([[1.0, 2.0, 3.0]])
    given = (image, flow) if front_end is gridsample.torch else (image.numpy(), flow.numpy())
    result = front_end.warp_flow(*given, boundary="border", flow_channels="first")
    assert result.tolist() == [[2.0, 3.0, 3.0]]


@pytest.mark.parametrize(
    ("name", "says"),
    [("warp_affine", torch.eye(2, 3)), ("warp_perspective", torch.eye(3)), ("warp_flow", torch.zeros(8, 9, 2))],
)
def test_top_level_takes_tensors(name, says):
    image = torch.rand(1, 3, 8, 9).requires_grad_()
    result = getattr(gridsample, name)(image, says)
    torch.testing.assert_close(result, image)
    assert result.requires_grad


def test_registration_finds_the_shift():
    """Of a smooth picture that was moved by (0.7, -1.2) pixels."""
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    image = torch.sin(rows / 4) + torch.cos(columns / 5)
    moved = gridsample.torch.warp_affine(image, torch.tensor([[1.0, 0, 0.7], [0, 1, -1.2]]), kernel="cubic", boundary="border")
    shift = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([shift], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        matrix = torch.cat([torch.eye(2), shift[:, None]], 1)
        loss = (gridsample.torch.warp_affine(image, matrix, kernel="cubic", boundary="border") - moved).square().mean()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(shift.detach(), torch.tensor([0.7, -1.2]), rtol=0, atol=0.01)


def test_compiled():
    image, matrix = torch.rand(1, 3, 8, 9), torch.eye(2, 3)[None]
    compiled = torch.compile(gridsample.torch.warp_affine, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(image, matrix), image)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t, i: t.warp_affine(i, [[1, 0, 0]]), TypeError, "argument 'matrix' must be Tensor, not list"),
        (lambda t, i: t.warp_affine(i, torch.eye(3).int()), TypeError, "expected matrix of dtype float32 or float64"),
        (lambda t, i: t.warp_affine(i, torch.eye(5)), ValueError, r"but got matrix with sizes \[5, 5\]"),
        (lambda t, i: t.warp_affine(i, torch.eye(1, 3)), ValueError, r"but got matrix with sizes \[1, 3\]"),
        (lambda t, i: t.warp_perspective(i, torch.eye(2, 3)), ValueError, r"expected matrix \(ndim \+ 1, ndim \+ 1\)"),
        (lambda t, i: t.warp_perspective(i, torch.zeros(3, 3), inverse=True), ValueError, "it is singular"),
        (lambda t, i: t.warp_affine(i[0, 0, 0], torch.eye(2, 3)), ValueError, "2 spatial axes, but got input with sizes"),
        (lambda t, i: t.warp_affine(i.numpy(), torch.eye(2, 3)), TypeError, "argument 'input' must be Tensor, not ndarray"),
        (lambda t, i: t.warp_affine(i, torch.eye(2, 3), order="yx"), ValueError, "order: unknown name 'yx'"),
        (lambda t, i: t.warp_affine(i, torch.eye(2, 3), channels="last"), TypeError, "channels"),
        (lambda t, i: t.warp_flow(i, torch.zeros(5, 4, 4)), ValueError, r"expected flow \(\*spatial, ndim\)"),
        (
            lambda t, i: t.warp_flow(i, torch.zeros(4, 4, 2), flow_channels="first"),
            ValueError,
            r"expected flow \(ndim, \*spatial\)",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(gridsample.torch, torch.rand(1, 3, 8, 9))
