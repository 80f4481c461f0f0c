"""The commands: what each accepts, checked before any work, and what it says afterwards."""

import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

import gridsample
from gridsample._grid_sample import MODES, PADDING_MODES
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._pictures import affine_positions, as_picture, as_planes, flow_positions, grid_of_positions
from gridsample._spec import choose
from gridsample.files.images import SUFFIXES, check_holds, check_output, read_array, read_image, write_image

__all__ = ["app"]

_PADDINGS = tuple(dict.fromkeys((*PADDING_MODES, *BOUNDARIES)))  # PyTorch's own first

# The class lives in typer or in click, as the version of typer has it.
_UsageError: Any = typer.BadParameter.__bases__[0]

_notes = Console(stderr=True, highlight=False)


class _Commands(TyperGroup):
    """Commands whose usage errors are one line, as all errors are."""

    def main(self, *args: Any, **extra: Any) -> Any:
        standalone = extra.pop("standalone_mode", True)
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except _UsageError as error:
            hint = f"; see {error.ctx.command_path} --help" if error.ctx else ""
            _print_error(error.format_message().rstrip(".") + hint)
            code = error.exit_code
        if standalone:
            sys.exit(code)
        return code


app = typer.Typer(cls=_Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


def _print_error(message: str) -> None:
    _notes.print(Text("error: " + " ".join(message.splitlines()), style="bold red"), soft_wrap=True)


@contextmanager
def _reporting(doing: str) -> Iterator[None]:
    """Show a spinner while at work, and turn what the caller can mend into one line and an exit code."""
    try:
        with _notes.status(doing):
            yield
        return
    except BrokenPipeError:
        raise
    except FileExistsError as error:
        _print_error(f"{error}; --force replaces it")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("gridsample"):
            raise
        _print_error(f"this needs {error.name}, which is not installed: pip install 'gridsample[cli]'")
    except (ValueError, OSError, MemoryError) as error:
        _print_error(str(error) or "not enough memory")
    except KeyboardInterrupt:
        _notes.print("interrupted")
        raise typer.Exit(130) from None
    raise typer.Exit(1)


def _usage(message: str) -> NoReturn:
    raise _UsageError(message)


def _choose(option: str, value: str, options: Any) -> str:
    try:
        return choose(option, value, options)
    except ValueError as error:
        _usage(str(error))


def _parse_pair(translate: str) -> tuple[float, float]:
    try:
        x, y = map(float, translate.split(","))
    except ValueError:
        _usage(f"--translate: expected DX,DY in pixels, as in 10,-2.5; got {translate!r}")
    return x, y


def _parse_size(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]*)[xX]([1-9][0-9]*)", size)
    if not match:
        _usage(f"--size: expected HxW, height first, as in 480x640; got {size!r}")
    return int(match[1]), int(match[2])


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


_Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help=f"The file to write: {', '.join(SUFFIXES)}.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace the output file if it is there.")]


