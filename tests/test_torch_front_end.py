"""The PyTorch front end: messages, dtypes, layouts, compiling, exporting, other devices, PyTorch's own calls accelerated."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import gridsample.torch
from gridsample import _memory, reference, reference_derivatives
from gridsample._coords import index_axes
from gridsample._modes import BOUNDARIES
from gridsample.torch import _portable
from gridsample.torch._cpu import as_array
from gridsample.torch._options import INDEX, Options
from gridsample.torch._portable import PORTABLE_KERNELS

from .points import index_points, make_input, normalized_points
from .tolerances import DTYPE_STEPS, TORCH, TORCH_GRADIENT, assert_close, assert_gradient

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{warning}")
    for warning in ("DeprecationWarning:torch", "FutureWarning:torch", "FutureWarning:copyreg")
]

IMAGE, GRID = torch.rand(2, 3, 5, 6), torch.rand(2, 4, 7, 2) * 2 - 1
VOLUME_GRID = torch.from_numpy(normalized_points(40, 3, "float32").reshape(2, 5, 2, 2, 3))


class Model(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.options = options

    def forward(self, x, grid):
        return gridsample.torch.grid_sample(x * 2, grid, **self.options)


BAD = [
    ((IMAGE, GRID[..., :1]), {}, ValueError, r"expected grid to have size 2 in last dimension, but got grid with sizes \["),
    ((IMAGE, GRID[:, 0]), {}, ValueError, "input and grid with same number of dimensions, but got input with sizes"),
    ((IMAGE.repeat(2, 1, 1, 1)[:3], GRID), {}, ValueError, "expected grid and input to have same batch size"),
    (
        (IMAGE[:, :, :0], GRID),
        {},
        ValueError,
        r"non-empty spatial dimensions, .* dimension 2 being empty",
    ),
    ((IMAGE[0, 0], GRID[0, 0]), {}, ValueError, "1 to 3 spatial axes"),
    ((IMAGE.to("meta"), GRID), {}, ValueError, "expected input and grid to be on same device, but input is on meta"),
    ((IMAGE.to_sparse(), GRID), {}, ValueError, "expected input to have torch.strided layout, but it has torch.sparse_coo"),
    ((IMAGE, GRID.to_sparse()), {}, ValueError, "expected grid to have torch.strided layout"),
    ((IMAGE, 3), {}, TypeError, "argument 'grid' must be Tensor, not int"),
    ((IMAGE.numpy(), GRID), {}, TypeError, "argument 'input' must be Tensor, not ndarray"),
    ((IMAGE.long(), GRID), {}, TypeError, "expected input of dtype .*, but got torch.int64"),
    ((IMAGE, GRID.int()), {}, TypeError, "expected grid of dtype .*, but got torch.int32"),
    ((IMAGE, GRID), {"mode": "bilinaer"}, ValueError, "did you mean 'bilinear'"),
    ((IMAGE, GRID), {"mode": "bspline6"}, ValueError, "mode: unknown name 'bspline6'"),
    ((IMAGE, GRID), {"padding_mode": ("zeros",)}, ValueError, "one for each of the 2 spatial axes"),
    ((IMAGE, GRID), {"align_corners": 1}, TypeError, "align_corners: expected True or False"),
    ((IMAGE, GRID), {"fill_value": "red"}, TypeError, "expected fill_value to be a number"),
    ((IMAGE, GRID), {"fill_value": [1, 2]}, ValueError, "expected fill_value to have 1 or 3 values"),
    ((IMAGE, GRID), {"fill_value": 10**400}, ValueError, "expected fill_value to be a number that fits a float"),
    ((IMAGE, GRID), {"cubic_a": 10**400}, ValueError, "cubic_a: expected a finite number that float32 holds"),
    ((IMAGE, GRID), {"outside": "keep"}, ValueError, "outside: unknown name 'keep'"),
    ((IMAGE, GRID), {"cubic_a": float("nan")}, ValueError, "cubic_a: expected a finite number"),
]


@pytest.mark.parametrize(("arguments", "options", "error", "message"), BAD)
def test_messages(arguments, options, error, message):
    with pytest.raises(error, match=message):
        gridsample.torch.grid_sample(*arguments, **options)


def test_true_is_no_number_though_it_equals_one():
    """Also when the call with 1 was checked before, and is known."""
    for _ in range(2):
        gridsample.torch.grid_sample(IMAGE, GRID, "bicubic", cubic_a=1)
        with pytest.raises(ValueError, match=r"cubic_a: expected a finite number .* got True"):
            gridsample.torch.grid_sample(IMAGE, GRID, "bicubic", cubic_a=True)


def test_messages_of_sample():
    for shape, points in [((5, 6), (3, 4)), ((2, 3, 5, 6, 7), (3, 2)), ((1, 1, 5), (1,))]:
        with pytest.raises(ValueError, match=r"sample\(\): expected input \(N, C, \*spatial\)"):
            gridsample.torch.sample(torch.rand(shape), torch.rand(points))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_message_of_quantized():
    with pytest.raises(TypeError, match=r"but got torch\.quint8"):
        gridsample.torch.grid_sample(torch.quantize_per_tensor(IMAGE, 0.1, 0, torch.quint8), GRID)


@pytest.mark.parametrize("grid_dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float64, torch.complex64, torch.uint8, torch.int8, torch.int16, torch.int32],
)
def test_dtypes(dtype, grid_dtype):
    """The bits that arrays give, image and grid independent; gradients have the dtypes of what they are of."""
    x, grid = (IMAGE * 100).to(dtype), GRID.to(grid_dtype)
    out = gridsample.torch.grid_sample(x, grid, "bicubic", "border")
    assert out.dtype == dtype
    expected = gridsample.grid_sample(as_array(x), as_array(grid), "bicubic", "border")
    np.testing.assert_array_equal(as_array(out), expected)
    if dtype.is_floating_point or dtype.is_complex:
        leaves = x.requires_grad_(), grid.detach().requires_grad_()
        gradients = torch.autograd.grad(gridsample.torch.grid_sample(*leaves).abs().sum(), leaves)
        assert [gradient.dtype for gradient in gradients] == [dtype, grid_dtype]


@pytest.mark.parametrize("size", [192, 600])
def test_half_beyond_32767_pixels(size):
    """Where PyTorch's kernel reads outside the image."""
    grid = torch.from_numpy(gridsample.identity_grid((1, 1, size, size))).half()
    out = gridsample.torch.grid_sample(torch.ones(1, 1, size, size, dtype=torch.float16), grid, padding_mode="border")
    assert (out == 1).all()


