"""Threads and instruction sets: what the core runs with, and how to change it."""

from typing import Any

from gridsample import _engine

__all__ = ["cpu_info", "get_num_threads", "set_num_threads"]
