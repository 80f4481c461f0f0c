"""The memory of a large result is used again, but never while anybody can still see it."""

import gc

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
    large = _memory.empty((8, 1 << 20), DTYPE)
    assert address(large) != at
    assert not _memory._kept


def test_no_more_than_one_block_is_kept(monkeypatch):
    arrays = [_memory.empty(SHAPE, DTYPE) for _ in range(3)]
    del arrays
    assert len(_memory._kept) == 1
    _memory._kept.clear()
    monkeypatch.setattr(_memory, "KEPT", 1000)
    _memory.empty(SHAPE, DTYPE)
    assert not _memory._kept
