"""The registry of verified people: it outlives every onboarding and ends by erasure alone."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import VideoStatus, Withdraw
from likeness.messages.onboarding import VideoRequest
from likeness.messages.person import Erase, Erased, Generate, PersonState, VideoOrdered
from likeness.stages import Stage, VideoState
from tests.workflows.conftest import CONSENT, Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))


async def verified(journey: Journey, *, video: VideoRequest | None = None) -> PersonState:
    await journey.start("a", "b", video=video)
    await journey.pass_the_scan()
    await journey.result()
    return await journey.person_until(lambda p: len(p.assets) == 2)


async def withdrawn(journey: Journey) -> PersonState:
    state: PersonState = await journey.person.execute_update(
        names.WITHDRAW, Withdraw(), result_type=PersonState
    )
    return state


class TestRegistry:
    async def test_it_knows_who_agreed_to_what_and_what_may_be_used(
        self, journey: Journey, tmp_path: Path
    ) -> None:
        person = await verified(journey)

        assert person.group_id is not None
        assert [CONSENT] == [receipt.consent for receipt in person.receipts]
        assert {"asset-1", "asset-2"} == {asset.name for asset in person.assets}
        assert [journey.onboarding] == list(person.onboardings)
        receipts = tmp_path / "archive" / "default" / "person" / "p-1"
        assert b"signed for p-1" == next(receipts.glob("consent-*.json")).read_bytes()

    async def test_it_is_told_as_soon_as_the_group_is_known(self, journey: Journey) -> None:
        journey.change(review_seconds=60)
        await journey.start("a")
        await journey.pass_the_scan()

        person = await journey.person_until(lambda p: p.group_id is not None)

        assert () == person.assets

    async def test_a_second_onboarding_tells_the_same_person(self, journey: Journey) -> None:
        first = await verified(journey)
        journey.onboarding = f"{journey.onboarding}-2"
        await journey.start("c")
        await journey.pass_the_scan()
        await journey.result()

        second = await journey.person_until(lambda p: len(p.onboardings) == 2)

        assert first.group_id == second.group_id
        assert 2 == len(second.receipts)

    async def test_another_video_needs_no_new_scan(self, journey: Journey) -> None:
        await verified(journey)

        ordered: VideoOrdered = await journey.person.execute_update(
            names.GENERATE, Generate(video=VIDEO), result_type=VideoOrdered
        )
        video: VideoStatus = await journey.client.get_workflow_handle(
            ordered.workflow_id, result_type=VideoStatus
        ).result()

        assert VideoState.DONE == video.state
        assert 1 == journey.count("session_created")
        assert 1 == journey.count("video_charged")


class TestWithdrawal:
    async def test_it_ends_an_onboarding_under_way(self, journey: Journey) -> None:
        journey.change(review_seconds=60)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.person_until(lambda p: p.group_id is not None)

        person = await withdrawn(journey)
        status = await journey.result()

        assert person.withdrawn_at is not None
        assert Stage.DECLINED == status.stage
        assert status.failure is not None
        assert FailureCode.WITHDRAWN == status.failure.code

    async def test_a_video_in_flight_is_recorded_and_sealed(
        self, journey: Journey, tmp_path: Path
    ) -> None:
        journey.change(video_seconds=3)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("video_charged")
        await journey.person_until(lambda p: p.video_ids != ())

        await withdrawn(journey)
        video = await journey.video_result()

        assert (VideoState.DONE, True) == (video.state, video.sealed)
        assert video.key is not None
        assert video.key.startswith("sealed.d/")
        assert (tmp_path / "archive" / video.key).exists()
        assert 1 == journey.count("video_charged")

    async def test_no_video_is_made_afterwards(self, journey: Journey) -> None:
        await verified(journey)
        await withdrawn(journey)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.person.execute_update(names.GENERATE, Generate(video=VIDEO))

        assert isinstance(refused.value.cause, ApplicationError)
        assert FailureCode.WITHDRAWN == refused.value.cause.type
        assert 0 == journey.count("generate_video")

    async def test_a_new_consent_counts_anew(self, journey: Journey) -> None:
        await verified(journey)
        await withdrawn(journey)
        journey.onboarding = f"{journey.onboarding}-2"
        await journey.start("c")
        await journey.pass_the_scan()
        status = await journey.result()

        person = await journey.person_until(lambda p: len(p.receipts) == 2)

        assert Stage.COMPLETED == status.stage
        assert person.withdrawn_at is None


class TestErasure:
    async def test_it_deletes_the_files_and_says_what_remains(
        self, journey: Journey, tmp_path: Path
    ) -> None:
        await verified(journey, video=VIDEO)
        assert [] != [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]

        erased: Erased = await journey.person.execute_update(
            names.ERASE, Erase(), result_type=Erased
        )
        state = await journey.person.result()

        assert 2 == erased.files_deleted
        assert 2 == len(erased.remains)
        assert [] == [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
        assert ((), ()) == (state.receipts, state.assets)
