"""A run that a plain Temporal client has started is known like one of ours."""

import pytest

from likeness.messages.conversation import OperatorOrder
from likeness.messages.onboarding import OnboardingInput
from likeness.stages import Stage, WaitingFor
from likeness.temporal.errors import DifferentRequestError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.onboardings import (
    describe_onboarding,
    list_onboardings,
    revoke_link,
    start_onboarding,
)
from tests.workflows.conftest import QUICK, TASK_QUEUE, Journey

pytestmark = pytest.mark.server

WRITTEN = {"WORKFLOW_PROPERTIES_MODIFIED", "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"}


async def glance(journey: Journey) -> OnboardingGlance:
    await journey.status()
    return await describe_onboarding(journey.client, "default", journey.onboarding)


class TestAForeignStart:
    async def test_is_described_as_one_of_ours(self, journey: Journey) -> None:
        await journey.start("a")
        ours = await glance(journey)
        journey.onboarding += "-f"

        await journey.start_foreign("a")
        theirs = await glance(journey)

        assert ours.memo is not None
        assert theirs.memo is not None
        assert ours.memo.model_copy(update={"request": theirs.memo.request}) == theirs.memo
        assert journey.request("a").fingerprint() == theirs.memo.request
        assert (Stage.INVITED, WaitingFor.PERSON) == (theirs.stage, theirs.waiting_for)
        assert theirs.deadline is not None
        assert QUICK.deadline_s == round((theirs.deadline - theirs.started_at).total_seconds())

    async def test_is_found_by_its_stage(self, journey: Journey) -> None:
        await journey.start_foreign("a")
        await journey.status()

        found: list[str] = []
        while not found:
            found = [
                each.onboarding_id
                async for each in list_onboardings(journey.client, "default", stage=Stage.INVITED)
            ]

        assert [journey.onboarding] == found

    async def test_costs_two_events_more_than_one_of_ours(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.status()
        ours = await journey.events()
        journey.onboarding += "-f"

        await journey.start_foreign("a")
        await journey.status()
        theirs = await journey.events()

        assert [] == [each for each in ours if each in WRITTEN]
        assert sorted([*ours, *WRITTEN]) == sorted(theirs)

    async def test_is_found_again_by_our_client_and_guarded_from_another_request(
        self, journey: Journey
    ) -> None:
        await journey.start_foreign("a")
        await journey.status()
        same = OnboardingInput(request=journey.request("a"), policy=QUICK)
        other = OnboardingInput(request=journey.request("b"), policy=QUICK)

        found = await start_onboarding(journey.client, same, task_queue=TASK_QUEUE)
        with pytest.raises(DifferentRequestError):
            await start_onboarding(journey.client, other, task_queue=TASK_QUEUE)

        assert (False, "p-1", 1) == (found.is_new, found.person, found.link)

    async def test_has_its_link_revoked_like_any_other(self, journey: Journey) -> None:
        await journey.start_foreign("a")
        await journey.status()

        await revoke_link(journey.client, "default", journey.onboarding, OperatorOrder())
        seen = await glance(journey)

        assert seen.memo is not None
        assert 2 == seen.memo.link

    async def test_without_a_policy_waits_as_the_defaults_say(self, journey: Journey) -> None:
        request = journey.request("a").model_dump(mode="json", exclude_none=True)
        await journey.client.start_workflow(
            "OnboardPerson", {"request": request}, id=journey.handle.id, task_queue=TASK_QUEUE
        )

        status = await journey.status()
        seen = await glance(journey)

        assert (0, 5) == (status.attempts, status.attempts_left)
        assert 14 * 24 * 3600 == round(status.deadline - seen.started_at.timestamp())
