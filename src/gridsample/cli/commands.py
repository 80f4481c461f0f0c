"""The commands: what each accepts, checked before any work, and what it says afterwards."""

import math
import re
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import gridsample
from gridsample._grid_sample import MODES, PADDING_MODES
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._pictures import affine_positions, as_picture, as_planes, flow_positions, grid_of_positions
from gridsample._spec import choose
from gridsample.cli._app import NOTES, Force, app, number, reporting, usage, whole_number
from gridsample.cli._bench import bench
from gridsample.files.images import (
    SUFFIXES,
    check_holds,
    check_output,
    check_volume_output,
    read_array,
    read_image,
    read_volume,
    write_image,
    write_volume,
)

__all__ = ["app"]

_PADDINGS = tuple(dict.fromkeys((*PADDING_MODES, *BOUNDARIES)))  # PyTorch's own first


def _choose(option: str, value: str, options: Any) -> str:
    try:
        return choose(option, value, options)
    except ValueError as error:
        usage(str(error))


def _parse_pair(translate: str) -> tuple[float, float]:
    try:
        x, y = map(float, translate.split(","))
    except ValueError:
        usage(f"--translate: expected DX,DY in pixels, as in 10,-2.5; got {translate!r}")
    return x, y


def _parse_size(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})[xX]([1-9][0-9]{0,8})", size)
    if not match:
        usage(f"--size: expected HxW, height first, as in 480x640, of up to 9 digits each; got {size!r}")
    return int(match[1]), int(match[2])


@app.command()
def warp(
    picture: Annotated[
        Path,
        typer.Argument(metavar="PICTURE", help=f"The file to read: {', '.join(SUFFIXES)}. A volume: .npy, see --grid."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help=f"The file to write: {', '.join(SUFFIXES)}.")],
    rotate: Annotated[
        float, typer.Option(parser=number, metavar="DEGREES", help="Turn counter-clockwise about the centre.")
    ] = 0.0,
    scale: Annotated[float, typer.Option(parser=number, metavar="FACTOR", help="Magnify about the centre.")] = 1.0,
    translate: Annotated[str, typer.Option(metavar="DX,DY", help="Then move so many pixels to the right and down.")] = "0,0",
    size: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Size of the output, a frame about the same centre.", show_default="as the picture"),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(
            metavar="GRID.npy",
            help="Read at these positions instead: (H_out, W_out, 2), x first, -1 to 1. With (D_out, H_out, W_out, 3), PICTURE "
            "is a volume (D, H, W) or (D, H, W, C), and both files are .npy.",
        ),
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
    fill: Annotated[
        float, typer.Option(parser=number, metavar="VALUE", help="The value outside, with --padding constant.")
    ] = 0.0,
    align_corners: Annotated[
        bool,
        typer.Option(help="-1 and 1 of a grid are the centres of the end pixels, and reflection mirrors there."),
    ] = False,
    threads: Annotated[int | None, typer.Option(parser=whole_number(1, 1024), metavar="N", help="Use so many threads.")] = None,
    force: Force = False,
) -> None:
    """Turn, magnify, move or warp a picture and write it to another file.

    The output has the dtype and the channels of the picture. Whole numbers are rounded half to even and kept in range.
    """
    mode, padding = _choose("--mode", mode, MODES), _choose("--padding", padding, _PADDINGS)
    moved, frame = _parse_pair(translate), _parse_size(size) if size else None
    if not (scale > 0 and all(map(math.isfinite, (rotate, scale, *moved)))):
        usage(
            "--rotate, --scale, --translate: expected finite numbers, and a scale above 0; got "
            f"{rotate:g}, {scale:g}, {moved[0]:g},{moved[1]:g}"
        )
    if fill != 0 and padding != "constant":
        usage("--fill: goes with --padding constant")
    if grid and flow:
        usage("--grid and --flow: give one of them")
    if (grid or flow) and (rotate != 0 or scale != 1 or moved != (0, 0) or frame):
        usage(f"{'--grid' if grid else '--flow'} says it all: leave out --rotate, --scale, --translate and --size")
    too_large = f"--size: {size} takes more memory than there is; choose a smaller one" if size else ""
    with reporting(f"sampling {picture}", too_large):
        given = _read_grid(grid) if grid else None
        axes = 2 if given is None else given.shape[-1]
        if axes == 2:
            check_output(output, overwrite=force)
            source = read_image(picture)
            check_holds(output, source)
        else:
            check_volume_output(output, overwrite=force)
            source = read_volume(picture)
        _check_fill(fill, source)
        # A volume is a tall picture, its slices one below the other, to whatever but samples it.
        flat = source.reshape(-1, *source.shape[axes - 1 :])
        if given is not None:
            positions = given
        else:
            shape = source.shape[0], source.shape[1]
            x, y = (
                flow_positions(_read_flow(flow, shape))
                if flow
                else affine_positions(shape, frame or shape, rotate, scale, moved)
            )
            positions = grid_of_positions(x, y, shape, align_corners)
        planes = as_planes(flat).reshape(1, -1, *source.shape[:axes])
        if threads:
            gridsample.set_num_threads(threads)
        start = time.perf_counter()
        planes = gridsample.grid_sample(planes, positions, mode, padding, align_corners, fill_value=fill)
        took = time.perf_counter() - start
        tall = planes.reshape(*planes.shape[:2], -1, planes.shape[-1])
        result = as_picture(tall, flat).reshape(*planes.shape[2:], *source.shape[axes:])
        write = write_image if axes == 2 else write_volume
        write(output, result, overwrite=force)
    if grid:
        _note_outside(grid, positions, "a grid is x first, from -1 to 1, and displacements in pixels go with --flow")
    if flow:
        _note_outside(flow, positions, "a flow is (dx, dy) in pixels, and positions go with --grid")
    typer.echo(
        f"{picture} {_describe(source, axes)} -> {output} {_describe(result, axes)}, {mode}, {padding}, "
        f"sampled in {_duration(took)}"
    )


