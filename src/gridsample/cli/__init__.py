"""The command line tool ``gridsample``: `pip install 'gridsample[cli]'`."""

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line tool and exit."""
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
