"""Keeping the paid video: fetched by a fresh address each time, given up only when it is gone."""

import dataclasses
import hashlib

import pytest
from obstore.store import MemoryStore
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.archive import Archive
from activities.downloading import Downloads
from activities.videos import TRIES_BEFORE_GONE
from likeness.failures import FailureCode
from likeness.messages.steps import ArchiveVideo, VideoArchived
from tests.unit.activities.conftest import Simulated, everything_said
from tests.unit.activities.video_orders import PLAIN, steps


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class TestArchiveVideo:
    async def ordered(self, simulated: Simulated, environment: ActivityEnvironment) -> ArchiveVideo:
        triggered = await environment.run(steps(simulated.client).trigger_generation, PLAIN)
        return ArchiveVideo(task_id=triggered.task_id or "", key="default/o-1/video-1.mp4")

    async def archive(
        self,
        simulated: Simulated,
        environment: ActivityEnvironment,
        *,
        order: ArchiveVideo,
        store: MemoryStore,
    ) -> VideoArchived:
        archive = Archive(store, Downloads(allow=(simulated.base_url,)))
        try:
            step = steps(simulated.client, archive=archive).archive_video
            return await environment.run(step, order)
        finally:
            await archive.aclose()

    async def test_the_file_is_kept_whole_and_measured(
        self, simulated: Simulated, environment: ActivityEnvironment, store: MemoryStore
    ) -> None:
        order = await self.ordered(simulated, environment)

        archived = await self.archive(simulated, environment, order=order, store=store)
        kept = bytes((await store.get_async(order.key)).bytes())

        assert (
            VideoArchived(
                key=order.key, size_bytes=len(kept), sha256=hashlib.sha256(kept).hexdigest()
            )
            == archived
        )
        assert len(kept) > 100_000

    async def test_every_try_asks_for_the_address_anew(
        self, simulated: Simulated, environment: ActivityEnvironment, store: MemoryStore
    ) -> None:
        order = await self.ordered(simulated, environment)
        simulated.fault("download", "cut_midway")
        with pytest.raises(ApplicationError) as failure:
            await self.archive(simulated, environment, order=order, store=store)

        await self.archive(simulated, environment, order=order, store=store)

        assert FailureCode.ARCHIVE_FAILED == failure.value.type
        assert not failure.value.non_retryable
        assert 2 == simulated.count("get_task")
        assert 2 == simulated.count("download")

    @pytest.mark.parametrize("kind", ["403", "404"])
    async def test_a_dead_address_is_tried_again_before_it_is_an_answer(
        self,
        simulated: Simulated,
        environment: ActivityEnvironment,
        store: MemoryStore,
        *,
        kind: str,
    ) -> None:
        order = await self.ordered(simulated, environment)
        simulated.fault("download", kind, times=None)
        for attempt in range(1, TRIES_BEFORE_GONE):
            environment.info = dataclasses.replace(environment.info, attempt=attempt)
            with pytest.raises(ApplicationError) as failure:
                await self.archive(simulated, environment, order=order, store=store)
            assert FailureCode.VIDEO_EXPIRED == failure.value.type
            assert not failure.value.non_retryable

        environment.info = dataclasses.replace(environment.info, attempt=TRIES_BEFORE_GONE)
        archived = await self.archive(simulated, environment, order=order, store=store)

        assert VideoArchived(gone=True) == archived

    @pytest.mark.parametrize(
        ("kind", "code", "repeated"),
        [
            ("502_html", FailureCode.UPSTREAM_UNAVAILABLE, True),
            ("429", FailureCode.UPSTREAM_UNAVAILABLE, True),
            ("drop_before_effect", FailureCode.UPSTREAM_UNAVAILABLE, True),
            ("401_documented", FailureCode.UPSTREAM_KEY_REFUSED, False),
        ],
    )
    async def test_reading_the_address_fails_like_any_read(
        self,
        simulated: Simulated,
        environment: ActivityEnvironment,
        store: MemoryStore,
        *,
        kind: str,
        code: FailureCode,
        repeated: bool,
    ) -> None:
        order = await self.ordered(simulated, environment)
        simulated.fault("get_task", kind)

        with pytest.raises(ApplicationError) as failure:
            await self.archive(simulated, environment, order=order, store=store)

        assert (code, repeated) == (failure.value.type, not failure.value.non_retryable)
        assert 0 == simulated.count("download")

    async def test_no_failure_tells_the_address(
        self, simulated: Simulated, environment: ActivityEnvironment, store: MemoryStore
    ) -> None:
        order = await self.ordered(simulated, environment)
        simulated.fault("download", "500", times=None)

        with pytest.raises(ApplicationError) as failure:
            await self.archive(simulated, environment, order=order, store=store)
        (address,) = simulated.world.vault.secrets["download_urls"]

        assert address not in everything_said(failure.value)
        assert address.rpartition("/")[2] not in everything_said(failure.value)
