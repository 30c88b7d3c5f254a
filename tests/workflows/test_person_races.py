"""Withdrawal and erasure at the worst moments: what is not paid is not ordered, nothing escapes."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowUpdateFailedError

from activities.archive import Archive
from activities.downloading import ArchiveError, Kept
from activities.wanted import IsWanted
from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import OperatorOrder, VideoStatus
from likeness.messages.person import Erase, Erased, Generate, VideoOrdered
from likeness.stages import Stage, VideoState
from likeness.temporal.orders import revoke_link
from tests.workflows.conftest import Journey
from tests.workflows.test_person import VIDEO, verified, withdrawn
from tests.workflows.test_races import PERSON_STEPS, UPSTREAM_STEPS, WORKFLOWS, working
from tests.workflows.test_taps import code_of

pytestmark = pytest.mark.server


async def ordered(journey: Journey, order_id: str | None = None) -> VideoOrdered:
    video: VideoOrdered = await journey.person.execute_update(
        names.GENERATE, Generate(video=VIDEO), id=order_id, result_type=VideoOrdered
    )
    return video


async def result_of(journey: Journey, video: VideoOrdered) -> VideoStatus:
    status: VideoStatus = await journey.client.get_workflow_handle(
        video.workflow_id, result_type=VideoStatus
    ).result()
    return status


async def erased(journey: Journey) -> Erased:
    told: Erased = await journey.person.execute_update(names.ERASE, Erase(), result_type=Erased)
    return told


def files(folder: Path) -> list[str]:
    archive = folder / "archive"
    return [str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()]


class TestWithdrawal:
    async def test_an_onboarding_whose_video_is_held_ends_as_declined(
        self, journey: Journey
    ) -> None:
        journey.fault("generate_video", "500")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("generate_video")
        await journey.person_until(lambda p: p.video_ids != ())
        await asyncio.sleep(1)

        await withdrawn(journey)
        status = await journey.result()

        assert Stage.DECLINED == status.stage

    async def test_an_order_no_worker_has_taken_is_taken_back(self, journey: Journey) -> None:
        await verified(journey)
        await journey.stop_worker()
        async with working(journey, WORKFLOWS, PERSON_STEPS):
            video = await ordered(journey)
            await asyncio.sleep(0.5)
            await withdrawn(journey)
            await asyncio.sleep(0.5)
            async with working(journey, UPSTREAM_STEPS):
                status = await result_of(journey, video)

        assert VideoState.CANCELED == status.state
        assert 0 == journey.count("generate_video")

    async def test_a_file_being_copied_meanwhile_ends_up_sealed(
        self, journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep, begun = Archive.keep, asyncio.Event()

        async def slowly(
            self: Archive,
            url: SecretStr | None,
            key: str,
            *,
            is_wanted: IsWanted | None = None,
        ) -> Kept:
            begun.set()
            await asyncio.sleep(1.5)
            return await keep(self, url, key, is_wanted=is_wanted)

        monkeypatch.setattr(Archive, "keep", slowly)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await begun.wait()

        await withdrawn(journey)
        video = await journey.video_result()

        assert video.key is not None
        assert video.key.startswith("sealed.d/")
        assert [video.key] == [name for name in files(tmp_path) if name.endswith(".mp4")]

    async def test_a_video_ordered_at_the_same_moment_is_stopped_or_sealed(
        self, journey: Journey
    ) -> None:
        await verified(journey)

        video, _ = await asyncio.gather(
            ordered(journey), withdrawn(journey), return_exceptions=True
        )

        if isinstance(video, BaseException):
            assert isinstance(video, WorkflowUpdateFailedError)
            assert FailureCode.WITHDRAWN == code_of(video)
        else:
            status = await result_of(journey, video)
            assert status.sealed or status.state is VideoState.CANCELED


class TestErasure:
    async def test_nothing_is_kept_of_a_video_in_flight(
        self, journey: Journey, tmp_path: Path
    ) -> None:
        journey.change(video_seconds=3)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("video_charged")
        await journey.person_until(lambda p: p.video_ids != ())

        await erased(journey)
        video = await journey.video_result()

        assert VideoState.CANCELED == video.state
        assert video.cost_usd is not None
        assert [] == files(tmp_path)

    async def test_somebody_of_the_same_reference_gets_videos_of_their_own(
        self, journey: Journey
    ) -> None:
        await verified(journey)
        await result_of(journey, await ordered(journey))
        await erased(journey)
        await journey.person.result()
        journey.onboarding = f"{journey.onboarding}-2"
        await verified(journey)

        second = await ordered(journey)
        status = await result_of(journey, second)

        assert 2 == second.number
        assert VideoState.DONE == status.state
        assert 2 == journey.count("video_charged")


class TestOrders:
    async def test_the_same_order_makes_one_video(self, journey: Journey) -> None:
        await verified(journey)

        first, again = await ordered(journey, "order-1"), await ordered(journey, "order-1")
        other = await ordered(journey, "order-2")

        assert (1, 1, 2) == (first.number, again.number, other.number)

    async def test_the_first_one_after_a_restart_knows_the_assets(self, journey: Journey) -> None:
        await verified(journey)
        await journey.stop_worker()

        async with working(journey, WORKFLOWS, PERSON_STEPS, UPSTREAM_STEPS):
            video = await ordered(journey)

        assert 1 == video.number


class TestReceipt:
    async def test_it_is_written_by_a_step_of_its_own_where_the_archive_does_not_take_it_at_once(
        self, journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put, tries = Archive.put, []

        async def refusing_once(self: Archive, key: str, content: bytes) -> None:
            tries.append(key)
            if len(tries) == 1:
                raise ArchiveError("the store took no file")
            await put(self, key, content)

        monkeypatch.setattr(Archive, "put", refusing_once)
        await verified(journey)
        while not files(tmp_path):  # noqa: ASYNC110  # a file tells nobody
            await asyncio.sleep(0.05)
        events = await journey.events(journey.person.id)

        assert 1 == events.count("ACTIVITY_TASK_SCHEDULED")
        assert [tries[0], tries[0]] == tries

    async def test_it_names_the_link_that_was_agreed_through(self, journey: Journey) -> None:
        journey.change(review_seconds=3)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.person_until(lambda p: p.receipts != ())

        await revoke_link(journey.client, "default", journey.onboarding, OperatorOrder())
        await journey.result()
        person = await journey.person_until(lambda p: p.assets != ())

        assert [1] == [receipt.link for receipt in person.receipts]
        assert {journey.onboarding: 2} == person.links
