"""Tries by hand what the tests try in small: `python -m tests.hostile tokens --count 1000000`."""

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
import typer

from devstack.isolation import new_test_namespace
from devstack.namespaces import ensure_namespace
from devstack.temporal_cli import find
from devstack.temporal_server import DevServer, connected
from likeness.search import SEARCH_ATTRIBUTES
from runtime.links import LinkSealer
from tests.hostile.callback_orders import every_order, play
from tests.hostile.flood import GOOD, Flooded, flood, target
from tests.hostile.knocking import Knocks, knock
from tests.hostile.parsers import PARSERS
from tests.hostile.sequences import sequences
from tests.hostile.tokens import READ_KEYS, Forger, accepted
from tests.hostile.trying import tried
from tests.reliability.figures import record

PART = 10_000
KNOCKS_IN_A_PART = 500
SHARES = 10

ResultT = TypeVar("ResultT")
Seed = Annotated[int, typer.Option(help="The same seed makes the same attempts.")]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def hostile() -> None:
    """Print what was tried and what came of it; exit 1 when something got through."""


@app.command()
def tokens(
    *,
    count: Annotated[int, typer.Option(min=PART, help="How many, in whole parts of 10,000.")] = (
        1_000_000
    ),
    seed: Seed = 1,
) -> None:
    """Forge link tokens, try all at every door, and bring one in twenty to the pages."""
    parts = range(seed, seed + count // PART)
    opened = sum(_told("tokens", _side_by_side(_opened, parts), len(parts)))
    knocks = list(_told("pages", _side_by_side(_knocked, parts), len(parts)))
    answers = {answer for each in knocks for answer in each.answers}
    figures = {
        "forged or mutated tokens tried": len(parts) * PART,
        "accepted": opened,
        "of them brought to the public pages": len(parts) * KNOCKS_IN_A_PART,
        "different answers there": len(answers),
        "calls to Temporal": sum(len(each.calls) for each in knocks),
    }
    expected = {"accepted": 0, "different answers there": 1, "calls to Temporal": 0}
    _conclude("tokens", f"python -m tests.hostile tokens --count {count}", figures, expected)


@app.command()
def bodies(
    *, count: Annotated[int, typer.Option(min=1, help="How many for each parser.")] = 10_000
) -> None:
    """Bend what every parser reads: answers, callbacks, forms, headers, messages, receipts."""
    names = range(len(PARSERS))
    done = list(_told("parsers", _side_by_side(partial(_survived, count), names), len(names)))
    figures = {
        "parsers": len(PARSERS),
        "mutated inputs for each, at least": min(done),
        "mutated inputs in all": sum(done),
        "uncaught exceptions": 0,
        "results of 64 KB or more": 0,
    }
    _conclude("fuzz", f"python -m tests.hostile bodies --count {count}", figures, {})


def _survived(count: int, number: int) -> int:
    """Try one parser; what it does not survive ends the command, with the input that did it."""
    return tried(PARSERS[number], count)


@app.command()
def moves(
    *, count: Annotated[int, typer.Option(min=100, help="How many sequences.")] = 2_000
) -> None:
    """Let person, upstream and operator act in any order, and play every order of callbacks."""
    shares = [-(-count // SHARES)] * SHARES
    done = sum(_told("sequences", _side_by_side(sequences, shares), SHARES))
    played = sum(_told("orders", _side_by_side(_played, range(SHARES)), SHARES))
    figures = {
        "sequences of up to 25 moves": done,
        "orders of up to 4 callbacks over up to 3 attempts, which are all": played,
        "broken invariants (I3, I4, I8)": 0,
    }
    _conclude("stateful", f"python -m tests.hostile moves --count {count}", figures, {})


@app.command("flood")
def flooded(
    *,
    invalid: Annotated[int, typer.Option(min=1, help="Forged callbacks.")] = 20_000,
    slow: Annotated[int, typer.Option(min=0, max=900, help="Senders that never end.")] = 500,
) -> None:
    """Flood a real web process before a real Temporal server, with good callbacks in between."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_flooded(Path(folder), invalid, slow))
    before, after = found.memory_kb
    typer.echo(f"took {found.took_s:.1f} s; memory {before:,} kB before, {after:,} kB after")
    figures = {
        "forged callbacks sent": found.bad.total(),
        "of them refused (404)": found.bad[404],
        "slow senders beside them": slow,
        "of them hung up on": found.slow_closed,
        "good callbacks in between": found.good.total(),
        "of them in their run's history": found.delivered,
    }
    expected = {
        "of them refused (404)": invalid,
        "of them hung up on": slow,
        "of them in their run's history": GOOD,
    }
    command = f"python -m tests.hostile flood --invalid {invalid} --slow {slow}"
    _conclude("flood", command, figures, expected)


async def _flooded(folder: Path, invalid: int, slow: int) -> Flooded:
    server = DevServer(find(os.environ, say=typer.echo), folder / "temporal")
    await server.start()
    try:
        name = new_test_namespace()
        connection = await connected(server.address)
        await ensure_namespace(connection, name, search_attributes=SEARCH_ATTRIBUTES)
        async with target(server.address, name, folder) as at:
            return await flood(at, invalid=invalid, slow=slow)
    finally:
        server.stop()


def _played(share: int) -> int:
    mine = list(islice(every_order(), share, None, SHARES))
    for order in mine:
        play(order)
    return len(mine)


def _opened(seed: int) -> int:
    return len(accepted(PART, seed=seed))


def _knocked(seed: int) -> Knocks:
    return asyncio.run(knock(Forger(seed, LinkSealer.of(READ_KEYS)).some(KNOCKS_IN_A_PART)))


def _quietly() -> None:
    # Ten thousand refused tokens would be as many lines.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _side_by_side(work: Callable[[int], ResultT], parts: Iterable[int]) -> Iterator[ResultT]:
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quietly) as processes:
        yield from processes.map(work, parts)


def _told(what: str, results: Iterable[ResultT], count: int) -> Iterator[ResultT]:
    for done, result in enumerate(results, start=1):
        if done % max(count // 10, 1) == 0:
            typer.echo(f"{what}: {done} of {count} parts", err=True)
        yield result


def _conclude(name: str, command: str, figures: dict[str, int], expected: dict[str, int]) -> None:
    for label, figure in figures.items():
        typer.echo(f"{figure:>12,}  {label}")
    if any(figures[label] != wanted for label, wanted in expected.items()):
        raise typer.Exit(1)
    record(name, command, figures)


if __name__ == "__main__":
    app()