def test_autocast():
    """The image in half, as the layers before left it; the coordinates in float32."""
    convolution = torch.nn.Conv2d(3, 3, 1)
    with torch.autocast("cpu", torch.bfloat16):
        x = convolution(IMAGE)
        out = gridsample.torch.grid_sample(x, GRID)
        with gridsample.torch.accelerate():
            assert F.grid_sample(x, GRID, align_corners=False).dtype == torch.float32  # as PyTorch says
    assert out.dtype == torch.bfloat16
    expected = gridsample.torch.grid_sample(x.double(), GRID)
    assert_close(out.detach().double().numpy(), expected.detach().numpy(), TORCH["float32"]._replace(relative=2.0**-8))
    out.float().sum().backward()
    assert convolution.weight.grad.isfinite().all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_channels_last_is_kept(ndim):
    memory_format = {2: torch.channels_last, 3: torch.channels_last_3d}[ndim]
    x = torch.rand(2, 3, *(5, 6, 7)[:ndim]).to(memory_format=memory_format).requires_grad_()
    grid = torch.rand(2, *(4, 5, 6)[:ndim], ndim) * 2 - 1
    out = gridsample.torch.grid_sample(x, grid)
    assert out.is_contiguous(memory_format=memory_format)
    out.sum().backward()
    assert x.grad.is_contiguous(memory_format=memory_format)


