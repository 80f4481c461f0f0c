"""The command line tool ``gridsample``: `pip install 'gridsample[cli]'`."""

import io
import signal
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> None:
    """Run the command line tool and exit."""
    signal.signal(signal.SIGTERM, _end)
    try:
        _run()
    except KeyboardInterrupt:  # before there is a command that says so
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def _run() -> None:
    try:
        from gridsample.cli.commands import app
    except ModuleNotFoundError as error:
        if str(error.name).startswith("gridsample"):
            raise
        sys.exit(f"error: the command line tool needs {error.name}, which is not installed: pip install 'gridsample[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of files need not be valid text
    app()


def _end(number: int, _frame: object) -> NoReturn:
    """End as by the signal, but as an exception: so that no half of a file stays."""
    sys.exit(128 + number)
