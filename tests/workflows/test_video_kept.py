"""A finished video in its place: copied by its watch, and where a withdrawal wants it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from activities.archive import Archive
from activities.downloading import Kept
from activities.wanted import IsWanted
from likeness import names
from likeness.messages.conversation import Withdraw
from likeness.stages import VideoState
from tests.workflows.conftest import Journey
from tests.workflows.test_person_races import files
from tests.workflows.videos import Video

pytestmark = pytest.mark.server

STEPS = "ACTIVITY_TASK_SCHEDULED"

Pause = Callable[[], Awaitable[None]]


class Copies:
    """Every copy that is made: the keys it was begun for, and those where a file was put."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self.put: list[str] = []
        self.before: Pause = self.at_once
        self.after: Pause = self.at_once
        keep = Archive.keep

        async def noted(
            archive: Archive,
            url: SecretStr | None,
            key: str,
            *,
            is_wanted: IsWanted | None = None,
        ) -> Kept:
            self.begun.append(key)
            await self.before()
            kept = await keep(archive, url, key, is_wanted=is_wanted)
            self.put.append(key)
            await self.after()
            return kept

        monkeypatch.setattr(Archive, "keep", noted)

    @staticmethod
    async def at_once() -> None:
        """Lose no time."""

    async def until_begun(self, number: int = 1) -> None:
        await eventually(lambda: len(self.begun) >= number)

    async def until_put(self) -> None:
        await eventually(lambda: bool(self.put))


async def eventually(is_so: Callable[[], bool]) -> None:
    while True:
        if is_so():
            return
        await asyncio.sleep(0.02)


class Gate:
    """The first who comes waits until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self._is_first = True

    async def __call__(self) -> None:
        if self._is_first:
            self._is_first = False
            await self.opened.wait()


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Copies:
    return Copies(monkeypatch)


async def withdrawn(video: Video, *, erased: bool = False) -> None:
    await video.handle.signal(names.WITHDRAW, Withdraw(erased=erased))


class TestKeptAtOnce:
    async def test_two_steps_make_a_video(self, journey: Journey, copies: Copies) -> None:
        video = await Video.ordered(journey)
        status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert [status.key] == copies.put
        assert 2 == await video.events(STEPS)

    async def test_where_the_copy_fails_a_third_one_makes_it(self, journey: Journey) -> None:
        journey.fault("download", "cut_midway")
        video = await Video.ordered(journey)
        status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert 3 == await video.events(STEPS)
        assert 2 == journey.count("download")

    async def test_a_watch_broken_off_while_it_copies_puts_nothing_there(
        self, journey: Journey, copies: Copies
    ) -> None:
        """Nor does it after the end of the run, when the file may be erased already."""
        copies.before = gate = Gate()
        video = await Video.ordered(journey)
        await copies.until_begun()

        await video.hint()
        status = await video.handle.result()
        gate.opened.set()
        await asyncio.sleep(1)

        assert VideoState.DONE == status.state
        assert 2 == len(copies.begun)
        assert [status.key] == copies.put


class TestWithdrawal:
    async def test_during_the_watch_it_has_the_file_copied_to_the_sealed_place_only(
        self, journey: Journey, copies: Copies
    ) -> None:
        journey.change(video_seconds=2)
        video = await Video.ordered(journey)
        await video.until(lambda s: s.task_id is not None)

        await withdrawn(video)
        status = await video.handle.result()

        assert (VideoState.DONE, True) == (status.state, status.sealed)
        assert [status.key] == copies.begun
        assert (status.key or "").startswith("sealed.d/")

    async def test_when_the_file_was_just_put_in_the_open_place_it_is_moved(
        self, journey: Journey, copies: Copies, tmp_path: Path
    ) -> None:
        copies.after = gate = Gate()
        video = await Video.ordered(journey)
        await copies.until_put()

        await withdrawn(video)
        await video.until(lambda s: s.sealed)
        gate.opened.set()
        status = await video.handle.result()

        assert (VideoState.DONE, True) == (status.state, status.sealed)
        assert [status.key] == files(tmp_path)
        assert 2 == len(copies.put)

    async def test_after_a_hint_it_waits_for_both_watches(
        self, journey: Journey, copies: Copies, tmp_path: Path
    ) -> None:
        """The one that was broken off may have put the file in the open place."""
        copies.after = gate = Gate()
        video = await Video.ordered(journey)
        await copies.until_put()
        copies.before = second = Gate()
        await video.hint()
        await copies.until_begun(2)

        await withdrawn(video)
        await video.until(lambda s: s.sealed)
        second.opened.set()
        await asyncio.sleep(1)
        assert VideoState.GENERATING == (await video.status()).state
        gate.opened.set()
        status = await video.handle.result()

        assert [status.key] == files(tmp_path)
        assert (status.key or "").startswith("sealed.d/")

    async def test_of_somebody_erased_no_file_stays_and_the_bill_does(
        self, journey: Journey, copies: Copies, tmp_path: Path
    ) -> None:
        copies.after = gate = Gate()
        video = await Video.ordered(journey)
        await copies.until_put()

        await withdrawn(video, erased=True)
        await video.until(lambda s: s.sealed)
        gate.opened.set()
        status = await video.handle.result()

        assert VideoState.CANCELED == status.state
        assert status.cost_usd is not None
        assert [] == files(tmp_path)
