"""The command line application: what all commands share, above all how they fail."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

import gridsample

__all__ = ["NOTES", "Force", "app", "number", "print_error", "reporting", "usage", "whole_number"]

# The class lives in typer or in click, as the version of typer has it.
_UsageError: Any = typer.BadParameter.__bases__[0]

NOTES = Console(stderr=True, highlight=False)


@contextmanager
def _ending_on_ctrl_c() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as stop:  # a command may say with it what there is of its work
        NOTES.print("; ".join(("interrupted", *map(str, stop.args))), markup=False, soft_wrap=True)
        raise typer.Exit(130) from None


class _Commands(TyperGroup):
    """Commands whose usage errors are one line, as all errors are, and Ctrl-C too."""

    def main(self, *args: Any, **extra: Any) -> Any:
        standalone = extra.pop("standalone_mode", True)
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except _UsageError as error:
            hint = f"; see {error.ctx.command_path} --help" if error.ctx else ""
            print_error(error.format_message().rstrip(".") + hint)
            code = error.exit_code
        if standalone:
            sys.exit(code)
        return code

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _ending_on_ctrl_c():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _ending_on_ctrl_c():
            return super().invoke(ctx)


app = typer.Typer(cls=_Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


def print_error(message: str) -> None:
    """Print one line to standard error."""
    NOTES.print(Text("error: " + " ".join(message.splitlines()), style="bold red"), soft_wrap=True)


@contextmanager
def reporting(doing: str = "", no_memory: str = "") -> Iterator[None]:
    """Turn what the caller can mend into one line and an exit code; show a spinner beside what is said to be done.

    ``no_memory`` is what to say where memory does not suffice, if the caller has asked for it.
    """
    try:
        with NOTES.status(doing) if doing else nullcontext():
            yield
        return
    except BrokenPipeError:
        raise
    except FileExistsError as error:
        print_error(f"{error}; --force replaces it")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("gridsample"):
            raise
        print_error(f"this needs {error.name}, which is not installed: pip install 'gridsample[cli]'")
    except MemoryError as error:
        print_error(no_memory or str(error) or "not enough memory")
    except (ValueError, OSError) as error:
        print_error(str(error))
    raise typer.Exit(1)


def usage(message: str) -> NoReturn:
    """End the command, which was called otherwise than it can be."""
    raise _UsageError(message)


def number(text: Any) -> float:
    """Parse an option; what typer says of text that is no number does not show the text."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"expected a number; got {text!r}") from None


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Return what parses an option that is a whole number within limits."""

    def parse(text: Any) -> int:
        if not (str(text).isdecimal() and low <= number(text) <= high):
            raise typer.BadParameter(f"expected a whole number from {low} to {high}; got {text!r}")
        return int(text)

    return parse


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gridsample {gridsample.__version__}")
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def _gridsample(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Read pictures at arbitrary positions: grid_sample from the command line."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)


Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