def _note_outside(path: Path, grid: np.ndarray, advice: str) -> None:
    """Say so if little of the picture can be seen: a file of other conventions is read without an error."""
    outside = 1 - np.mean((np.abs(grid) <= 1).all(-1))  # NaN is outside
    if outside > 0.5:
        NOTES.print(
            Text(f"note: {outside:.0%} of the positions of {path} are outside of what is read; {advice}"), soft_wrap=True
        )


def _check_fill(fill: float, picture: np.ndarray) -> None:
    if picture.dtype.kind in "iu" and not np.iinfo(picture.dtype).min <= fill <= np.iinfo(picture.dtype).max:
        limits = np.iinfo(picture.dtype)
        raise ValueError(f"--fill: expected {limits.min} to {limits.max}, as the picture is {picture.dtype}; got {fill:g}")


def _describe(picture: np.ndarray, axes: int) -> str:
    size = " x ".join(map(str, picture.shape[:axes])) + (" volume" if axes == 3 else "")
    channels = [f"{count} channel{'s' * (count > 1)}" for count in picture.shape[axes:]]
    return f"({', '.join([size, *channels, str(picture.dtype)])})"


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _read_grid(path: Path) -> np.ndarray:
    stored = read_array(path)
    axes = stored.shape[-1] if stored.ndim else 0
    grid = stored[None] if stored.ndim == axes + 1 else stored
    if axes not in (2, 3) or grid.ndim != axes + 2 or grid.shape[0] != 1 or grid.size == 0 or grid.dtype.kind != "f":
        raise ValueError(
            f"{path}: expected a grid of floats (H_out, W_out, 2), of a volume (D_out, H_out, W_out, 3), or either after a 1; "
            f"it holds shape {stored.shape}, dtype {stored.dtype}"
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
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.png", help="The .png file to write.")] = _DEMO,
    force: Force = False,
) -> None:
    """Warp a photograph in PyTorch's modes and paddings, and draw what each does into one labelled PNG."""
    if output.suffix.lower() != ".png":
        usage(f"--output: the demo is a .png; got {str(output)!r}")
    with reporting("drawing"):
        check_output(output, overwrite=force or output == _DEMO)  # its own picture it may draw again
        from gridsample.plot import draw_demo

        pictures, took = draw_demo(output)
    typer.echo(
        f"{output.resolve()}: what PyTorch's modes and paddings do; its {pictures} pictures were sampled in {_duration(took)}"
    )


app.command()(bench)