@app.command()
def warp(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help=f"The file to read: {', '.join(SUFFIXES)}.")],
    output: _Output,
    rotate: Annotated[float, typer.Option(metavar="DEGREES", help="Turn counter-clockwise about the centre.")] = 0.0,
    scale: Annotated[float, typer.Option(metavar="FACTOR", help="Magnify about the centre.")] = 1.0,
    translate: Annotated[str, typer.Option(metavar="DX,DY", help="Then move so many pixels to the right and down.")] = "0,0",
    size: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Size of the output, a frame about the same centre.", show_default="as the picture"),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(metavar="GRID.npy", help="Read at these positions instead: (H_out, W_out, 2), x first, -1 to 1."),
    ] = None,
    flow: Annotated[
        Path | None,
        typer.Option(metavar="FLOW.npy", help="Or: read so many pixels away, (dx, dy) as (H, W, 2) or (2, H, W)."),
    ] = None,
    mode: Annotated[
        str, typer.Option(metavar="MODE", help=f"How values between pixels are made: {', '.join(MODES)}.")
    ] = "bilinear",
    padding: Annotated[
        str, typer.Option(metavar="PADDING", help=f"What is outside the picture: {', '.join(_PADDINGS)}.")
    ] = "zeros",
    fill: Annotated[float, typer.Option(metavar="VALUE", help="The value outside, with --padding constant.")] = 0.0,
    align_corners: Annotated[
        bool,
        typer.Option(help="-1 and 1 of a grid are the centres of the end pixels, and reflection mirrors there."),
    ] = False,
    threads: Annotated[int | None, typer.Option(min=1, metavar="N", help="Use so many threads.")] = None,
    force: _Force = False,
) -> None:
    """Turn, magnify, move or warp a picture and write it to another file.

    The output has the dtype and the channels of the picture. Whole numbers are rounded half to even and kept in range.
    """
    mode, padding = _choose("--mode", mode, MODES), _choose("--padding", padding, _PADDINGS)
    moved, frame = _parse_pair(translate), _parse_size(size) if size else None
    if not (scale > 0 and all(map(math.isfinite, (rotate, scale, *moved)))):
        _usage("--rotate, --scale, --translate: expected finite numbers, and a scale above 0")
    if fill != 0 and padding != "constant":
        _usage("--fill: goes with --padding constant")
    if grid and flow:
        _usage("--grid and --flow: give one of them")
    if (grid or flow) and (rotate != 0 or scale != 1 or moved != (0, 0) or frame):
        _usage(f"{'--grid' if grid else '--flow'} says it all: leave out --rotate, --scale, --translate and --size")
    with _reporting(f"sampling {picture}"):
        check_output(output, overwrite=force)
        source = read_image(picture)
        check_holds(output, source)
        _check_fill(fill, source)
        shape = source.shape[0], source.shape[1]
        if grid:
            positions = _read_grid(grid)
        else:
            x, y = (
                flow_positions(_read_flow(flow, shape))
                if flow
                else affine_positions(shape, frame or shape, rotate, scale, moved)
            )
            positions = grid_of_positions(x, y, shape, align_corners)
        planes = as_planes(source)
        if threads:
            gridsample.set_num_threads(threads)
        start = time.perf_counter()
        planes = gridsample.grid_sample(planes, positions, mode, padding, align_corners, fill_value=fill)
        took = time.perf_counter() - start
        result = as_picture(planes, source)
        write_image(output, result, overwrite=force)
    typer.echo(
        f"{picture} {_describe(source)} -> {output} {_describe(result)}, {mode}, {padding}, sampled in {_duration(took)}"
    )


def _check_fill(fill: float, picture: np.ndarray) -> None:
    if picture.dtype.kind in "iu" and not np.iinfo(picture.dtype).min <= fill <= np.iinfo(picture.dtype).max:
        limits = np.iinfo(picture.dtype)
        raise ValueError(f"--fill: expected {limits.min} to {limits.max}, as the picture is {picture.dtype}; got {fill:g}")


def _describe(picture: np.ndarray) -> str:
    return f"{'x'.join(map(str, picture.shape))} {picture.dtype}"


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _read_grid(path: Path) -> np.ndarray:
    stored = read_array(path)
    grid = stored[None] if stored.ndim == 3 else stored
    if grid.ndim != 4 or grid.shape[0] != 1 or grid.shape[3] != 2 or grid.size == 0 or grid.dtype.kind != "f":
        raise ValueError(
            f"{path}: expected a grid of floats (H_out, W_out, 2) or (1, H_out, W_out, 2); it holds shape {stored.shape}, "
            f"dtype {stored.dtype}"
        )
    return grid.astype(np.float32) if grid.dtype.itemsize < 4 else grid


