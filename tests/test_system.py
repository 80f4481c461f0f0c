"""What a process can rely on: Ctrl-C, no memory, memory over many calls, the workers of a data loader."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

TIMEOUT = 120
"""Seconds after which a script that takes a few counts as hung."""

needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="this system does not say how much memory is used"
)

SETUP = """
import os, resource, signal, sys, threading, time
import numpy as np
import gridsample
from gridsample import _engine

def memory(which):  # 0: addresses, 1: resident; in bytes
    with open("/proc/self/statm") as file:
        return int(file.read().split()[which]) * resource.getpagesize()
"""


def run_script(tmp_path, body, *arguments):
    """Run a script in a process of its own and return the words that it prints."""
    script = tmp_path / "script.py"
    script.write_text(SETUP + textwrap.dedent(body), encoding="utf-8")
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_interrupt_ends_a_long_call(tmp_path):
    """Tens of seconds of work end within half a second of Ctrl-C, and the next call is whole."""
    interrupted, delay, unfinished, next_is_right = run_script(
        tmp_path,
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start what runs in the background without it
        _engine.choose_isa("scalar")
        volume = np.random.default_rng(0).random((1, 1, 30, 30, 30))
        points = np.broadcast_to(np.array([14.2, 15.3, 16.4]), (1, 8000, 8000, 3))
        out = np.zeros((1, 1, 8000, 8000))
        sent = []

        def press():
            time.sleep(0.5)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=press).start()
        try:
            gridsample.sample(volume, points, "cubic", out=out)
            caught = False
        except KeyboardInterrupt:
            caught, delay = True, time.monotonic() - sent[0]
        value = gridsample.sample(volume, points[:, :1, :1], "cubic").item()
        print(caught, delay, out[0, 0, -1, -1] == 0, out[0, 0, 0, 0] == value != 0)
        """,
    )
    assert interrupted == "True"
    assert float(delay) < 0.5
    assert unfinished == "True"
    assert next_is_right == "True"


def test_interrupt_ends_a_call_of_many_channels(tmp_path):
    """Also where a few points have so many channels that one tile of them takes seconds."""
    interrupted, delay, unfinished = run_script(
        tmp_path,
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gridsample.set_num_threads(2)
        volume = np.random.default_rng(0).random((1, 1, 12, 12, 12), dtype="float32")
        volume = np.broadcast_to(volume, (1, 100_000, 12, 12, 12))
        points = np.random.default_rng(1).uniform(3, 8, (1, 256, 3)).astype("float32")
        out = np.zeros((1, 100_000, 256), "float32")
        sent = []

        def press():
            time.sleep(0.2)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=press).start()
        try:
            gridsample.sample(volume, points, "lanczos4", out=out)
            caught, delay = False, 0
        except KeyboardInterrupt:
            caught, delay = True, time.monotonic() - sent[0]
        print(caught, delay, not out[0, -1].any())
        """,
    )
    assert interrupted == "True"
    assert float(delay) < 0.5
    assert unfinished == "True"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that sends signals")
@pytest.mark.parametrize("threads", ["1", "3"])
def test_signal_handler_that_samples(tmp_path, threads):
    """A handler runs in the middle of a call, on the same thread: both get their numbers."""
    found = run_script(
        tmp_path,
        """
        gridsample.set_num_threads(int(sys.argv[1]))
        _engine.choose_isa("scalar")
        rng = np.random.default_rng(0)
        volume, values = rng.random((1, 1, 20, 20, 20), dtype="float32"), rng.random((1, 1, 300, 500), dtype="float32")
        points = rng.uniform(-1, 20, (1, 300, 500, 3)).astype("float32")
        start = time.monotonic()
        gridsample.sample(volume, points, "cubic", "border")
        longer = 1 + int(0.4 / (time.monotonic() - start))  # signals are looked for every 50 ms
        points, values = points.repeat(longer, 1), values.repeat(longer, 2)
        image, grid = rng.random((2, 3, 40, 50)), rng.uniform(-1.2, 1.2, (2, 30, 40, 2))  # whose tiles take more memory
        out = np.empty(values.shape, "float32")

        def long_calls():
            out.fill(np.nan)
            gridsample.sample(volume, points, "cubic", "border", out=out)
            return out.copy(), gridsample.sample_adjoint(values, points, volume.shape, "cubic")

        def short_calls():
            sampled = gridsample.grid_sample(image, grid, "lanczos4")
            slopes = gridsample.grid_sample_backward(sampled, image, grid, "bicubic")
            return sampled, *slopes, gridsample.spline_coefficients(image), gridsample.interpolate(image, 30, mode="linear")

        def equal(some, others):
            return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))

        expected, expected_inside = long_calls(), short_calls()
        amid, right, busy = [], [], []

        def handle(*_):
            if not busy:
                busy.append(True)
                amid.append(np.isnan(out).any())
                right.append(equal(short_calls(), expected_inside))
                busy.clear()

        signal.signal(signal.SIGALRM, handle)
        outer = []
        while len(outer) < 20 and (len(right) < 4 or not any(amid)):
            signal.setitimer(signal.ITIMER_REAL, 0.06, 0.2)
            outer.append(equal(long_calls(), expected))
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(any(amid), all(right), all(outer), equal(short_calls(), expected_inside))
        """,
        threads,
    )
    assert found == ["True"] * 4


@needs_proc
@pytest.mark.parametrize("layer", ["result", "core"])
def test_no_memory_is_a_memory_error(tmp_path, layer):
    """Where there is none for the result, which NumPy allocates, and for the core's copy of the fill values."""
    found = run_script(
        tmp_path,
        """
        core, channels = sys.argv[1] == "core", 1 << 22
        image = np.broadcast_to(np.float32(3), (1, channels if core else 1, 1, 1))
        points = np.broadcast_to(np.float32(0), (1, 1 if core else 1 << 28, 2))
        out = np.zeros((1, channels, 1), "float32") if core else None
        gridsample.sample(image[:, :1], points[:, :1])
        spare = (channels * 8 if core else 0) + (16 << 20)  # the fill values as float64, and some
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory(0) + spare, most))
        try:
            gridsample.sample(image, points, out=out)
        except MemoryError as error:
            print(error.__class__.__module__)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        print((gridsample.sample(image, points[:, :9], out=out if core else None) == 3).all())
        """,
        layer,
    )
    assert found == [
        "builtins" if layer == "core" else "numpy._core._exceptions",
        "True",
    ]  # NumPy's is a MemoryError of its own


