"""What an onboarding costs in history: exact counts, because events are money."""

import asyncio

import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType

from benchmarks.histories import BILLED
from likeness.ids import notify_workflow_id, spending_workflow_id, video_workflow_id
from likeness.messages.onboarding import VideoRequest
from tests.workflows.conftest import Journey
from tests.workflows.videos import Video

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))

# Two of the events and actions tell the registry of persons, by a local activity each.
HEARTBEATS = 2
"""One that tells the session's task id, one of a review of 90 s."""


async def cost(journey: Journey, workflow_id: str | None = None) -> tuple[int, int, int]:
    """Give events, billed actions and bytes of a run's history."""
    handle = journey.client.get_workflow_handle(workflow_id or journey.handle.id)
    names = [
        EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        async for event in handle.fetch_history_events()
    ]
    described = await handle.describe()
    size = described.raw_description.workflow_execution_info.history_size_bytes
    return len(names), sum(BILLED.get(name, 0) for name in names), size


async def happy_path(
    journey: Journey,
    assets: int = 1,
    video: VideoRequest | None = None,
    *,
    told: bool = False,
) -> None:
    # Long enough that a slow machine does not bring in a timed look.
    paths = (f"a{n}" for n in range(assets))
    await journey.start(*paths, video=video, told=told, link_ttl_s=600)
    await journey.status()  # the run has begun before the person taps, as in real life
    await journey.pass_the_scan()
    await journey.result()


async def expired(journey: Journey) -> None:
    await journey.start("a", told=True, deadline_s=1)
    await journey.result()


class TestEventBudget:
    async def test_one_asset_costs_46_events_and_16_actions_in_9_kilobytes(
        self, journey: Journey
    ) -> None:
        await happy_path(journey)

        events, actions, size = await cost(journey)

        assert 46 == events
        assert 16 == actions + HEARTBEATS
        assert 9 * 1024 >= size

    async def test_each_further_asset_costs_at_most_6_events_and_1_action(
        self, journey: Journey
    ) -> None:
        await happy_path(journey, assets=4)

        events, actions, _ = await cost(journey)

        assert 46 + 3 * 6 >= events
        assert 16 + 3 == actions + HEARTBEATS

    async def test_a_video_costs_10_events_here_and_25_in_its_child(self, journey: Journey) -> None:
        await happy_path(journey, video=VIDEO)

        events, _, _ = await cost(journey)
        child_events, _, _ = await cost(journey, video_workflow_id(journey.handle.id))

        assert 46 + 10 >= events
        assert 25 >= child_events

    async def test_each_thing_told_costs_at_most_6_events_and_1_action(
        self, journey: Journey
    ) -> None:
        await happy_path(journey, told=True)

        events, actions, size = await cost(journey)

        assert 46 + 3 * 6 >= events
        assert 16 + 3 == actions + HEARTBEATS
        assert 14 * 1024 >= size

    async def test_what_is_undelivered_at_the_end_costs_5_events_here_and_11_in_its_own_run(
        self, journey: Journey
    ) -> None:
        await expired(journey)
        delivered, _, _ = await cost(journey)
        journey.receiver.answer = lambda _: 503
        journey.onboarding += "-2"
        await expired(journey)
        handed_over, _, _ = await cost(journey)
        journey.receiver.answer = lambda _: 204
        notify_id = notify_workflow_id(journey.handle.id)
        await journey.client.get_workflow_handle(notify_id).result()

        notify_events, notify_actions, _ = await cost(journey, notify_id)

        assert 5 == handed_over - delivered
        assert (11, 2) == (notify_events, notify_actions)

    async def test_counting_what_it_may_cost_takes_5_events_and_1_action(
        self, journey: Journey
    ) -> None:
        """In the account's own run, which is started by its first video."""
        for _ in range(2):
            video = await Video.ordered(journey)
            await video.handle.result()
        first = await cost(journey, spending_workflow_id("default"))
        video = await Video.ordered(journey)
        await video.handle.result()

        second = await cost(journey, spending_workflow_id("default"))

        assert (5, 1) == (second[0] - first[0], second[1] - first[1])

    async def test_ten_times_more_polls_cost_nothing(self, journey: Journey) -> None:
        journey.change(review_seconds=4)
        await happy_path(journey)

        events, _, _ = await cost(journey)

        assert 10 <= sum(
            entry.name == "get_task" and entry.detail.get("kind") == "review"
            for entry in journey.world.ledger.entries
        )
        assert 46 == events

    async def test_waiting_for_a_person_costs_nothing(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.status()
        before = len(await journey.events())
        await asyncio.sleep(2)

        assert before == len(await journey.events())