def _read_flow(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    flow = read_array(path)
    if flow.shape == (2, *shape) and flow.shape != (*shape, 2):
        flow = np.moveaxis(flow, 0, -1)
    if flow.shape != (*shape, 2) or flow.dtype.kind not in "iuf":
        raise ValueError(
            f"{path}: expected a flow of real numbers, {(*shape, 2)} or {(2, *shape)} as the picture is {shape}; it holds "
            f"shape {flow.shape}, dtype {flow.dtype}"
        )
    return flow


@app.command()
def info() -> None:
    """Show what runs here: versions, instruction sets, threads, kernels and boundaries."""
    cpu = gridsample.cpu_info()
    machine = Table("gridsample", gridsample.__version__, title_justify="left")
    machine.add_row("NumPy", np.__version__)
    machine.add_row("instruction set", f"{cpu['isa']}, vectors of {cpu['vector_bytes']} bytes")
    machine.add_row("this CPU can run", ", ".join(cpu["available"]))
    machine.add_row("compiled in", ", ".join(cpu["compiled"]))
    machine.add_row("threads", str(gridsample.get_num_threads()))
    kernels = Table("kernel", "mode", "taps per axis", "meaning")
    for kernel in KERNELS.values():
        kernels.add_row(kernel.name, ", ".join(m for m in MODES if MODES[m] == kernel.name), str(kernel.taps), kernel.meaning)
    boundaries = Table("boundary", "outside | array | outside", "meaning")
    for boundary in BOUNDARIES.values():
        boundaries.add_row(boundary.name, boundary.picture, boundary.meaning)
    console = Console()
    for table in (machine, kernels, boundaries):
        console.print(table)


_DEMO = Path("gridsample-demo.png")


@app.command()
def demo(
    output: _Output = _DEMO,
    force: _Force = False,
) -> None:
    """Warp a photograph in every mode and padding, and draw what each does into one labelled PNG."""
    if output.suffix.lower() != ".png":
        _usage(f"--output: the demo is a .png; got {str(output)!r}")
    with _reporting("drawing"):
        check_output(output, overwrite=force or output == _DEMO)  # its own picture it may draw again
        from gridsample.plot import draw_demo

        pictures, took = draw_demo(output)
    typer.echo(
        f"{output.resolve()}: what every mode and padding does; its {pictures} pictures were sampled in {_duration(took)}"
    )


_BENCH = Path("gridsample-bench")


@app.command()
def bench(
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="About a minute: rows that show every regime, as without --rows; with --scaling, fewer sizes."
        ),
    ] = False,
    rows: Annotated[str, typer.Option(help="Row ids with commas between, or 'all'.", show_default="those of --quick")] = "",
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Instead: how time and memory grow with size, channels, batch and threads.")
    ] = False,
    backward: Annotated[
        bool,
        typer.Option("--backward", help="Time training steps: the call, then the gradients of image and grid."),
    ] = False,
    threads: Annotated[
        str, typer.Option(help="Thread counts with commas between.", show_default="1 and all; with --scaling, also between")
    ] = "",
    peers: Annotated[str, typer.Option(help="Peers with commas between, or 'all' that are installed.")] = "all",
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Rounds per row; by default as many as fit 3 seconds (--scaling: 1), 5 to 41.")
    ] = None,
    pause: Annotated[float, typer.Option(min=0, help="Milliseconds to wait before each visit.")] = 12,
    output: Annotated[Path, typer.Option("--output", "-o", help="Writes OUTPUT.json, OUTPUT.md and OUTPUT.png.")] = _BENCH,
) -> None:
    """Time gridsample beside the libraries that are installed, in turns and with equal threads, and check that they agree."""
    from gridsample.bench import measure, passes, sweeps, workloads
    from gridsample.bench import peers as known

    if rows and (quick or scaling):
        _usage(f"--rows: goes without --{'scaling' if scaling else 'quick'}")
    if backward and scaling:
        _usage("--backward: goes without --scaling, which times the call alone")
    table = {row.id: row for row in workloads.ROWS}
    ids = {"": workloads.QUICK, "all": tuple(table)}.get(rows) or _names("--rows", rows, tuple(table))
    what = passes.BACKWARD if backward else passes.FORWARD
    if all(what.why_not(table[id]) for id in ids):
        _usage("--rows: nothing to time: " + ", ".join(f"{id}: {what.why_not(table[id])}" for id in ids))
    chosen = tuple(known.PEERS) if peers == "all" else _names("--peers", peers, tuple(known.PEERS))
    if not threads:
        every = gridsample.get_num_threads()
        between = [1 << k for k in range(1, every.bit_length())] if scaling else []
        threads = ",".join(map(str, sorted({1, *between, every})))
    counts = [int(count) for count in _names("--threads", threads, [str(n) for n in range(1, 1025)], "numbers from 1 to 1024")]
    if not output.absolute().parent.is_dir():
        _usage(f"--output: the folder {output.absolute().parent} does not exist")
    if backward and known.PEERS["torch"].version() is None:
        _print_error("--backward: needs PyTorch, which is not installed: pip install 'gridsample[bench]'")
        raise typer.Exit(1)
    from gridsample.bench.command import bench, scale

    settings = measure.Settings(pause=pause / 1000, rounds=rounds)
    try:
        if scaling:
            settings = settings._replace(budget=1.0)
            found: Sequence[measure.Timed] = scale(sweeps.plan(counts, quick=quick), chosen, settings, output)
        else:
            found = bench([table[id] for id in ids], counts, chosen, settings, output, what)
    except KeyboardInterrupt:
        _notes.print(f"interrupted; what was measured is in {output}.json and {output}.md")
        raise typer.Exit(130) from None
    wrong = sorted({timed.row.id for timed in found if not timed.timings[measure.OURS].error.holds})
    if wrong:
        _print_error(f"gridsample is wrong in {', '.join(wrong)}: nothing measured there counts")
        raise typer.Exit(1)


def _names(option: str, text: str, known: Sequence[str], listed: str = "") -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        _usage(f"{option}: unknown {', '.join(map(repr, unknown))}; expected {listed or ', '.join(known)}, with commas between")
    return names
