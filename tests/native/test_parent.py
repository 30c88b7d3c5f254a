"""A workflow of somebody else's that has ``OnboardPerson`` as its child; the page's own block."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

from likeness.ids import onboarding_workflow_id
from likeness.stages import Stage
from likeness.temporal.errors import NoSuchOnboardingError
from likeness.temporal.onboardings import describe_onboarding
from tests.native.conftest import Service
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

QUEUE = "campaigns"


@pytest.fixture
async def parent(
    journey: Journey, service: Service, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WorkflowHandle[Any, str]]:
    """A parent under way, on a worker and a queue of its own, whose child has begun."""
    monkeypatch.syspath_prepend(service.folder)
    campaign: Any = importlib.import_module("campaign").Campaign
    async with Worker(journey.client, task_queue=QUEUE, workflows=[campaign]):
        handle = await journey.client.start_workflow(
            "Campaign", journey.request("a"), id="campaign-1", task_queue=QUEUE, result_type=str
        )
        await child_begun(journey)
        yield handle
    del sys.modules["campaign"]


async def child_begun(journey: Journey) -> None:
    while True:
        try:
            glance = await describe_onboarding(journey.client, "default", journey.onboarding)
        except NoSuchOnboardingError:
            await asyncio.sleep(0.05)
            continue
        if glance.memo is not None:
            return
        await asyncio.sleep(0.05)


class TestAParent:
    async def test_gets_the_status_of_its_child_as_the_result(
        self, journey: Journey, parent: WorkflowHandle[Any, str]
    ) -> None:
        await journey.pass_the_scan()

        assert "the actor is completed" == await parent.result()

    async def test_has_a_child_that_describes_itself_like_any_other(
        self, journey: Journey, parent: WorkflowHandle[Any, str]
    ) -> None:
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert onboarding_workflow_id("default", "order-4711") == glance.workflow_id
        assert parent.id == (await journey.handle.describe()).parent_id
        assert glance.memo is not None
        assert ("p-1", 1, Stage.INVITED) == (glance.memo.person, glance.memo.link, glance.stage)

    async def test_that_calls_it_off_survives_its_end(
        self, journey: Journey, parent: WorkflowHandle[Any, str]
    ) -> None:
        await parent.signal("call_off")

        assert "goes on without the actor" == await parent.result()
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)
        assert (Stage.CANCELED, "canceled") == (glance.stage, glance.status)

    async def test_that_is_terminated_leaves_its_child_to_its_own_end(
        self, journey: Journey, parent: WorkflowHandle[Any, str]
    ) -> None:
        await parent.terminate()
        await journey.pass_the_scan()

        assert Stage.COMPLETED == (await journey.result()).stage
