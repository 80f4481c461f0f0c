"""Fixtures that change settings of the process and put them back."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

import gridsample
from gridsample import _engine

# The same examples in every run; `--hypothesis-profile thorough` looks for others, for as long as it takes.
settings.register_profile("quick", derandomize=True, deadline=None, database=None, max_examples=400)
settings.register_profile("thorough", deadline=None, max_examples=20_000, print_blob=True)
settings.load_profile("quick")


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
