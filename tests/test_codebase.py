"""The code keeps its own rules: imports run one way, each fact has one owner, names and documentation are complete."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gridsample
import gridsample.opencv
import gridsample.scipy
import gridsample.skimage
import gridsample.torch.nn
from gridsample import _native, reference, reference_derivatives
from gridsample._modes import BOUNDARIES, DTYPES, KERNELS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "gridsample"

LAYERS = (
    {"_modes", "_native", "_frameworks", "_memory"},
    {"_coords", "reference_kernels"},
    {"_spec"},
    {"_engine", "_arrays"},
    {"_maps", "_small", "_spline"},
    {"_compose"},
    {"_sample", "_derivatives", "_runtime", "reference", "_cameras"},
    {"_transform", "_ndimage_arguments", "_opencv_arguments"},
    {"_ndimage_deep", "_grid_sample"},
    {"_ndimage"},
    {"_ndimage_filters"},
    {"dialects"},
    {"gridsample", "_pictures", "files", "torch"},
    {"plot", "bench"},
    {"cli"},
    {"__main__"},
)
"""Lowest first. A module imports from lower layers only, a folder from itself too; a module not named here is a dialect."""

ONLY_IMPORTERS = {"_native": {"_engine"}, "gridsample": {"cli", "bench"}}
"""Modules of the package that not everybody above may import, and who may."""

LIBRARIES = {
    "bench": {
        "rich",
        "matplotlib",
        "torch",
        "openvino",
        "onnxruntime",
        "onnx",
        "cv2",
        "scipy",
        "SimpleITK",
        "volresample",
        "interpol",
    },
    "cli": {"typer", "rich"},
    "files": {"PIL", "tifffile"},
    "plot": {"matplotlib", "PIL"},
    "torch": {"torch", "ml_dtypes"},
}
"""Who may import which libraries besides NumPy."""

MODULES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")}
FUNCTIONS = {
    name: value for name, value in vars(gridsample).items() if name in gridsample.__all__ and inspect.isfunction(value)
}
DIALECTS = {
    f"{module.__name__.removeprefix('gridsample.')}.{name}": getattr(module, name)
    for module in (
        *(gridsample.opencv, gridsample.scipy, gridsample.skimage, gridsample.torch, gridsample.torch.nn),
        *(reference, reference_derivatives),
    )
    for name in module.__all__
    if callable(getattr(module, name))
}
METHODS = {
    f"{cls.__name__}.{name}": value.__func__ if inspect.ismethod(value) else value
    for cls in (gridsample.Transform, gridsample.Plan)
    for name, value in inspect.getmembers(cls, inspect.isroutine)
    if name[0] != "_" or name in ("__call__", "__matmul__")
} | {"Plan": gridsample.Plan}


def part_of(module):
    """Return the part of the package that a module, named by its path, belongs to."""
    first = module.split("/")[0]
    return "gridsample" if first == "__init__" else first


def layer_of(part):
    named = [layer for layer, parts in enumerate(LAYERS) if part in parts]
    return named[0] if named else layer_of("dialects")


def imports_of(path):
    """Yield every import of a file, at its top or within a function, as a full dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def split_imports(path):
    """Return the parts of the package that a file imports, and the libraries, without the standard one."""
    parts, libraries = set(), set()
    for name in imports_of(path):
        top, *rest = name.split(".")
        if top == "gridsample":
            below = rest and (rest[0] in map(part_of, MODULES) or rest[0] in LAYERS[0])
            parts.add(rest[0] if below else "gridsample")
        elif top not in sys.stdlib_module_names:
            libraries.add(top)
    return parts, libraries


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module):
    part = part_of(module)
    parts, libraries = split_imports(MODULES[module])
    for imported in parts - {part if (PACKAGE / part).is_dir() else None}:
        assert layer_of(imported) < layer_of(part), f"{module} imports {imported}, which is not below it"
        assert part in ONLY_IMPORTERS.get(imported, {part}), f"{module} imports {imported}"
    assert libraries <= {"numpy"} | LIBRARIES.get(part, set())


def test_layers_name_what_exists():
    existing = {part_of(module) for module in MODULES} | {"_native", "dialects"}
    assert set().union(*LAYERS) <= existing
    assert set(LIBRARIES) <= existing


def run_python(code, **environment):
    """Run code in a new process and return what it prints."""
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout


