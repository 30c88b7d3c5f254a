"""Command line of the stack on this machine: ``python -m devstack up | down | demo | …``."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from devstack import server_programs
from devstack.demo import run_demo
from devstack.server_programs import ServerProgramsError
from devstack.temporal_cli import TemporalCliError, find
from devstack.up import STATE, run_down, run_up

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Everything on one machine.",
)

State = Annotated[Path, typer.Option(help="Folder that keeps everything.", show_default=False)]


@app.command()
def temporal() -> None:
    """Print the path of the Temporal CLI: found, downloaded, or built before your eyes."""
    try:
        path = find(dict(os.environ), say=Console(stderr=True).print)
    except TemporalCliError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(path)


@app.command()
def server() -> None:
    """Print the folder of Temporal's production server and its SQL tool: found, or built."""
    try:
        programs = server_programs.find(dict(os.environ), say=Console(stderr=True).print)
    except ServerProgramsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(programs.folder)


@app.command()
def demo() -> None:
    """Take one person from invitation to video, with the worker killed on the way."""
    _end(run_demo(dict(os.environ), Console()))


@app.command()
def up(
    *,
    state: State = STATE,
    host: Annotated[
        str | None,
        typer.Option(
            help="This machine's address in your own network, or auto, to let a phone in."
        ),
    ] = None,
) -> None:
    """Keep everything running here until Ctrl-C or `python -m devstack down`.

    UP_REAL=1 takes the Temporal server and the upstream of your own TEMPORAL_* and APIMART_*.
    """
    _end(run_up(dict(os.environ), Console(), directory=state, host=host))


@app.command()
def down(*, state: State = STATE) -> None:
    """End what `up` keeps running; what it knows stays."""
    _end(run_down(Console(), directory=state))


@app.command()
def screens() -> None:
    """Take a picture of every page a person can see, into docs/screens."""
    # Imported here: nothing else needs a browser's library, and it is slow to load.
    from devstack.screens import run_screens  # noqa: PLC0415

    _end(run_screens(Console()))


def _end(code: int) -> None:
    # A process that used a Temporal client may die while Python finalizes, after all work was done
    # (temporalio/sdk-python #300); an exit code must not depend on that.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    app()
