"""Everything that is checked, one session each: `nox -l` lists them, `nox -s lint` runs one.

`.ci/run` runs what all of them do, but for emulated, fuzz and bench.
"""

from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["lint", "types", "tests", "native", "wheel"]

WHEEL_LIMIT = 2_000_000


def available_isas(session: nox.Session) -> list[str]:
    """Return the ISAs that this machine can run, the one that is used by default first."""
    code = "import gridsample; print(*gridsample.cpu_info()['available'])"
    return str(session.run("python", "-c", code, env={"GRIDSAMPLE_ISA": ""}, silent=True)).split()


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style: ruff."""
    session.install("--group", "lint")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types: mypy, strict."""
    session.install(".[cli]", "nox", "--group", "types")
    session.run("mypy")


@nox.session
def native(session: nox.Session) -> None:
    """Test the core without Python under sanitizers, and replay what the fuzzer has found: the baseline, or `-- all` ISAs.

    Their code is the same but for the vector operations, and takes a compiler several minutes for each once it is instrumented.
    `-- thread` is for the ThreadSanitizer.
    """
    session.install("--group", "native")
    isas = [] if "all" in session.posargs else ["-DGS_ONLY=scalar"]
    if "thread" in session.posargs:
        check_core(session, "tsan", "-DGS_SANITIZE=thread", *isas)
    else:
        check_core(session, "asan", "-DGS_SANITIZE=address,undefined", *isas)


def check_core(session: nox.Session, name: str, *options: str) -> None:
    """Build the core and its tests in a folder of their own, and run them."""
    build = f"build/{name}"
    session.run("cmake", "-S", "native", "-B", build, "-G", "Ninja", *options)
    session.run("cmake", "--build", build)
    session.run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error")


@nox.session
def emulated(session: nox.Session) -> None:
    """Test the core on AArch64, and the package on a processor without AVX: needs Debian's qemu-user, g++-aarch64-linux-gnu."""
    session.install(".[test]", "--group", "native")
    check_core(
        session,
        "aarch64",
        "-DCMAKE_SYSTEM_NAME=Linux",
        "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
        "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
        "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu",
    )
    python = str(session.run("python", "-c", "import sys; print(sys.executable)", silent=True)).strip()
    run = ("qemu-x86_64", "-cpu", "Nehalem", python)
    session.run(*run, "-c", "import gridsample; assert gridsample.cpu_info()['available'] == ('scalar',)", external=True)
    session.run(*run, "-m", "pytest", "tests/test_dtypes.py", "tests/test_nonfinite.py", external=True)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Look for bytes that break the core, with Clang's libFuzzer: `nox -s fuzz -- -max_total_time=600`."""
    session.install("--group", "native")
    build, found = "build/fuzz", Path("build/found")
    found.mkdir(parents=True, exist_ok=True)
    compiler = session.env.get("CXX", "clang++")
    options = (f"-DCMAKE_CXX_COMPILER={compiler}", "-DGS_SANITIZE=address,undefined,fuzzer-no-link")
    session.run("cmake", "-S", "native", "-B", build, "-G", "Ninja", *options)
    session.run("cmake", "--build", build, "--target", "fuzz")
    limits = ("-len_control=0", "-max_len=400", *session.posargs)
    session.run(f"{build}/fuzz", *limits, str(found), "native/tests/corpus", external=True)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, and check that it is small."""
    folder = Path(session.create_tmp())
    apart = f"--config-settings=build-dir={folder}/build"  # others may be building beside
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", apart, "-w", str(folder), ".")
    (built,) = folder.glob("gridsample-*.whl")
    size = built.stat().st_size
    built.unlink()
    session.log(f"{built.name}: {size} bytes")
    if size >= WHEEL_LIMIT:
        session.error(f"the wheel has {size} bytes; expected less than {WHEEL_LIMIT}")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests and doctests, on the best ISA of the machine."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def isa(session: nox.Session) -> None:
    """Run the tests of numbers once for every further ISA of the machine, on two processors."""
    session.install(".[test]", "--group", "isa")
    for name in available_isas(session)[1:]:
        session.run("pytest", "-n", "2", "-m", "isa", "tests", *session.posargs, env={"GRIDSAMPLE_ISA": name})


@nox.session
def docs(session: nox.Session) -> None:
    """Run the examples in docstrings, README and docs."""
    session.install(".[test]")
    session.run("pytest", "tests/test_docs.py", "src")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the quick rows of the benchmarks, or: `nox -s bench -- --rows all --threads 1,2`; `--backward`, `--scaling`."""
    session.install(".[bench]")
    session.run("gridsample", "bench", *session.posargs)
