"""Fixtures that change settings of the process and put them back."""

from collections.abc import Callable, Iterator

import pytest

import gridsample
from gridsample import _engine


@pytest.fixture
def set_threads() -> Iterator[Callable[[int], None]]:
    before = gridsample.get_num_threads()
    yield gridsample.set_num_threads
    gridsample.set_num_threads(before)


@pytest.fixture
def set_isa() -> Iterator[Callable[[str], bool]]:
    before = _engine.current_isa()
    yield _engine.choose_isa
    _engine.choose_isa(before)