def test_import_brings_numpy_only():
    code = "import sys, numpy; before = {*sys.modules}; import gridsample; print(*{*sys.modules} - before)"
    brought = {name.split(".")[0] for name in run_python(code).split()}
    assert brought - sys.stdlib_module_names == {"gridsample"}


def test_import_is_quick(tmp_path):
    """Beside NumPy, less than 30 ms of a processor. The quickest of several counts.

    The modules are compiled beforehand, as an installer does it: by the first of the runs.
    """
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    code = "import numpy, time; start = time.process_time(); import gridsample; print(time.process_time() - start)"
    assert min(float(run_python(code, **compiled)) for _ in range(15)) < 0.030


def test_dialects_need_no_import_of_their_own():
    code = (
        "import gridsample as g; print(g.scipy.zoom, g.opencv.remap, g.skimage.warp, g.reference.sample, g.torch.nn.FlowWarp)"
    )
    assert run_python(code).count("<function") == 4
    with pytest.raises(AttributeError, match="no attribute 'numpyx'"):
        _ = gridsample.numpyx
    with pytest.raises(AttributeError, match="no attribute 'functional'"):
        _ = gridsample.torch.functional


def test_tables_are_equal():
    assert {name: row.code for name, row in KERNELS.items()} == _native.KERNELS
    assert {name: row.code for name, row in BOUNDARIES.items()} == _native.BOUNDARIES
    assert {row.name: row.code for row in DTYPES.values()} == _native.DTYPES
    assert reference.KERNEL_WEIGHTS.keys() == KERNELS.keys()
    assert reference.BOUNDARY_RULES.keys() == BOUNDARIES.keys()


def test_all_is_what_is_public():
    found = {name for name, value in vars(gridsample).items() if name[0] != "_" and not inspect.ismodule(value)}
    assert {*gridsample.__all__} == found | {"__version__"}
    for module in MODULES:
        name = ".".join(["gridsample", *module.split("/")]).removesuffix(".__init__")
        for public in getattr(importlib.import_module(name), "__all__", ()):
            assert hasattr(sys.modules[name], public)


@pytest.mark.parametrize("name", FUNCTIONS | METHODS | DIALECTS)
def test_documentation_is_complete(name):
    function = (FUNCTIONS | METHODS | DIALECTS)[name]
    doc, signature = inspect.getdoc(function), inspect.signature(function)
    parameters = [parameter for parameter in signature.parameters if parameter not in ("self", "cls")]
    sections = re.findall(r"^(\w[\w ]*)\n-{3,}$", doc, re.MULTILINE)
    assert "Examples" in sections
    if not inspect.isclass(function):
        assert ("Returns" in sections) == (signature.return_annotation is not None)
    if parameters:
        assert {"Parameters", "Raises"} <= {*sections}
        table = doc.split("Parameters\n----------\n")[1].split("\n\n")[0]
        assert re.findall(r"^(\w+) : ", table, re.MULTILINE) == parameters


def test_documentation_lists_every_name():
    listed = ", ".join(f'"{name}"' for name in BOUNDARIES)
    assert f"boundary : {{{listed}}}\n" in gridsample.sample.__doc__
    kernels = gridsample.sample.__doc__.split("kernel : str\n")[1].split("    boundary :")[0]
    assert re.findall(r'"(\w+)"', kernels) == [*KERNELS]


def test_every_file_is_described():
    """CONTRIBUTING.md says what each module, header and file of tests is."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests, modules = (ROOT / "tests").glob("test_*.py"), PACKAGE.glob("*.py")
    headers = [path for folder in (".", "kernels", "bind") for path in (ROOT / "native" / folder).glob("*.h")]
    assert [path.name for path in (*tests, *modules, *headers) if not re.search(rf"(?<!\w){path.name}", text)] == []


@pytest.mark.parametrize(("file", "line"), [("pyproject.toml", r'^version = "(.*)"$'), ("CHANGELOG.md", r"^## \[(\d.*)\]")])
def test_versions_are_equal(file, line):
    """The first version in a file: of the change log, the newest."""
    assert re.search(line, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)[1] == gridsample.__version__


def test_stub_is_what_the_module_says(tmp_path):
    stub = tmp_path / "_native.pyi"
    command = [sys.executable, "-m", "nanobind.stubgen", "-q", "--exclude-values", "-m", "gridsample._native", "-o", stub]
    subprocess.run(command, check=True)
    assert (PACKAGE / "_native.pyi").read_text(encoding="utf-8") == stub.read_text(encoding="utf-8")