@needs_proc
def test_no_memory_in_threads_is_a_memory_error(tmp_path):
    """Each thread of a resize takes memory for a few lines; the error of one of them reaches the caller."""
    found = run_script(
        tmp_path,
        """
        gridsample.set_num_threads(4)
        rows, n = 64 * 4, 60_000  # lines of almost 4 MiB for each thread
        image = np.random.default_rng(0).random((rows, n, 1), dtype="float32")
        start, weights = np.arange(n - 1), np.full((n - 1, 2), 0.5, "float32")
        out = np.zeros((rows, n - 1, 1), "float32")
        gridsample.sample(image[None, :8], np.zeros((1, 100_000, 2), "float32"))  # the threads are there
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory(0) + (1 << 20), most))
        for _ in range(3):
            try:
                _engine.weighted(image, start, weights, out)
                print("no error")
            except MemoryError as error:
                print(error.__class__.__name__)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        _engine.weighted(image, start, weights, out)
        print(np.allclose(out, (image[:, 1:] + image[:, :-1]) / 2))
        """,
    )
    assert found == ["MemoryError"] * 3 + ["True"]


@needs_proc
def test_nothing_leaks(tmp_path):
    """Over 100,000 calls of every kind, those that fail among them, the resident memory stays as it is."""
    (grown,) = run_script(
        tmp_path,
        """
        image, grid = np.ones((1, 2, 5, 6), "float32"), np.zeros((1, 3, 4, 2), "float32")
        out = np.empty((1, 2, 3, 4), "float32")
        calls = (
            lambda: gridsample.grid_sample(image, grid),
            lambda: gridsample.grid_sample(image, grid, "bicubic", ("wrap", "constant"), fill_value=(1, 2), out=out),
            lambda: gridsample.grid_sample(image, grid, outside="keep", out=out, return_mask=True),
            lambda: gridsample.sample(image.astype("complex64"), grid[0, 0], boundary="border"),
            lambda: gridsample.sample(image[0], grid[0, 0], "nearest", channels="last", dtype="uint8"),
            lambda: gridsample.grid_sample(image, grid[0]),
            lambda: _engine._native.sample(image, grid, None, out, None, np.zeros(2), (0, 0, 0), 99, [0], [], 0.0, 0, False),
        )

        def rounds(count):
            for _ in range(count):
                for call in calls:
                    try:
                        call()
                    except (ValueError, TypeError):
                        pass

        rounds(300)
        before = memory(1)
        rounds(100_000 // len(calls) + 1)
        print(memory(1) - before)
        """,
    )
    assert int(grown) < 1 << 20


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader(tmp_path, method):
    """Two workers of a process whose pool has run before give what the process itself gives."""
    found = run_script(
        tmp_path,
        """
        import torch.utils.data

        class Warped(torch.utils.data.Dataset):
            def __len__(self):
                return 12

            def __getitem__(self, item):
                rng = np.random.default_rng(item)
                image, grid = rng.random((1, 3, 64, 64), dtype="float32"), rng.uniform(-1, 1, (1, 300, 300, 2))
                return gridsample.grid_sample(image, grid)[0], gridsample.get_num_threads(), os.getpid()

        def main():
            gridsample.set_num_threads(4)
            data = Warped()
            expected = [item for item, _, _ in map(data.__getitem__, range(12))]
            loader = torch.utils.data.DataLoader(data, batch_size=3, num_workers=2, multiprocessing_context=sys.argv[1])
            workers, right, threads = set(), 0, set()
            for _ in range(2):
                for batch, (items, counts, processes) in enumerate(loader):
                    right += sum(np.array_equal(item, expected[3 * batch + i]) for i, item in enumerate(items.numpy()))
                    workers |= {*processes.tolist()}
                    threads |= {*counts.tolist()}
                assert np.array_equal(data[0][0], expected[0])
            print(right, len(workers - {os.getpid()}), os.getpid() in workers)

        if __name__ == "__main__":
            main()
        """,
        method,
    )
    assert found == ["24", "4", "False"]
