"""Start the pretended upstream as a process: `python -m simulator --port N`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from simulator.scenario import PRESETS
from simulator.server import serve_until_signalled
from simulator.state import StateError, StateFile
from simulator.world import World

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    port: Annotated[int, typer.Option(help="Port of the API and the control routes.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    scenario: Annotated[str, typer.Option(help="Name of the world to begin with.")] = "happy",
    h5_port: Annotated[int | None, typer.Option(help="Port of the person's page.")] = None,
    h5_host: Annotated[
        str | None, typer.Option(help="Address of the person's page, with --h5-port.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps the world over restarts.")
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Print one line per call.")] = False,
) -> None:
    """Serve APIMart and the person's page, pretended, until SIGTERM or Ctrl-C.

    Example: python -m simulator --port 9000 --scenario single_use_token
    """
    if scenario not in PRESETS:
        known = ", ".join(PRESETS)
        raise typer.BadParameter(f"no scenario {scenario!r}; known: {known}")
    world = World(PRESETS[scenario], narrate=typer.echo if verbose else None)
    file = None if state is None else StateFile(state, world)
    try:
        if file is not None:
            file.load()
        asyncio.run(
            _serve(world, host=host, port=port, h5_host=h5_host or host, h5_port=h5_port, file=file)
        )
    except StateError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
    except OSError as refused:
        where, options = f"{host}:{port}", "--host and --port"
        if h5_port is not None:
            where = f"{where} or {h5_host or host}:{h5_port}"
            options = "--host, --port, --h5-host and --h5-port"
        reason = refused.strerror or "it is no address"
        typer.echo(f"Nothing can listen at {where}: {reason}; correct {options}.", err=True)
        raise typer.Exit(2) from refused


async def _serve(
    world: World,
    *,
    host: str,
    port: int,
    h5_host: str,
    h5_port: int | None,
    file: StateFile | None,
) -> None:
    async for base_url in serve_until_signalled(
        world, host=host, port=port, h5_host=h5_host, h5_port=h5_port, state=file
    ):
        typer.echo(f"simulator listening on {base_url}")


if __name__ == "__main__":
    app()
