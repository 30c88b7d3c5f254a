"""A caller's webhook is told of each rest, hold and end, once, and the run never waits for it."""

import asyncio

import pytest
from pydantic import SecretStr
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowFailureError

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import notify_workflow_id, video_workflow_id
from likeness.messages.conversation import (
    Cancel,
    Decline,
    DeliveryState,
    DeliveryStatus,
    OnboardingStatus,
    ReplaceAssets,
    Resolution,
    Resolve,
    VideoStatus,
    Withdraw,
)
from likeness.messages.onboarding import AssetRequest, VideoRequest
from likeness.messages.person import PersonState
from likeness.messages.telling import NotifyStatus
from likeness.stages import Stage
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))
HAPPY = ["onboarding.verifying", "onboarding.in_review", "onboarding.completed"]


def states(log: tuple[DeliveryStatus, ...]) -> list[DeliveryState]:
    return [line.state for line in log]


async def notified(journey: Journey) -> NotifyStatus:
    """Wait for the run that goes on where the onboarding has ended."""
    status: NotifyStatus = await journey.client.get_workflow_handle(
        notify_workflow_id(journey.handle.id), result_type=NotifyStatus
    ).result()
    return status


async def through(journey: Journey, *paths: str, video: VideoRequest | None = None) -> None:
    await journey.start(*(paths or ("a",)), video=video, told=True, link_ttl_s=600)
    await journey.pass_the_scan()


class TestAHappyPath:
    async def test_shows_in_the_temporal_ui_how_much_of_it_was_delivered(
        self, journey: Journey
    ) -> None:
        await through(journey)
        await journey.result()

        shown = await journey.handle.query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )

        assert "- webhooks: 3 delivered" in shown.current_details.splitlines()

    async def test_tells_three_things_in_their_order(self, journey: Journey) -> None:
        await through(journey)
        await journey.result()

        assert HAPPY == journey.receiver.types
        assert [1, 2, 3] == [told.sequence for told in journey.receiver.got]

    async def test_tells_each_of_them_once(self, journey: Journey) -> None:
        await through(journey)
        await journey.result()

        assert 3 == len(journey.receiver.tries)
        assert 3 == len({told.event_id for told in journey.receiver.tries})

    async def test_tells_the_whole_of_it_as_it_stood(self, journey: Journey) -> None:
        await through(journey)
        await journey.result()

        verifying, in_review, completed = (told.onboarding for told in journey.receiver.got)

        assert ["verifying", "person", None] == [
            verifying[key] for key in ("stage", "waiting_for", "group_id")
        ]
        assert ["in_review", "upstream"] == [in_review[key] for key in ("stage", "waiting_for")]
        assert in_review["group_id"]
        assert ["completed", "usable"] == [completed["stage"], completed["assets"][0]["state"]]
        assert {"p-1"} == {told.onboarding["person"] for told in journey.receiver.got}

    async def test_with_a_video_tells_one_more(self, journey: Journey) -> None:
        await through(journey, video=VIDEO)
        await journey.result()

        assert [*HAPPY[:2], "onboarding.generating", HAPPY[2]] == journey.receiver.types
        assert "done" == journey.receiver.got[-1].onboarding["video"]["state"]

    async def test_keeps_a_log_of_what_was_delivered(self, journey: Journey) -> None:
        await through(journey)
        status = await journey.result()

        log = status.deliveries

        assert [(told.event_id, told.type) for told in journey.receiver.got] == [
            (line.event_id, line.type) for line in log
        ]
        assert [(DeliveryState.DELIVERED, 1, 204)] * 3 == [
            (line.state, line.attempts, line.last_status) for line in log
        ]

    async def test_starts_no_other_run(self, journey: Journey) -> None:
        await through(journey)
        await journey.result()

        assert "START_CHILD_WORKFLOW_EXECUTION_INITIATED" not in await journey.events()

    async def test_that_nobody_wants_to_hear_of_tells_nothing(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=600)
        await journey.pass_the_scan()
        status = await journey.result()

        assert [] == journey.receiver.tries
        assert () == status.deliveries