def test_any_subset_requires_grad():
    for image, points in [(True, False), (False, True), (False, False)]:
        x, grid = IMAGE.clone().requires_grad_(image), GRID.clone().requires_grad_(points)
        out = gridsample.torch.grid_sample(x, grid)
        assert out.requires_grad == (image or points)
        if out.requires_grad:
            out.sum().backward()
        assert (x.grad is None) != image
        assert (grid.grad is None) != points


def test_results_are_new_tensors():
    out = gridsample.torch.grid_sample(IMAGE, GRID)
    assert out.untyped_storage().data_ptr() not in {IMAGE.untyped_storage().data_ptr(), GRID.untyped_storage().data_ptr()}


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_memory_of_large_results_is_used_again(memory_format):
    x, grid = torch.rand(1, 3, 9, 9).to(memory_format=memory_format), torch.rand(1, 400, 400, 2)
    _memory.give_back()  # what other tests have left
    first = gridsample.torch.grid_sample(x, grid)
    seen, before, at = first[0, 1], first[0, 1].clone(), first.data_ptr()
    del first
    assert gridsample.torch.grid_sample(x, grid).data_ptr() != at  # since a part of it is still seen
    assert torch.equal(seen, before)
    del seen
    assert any(gridsample.torch.grid_sample(x, grid).data_ptr() == at for _ in range(3))


ANY_SHAPE = [((5, 6), (7, 2)), ((3, 5, 6), (2,)), ((2, 3, 5, 6), (1, 2)), ((2, 3, 5), (2, 0, 1))]


@pytest.mark.parametrize(("shape", "points"), ANY_SHAPE)
def test_sample_of_any_shape(shape, points):
    x, coords = torch.rand(shape), torch.rand(points) * 4
    expected = gridsample.sample(x.numpy(), coords.numpy(), "cubic", "wrap")
    np.testing.assert_array_equal(gridsample.torch.sample(x, coords, "cubic", "wrap").numpy(), expected)


def test_top_level_takes_tensors():
    x = IMAGE.clone().requires_grad_()
    out = gridsample.grid_sample(x, GRID, "bicubic", fill_value=1)
    assert isinstance(out, torch.Tensor)
    assert out.requires_grad
    assert gridsample.sample(x, GRID).requires_grad
    with pytest.raises(TypeError, match=r"dtype: expected None for tensors, which have no such choice; got 'float64'"):
        gridsample.grid_sample(x, GRID, dtype="float64")


