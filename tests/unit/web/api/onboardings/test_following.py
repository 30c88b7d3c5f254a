"""Watching a run for its followers, and what stands on the wire; no server."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from likeness.rest.onboardings import Onboarding
from likeness.stages import Stage, WaitingFor
from likeness.temporal.errors import NoSuchOnboardingError, TemporalAwayError
from web.api.looking import Looked
from web.api.streaming import event_id_of, is_same, snapshots
from web.api.watching import Run, Watch, Watched

RUN = ("default", "o-1")
BEGAN = datetime(2026, 11, 27, 9, tzinfo=UTC)


def looked(stage: Stage = Stage.INVITED, *, events: int = 3, closed: bool = False) -> Looked:
    onboarding = Onboarding(
        onboarding_id="o-1", stage=stage, waiting_for=WaitingFor.PERSON, started_at=BEGAN
    )
    return Looked(onboarding=onboarding, tag=str(events), closed=closed, age=(BEGAN, events))


class Sights:
    """What each look finds, in turn; the last one for ever."""

    def __init__(self, *sights: Looked | Exception) -> None:
        self.left = list(sights)
        self.looks = 0

    async def __call__(self, run: Run, seen: Looked) -> Looked:
        del run, seen
        self.looks += 1
        sight = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(sight, Exception):
            raise sight
        return sight


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def stream(
    watched: Watched,
    last: str = "",
    *,
    leaving: asyncio.Event | None = None,
    quiet_s: float = 60,
    admitted: Callable[[], Awaitable[bool]] = yes,
) -> AsyncGenerator[str]:
    return snapshots(
        watched,
        last,
        leaving=leaving or asyncio.Event(),
        still_admitted=admitted,
        quiet_s=quiet_s,
    )


async def followed(watch: Watch, seen: Looked, last: str = "") -> list[str]:
    async with watch.following(RUN, seen) as watched:
        return [line async for line in stream(watched, last)]


def names(lines: list[str]) -> list[str]:
    return [line.partition("\n")[0] for line in lines]


class TestAStream:
    async def test_tells_each_change_and_the_end(self) -> None:
        sights = Sights(
            looked(),
            looked(events=5),
            looked(Stage.VERIFYING, events=9),
            looked(Stage.COMPLETED, events=20, closed=True),
        )
        lines = await followed(Watch(sights, every_s=0.02), looked())

        assert ["retry: 2000", "event: onboarding", "event: onboarding", "event: ended"] == names(
            lines
        )
        assert ["3", "9", "20"] == [
            line.split("\n")[1].removeprefix("id: ").partition("-")[0] for line in lines[1:]
        ]

    async def test_after_the_last_event_tells_nothing_again(self) -> None:
        seen = looked(events=7)
        last = event_id_of(looked(events=5))
        lines = await followed(
            Watch(Sights(looked(Stage.CANCELED, closed=True, events=9)), every_s=0), seen, last
        )

        assert is_same(event_id_of(seen), last)
        assert ["retry: 2000", "event: ended"] == names(lines)

    async def test_of_a_server_away_says_so_once_and_goes_on(self) -> None:
        away = TemporalAwayError("away")
        sights = Sights(away, away, away, looked(Stage.COMPLETED, closed=True, events=9))
        lines = await followed(Watch(sights, every_s=0.01), looked())

        assert [
            "retry: 2000",
            "event: onboarding",
            ": Temporal does not answer; going on",
            "event: ended",
        ] == names(lines)

    @pytest.mark.parametrize("gone", [NoSuchOnboardingError("past"), RuntimeError("a bug")])
    async def test_of_a_run_that_cannot_be_looked_at_ends(self, gone: Exception) -> None:
        lines = await followed(Watch(Sights(gone), every_s=0), looked())

        assert ["retry: 2000", "event: onboarding"] == names(lines)

    async def test_says_that_it_is_still_there(self) -> None:
        lines = stream(Watched(looked()), quiet_s=0.01)
        said = names([await anext(lines) for _ in range(4)])
        await lines.aclose()

        assert ["retry: 2000", "event: onboarding", ": still here", ": still here"] == said

    async def test_ends_where_the_key_is_no_longer_good(self) -> None:
        lines = [line async for line in stream(Watched(looked()), quiet_s=0.01, admitted=no)]

        assert ["retry: 2000", "event: onboarding"] == names(lines)

    async def test_ends_so_too_where_something_changes_all_the_time(self) -> None:
        watched = Watched(looked())
        lines = stream(watched, quiet_s=0, admitted=no)
        said = [await anext(lines), await anext(lines)]
        watched.show(looked(Stage.VERIFYING, events=9))

        assert ["retry: 2000", "event: onboarding"] == names(said)
        assert [] == [line async for line in lines]

    async def test_ends_when_the_process_leaves(self) -> None:
        leaving = asyncio.Event()
        lines = stream(Watched(looked()), leaving=leaving)
        said = [await anext(lines), await anext(lines)]
        asyncio.get_running_loop().call_soon(leaving.set)
        rest = [line async for line in lines]

        assert (2, []) == (len(said), rest)


class TestAWatch:
    async def test_takes_nothing_older_for_new(self) -> None:
        watched = Watched(looked(Stage.VERIFYING, events=9))
        changed = watched.changed
        watched.show(looked(events=3))

        assert Stage.VERIFYING is watched.seen.onboarding.stage
        assert not changed.is_set()

    async def test_takes_the_run_after_a_reset_for_new(self) -> None:
        watched = Watched(looked(Stage.VERIFYING, events=9))
        reset = looked(events=3)
        later = Looked(
            onboarding=reset.onboarding,
            tag="3",
            closed=False,
            age=(datetime(2026, 11, 28, tzinfo=UTC), 3),
        )
        watched.show(later)

        assert Stage.INVITED is watched.seen.onboarding.stage

    async def test_looks_anew_at_a_run_that_had_ended_and_is_open_again(self) -> None:
        sights = Sights(looked(Stage.COMPLETED, events=9, closed=True))
        watch = Watch(sights, every_s=0)
        async with watch.following(RUN, looked()) as slow:
            while not slow.is_over:  # noqa: ASYNC110  # the watch is what is tried here
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            looks = sights.looks

            assert names(await followed(watch, looked(events=4)))[-1] == "event: ended"
            assert sights.looks > looks

    async def test_looks_no_more_when_nobody_follows(self) -> None:
        sights = Sights(looked())
        watch = Watch(sights, every_s=0)
        async with watch.following(RUN, looked()), watch.following(RUN, looked()):
            for _ in range(20):
                await asyncio.sleep(0)
        looks = sights.looks
        for _ in range(20):
            await asyncio.sleep(0)

        assert looks > 0
        assert sights.looks <= looks + 1
