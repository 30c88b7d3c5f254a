"""What an onboarding costs in history: exact counts, because events are money."""

import asyncio

import pytest
from pydantic import SecretStr

from likeness import names
from likeness.ids import notify_workflow_id, spending_workflow_id, video_workflow_id
from likeness.messages.onboarding import VideoRequest
from tests.workflows.conftest import Journey
from tests.workflows.costs import Cost, cost_of, costs_of_all_runs, in_all
from tests.workflows.videos import Video

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))

HEARTBEATS = 2
"""One that tells the session's task id, one of a review of 90 s; no history holds them."""


async def cost(journey: Journey, workflow_id: str | None = None) -> Cost:
    """Give what a run's history costs."""
    handle = journey.client.get_workflow_handle(workflow_id or journey.handle.id)
    return cost_of((await handle.fetch_history()).events)


async def size(journey: Journey) -> int:
    """Give the bytes of a run's history."""
    described = await journey.handle.describe()
    return described.raw_description.workflow_execution_info.history_size_bytes


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


async def unhurried_path(
    journey: Journey, *, told: bool = False, video: VideoRequest | None = None
) -> dict[str, Cost]:
    """Go the same way so slowly that nothing comes in one task with something else, as in life."""
    journey.change(review_seconds=3)
    await journey.start("a", video=video, told=told, link_ttl_s=600, token_ttl_s=600)
    await journey.status()
    opened = await journey.tap()
    await rests(journey, shown=1, steps=0)
    await journey.scan(opened)
    await journey.come_back(opened.attempt or 0)
    await rests(journey, shown=2, steps=1)
    await journey.result()
    await journey.person_until(lambda person: person.assets != ())
    return await costs_of_all_runs(journey.client)


async def rests(journey: Journey, *, shown: int, steps: int) -> None:
    """Wait until so much was shown, with no task left to do and so many steps under way.

    The history tells it: a query that meets a local activity makes a workflow task more.
    """

    def left(events: list[str], kind: str) -> int:
        return events.count(f"{kind}_SCHEDULED") - events.count(f"{kind}_COMPLETED")

    while True:
        events = await journey.events()
        is_shown = events.count("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES") == shown
        if is_shown and (0, steps) == (
            left(events, "WORKFLOW_TASK"),
            left(events, "ACTIVITY_TASK"),
        ):
            return
        await asyncio.sleep(0.05)


async def expired(journey: Journey) -> None:
    await journey.start("a", told=True, deadline_s=1)
    await journey.result()


class TestAllRunsOfAnOnboarding:
    async def test_cost_55_events_and_18_actions(self, journey: Journey) -> None:
        costs = await unhurried_path(journey)

        assert {names.ONBOARD_PERSON: Cost(45, 13), names.PERSON: Cost(10, 3)} == costs
        assert (55, 18) == (in_all(costs).events, in_all(costs).actions + HEARTBEATS)

    async def test_cost_73_events_and_21_actions_with_three_events_told(
        self, journey: Journey
    ) -> None:
        costs = await unhurried_path(journey, told=True)

        assert {names.ONBOARD_PERSON: Cost(63, 16), names.PERSON: Cost(10, 3)} == costs
        assert (73, 21) == (in_all(costs).events, in_all(costs).actions + HEARTBEATS)

    async def test_cost_35_events_and_8_actions_more_with_the_accounts_first_video(
        self, journey: Journey
    ) -> None:
        costs = await unhurried_path(journey, video=VIDEO)

        assert {
            names.ONBOARD_PERSON: Cost(56, 16),
            names.PERSON: Cost(10, 3),
            names.GENERATE_VIDEO: Cost(18, 3),
            names.SPENDING: Cost(6, 2),
        } == costs
        assert Cost(35, 8) == in_all(costs).beyond(Cost(55, 16))


class TestEventBudget:
    async def test_one_asset_costs_45_events_and_15_actions_in_9_kilobytes(
        self, journey: Journey
    ) -> None:
        await happy_path(journey)

        events, actions = await cost(journey)

        assert 45 == events
        assert 15 == actions + HEARTBEATS
        assert 9 * 1024 >= await size(journey)

    async def test_each_further_asset_costs_at_most_6_events_and_1_action(
        self, journey: Journey
    ) -> None:
        await happy_path(journey, assets=4)

        events, actions = await cost(journey)

        assert 45 + 3 * 6 >= events
        assert 15 + 3 == actions + HEARTBEATS

    async def test_a_video_costs_11_events_here_and_18_in_its_child(self, journey: Journey) -> None:
        await happy_path(journey, video=VIDEO)

        events, _ = await cost(journey)
        child_events, _ = await cost(journey, video_workflow_id(journey.handle.id))

        assert 45 + 11 >= events
        assert 18 >= child_events

    async def test_each_thing_told_costs_at_most_6_events_and_1_action(
        self, journey: Journey
    ) -> None:
        await happy_path(journey, told=True)

        events, actions = await cost(journey)

        assert 45 + 3 * 6 >= events
        assert 15 + 3 == actions + HEARTBEATS
        assert 14 * 1024 >= await size(journey)

    async def test_what_is_undelivered_at_the_end_costs_5_events_here_and_11_in_its_own_run(
        self, journey: Journey
    ) -> None:
        await expired(journey)
        delivered, _ = await cost(journey)
        journey.receiver.answer = lambda _: 503
        journey.onboarding += "-2"
        await expired(journey)
        handed_over, _ = await cost(journey)
        journey.receiver.answer = lambda _: 204
        notify_id = notify_workflow_id(journey.handle.id)
        await journey.client.get_workflow_handle(notify_id).result()

        notified = await cost(journey, notify_id)

        assert 5 == handed_over - delivered
        assert Cost(11, 1) == notified

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

        assert Cost(5, 1) == second.beyond(first)

    async def test_ten_times_more_polls_cost_nothing(self, journey: Journey) -> None:
        journey.change(review_seconds=6)
        await happy_path(journey)

        events, _ = await cost(journey)

        assert 10 <= sum(
            entry.name == "get_task" and entry.detail.get("kind") == "review"
            for entry in journey.world.ledger.entries
        )
        assert 45 == events

    async def test_waiting_for_a_person_costs_nothing(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.status()
        before = len(await journey.events())
        await asyncio.sleep(2)

        assert before == len(await journey.events())