def test_torch_is_not_imported_uninvited():
    code = (
        "import sys, numpy, gridsample; x = numpy.ones((1, 1, 2, 2)); gridsample.grid_sample(x, x[..., None].repeat(2, -1)[0]);"
        "gridsample.sample(x, x.reshape(1, 2, 2)); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("dynamic", [False, True])
def test_compile(dynamic):
    """The whole graph, forward and backward, also at another size."""
    model = Model(mode="bicubic", padding_mode="reflection")
    compiled = torch.compile(model, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for batch, size in ((2, 5), (1, 7)) if dynamic else ((2, 5),):
        grid = torch.rand(batch, 4, size, 2) * 2 - 1
        results = []
        for function in (compiled, model):
            x, points = torch.rand(batch, 3, size, 6), grid.clone().requires_grad_()
            torch.manual_seed(0)
            x = torch.rand_like(x).to(memory_format=torch.channels_last).requires_grad_()
            out = function(x, points)
            out.pow(2).sum().backward()
            results.append((out, x.grad, points.grad))
        for ours, expected in zip(*results, strict=True):
            assert ours.stride() == expected.stride()
            torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_export(tmp_path):
    batch, height = torch.export.Dim("batch"), torch.export.Dim("height")
    model = Model(padding_mode="border")
    program = torch.export.export(model, (IMAGE, GRID), dynamic_shapes=({0: batch, 2: height}, {0: batch}))
    torch.export.save(program, tmp_path / "program.pt2")
    loaded = torch.export.load(tmp_path / "program.pt2").module()
    x, grid = torch.rand(3, 3, 9, 6), torch.rand(3, 4, 7, 2)
    torch.testing.assert_close(loaded(x, grid), model(x, grid), rtol=0, atol=0)


ONNX = [
    ("bilinear", "zeros", False, 2),
    ("bicubic", "border", True, 2),
    ("nearest", "reflection", False, 2),
    ("bilinear", "border", True, 3),
]


@pytest.mark.parametrize(("mode", "padding_mode", "align_corners", "ndim"), ONNX)
def test_onnx(mode, padding_mode, align_corners, ndim, tmp_path):
    """Exported is the standard GridSample, and onnxruntime computes the same with it."""
    import onnx
    import onnxruntime

    model = Model(mode=mode, padding_mode=padding_mode, align_corners=align_corners).eval()
    x, grid = torch.rand(1, 2, *(5, 6, 7)[:ndim]), torch.rand(1, *(3, 4, 5)[:ndim], ndim) * 2 - 1
    path = str(tmp_path / "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x, grid), path, dynamo=True, verbose=False)
    assert "GridSample" in [node.op_type for node in onnx.load(path).graph.node]
    session = onnxruntime.InferenceSession(path)
    names = [given.name for given in session.get_inputs()]
    (result,) = session.run(None, dict(zip(names, (x.numpy(), grid.numpy()), strict=True)))
    assert_close(result, model(x, grid).numpy(), TORCH["float32"])


@pytest.mark.parametrize("mode", ["lanczos3", "mitchell"])
def test_onnx_has_no_other_kernels(mode, tmp_path):
    """They are refused, and not taken for nearest."""
    x, grid = torch.rand(1, 2, 5, 6), torch.rand(1, 3, 4, 2) * 2 - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError):
            torch.onnx.export(Model(mode=mode).eval(), (x, grid), str(tmp_path / "model.onnx"), dynamo=True, verbose=False)


RULES = [{}, {"outside": "fill"}, {"nan": "propagate"}]


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", PORTABLE_KERNELS)
def test_portable(kernel, boundary, ndim):
    """What tensors on other devices get, run here on the CPU: samples and gradients as defined."""
    spatial = (5, 4, 1)[:ndim]
    points = index_points(60, spatial, "float64")
    points[:3, 0] = np.nan, np.inf, -np.inf
    x, coords, grad_out = make_input((2, 2, *spatial), "float64"), points[None], make_input((2, 2, 60), "float64", 1)
    for rule in RULES:
        options = Options(kernel, (boundary,) * ndim, INDEX, fill=(0.5,), **rule)
        leaves = [torch.from_numpy(array).requires_grad_() for array in (x, coords)]
        out = _portable.sample(*leaves, options)
        expected = reference.sample(x, coords, kernel, boundary, fill_value=0.5, **rule)
        assert_close(out.detach().numpy(), expected, TORCH["float64"])
        given = (kernel, (boundary,) * ndim, index_axes(ndim))
        gradients = reference_derivatives.backward(grad_out, x, coords, *given, fill_value=0.5, **rule)
        for ours, defined in zip(torch.autograd.grad(out, leaves, torch.from_numpy(grad_out)), gradients, strict=True):
            assert_gradient(ours.numpy(), defined, TORCH_GRADIENT["float64"])


def test_other_devices(monkeypatch):
    """A mode that PyTorch has is its own there; others are composed. The core is not asked."""
    from gridsample.torch import _functions

    monkeypatch.setattr(_functions, "_has_core", lambda tensor: False)
    monkeypatch.setattr(_functions._cpu, "is_plain", lambda *tensors: False)
    monkeypatch.setattr(_functions.ops, "sample", None)
    expected = F.grid_sample(IMAGE, GRID, "bicubic", "reflection", True)
    assert torch.equal(gridsample.torch.grid_sample(IMAGE, GRID, "bicubic", "reflection", True), expected)
    out = gridsample.torch.grid_sample(IMAGE, GRID[:1], padding_mode=("wrap", "border"))
    arrays = gridsample.grid_sample(IMAGE.numpy(), GRID[:1].numpy(), padding_mode=("wrap", "border"))
    assert_close(out.numpy(), arrays, TORCH["float32"])
    small = (IMAGE * 255).byte()
    out = gridsample.torch.grid_sample(small, GRID, "bicubic", "constant", fill_value=[1, 2, 3])
    arrays = gridsample.grid_sample(small.numpy(), GRID.numpy(), "bicubic", "constant", fill_value=[1, 2, 3])
    assert (out.int() - torch.from_numpy(arrays).int()).abs().max() <= DTYPE_STEPS["uint8"]


def torch_outcome(*arguments):
    """Return result and gradients of PyTorch's call, or the type and words of its error."""
    try:
        leaves = [tensor.detach().clone(memory_format=torch.preserve_format).requires_grad_() for tensor in arguments[:2]]
        out = F.grid_sample(*leaves, *arguments[2:])
        return out, *torch.autograd.grad(out.sum(), leaves)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.filterwarnings("ignore:Default grid_sample")
@pytest.mark.parametrize(
    "arguments",
    [
        (IMAGE, GRID, "bilinear", "border", False),
        (IMAGE.double(), GRID.double(), "bicubic", "reflection", True),
        (IMAGE.to(memory_format=torch.channels_last), GRID, "nearest", "zeros", None),
        (
            IMAGE[:, :, None],
            VOLUME_GRID,
            "bilinear",
        ),
        (IMAGE[:, :, None], VOLUME_GRID, "bicubic"),
        (IMAGE, GRID.double()),
        (IMAGE[:1], GRID),
        (IMAGE, GRID, "linear"),
        (IMAGE.to("meta"), GRID),
    ],
)
def test_accelerate(arguments):
    """The same results, layouts and errors as without."""
    expected = torch_outcome(*arguments)
    with gridsample.torch.accelerate():
        outcome = torch_outcome(*arguments)
    if isinstance(expected[0], type):
        assert outcome == expected
        return
    for ours, theirs in zip(outcome, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=5e-5, atol=1e-4)
    assert outcome[0].stride() == expected[0].stride()


def calls_of_the_core(function):
    """Return how often the operator runs in ``function``."""

    class Count(torch.utils._python_dispatch.TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.count += func is torch.ops.gridsample.sample.default
            return func(*args, **(kwargs or {}))

    with Count() as mode:
        function()
    return mode.count


def test_accelerate_routes_and_ends():
    def call():
        F.grid_sample(IMAGE, GRID, align_corners=False)
        torch.grid_sampler(IMAGE, GRID, 0, 0, False)

    assert calls_of_the_core(call) == 0
    with gridsample.torch.accelerate():
        assert calls_of_the_core(call) == 2
        with gridsample.torch.accelerate():
            assert calls_of_the_core(call) == 2
        assert calls_of_the_core(call) == 2
    assert calls_of_the_core(call) == 0
    original = torch.grid_sampler
    permanent = gridsample.torch.accelerate()
    assert calls_of_the_core(call) == 2
    permanent.__exit__(None, None, None)
    assert torch.grid_sampler is original


def test_accelerate_under_compile():
    def call(x, grid):
        return F.grid_sample(x, grid, "bicubic", align_corners=True)

    expected = call(IMAGE, GRID)
    with gridsample.torch.accelerate():
        result = torch.compile(call, fullgraph=True, backend="aot_eager")(IMAGE, GRID)
    torch.testing.assert_close(result, expected)


def test_a_known_small_call_is_of_these_tensors():
    image, grid = torch.rand(2, 3, 5, 6), torch.rand(2, 4, 7, 2) * 2.4 - 1.2
    expected = gridsample.torch.grid_sample(image, grid, fill_value=0.0)  # not the default: always checked
    for _ in range(2):
        assert torch.equal(gridsample.torch.grid_sample(image, grid), expected)
        assert torch.equal(gridsample.torch.grid_sample(image.mT.contiguous().mT, grid), expected)
        negative = torch._neg_view(-image)
        assert negative.is_neg()
        assert torch.equal(gridsample.torch.grid_sample(negative, grid), expected)
        assert gridsample.torch.grid_sample(image.double(), grid).dtype == torch.float64
        leaf = image.clone().requires_grad_()
        gridsample.torch.grid_sample(leaf, grid).sum().backward()
        assert leaf.grad is not None
        with torch.no_grad():
            assert torch.equal(gridsample.torch.grid_sample(leaf, grid), expected)
    with pytest.raises(TypeError, match="align_corners"):
        gridsample.torch.grid_sample(image, grid, align_corners=1)


def training_step(image, grid, weight, *options, wanted=(True, True), **checked):
    image, grid = (tensor.clone().requires_grad_(want) for tensor, want in zip((image, grid), wanted, strict=True))
    out = gridsample.torch.grid_sample(image, grid, *options, **checked)
    return torch.autograd.grad(out, [tensor for tensor in (image, grid) if tensor.requires_grad], weight)


@pytest.mark.isa
@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_a_known_step_has_the_gradients_of_these_tensors(mode, padding, channels):
    for dtype in (torch.float32, torch.float64):
        for batches in ((2, 2), (1, 1), (1, 2), (2, 1)):
            for wanted in ((True, True), (True, False), (False, True)):
                for _ in range(3):
                    image = torch.rand(batches[0], channels, 5, 6, dtype=dtype)
                    grid = torch.rand(batches[1], 4, 7, 2, dtype=dtype) * 2.4 - 1.2
                    weight = torch.rand(max(batches), channels, 4, 7, dtype=dtype)
                    found = training_step(image, grid, weight, mode, padding, wanted=wanted)
                    # 0.0 is not the default: always checked
                    expected = training_step(image, grid, weight, mode, padding, wanted=wanted, fill_value=0.0)
                    for one, other in zip(found, expected, strict=True):
                        assert torch.equal(one, other)


def test_a_known_step_takes_any_gradient():
    grid = GRID.clone().requires_grad_()
    for _ in range(3):
        image = IMAGE.clone().requires_grad_()
        gridsample.torch.grid_sample(image, grid).sum().backward()  # a gradient that is expanded
        first = image.grad
        image.grad = None
        weight = torch.ones(7, 2, 3, 4).permute(1, 2, 3, 0)
        (by_image,) = torch.autograd.grad(gridsample.torch.grid_sample(image, grid), image, weight)
        assert torch.equal(by_image, first)
        assert torch.equal(by_image, training_step(IMAGE, GRID, weight.contiguous(), fill_value=0.0)[0])
    out = gridsample.torch.grid_sample(image, grid)
    (slope,) = torch.autograd.grad(out.pow(2).sum(), grid, create_graph=True)
    torch.testing.assert_close(
        torch.autograd.grad(slope.sum(), image)[0],
        torch.autograd.grad(
            torch.autograd.grad(
                gridsample.torch.grid_sample(image, grid, fill_value=0.0).pow(2).sum(), grid, create_graph=True
            )[0].sum(),
            image,
        )[0],
    )


def test_a_known_step_reads_what_a_hook_saved():
    """Which may lie otherwise, or be too small to be read as what was sampled."""
    weight = torch.rand(2, 3, 4, 7)
    expected = training_step(IMAGE, GRID, weight)
    for unpack in (lambda saved: saved.mT.contiguous().mT, lambda saved: saved.clone()):
        with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved.detach(), unpack):
            for one, other in zip(training_step(IMAGE, GRID, weight), expected, strict=True):
                assert torch.equal(one, other)
    small = torch.autograd.graph.saved_tensors_hooks(lambda saved: saved.detach(), lambda saved: saved[:, :1])
    with small, pytest.raises((ValueError, RuntimeError)):
        training_step(IMAGE, GRID, weight)
