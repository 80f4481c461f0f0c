"""The command ``bench``: what it accepts, checked before anything is timed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import gridsample
from gridsample.cli._app import Force, number, print_error, reporting, usage, whole_number
from gridsample.files._atomic import check_target

__all__ = ["bench"]

_BENCH = Path("gridsample-bench")


def _print_rows(wanted: bool) -> None:
    if wanted:
        from gridsample.bench.workloads import ROWS

        for row in ROWS:
            typer.echo(
                f"{row.id:6} {row.what:38} {_size(row.input)} {row.dtype} -> {_size(row.out)}, {row.mode}, {row.padding}"
            )
        raise typer.Exit()


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def bench(
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="The few rows that show every regime, in about a minute: what is timed without --rows too. With --scaling: "
            "every second size, without the largest two.",
        ),
    ] = False,
    rows: Annotated[
        str,
        typer.Option(help="Row ids with commas between, or 'all'; --list shows them.", show_default="those of --quick"),
    ] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Print what each row is, and exit.", callback=_print_rows, is_eager=True)
    ] = False,
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
        int | None,
        typer.Option(
            parser=whole_number(1, 10**6),
            metavar="N",
            help="Rounds per row; by default as many as fit 3 seconds (--scaling: 1), 5 to 41.",
        ),
    ] = None,
    pause: Annotated[float, typer.Option(parser=number, metavar="MS", help="Milliseconds to wait before each visit.")] = 12,
    output: Annotated[Path, typer.Option("--output", "-o", help="Writes OUTPUT.json, OUTPUT.md and OUTPUT.png.")] = _BENCH,
    force: Force = False,
) -> None:
    """Time gridsample beside the libraries that are installed, in turns and with equal threads, and check that they agree."""
    from gridsample.bench import measure, passes, report, sweeps, workloads
    from gridsample.bench import peers as known

    if not 0 <= pause < 1e6:
        usage(f"--pause: expected milliseconds, 0 or more; got {pause:g}")
    if rows and (quick or scaling):
        usage(f"--rows: goes without --{'scaling' if scaling else 'quick'}, which says itself what is timed")
    if backward and scaling:
        usage("--backward: goes without --scaling, which times the call alone")
    table = {row.id: row for row in workloads.ROWS}
    ids = {"": workloads.QUICK, "all": tuple(table)}.get(rows) or split_names(
        "--rows", rows, tuple(table), f"{', '.join(table)} (--list says what each is)"
    )
    what = passes.BACKWARD if backward else passes.FORWARD
    if all(what.why_not(table[id]) for id in ids):
        usage("--rows: nothing to time: " + ", ".join(f"{id}: {what.why_not(table[id])}" for id in ids))
    chosen = tuple(known.PEERS) if peers == "all" else split_names("--peers", peers, tuple(known.PEERS))
    if not threads:
        every = gridsample.get_num_threads()
        between = [1 << k for k in range(1, every.bit_length())] if scaling else []
        threads = ",".join(map(str, sorted({1, *between, every})))
    counts = [
        int(count) for count in split_names("--threads", threads, [str(n) for n in range(1, 1025)], "numbers from 1 to 1024")
    ]
    if backward and known.PEERS["torch"].version() is None:
        print_error("--backward: needs PyTorch, which is not installed: pip install 'gridsample[bench]'")
        raise typer.Exit(1)
    settings = measure.Settings(pause=pause / 1000, rounds=rounds)
    with reporting():  # without a spinner, whose thread would run while others are timed
        from gridsample.bench import command

        for suffix in (".json", ".md", ".png"):
            # Those without a name of the caller's own may be measured again.
            check_target(report.named(output, suffix), overwrite=force or output == _BENCH)
        if scaling:
            settings = settings._replace(budget=1.0)
            found: Sequence[measure.Timed] = command.scale(sweeps.plan(counts, quick=quick), chosen, settings, output)
        else:
            found = command.bench([table[id] for id in ids], counts, chosen, settings, output, what)
    wrong = sorted({timed.row.id for timed in found if not timed.timings[measure.OURS].error.holds})
    if wrong:
        print_error(f"gridsample is wrong in {', '.join(wrong)}: nothing measured there counts")
        raise typer.Exit(1)


def split_names(option: str, text: str, known: Sequence[str], listed: str = "") -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        usage(f"{option}: unknown {', '.join(map(repr, unknown))}; expected {listed or ', '.join(known)}, with commas between")
    return names
