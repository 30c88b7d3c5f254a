"""Command line of the benchmarks: ``python -m benchmarks run | figure | picture``."""

import asyncio
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.contender import RunningStore
from benchmarks.contenders import CONTENDERS, NEEDS_POSTGRESQL, UNATTENDED
from benchmarks.kill_effects import as_json
from benchmarks.plans import full, quick
from benchmarks.report import report, table, table_of_deaths
from benchmarks.rounds import die, play
from benchmarks.stores import STORES
from benchmarks.waiting import DidNotComeError
from devstack.interrupts import InterruptedBySignalError, interrupts
from devstack.postgres import PostgresError
from devstack.server_programs import ServerProgramsError
from devstack.supervisor import ProcessFailedError
from devstack.temporal_cli import TemporalCliError
from devstack.temporal_server import TemporalServerError

PERFORMANCE = Path("docs/performance.json")
PICTURE = Path("docs/performance.png")

KNOWN = ("http_client", "latency", "parked", "recovery", "relay", "soak", "startup")
"""Every figure; named here because loading them takes longer than a page of help should."""

TAKERS = {"minutes": ("soak",), "parked": ("latency", "parked", "soak")}
"""Which figures take an option."""

CONTENDER = typer.Option(help="Only these.", show_default="all that the store can take")
HOW_MANY_ROUNDS = typer.Option(min=1, help="How many rounds.", show_default="3; quick: 1")
PEOPLE = typer.Option(
    min=1, help="How many come in a phase.", show_default="24 by and by, 60 at once; quick: 6"
)
SCALE = typer.Option(
    min=0.001,
    max=1,
    help="Shortens every wait of those who come by and by; 1 is real time.",
    show_default="0.2; quick: 1/60",
)
KILLS = typer.Option(
    min=0, help="How many crowds are met by a kill -9.", show_default="2; quick: 0"
)
"""What the plans of ``plans.py`` choose where nothing is said."""

EXPECTED_ERRORS = (
    DidNotComeError,
    PostgresError,
    ProcessFailedError,
    ServerProgramsError,
    TemporalCliError,
    TemporalServerError,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="What it costs, measured beside others.",
)


@app.command()
def run(
    *,
    is_quick: Annotated[bool, typer.Option("--quick", help="A look, in about 90 s.")] = False,
    store: Annotated[str, typer.Option(help="postgresql or sqlite.")] = "postgresql",
    contender: Annotated[list[str] | None, CONTENDER] = None,
    rounds: Annotated[int | None, HOW_MANY_ROUNDS] = None,
    people: Annotated[int | None, PEOPLE] = None,
    scale: Annotated[float | None, SCALE] = None,
    kills: Annotated[int | None, KILLS] = None,
    seed: Annotated[int, typer.Option(help="Another one is another crowd.")] = 1,
    out: Annotated[Path | None, typer.Option(help="File for the whole report, JSON.")] = None,
) -> None:
    """Play the same schedule on every contender, in rounds, and tell what each one cost."""
    console = Console()
    make = quick if is_quick else full
    plan = make(rounds=rounds, people=people, scale=scale, seed=seed)
    plan = plan if kills is None else replace(plan, kills=kills)
    names = _names(contender, store)
    with interrupts(), tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        kept = STORES[store](dict(os.environ), console.print)
        playing = [CONTENDERS[name]() for name in names]
        played = play(plan, kept, playing, Path(folder), say=console.print)
        dying = [each for each in playing if each.name not in UNATTENDED]
        deaths = die(plan, kept, dying, Path(folder), seed=seed, say=console.print)
    told = report(plan, played, seed=seed, command=_command())
    told |= {"kill_effects": as_json(deaths)} if deaths else {}
    _show(told, console)
    if out is not None:
        out.write_text(json.dumps(told, indent=1) + "\n")


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help=f"Which one: {', '.join(KNOWN)}.")],
    *,
    store: Annotated[str, typer.Option(help="postgresql or sqlite.")] = "postgresql",
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Of soak: how long.")] = None,
    parked: Annotated[
        int | None, typer.Option(min=5, help="Of latency, parked and soak: how many runs wait.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for it, JSON.")] = None,
) -> None:
    """Measure one figure that has a target of its own."""
    # Imported here: each figure loads what it measures.
    from benchmarks.figures import FIGURES, FIGURES_ON_A_STORE  # noqa: PLC0415

    if name not in KNOWN:
        raise typer.BadParameter(f"no figure {name!r}; known: {', '.join(KNOWN)}")
    options = _options(name, minutes=minutes, parked=parked)
    with interrupts():
        if name in FIGURES:
            told = asyncio.run(FIGURES[name]())
        else:
            told = _on_a_store(partial(FIGURES_ON_A_STORE[name], **options), store)
    text = json.dumps(told, indent=1)
    typer.echo(text)
    if out is not None:
        out.write_text(text + "\n")


def _options(name: str, **given: float | None) -> dict[str, float]:
    for option, takers in TAKERS.items():
        if given[option] is not None and name not in takers:
            raise typer.BadParameter(f"{option} is for {' and '.join(takers)} only")
    return {option: value for option, value in given.items() if value is not None}


def _on_a_store(
    measure: Callable[[RunningStore, Path], Coroutine[Any, Any, dict[str, Any]]], name: str
) -> dict[str, Any]:
    if name not in STORES:
        raise typer.BadParameter(f"no store {name!r}; known: {', '.join(STORES)}")
    kept = STORES[name](dict(os.environ), Console(stderr=True).print)
    with tempfile.TemporaryDirectory(prefix="likeness-figure-") as folder:
        place = Path(folder)
        with kept.running(place / "store") as running:
            return asyncio.run(measure(running, place / "house"))


@app.command()
def picture(
    *,
    told: Annotated[
        Path, typer.Option("--report", help="What `run --out` wrote.", show_default=True)
    ] = PERFORMANCE,
    out: Annotated[Path, typer.Option(help="Where the PNG goes.")] = PICTURE,
    phase: Annotated[str, typer.Option(help="Which phase of the report.")] = "open",
) -> None:
    """Draw what a run has measured."""
    # Imported here: nothing else needs the drawing library, and it is slow to load.
    from benchmarks.picture import draw  # noqa: PLC0415

    if not told.exists():
        raise typer.BadParameter(f"no report {told}; `make bench` writes {PERFORMANCE}")
    try:
        draw(json.loads(told.read_text()), out, phase=phase)
    except ValueError as refused:
        raise typer.BadParameter(str(refused)) from refused


def _show(told: Mapping[str, Any], console: Console) -> None:
    for phase in told["figures"]:
        console.print(table(told, phase))
    if "kill_effects" in told:
        console.print(table_of_deaths(told))
    console.print("What each row means, and what was found: docs/performance.md.")


def _names(wanted: list[str] | None, store: str) -> list[str]:
    if store not in STORES:
        raise typer.BadParameter(f"no store {store!r}; known: {', '.join(STORES)}")
    known = [name for name in CONTENDERS if store == "postgresql" or name not in NEEDS_POSTGRESQL]
    if unknown := [name for name in wanted or () if name not in known]:
        raise typer.BadParameter(f"no contender {unknown[0]!r} on {store}; known: {known}")
    return [name for name in known if wanted is None or name in wanted]


def _command() -> str:
    return shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])


def _ended(main: Callable[[], object]) -> int:
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except InterruptedBySignalError as interrupted:
        return interrupted.exit_code
    except EXPECTED_ERRORS as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one sentence for whoever started it
        return 1
    return 0


if __name__ == "__main__":
    code = _ended(app)
    # As in devstack: a process that used a Temporal client may die while Python finalizes.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
