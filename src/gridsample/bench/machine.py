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
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu_info": gridsample.cpu_info(),
        "commit": commit.stdout.strip() or None,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def describe_versions(names: Sequence[str]) -> dict[str, str | None]:
    """Return the version of each peer, None for those not installed."""
    return {name: PEERS[name].version() for name in names} | {"numpy": np.__version__}
