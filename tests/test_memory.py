"""The memory of a large result is used again, but never while anybody can still see it."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gridsample import _memory

SHAPE, DTYPE = (3, 1 << 20), np.dtype("float32")


@pytest.fixture(autouse=True)
def nothing_kept():
    """Begin and end without kept memory."""
    _memory._kept.clear()
    yield
    _memory._kept.clear()


def address(array):
    """Return where an array's first element is."""
    return array.__array_interface__["data"][0]


def test_used_again():
    first = _memory.empty(SHAPE, DTYPE)
    at = address(first)
    assert at % 64 == 0
    assert first.flags.writeable
    assert first.flags.c_contiguous
    del first
    second = _memory.empty((2, 1 << 20), DTYPE)
    assert address(second) == at
    assert second.shape == (2, 1 << 20)


@pytest.mark.parametrize(
    "look", [lambda a: a[1:], lambda a: a.T.reshape(-1)[5:], lambda a: memoryview(a)[1:], lambda a: np.asarray(a[0]).view("u1")]
)
def test_not_while_somebody_looks(look):
    first = _memory.empty(SHAPE, DTYPE)
    first[...] = 7
    seen = look(first)
    before = np.array(seen)
    del first
    gc.collect()
    for _ in range(3):
        _memory.empty(SHAPE, DTYPE)[...] = 1
    assert np.array_equal(np.array(seen), before)


def test_small_or_unlike_memory_is_not_taken():
    at = address(_memory.empty(SHAPE, DTYPE))
    assert len(_memory._kept) == 1
    large, small = _memory.empty((8, 1 << 20), DTYPE), _memory.empty((1, 1 << 20), DTYPE)
    assert at not in (address(large), address(small))
    assert len(_memory._kept) == 1


def test_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr(_memory, "KEPT", 40 << 20)  # three of SHAPE are 36 MiB and some bytes
    arrays = [_memory.empty(SHAPE, DTYPE) for _ in range(4)]
    places = [address(array) for array in arrays]
    while arrays:
        del arrays[0]
    assert len(_memory._kept) == 3
    again = [_memory.empty(SHAPE, DTYPE) for _ in range(3)]
    assert [address(array) for array in again] == places[1:]
    monkeypatch.setattr(_memory, "KEPT", 1000)
    del again
    assert not _memory._kept


@pytest.mark.skipif(not _memory._CAN_LEND, reason="this system takes no memory back while it is kept")
def test_larger_blocks_are_lent(monkeypatch):
    monkeypatch.setattr(_memory, "KEPT", 8 << 20)
    first = _memory.empty(SHAPE, DTYPE)
    first.fill(1)
    at = address(first)
    del first
    (memory,) = _memory._kept.values()
    assert memory.mapped is not None
    second = _memory.empty(SHAPE, DTYPE)
    assert address(second) == at
    second.fill(2)
    assert (second == 2).all()
    monkeypatch.setattr(_memory, "LENT", 10 << 20)
    del second
    assert not _memory._kept


@pytest.mark.skipif(not _memory._CAN_LEND, reason="this system takes no memory back while it is kept")
def test_memory_that_cannot_be_lent_goes(monkeypatch):
    monkeypatch.setattr(_memory, "KEPT", 8 << 20)
    monkeypatch.setattr(_memory, "_advise", lambda mapped, advice: False)
    _memory.empty(SHAPE, DTYPE).fill(1)
    assert not _memory._kept


def test_too_much_is_a_memory_error():
    with pytest.raises(MemoryError):
        _memory.empty((1 << 60,), np.dtype("uint8"))


def test_several_threads_never_share():
    def work(number):
        for _ in range(300):
            mine = _memory.empty((1 << 18,), DTYPE)
            mine.fill(number)
            assert (mine[:: 1 << 12] == number).all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
