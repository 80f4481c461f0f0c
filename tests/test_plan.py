"""Plans: what ``sample`` gives, for all that it takes, the first time and every other time."""

import numpy as np
import pytest

import gridsample
from gridsample import Plan, Transform

from .points import make_input
from .test_bad_input import refuses

RNG = np.random.default_rng(6)
SIZE = (9, 11)
MAPS = {
    "affine": Transform.affine([[0.9, -0.3, 2.0], [0.2, 1.1, -1.0]]),
    "polar": Transform.polar(SIZE, (4, 5), 6),
    "flow": Transform.flow(RNG.normal(0, 2, (3, 4, 2)), size=SIZE),
}
COORDS = RNG.uniform(-2, 12, (2, *SIZE, 2))


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("kernel", ["linear", "bspline3", "lanczos3"])
@pytest.mark.parametrize("shape", [(10, 12), (3, 10, 12), (2, 3, 10, 12)])
@pytest.mark.parametrize("dtype", ["float32", "uint8", "complex64"])
def test_transforms(name, kernel, shape, dtype):
    image = (50 * np.abs(make_input(shape, "float64"))).astype(dtype)
    plan = Plan(MAPS[name], kernel, "border", size=SIZE)
    expected = gridsample.sample(image, MAPS[name], kernel, "border", size=SIZE)
    for _ in range(3):
        np.testing.assert_array_equal(plan(image), expected)


def test_one_transform_for_each_image():
    image = make_input((3, 2, 10, 12), "float32")
    maps = list(MAPS.values())
    np.testing.assert_array_equal(Plan(maps, size=SIZE)(image), gridsample.sample(image, maps, size=SIZE))
    with pytest.raises(ValueError, match=r"\(3, 9, 11, 2\)"):
        Plan(maps, size=SIZE)(image[:2])


@pytest.mark.isa
@pytest.mark.parametrize("options", [{}, {"fill_value": 7, "outside": "fill"}, {"channels": "last"}, {"nan": "propagate"}])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8", "int32", "complex64"])
def test_arrays_again_and_again(options, dtype):
    """Calls of one shape that is known, and of others; of arrays that lie anyhow; each result is its own."""
    coords = COORDS.copy()
    coords[0, 0, 0] = np.nan
    plan = Plan(coords, "linear", "constant", **options)
    first = (50 * np.abs(make_input((2, 3, 10, 12), "float64"))).astype(dtype)
    if "channels" in options:
        first = np.ascontiguousarray(np.moveaxis(first, 1, -1))
    images = [
        first,
        first[:, ::-1, ::-1],
        np.asfortranarray(first),
        first[:1],
        first.astype(first.dtype.newbyteorder(">")),
        first,
    ]
    results = []
    for image in images * 2:
        result = plan(image)
        np.testing.assert_array_equal(result, gridsample.sample(image, coords, "linear", "constant", **options))
        assert result.dtype == first.dtype
        results.append(result)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(results) for b in results[:i])


def test_what_is_asked_of_one_call():
    image = make_input((2, 3, 10, 12), "float32")
    plan = Plan(COORDS)
    plan(image)
    np.testing.assert_array_equal(plan(image, dtype="float64"), gridsample.sample(image, COORDS, dtype="float64"))
    for mine, theirs in zip(plan(image, return_mask=True), gridsample.sample(image, COORDS, return_mask=True), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    out = np.empty((2, 3, *SIZE), "float32")
    assert plan(image, out=out) is out
    np.testing.assert_array_equal(out, plan(image))
    kept = Plan(COORDS, outside="keep")
    out[...] = 5
    np.testing.assert_array_equal(
        kept(image, out=out), gridsample.sample(image, COORDS, outside="keep", out=np.full_like(out, 5))
    )
    refuses(ValueError, lambda: kept(image), "out", "expected an array")


def test_coordinates_are_held_apart():
    coords = COORDS.copy()
    plan = Plan(coords)
    before = plan(make_input((2, 3, 10, 12), "float32"))
    coords += 1
    plan.coords[...] = 0
    np.testing.assert_array_equal(plan(make_input((2, 3, 10, 12), "float32")), before)
    np.testing.assert_array_equal(plan.coords, COORDS)
    assert plan.coords.dtype == "float64"
    half = Plan(COORDS, coords_dtype="float32")
    assert half.coords.dtype == "float32"
    image = make_input((2, 3, 10, 12), "float32")
    np.testing.assert_array_equal(half(image), gridsample.sample(image, COORDS.astype("float32")))
    assert Plan(MAPS["polar"], size=SIZE, coords_dtype="float32").coords.dtype == "float32"
    assert Plan(COORDS.astype(">f4")).coords.dtype == "float32"
    assert repr(plan) == "<gridsample.Plan, coords shape (2, 9, 11, 2), dtype float64: linear, zeros>"


def test_bad_plans():
    refuses(ValueError, lambda: Plan(MAPS["polar"]), "size", "expected the output's spatial axes")
    refuses(ValueError, lambda: Plan(COORDS, size=SIZE), "size", "expected None")
    refuses(ValueError, lambda: Plan(COORDS, coords_dtype="float16"), "coords_dtype", "'float16'")
    refuses(ValueError, lambda: Plan(COORDS, "linaer"), "kernel", "unknown name 'linaer'")
    refuses(ValueError, lambda: Plan(np.zeros((4, 5))), "coords", "(4, 5)")
    refuses(TypeError, lambda: Plan(COORDS.astype("int32")), "coords", "int32")
    refuses(ValueError, lambda: Plan(COORDS)(np.zeros((3, 3, 10, 12))), "coords", "(2, 9, 11, 2)")
    refuses(ValueError, lambda: Plan(COORDS)(np.zeros(10)), "input", "(10,)")
    refuses(TypeError, lambda: Plan(COORDS)(np.zeros((2, 3, 10, 12), "int64")), "input", "int64")
