"""Plays many runs side by side on a few servers, and judges each when it rests."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from temporalio.runtime import Runtime, TelemetryConfig

from runtime import logs
from tests.chaos.evidence import Evidence
from tests.chaos.house import House, house, lane
from tests.chaos.oracle import Broken, broken
from tests.chaos.plan import Run
from tests.chaos.play import played

STORM_LANES = 8
HANDS = 64
HOUSE_LASTS = 240
"""So many runs are played on one server: its memory and the logs grow with each."""

RUN_LASTS_AT_MOST_S = 420.0
"""Above a run's own deadline and every patience that playing it has: what is longer hangs."""

LEAVES_WITHIN_S = 60.0
"""What is told to stop has so long; what stays then is told of, and left behind."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one run; ``end`` is its stage, or its hold with the code."""

    run: Run
    end: str
    took_s: float
    evidence: Evidence | None = None
    found: tuple[Broken, ...] = ()

    def noted(self, word: str) -> bool:
        """Tell whether something happened, such as a worker ``killed``."""
        return self.evidence is not None and bool(self.evidence.notes.get(word))


def all_played(
    runs: Sequence[Run], cli: Path, *, lanes: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Play every run, ``lanes`` of them at once; those that kill servers have servers of their own.

    ``tell`` is given each outcome at once. A run that could not be played at all is broken, too.
    """
    # The SDK's own words on servers that are killed on purpose are no news.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    outcomes: list[Outcome] = []
    for first in range(0, len(runs), HOUSE_LASTS):
        with tempfile.TemporaryDirectory(prefix="likeness-chaos-") as folder:
            part = runs[first : first + HOUSE_LASTS]
            outcomes += _played_in(Path(folder), part, cli, lanes=lanes, tell=tell)
    return outcomes


def _played_in(
    folder: Path, runs: Sequence[Run], cli: Path, *, lanes: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    log = folder / "workers.log"
    with ExitStack() as stack:
        logs.configure(process="chaos", level="DEBUG", stream=stack.enter_context(log.open("w")))
        hands = stack.enter_context(ThreadPoolExecutor(HANDS))
        parts = [
            (stack.enter_context(house(cli, folder / name, lanes=min(most, len(part)))), part)
            for name, part, most in _parts(runs, lanes)
        ]
        return asyncio.run(_side_by_side(parts, hands, log, tell))


def _parts(runs: Sequence[Run], lanes: int) -> Iterator[tuple[str, list[Run], int]]:
    calm = [run for run in runs if run.blow is None]
    stormy = [run for run in runs if run.blow is not None]
    if calm:
        yield "calm", calm, lanes
    if stormy:
        yield "storm", stormy, STORM_LANES


async def _side_by_side(
    parts: Sequence[tuple[House, Sequence[Run]]],
    hands: Executor,
    log: Path,
    tell: Callable[[Outcome], None],
) -> list[Outcome]:
    outcomes: list[Outcome] = []

    async def one(run: Run, home: House, free: asyncio.Queue[int]) -> None:
        async with lane(free) as port:
            outcome = await _outcome(run, home, port=port, hands=hands, log=log)
        outcomes.append(outcome)
        tell(outcome)

    async with asyncio.TaskGroup() as group:
        for home, runs in parts:
            free: asyncio.Queue[int] = asyncio.Queue()
            for port in home.lanes:
                free.put_nowait(port)
            for run in runs:
                group.create_task(one(run, home, free))
    return outcomes


async def _outcome(run: Run, home: House, *, port: int, hands: Executor, log: Path) -> Outcome:
    began = time.monotonic()
    playing = asyncio.create_task(played(run, home, port=port, hands=hands, log=log))
    try:
        evidence = await _in_time(playing)
    except Exception as error:  # noqa: BLE001 - one run less must not end the others
        why = f" ({error.__cause__!r})" if error.__cause__ else ""
        words = f"it could not be played: {type(error).__name__}: {error}{why}"
        return Outcome(
            run=run, end="unplayed", took_s=time.monotonic() - began, found=(Broken("—", words),)
        )
    return Outcome(
        run=run,
        end=_end_of(evidence),
        took_s=time.monotonic() - began,
        evidence=evidence,
        found=tuple(broken(evidence)),
    )


async def _in_time(playing: asyncio.Task[Evidence]) -> Evidence:
    """Give what a run has shown; one that hangs is told to stop, and where it stood is told."""
    done, _ = await asyncio.wait({playing}, timeout=RUN_LASTS_AT_MOST_S)
    if done:
        return playing.result()
    stood = _place_of(playing)
    playing.cancel()
    await asyncio.wait({playing}, timeout=LEAVES_WITHIN_S)
    raise TimeoutError(f"no end after {RUN_LASTS_AT_MOST_S:.0f} s; it stood at {stood}")


def _place_of(task: asyncio.Task[Evidence]) -> str:
    """Name the functions that a task stands in, outermost first."""
    places: list[str] = []
    waits: object = task.get_coro()
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "ag_frame", None)
        if frame is not None:
            places.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
        waits = getattr(waits, "cr_await", None) or getattr(waits, "ag_await", None)
    return " > ".join(places)


def _end_of(evidence: Evidence) -> str:
    status = evidence.status
    if status is None:
        return "silent"
    if status.hold is not None:
        return f"{status.hold} ({status.failure.code if status.failure else 'no code'})"
    return status.stage.value
