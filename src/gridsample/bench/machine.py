"""Where and with what it was measured."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

import gridsample
from gridsample.bench.peers import PEERS

__all__ = ["describe_machine", "describe_versions"]


def describe_machine() -> dict[str, Any]:
    """Describe the processor and what gridsample makes of it."""
    cpuinfo = Path("/proc/cpuinfo")
    models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")] if cpuinfo.exists() else []
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu_info": gridsample.cpu_info(),
        "commit": _find_commit(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _find_commit() -> str | None:
    """Return the commit of the working tree that this file is part of, None if it was installed."""
    here = Path(__file__)

    def ask(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here.parent, capture_output=True, text=True, check=False).stdout.strip()

    try:
        return (ask("ls-files", here.name) and ask("describe", "--always", "--dirty")) or None
    except OSError:  # there is no git
        return None


def describe_versions(names: Sequence[str]) -> dict[str, str | None]:
    """Return the version of each peer, None for those not installed."""
    return {name: PEERS[name].version() for name in names} | {"numpy": np.__version__}
