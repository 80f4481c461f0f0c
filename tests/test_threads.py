"""Many Python threads at once, fork at any time, and settings that change while calls run."""

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gridsample

from .points import make_input, normalized_points

SHAPE = (1, 3, 40, 50)
TIMEOUT = 120
"""Seconds after which a call that should take a fraction of one counts as hung."""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def problem(seed, rows=300):
    """Return an input and a grid large enough for several chunks of work."""
    x = make_input(SHAPE, "float32", seed)
    return x, normalized_points(rows * 200, 2, "float32", seed).reshape(1, rows, 200, 2)


@pytest.fixture
def alone(set_threads):
    """Return a function that samples on one thread."""

    def alone(x, grid):
        before = gridsample.get_num_threads()
        set_threads(1)
        result = gridsample.grid_sample(x, grid)
        set_threads(before)
        return result

    return alone


def test_many_python_threads(set_threads, alone):
    problems = [problem(seed, rows=50 + 40 * seed) for seed in range(16)]
    expected = [alone(*p) for p in problems]
    set_threads(4)
    barrier = threading.Barrier(16, timeout=TIMEOUT)

    def work(which):
        barrier.wait()
        return [gridsample.grid_sample(*problems[which]) for _ in range(10)]

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(16), timeout=TIMEOUT))
    for repeats, wanted in zip(results, expected, strict=True):
        for result in repeats:
            np.testing.assert_array_equal(result, wanted)


def test_thread_count_changes_meanwhile(set_threads, alone):
    x, grid = problem(0)
    expected = alone(x, grid)
    stop = threading.Event()
    failures = []

    def work():
        while not stop.is_set():
            if not np.array_equal(gridsample.grid_sample(x, grid), expected):
                failures.append("wrong result")

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for repeat in range(60):
        set_threads(1 + repeat % 7)
        assert gridsample.get_num_threads() == 1 + repeat % 7
        np.testing.assert_array_equal(gridsample.grid_sample(x, grid), expected)
    stop.set()
    for worker in workers:
        worker.join(TIMEOUT)
        assert not worker.is_alive()
    assert not failures


def test_one_array_is_read_by_many(set_threads, alone):
    """The same input, each thread its own part of one result."""
    x, grid = problem(1)
    expected = alone(x, grid)
    set_threads(3)
    out = np.empty_like(expected)
    parts = [slice(first, first + 30) for first in range(0, 300, 30)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda rows: gridsample.grid_sample(x, grid[:, rows], out=out[:, :, rows]), parts, timeout=TIMEOUT))
    np.testing.assert_array_equal(out, expected)


SETUP = """
import os, threading
import numpy as np
import gridsample

rng = np.random.default_rng(0)
x = rng.random((1, 3, 64, 64), dtype="float32")
grid = rng.uniform(-1, 1, (1, 300, 300, 2)).astype("float32")
gridsample.set_num_threads(1)
expected = gridsample.grid_sample(x, grid)
gridsample.set_num_threads(4)

def right():
    return np.array_equal(gridsample.grid_sample(x, grid), expected)

def child_is_right():
    child = os.fork()
    if child == 0:
        os._exit(0 if right() and right() and gridsample.get_num_threads() == 4 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def run_script(body):
    """Run a script of its own process, which prints what it found."""
    script = SETUP + textwrap.dedent(body)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]  # Python warns of fork beside threads
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@needs_fork
def test_fork_after_use():
    """The parent's pool is not in the child: the child starts its own, and the parent keeps what it has."""
    found = run_script("""
        print(right(), child_is_right(), right(), child_is_right())
    """)
    assert found == ["True"] * 4


@needs_fork
def test_fork_before_use():
    found = run_script("""
        print(child_is_right(), right())
    """)
    assert found == ["True"] * 2


@needs_fork
def test_fork_of_a_fork():
    found = run_script("""
        right()
        child = os.fork()
        if child == 0:
            os._exit(0 if right() and child_is_right() and right() else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0)
    """)
    assert found == ["True"]


@needs_fork
def test_fork_while_another_thread_samples():
    """Whatever the other thread holds at that moment."""
    found = run_script("""
        stop = threading.Event()
        answers = []

        def work():
            while not stop.is_set():
                answers.append(right())

        worker = threading.Thread(target=work)
        worker.start()
        children = [child_is_right() for _ in range(30)]
        stop.set()
        worker.join()
        print(all(children), all(answers), len(answers) > 0, right())
    """)
    assert found == ["True"] * 4


@needs_fork
def test_fork_by_a_signal_in_a_call():
    """The child has none of the threads that share the call: it is told so, and does not wait for them."""
    found = run_script("""
        import signal

        children = []

        def fork(*_):
            children.append(os.fork())

        signal.signal(signal.SIGALRM, fork)
        gridsample.set_num_threads(2)
        image = np.zeros((1, 8, 100, 100), np.float32)
        points = np.full((1, 1000, 1000, 2), 50.5, np.float32)
        for _ in range(200):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            try:
                gridsample.sample(image, points, "lanczos4")
            except RuntimeError as error:
                os._exit(7 if "forked" in str(error) else 1)
            if children and children[0] == 0:
                os._exit(7)  # between two calls
            if children:
                break
        print(os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]), right())
    """)
    assert found == ["7", "True"]


@pytest.mark.parametrize("count", [1, 4])
def test_small_stack(count):
    """128 KiB are enough for a thread that calls, as musl and embedders give them."""
    found = run_script(f"""
        gridsample.set_num_threads({count})
        threading.stack_size(128 << 10)

        def everything():
            for dtype in ("float32", "float64", "uint8", "float16", "complex64"):
                for ndim in (1, 2, 3):
                    image, points = np.ones((2, 5, *(12, 11, 10)[:ndim]), dtype), rng.uniform(-3, 14, (2, 70, 60, ndim))
                    for kernel in ("nearest", "linear", "cubic", "lanczos4", "bspline3", "bspline7"):
                        for picture in (image, np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 1, -1)), -1, 1)):
                            values = gridsample.sample(picture, points, kernel, "border", outside="fill", return_mask=True)[0]
                        if dtype != "uint8":
                            gridsample.sample_adjoint(values, points, image.shape, kernel)
                            gridsample.sample_gradient(image, points, kernel)
                    gridsample.interpolate(image, (30,) * ndim, mode="linear", antialias=True) if ndim == 2 else None
            gridsample.grid_sample_backward(gridsample.grid_sample(x, grid), x, grid)
            answers.append(right())

        answers = []
        worker = threading.Thread(target=everything)
        worker.start()
        worker.join()
        print(answers)
    """)
    assert found == ["[True]"]


def test_process_ends_while_a_thread_samples():
    """Threads of the core do not keep the process, nor crash it on its way out."""
    found = run_script("""
        def work():
            while True:
                right()

        threading.Thread(target=work, daemon=True).start()
        print(right())
    """)
    assert found == ["True"]