class TestAnEnd:
    async def test_of_a_person_who_declines_is_told(self, journey: Journey) -> None:
        await journey.start("a", told=True)
        await journey.order(names.DECLINE, Decline())
        await journey.result()

        assert ["onboarding.declined"] == journey.receiver.types

    async def test_by_the_deadline_is_told_with_its_reason(self, journey: Journey) -> None:
        await journey.start("a", told=True, deadline_s=1)
        await journey.result()

        assert ["onboarding.expired"] == journey.receiver.types
        assert "deadline_passed" == journey.receiver.got[0].onboarding["failure"]["code"]

    async def test_by_an_order_is_told(self, journey: Journey) -> None:
        await journey.start("a", told=True)
        await journey.cancel()
        await journey.result()

        assert ["onboarding.canceled"] == journey.receiver.types

    async def test_from_outside_is_told(self, journey: Journey) -> None:
        await journey.start("a", told=True)
        await journey.status()
        await journey.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await journey.result()

        assert ["onboarding.canceled"] == journey.receiver.types

    async def test_from_outside_is_handed_over_where_nobody_hears_it(
        self, journey: Journey
    ) -> None:
        journey.receiver.answer = lambda _: 503
        await journey.start("a", told=True)
        await journey.status()
        await journey.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await journey.result()
        journey.receiver.answer = lambda _: 204
        await notified(journey)

        assert ["onboarding.canceled"] == journey.receiver.types

    async def test_of_a_withdrawn_consent_is_told(self, journey: Journey) -> None:
        journey.change(review="stuck")
        await through(journey)
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
        await journey.person.execute_update(names.WITHDRAW, Withdraw(), result_type=PersonState)
        await journey.result()

        assert [*HAPPY[:2], "onboarding.declined"] == journey.receiver.types
        assert "withdrawn" == journey.receiver.got[-1].onboarding["failure"]["code"]


class TestAHold:
    async def test_is_told_and_so_is_what_follows(self, journey: Journey) -> None:
        await through(journey, "a", "refused")
        await journey.until(lambda s: s.hold is not None)
        other = AssetRequest(name="asset-2", url=SecretStr(f"{journey.base_url}/portraits/b.jpg"))
        await journey.order(names.REPLACE_ASSETS, ReplaceAssets(assets=(other,)))
        await journey.result()

        assert [
            *HAPPY[:2],
            "onboarding.held",
            "onboarding.in_review",
            "onboarding.completed",
        ] == journey.receiver.types
        held = journey.receiver.got[2].onboarding
        assert ["needs_assets", "too_few_usable_assets", "caller"] == [
            held["hold"],
            held["failure"]["code"],
            held["waiting_for"],
        ]

    async def test_of_the_account_is_told_and_so_is_its_end(self, journey: Journey) -> None:
        for route in ("create_session", "balance"):
            journey.fault(route, "401_live")
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.tap()
        await journey.until(lambda s: s.hold is None)
        await journey.pass_the_scan()
        await journey.result()

        assert ["onboarding.held", "onboarding.invited", *HAPPY] == journey.receiver.types

    async def test_that_comes_again_and_again_is_told_once(self, journey: Journey) -> None:
        """Each of two assets whose submission got lost holds the run in its turn."""
        for _ in range(2):
            journey.fault("submit_assets", "drop_after_effect")
        await through(journey, "a", "b")
        await journey.until(lambda s: s.hold is not None)
        for asset in ("asset-1", "asset-2"):
            await journey.order(names.RESOLVE, Resolve(resolution=Resolution.RESUBMIT, asset=asset))
        await journey.result()

        assert 1 == journey.receiver.types.count("onboarding.held")

    async def test_of_the_video_is_told_as_the_onboardings(self, journey: Journey) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await through(journey, video=VIDEO)
        await journey.receiver.until_got("onboarding.held")
        await journey.client.get_workflow_handle(
            video_workflow_id(journey.handle.id)
        ).execute_update(
            names.RESOLVE, Resolve(resolution=Resolution.RESUBMIT), result_type=VideoStatus
        )
        await journey.result()

        assert [
            *HAPPY[:2],
            "onboarding.generating",
            "onboarding.held",
            "onboarding.generating",
            "onboarding.completed",
        ] == journey.receiver.types
        held = journey.receiver.got[3].onboarding
        assert ["generating", "needs_decision", "generation_unconfirmed", "operator"] == [
            held["stage"],
            held["hold"],
            held["failure"]["code"],
            held["waiting_for"],
        ]


