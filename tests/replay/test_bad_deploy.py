"""A deploy or a rollback that breaks the order of commands loses nothing: the run waits."""

import asyncio

import pytest

import worker
from likeness.messages.conversation import OnboardingStatus
from likeness.stages import Stage
from tests.replay.twins import BrokenOnboardPerson, PatchedOnboardPerson
from tests.workflows.conftest import Journey
from workflows.onboard_person import OnboardPerson

pytestmark = pytest.mark.server

OTHERS = tuple(each for each in worker.WORKFLOWS if each is not OnboardPerson)


class TestADeploy:
    async def test_that_breaks_the_order_stops_a_run_until_it_is_rolled_back(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.parked_in_review(journey)

        await self.deployed(journey, monkeypatch, BrokenOnboardPerson)
        await self.task_failed(journey)
        await self.deployed(journey, monkeypatch, OnboardPerson)
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("assets_submitted")

    async def test_that_is_patched_goes_on_with_a_run_of_before(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.parked_in_review(journey)

        await self.deployed(journey, monkeypatch, PatchedOnboardPerson)
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert "WORKFLOW_TASK_FAILED" not in await journey.events()

    async def test_rolled_back_under_a_patched_run_stops_it_until_it_is_deployed_again(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.deployed(journey, monkeypatch, PatchedOnboardPerson)
        await self.parked_in_review(journey)

        await self.deployed(journey, monkeypatch, OnboardPerson)
        await self.task_failed(journey)
        await self.deployed(journey, monkeypatch, PatchedOnboardPerson)
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("assets_submitted")

    @staticmethod
    async def parked_in_review(journey: Journey) -> OnboardingStatus:
        journey.change(review_seconds=3)
        await journey.start("a", link_ttl_s=600)
        await journey.pass_the_scan()
        return await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

    @staticmethod
    async def deployed(journey: Journey, monkeypatch: pytest.MonkeyPatch, onboarding: type) -> None:
        await journey.stop_worker()
        monkeypatch.setattr(worker, "WORKFLOWS", (onboarding, *OTHERS))
        await journey.start_worker()

    @staticmethod
    async def task_failed(journey: Journey) -> None:
        while "WORKFLOW_TASK_FAILED" not in await journey.events():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.1)
