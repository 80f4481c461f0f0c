"""The command line tool as a process: signals, imports, environment."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import gridsample
from gridsample.files.images import read_image, write_image

RUN_TOOL = [sys.executable, "-W", "error", "-c", "from gridsample.cli import main; main()"]


def test_the_real_tool(tmp_path):
    write_image(tmp_path / "in.png", np.array([[1, 2, 3]], "uint8"))
    command = [*RUN_TOOL, "warp", "in.png", "--rotate", "180", "-o", "out.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("in.png (1 x 3, uint8) -> out.png (1 x 3, uint8), bilinear, zeros, sampled in ")
    assert done.stderr == ""
    assert read_image(tmp_path / "out.png").tolist() == [[3, 2, 1]]
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "error: out.png: there is such a file already; --force replaces it\n"


def wait_for(tmp_path, pattern):
    for _ in range(1000):
        if list(tmp_path.glob(pattern)):
            return
        time.sleep(0.02)
    pytest.fail(f"no {pattern} came")


def test_ended_while_it_writes(tmp_path):
    """As by ``kill`` or a batch system: nothing of the new file stays."""
    write_image(tmp_path / "in.npy", np.zeros((4, 6)))
    code = "import numpy, time; numpy.lib.format.write_array = lambda *_, **__: time.sleep(60)"
    command = [sys.executable, "-c", f"{code}; from gridsample.cli import main; main()", "warp", "in.npy", "-o", "out.npy"]
    tool = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(tmp_path, ".gridsample-*.tmp")
    tool.terminate()
    out, err = tool.communicate(timeout=30)
    assert (tool.returncode, out) == (143, "")
    assert "Traceback" not in err
    assert [file.name for file in tmp_path.iterdir()] == ["in.npy"]


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "gridsample", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"gridsample {gridsample.__version__}\n"


@pytest.mark.parametrize("module", ["gridsample.cli.commands", "gridsample.bench", "gridsample.plot"])
def test_interrupted_while_it_starts(tmp_path, module):
    """Libraries take long to import: Ctrl-C may come then."""
    (tmp_path / "sitecustomize.py").write_text(f"""if True:
        import pathlib, signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which shells turn off behind an ampersand
        class Slow:
            def find_spec(self, name, *_):
                if name == {module!r}:
                    pathlib.Path("importing").touch()
                    time.sleep(60)
        sys.meta_path.insert(0, Slow())
    """)
    command = {"gridsample.bench": "bench", "gridsample.plot": "demo"}.get(module, "info")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    tool = subprocess.Popen([sys.executable, "-m", "gridsample", command], cwd=tmp_path, env=env, text=True, **pipes)
    wait_for(tmp_path, "importing")
    tool.send_signal(signal.SIGINT)
    out, err = tool.communicate(timeout=30)
    assert tool.returncode == 130
    assert (out, err.split()) == ("", ["interrupted"])


def test_libraries_are_imported_when_used():
    code = (
        "import sys, gridsample.cli, gridsample.plot; assert not {'typer', 'rich'} & set(sys.modules);"
        "import gridsample.cli.commands; assert not {'matplotlib', 'PIL', 'imageio', 'tifffile'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("missing", ["typer", "rich", "PIL"])
def test_missing_extra(tmp_path, missing):
    write_image(tmp_path / "in.png", np.zeros((2, 2), "uint8"))
    code = f"import sys; sys.modules['{missing}'] = None; from gridsample.cli import main; main()"
    command = [sys.executable, "-c", code, "warp", "in.png", "-o", "out.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert missing in done.stderr
    assert "pip install 'gridsample[cli]'" in done.stderr