class TestAReceiverThatIsDown:
    async def test_gets_it_all_from_another_run_once_it_is_up(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 503
        await through(journey)
        status = await journey.result()
        journey.receiver.answer = lambda _: 204
        told = await notified(journey)

        assert HAPPY == journey.receiver.types
        assert [DeliveryState.HANDED_OVER] * 3 == states(status.deliveries)
        assert [DeliveryState.DELIVERED] * 3 == states(told.deliveries)

    async def test_is_shown_in_the_temporal_ui(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 503
        await journey.start("a", told=True, deadline_s=1)
        await journey.result()
        notify = journey.client.get_workflow_handle(notify_workflow_id(journey.handle.id))

        shown = await notify.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)

        assert "- 1 pending" in shown.current_details.splitlines()

    async def test_gets_what_it_was_told_under_the_same_id(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 503
        await through(journey)
        status = await journey.result()
        journey.receiver.answer = lambda _: 204
        await notified(journey)

        assert {told.event_id for told in journey.receiver.tries} == {
            line.event_id for line in status.deliveries
        }

    async def test_for_a_while_gets_it_from_the_run_itself(self, journey: Journey) -> None:
        journey.change(review_seconds=3)
        journey.receiver.answer = lambda kind: 503 if kind == HAPPY[0] else 204
        await through(journey)
        await journey.receiver.until_tried(HAPPY[0], 2)
        journey.receiver.answer = lambda _: 204
        await journey.receiver.until_got(HAPPY[0])
        status = await journey.result()

        assert HAPPY == journey.receiver.types
        assert DeliveryState.HANDED_OVER not in states(status.deliveries)

    async def test_costs_no_event_however_often_it_is_tried(self, journey: Journey) -> None:
        journey.change(review="stuck")
        journey.receiver.answer = lambda _: 503
        await through(journey)
        await journey.receiver.until_tried(HAPPY[1])
        before = len(await journey.events())
        await journey.receiver.until_tried(HAPPY[1], 5)

        assert before == len(await journey.events())

    async def test_keeps_its_place_in_the_schedule_when_the_worker_is_restarted(
        self, journey: Journey
    ) -> None:
        journey.change(review="stuck")
        journey.receiver.answer = lambda _: 503
        await through(journey)
        await journey.receiver.until_tried(HAPPY[1], 2)
        await journey.restart_worker()
        journey.receiver.answer = lambda _: 204
        await journey.receiver.until_got(HAPPY[1])
        status = await journey.until(
            lambda s: states(s.deliveries) == [DeliveryState.DELIVERED] * 2
        )

        assert 3 <= (status.deliveries[1].attempts or 0)

    async def test_for_longer_than_the_schedule_is_told_all_of_it_at_the_end(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(webhook_retries_s=(0.1,))
        journey.change(review_seconds=3)
        journey.receiver.answer = lambda kind: 503 if kind == HAPPY[0] else 204
        await through(journey)
        missed = await journey.until(lambda s: DeliveryState.UNDELIVERED in states(s.deliveries))
        journey.receiver.answer = lambda _: 204
        status = await journey.result()
        await notified(journey)

        assert [(2, 503)] == [
            (line.attempts, line.last_status)
            for line in missed.deliveries
            if line.state is DeliveryState.UNDELIVERED
        ]
        assert [
            DeliveryState.HANDED_OVER,
            DeliveryState.DELIVERED,
            DeliveryState.DELIVERED,
        ] == states(status.deliveries)
        assert HAPPY == journey.receiver.types

    async def test_for_ever_is_given_up_by_the_other_run_and_shown(self, journey: Journey) -> None:
        await journey.restart_worker(webhook_retries_s=(0.1,))
        journey.receiver.answer = lambda _: 503
        await journey.start("a", told=True, deadline_s=1)
        await journey.result()
        told = await notified(journey)
        described = await journey.client.get_workflow_handle(
            notify_workflow_id(journey.handle.id)
        ).describe()

        assert [DeliveryState.UNDELIVERED] == states(told.deliveries)
        assert ["expired", "nobody", "webhook_undelivered"] == [
            described.search_attributes[name][0]
            for name in ("LikenessStage", "LikenessWaitingFor", "LikenessReason")
        ]


class TestAReceiverThatDoesNotAnswer:
    async def test_holds_nothing_up(self, journey: Journey) -> None:
        journey.receiver.open.clear()
        await through(journey)
        await journey.receiver.until_tried(HAPPY[2])
        status = await journey.status()
        journey.receiver.open.set()

        assert Stage.COMPLETED == status.stage
        assert [DeliveryState.PENDING] * 3 == states(status.deliveries)

    async def test_makes_nobody_wait_who_ends_the_run(self, journey: Journey) -> None:
        journey.receiver.open.clear()
        await journey.start("a", told=True)

        told = await journey.cancel()
        waits = not journey.receiver.open.is_set()
        journey.receiver.open.set()
        await journey.result()

        assert Stage.CANCELED == told.stage
        assert waits

    async def test_leaves_an_end_as_it_is(self, journey: Journey) -> None:
        journey.receiver.open.clear()
        await through(journey)
        await journey.receiver.until_tried(HAPPY[2])
        code, _ = await journey.refusal(names.CANCEL, Cancel())
        journey.receiver.open.set()
        status = await journey.result()

        assert FailureCode.ALREADY_ENDED == code
        assert Stage.COMPLETED == status.stage


class TestAReceiverThatIsGone:
    async def test_is_sent_nothing_more(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 410
        await through(journey)
        status = await journey.result()

        assert [HAPPY[0]] == [told.type for told in journey.receiver.tries]
        assert [DeliveryState.GONE] * 3 == states(status.deliveries)
        assert [410, None, None] == [line.last_status for line in status.deliveries]

    async def test_is_not_even_sent_what_was_being_tried_again(self, journey: Journey) -> None:
        journey.receiver.answer = lambda kind: 503 if kind == HAPPY[0] else 410
        journey.change(review="stuck")
        await through(journey)
        status = await journey.until(lambda s: DeliveryState.GONE in states(s.deliveries))

        assert [DeliveryState.GONE] * 2 == states(status.deliveries)
        assert 1 == (await journey.events()).count("ACTIVITY_TASK_CANCEL_REQUESTED")

    async def test_starts_no_other_run(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 410
        await through(journey)
        await journey.result()

        assert "START_CHILD_WORKFLOW_EXECUTION_INITIATED" not in await journey.events()

    async def test_ends_the_other_run_too(self, journey: Journey) -> None:
        journey.receiver.answer = lambda _: 503
        await through(journey)
        await journey.result()
        journey.receiver.answer = lambda _: 410
        told = await notified(journey)

        assert [DeliveryState.GONE] * 3 == states(told.deliveries)
        assert [] == journey.receiver.got


class TestAReset:
    async def test_hands_over_to_another_run_while_the_first_ones_is_at_it(
        self, journey: Journey
    ) -> None:
        journey.receiver.answer = lambda _: 503
        await journey.start("a", told=True, deadline_s=1)
        first = await journey.result()
        await journey.reset_before("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
        second = await journey.result()
        journey.receiver.answer = lambda _: 204
        ids = {line.event_id for line in (*first.deliveries, *second.deliveries)}
        while ids != {told.event_id for told in journey.receiver.got}:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)

        assert [DeliveryState.HANDED_OVER] * 2 == [
            *states(first.deliveries),
            *states(second.deliveries),
        ]
        assert 2 == len(ids)

    async def test_tells_again_under_other_ids(self, journey: Journey) -> None:
        """What came of the first life may be another story, so it is no repeat."""
        await through(journey)
        first = await journey.result()
        await journey.reset_before("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
        await journey.pass_the_scan()
        second: OnboardingStatus = await journey.result()

        assert [1, 2, 3] == [line.sequence for line in second.deliveries]
        assert not {line.event_id for line in first.deliveries} & {
            line.event_id for line in second.deliveries
        }
