"""A deploy that breaks the order of commands loses nothing: runs wait until it is rolled back."""

import asyncio

import pytest

import worker
from likeness.stages import Stage
from tests.replay.broken_twin import BrokenOnboardPerson
from tests.workflows.conftest import Journey
from workflows.onboard_person import OnboardPerson

pytestmark = pytest.mark.server


class TestABadDeploy:
    async def test_stops_a_parked_run_without_failing_it_and_a_rollback_ends_it(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        journey.change(review_seconds=3)
        await journey.start("a", link_ttl_s=600)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
        await journey.stop_worker()

        others = [each for each in worker.WORKFLOWS if each is not OnboardPerson]
        monkeypatch.setattr(worker, "WORKFLOWS", (BrokenOnboardPerson, *others))
        await journey.start_worker()
        while "WORKFLOW_TASK_FAILED" not in await journey.events():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.1)
        await journey.stop_worker()

        monkeypatch.setattr(worker, "WORKFLOWS", (OnboardPerson, *others))
        await journey.start_worker()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("assets_submitted")
