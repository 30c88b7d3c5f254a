"""The delivery log tells what became of each webhook, and whatever is in it can be sent again."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from temporalio.client import WorkflowExecutionStatus

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import notify_workflow_id
from likeness.messages.conversation import Decline, DeliveryState, DeliveryStatus
from likeness.messages.telling import NotifyStatus
from likeness.temporal.errors import NoSuchOnboardingError, RefusedError
from likeness.temporal.redriving import Redriven, redrive
from likeness.temporal.webhooks import deliveries_of
from tests.workflows.conftest import TASK_QUEUE, Journey

pytestmark = pytest.mark.server

Log = tuple[DeliveryStatus, ...]

VERIFYING, IN_REVIEW, COMPLETED = (
    "onboarding.verifying",
    "onboarding.in_review",
    "onboarding.completed",
)
FAR_OFF_S = 3600.0


def down(_: str) -> int:
    return 503


def gone(_: str) -> int:
    return 410


def up(_: str) -> int:
    return 204


async def log_of(journey: Journey) -> Log:
    return await deliveries_of(journey.client, "default", journey.onboarding)


async def until_log(journey: Journey, told: Callable[[Log], bool]) -> Log:
    """Wait until the log tells what is expected; the test's own timeout is the limit."""
    while True:
        log = await log_of(journey)
        if told(log):
            return log
        await asyncio.sleep(0.05)


def all_are(state: DeliveryState, many: int) -> Callable[[Log], bool]:
    return lambda log: [state] * many == [line.state for line in log]


async def redriven(
    journey: Journey, *, event_id: str | None = None, since_sequence: int | None = None
) -> Redriven:
    return await redrive(
        journey.client,
        "default",
        journey.onboarding,
        task_queue=TASK_QUEUE,
        event_id=event_id,
        since_sequence=since_sequence,
        actor="anna",
    )


async def refusal(journey: Journey, **chosen: object) -> str:
    with pytest.raises(RefusedError) as refused:
        await redriven(journey, **chosen)  # type: ignore[arg-type]  # as the test names them
    assert FailureCode.NOTHING_TO_REDRIVE is refused.value.code
    return str(refused.value)


async def has_sent(journey: Journey, by: Redriven) -> NotifyStatus:
    status: NotifyStatus = await journey.client.get_workflow_handle(
        by.workflow_id, result_type=NotifyStatus
    ).result()
    return status


async def ended(journey: Journey, answer: Callable[[str], int] = up) -> None:
    """Go through an onboarding whose receiver answers so."""
    journey.receiver.answer = answer
    await journey.start("a", told=True, link_ttl_s=600)
    await journey.pass_the_scan()
    await journey.result()


async def missed_all(journey: Journey) -> Log:
    """Go through an onboarding whose receiver is down for longer than anybody tries."""
    await journey.restart_worker(webhook_retries_s=(0.1,))
    await ended(journey, down)
    return await until_log(journey, all_are(DeliveryState.UNDELIVERED, 3))


def taken(journey: Journey) -> Sequence[int]:
    return [told.sequence for told in journey.receiver.got]


class TestTheLog:
    async def test_of_a_happy_path_is_what_the_run_itself_tells(self, journey: Journey) -> None:
        await ended(journey)

        assert (await journey.result()).deliveries == await log_of(journey)

    async def test_tells_of_a_pending_one_what_the_receiver_said_and_when_it_is_tried_next(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(webhook_retries_s=(FAR_OFF_S,))
        journey.receiver.answer = down
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.tap()
        (line,) = await until_log(journey, lambda log: bool(log and log[0].next_try_at))

        assert (DeliveryState.PENDING, 1, 503, "HTTP 503") == (
            line.state,
            line.attempts,
            line.last_status,
            line.why,
        )
        assert line.next_try_at is not None
        assert 0.8 * FAR_OFF_S < line.next_try_at - line.at

    async def test_needs_no_worker(self, journey: Journey) -> None:
        journey.receiver.answer = down
        await journey.restart_worker(webhook_retries_s=(FAR_OFF_S,))
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.tap()
        before = await until_log(journey, lambda log: bool(log and log[0].next_try_at))
        await journey.stop_worker()

        assert before == await log_of(journey)

    async def test_of_an_ended_run_tells_what_the_run_that_goes_on_has_come_to(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(webhook_retries_s=(FAR_OFF_S,))
        await ended(journey, down)
        log = await until_log(
            journey, lambda log: [1] * 3 == [line.attempts for line in log if line.next_try_at]
        )

        assert [DeliveryState.HANDED_OVER] * 3 == [
            line.state for line in (await journey.result()).deliveries
        ]
        assert [(DeliveryState.PENDING, 503)] * 3 == [
            (line.state, line.last_status) for line in log
        ]

    async def test_tells_at_last_that_nothing_is_tried_any_more(self, journey: Journey) -> None:
        log = await missed_all(journey)

        assert [(2, 503, "HTTP 503", None)] * 3 == [
            (line.attempts, line.last_status, line.why, line.next_try_at) for line in log
        ]

    async def test_knows_what_was_never_sent_because_the_receiver_is_gone(
        self, journey: Journey
    ) -> None:
        await ended(journey, gone)

        log = await log_of(journey)

        assert [VERIFYING, IN_REVIEW, COMPLETED] == [line.type for line in log]
        assert [410, None, None] == [line.last_status for line in log]
        assert all_are(DeliveryState.GONE, 3)(log)

    async def test_is_empty_where_nobody_asked_for_a_webhook(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.order(names.DECLINE, Decline())
        await journey.result()

        assert () == await log_of(journey)

    async def test_of_no_onboarding_is_refused(self, journey: Journey) -> None:
        with pytest.raises(NoSuchOnboardingError):
            await log_of(journey)


class TestAReceiverThatWasDownOverTheEnd:
    async def test_gets_all_that_it_missed(self, journey: Journey) -> None:
        missed = await missed_all(journey)
        journey.receiver.answer = up

        done = await redriven(journey)
        await has_sent(journey, done)

        assert (3, 0, True) == (done.events, done.left, done.is_new)
        assert [line.event_id for line in missed] == [
            told.event_id for told in journey.receiver.got
        ]
        log = await until_log(journey, all_are(DeliveryState.DELIVERED, 3))
        assert [(1, 204)] * 3 == [(line.attempts, line.last_status) for line in log]

    async def test_gets_each_event_as_it_was_told_then(self, journey: Journey) -> None:
        await missed_all(journey)
        first = {told.event_id: told.body for told in journey.receiver.tries}
        journey.receiver.answer = up

        await has_sent(journey, await redriven(journey))

        assert first == {told.event_id: told.body for told in journey.receiver.got}

    async def test_gets_one_alone_by_its_id(self, journey: Journey) -> None:
        _, second, _ = await missed_all(journey)
        journey.receiver.answer = up

        done = await redriven(journey, event_id=second.event_id)
        await has_sent(journey, done)

        assert 1 == done.events
        assert [2] == taken(journey)

    async def test_gets_one_alone_by_its_number(self, journey: Journey) -> None:
        await missed_all(journey)
        journey.receiver.answer = up

        await has_sent(journey, await redriven(journey, event_id="3"))

        assert [3] == taken(journey)

    async def test_gets_those_since_one(self, journey: Journey) -> None:
        await missed_all(journey)
        journey.receiver.answer = up

        await has_sent(journey, await redriven(journey, since_sequence=2))

        assert [2, 3] == taken(journey)

    async def test_gets_only_the_rest_where_some_arrived(self, journey: Journey) -> None:
        await missed_all(journey)
        journey.receiver.answer = up
        await has_sent(journey, await redriven(journey, event_id="1"))
        await until_log(journey, lambda log: DeliveryState.DELIVERED is log[0].state)

        done = await redriven(journey)
        await has_sent(journey, done)

        assert 2 == done.events
        assert [1, 2, 3] == taken(journey)

    async def test_may_miss_it_again_and_is_redriven_again(self, journey: Journey) -> None:
        await missed_all(journey)
        first = await redriven(journey)
        await has_sent(journey, first)
        journey.receiver.answer = up

        second = await redriven(journey)
        await has_sent(journey, second)

        assert first.workflow_id == second.workflow_id
        assert [1, 2, 3] == taken(journey)


class TestAReceiverThatAnswered410:
    async def test_gets_all_of_it_once_it_takes_webhooks_again(self, journey: Journey) -> None:
        await ended(journey, gone)
        journey.receiver.answer = up

        done = await redriven(journey)
        await has_sent(journey, done)

        assert 3 == done.events
        assert [1, 2, 3] == taken(journey)
        assert [VERIFYING, IN_REVIEW, COMPLETED] == journey.receiver.types

    async def test_is_told_of_what_was_never_sent_where_the_onboarding_stands_now(
        self, journey: Journey
    ) -> None:
        await ended(journey, gone)
        journey.receiver.answer = up

        await has_sent(journey, await redriven(journey))

        assert ["verifying", "completed", "completed"] == [
            told.onboarding["stage"] for told in journey.receiver.got
        ]

    async def test_may_have_it_sent_while_the_run_goes_on(self, journey: Journey) -> None:
        journey.receiver.answer = gone
        journey.change(review="stuck")
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.pass_the_scan()
        await journey.until(lambda s: 2 == len(s.deliveries))
        await until_log(journey, all_are(DeliveryState.GONE, 2))
        journey.receiver.answer = up

        await has_sent(journey, await redriven(journey))

        assert [1, 2] == taken(journey)


class TestARedriveOfARunUnderWay:
    async def test_sends_at_once_what_would_be_tried_much_later(self, journey: Journey) -> None:
        await journey.restart_worker(webhook_retries_s=(FAR_OFF_S,))
        journey.receiver.answer = down
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.tap()
        await until_log(journey, lambda log: bool(log and log[0].next_try_at))
        journey.receiver.answer = up

        done = await redriven(journey)
        await has_sent(journey, done)

        assert done.is_new
        assert [1] == taken(journey)
        await until_log(journey, all_are(DeliveryState.DELIVERED, 1))

    async def test_of_what_is_tried_in_a_moment_anyway_starts_nothing(
        self, journey: Journey
    ) -> None:
        journey.receiver.answer = down
        await journey.start("a", told=True, link_ttl_s=600)
        await journey.tap()
        await journey.receiver.until_tried(VERIFYING)

        done = await redriven(journey)

        assert (journey.handle.id, 1, False) == (done.workflow_id, done.events, done.is_new)


class TestAnImpatientRedrive:
    async def test_by_several_at_once_is_one_run(self, journey: Journey) -> None:
        await missed_all(journey)
        await journey.stop_worker()
        tried = len(journey.receiver.tries)
        journey.receiver.answer = up

        done = await asyncio.gather(*(redriven(journey) for _ in range(5)))
        again = await redriven(journey)
        await journey.start_worker()
        await has_sent(journey, again)

        assert 1 == len({one.workflow_id for one in (*done, again)})
        assert [True] == [one.is_new for one in done if one.is_new]
        assert not again.is_new
        assert 3 == len(journey.receiver.tries) - tried

    async def test_takes_the_place_of_a_run_that_waits_for_a_later_try(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(webhook_retries_s=(FAR_OFF_S,))
        await ended(journey, down)
        await until_log(journey, lambda log: all(line.next_try_at for line in log))
        first = await redriven(journey)
        await until_log(journey, lambda log: all(line.next_try_at for line in log))
        journey.receiver.answer = up

        second = await redriven(journey)
        await has_sent(journey, second)

        assert first.is_new
        assert second.is_new
        assert [1, 2, 3] == taken(journey)
        took_over = await journey.client.get_workflow_handle(
            notify_workflow_id(journey.handle.id)
        ).describe()
        assert WorkflowExecutionStatus.TERMINATED == took_over.status


class TestNothingToRedrive:
    async def test_is_said_of_an_unknown_event(self, journey: Journey) -> None:
        await ended(journey)

        for unknown in ("msg_of_nobody", "4", "0"):
            assert "There is no such event" in await refusal(journey, event_id=unknown)
        assert "nor later" in await refusal(journey, since_sequence=4)

    async def test_is_said_where_all_arrived(self, journey: Journey) -> None:
        await ended(journey)

        assert "Every event has been delivered" in await refusal(journey)
        assert 3 == len(journey.receiver.tries)

    async def test_is_said_where_nobody_asked_for_a_webhook(self, journey: Journey) -> None:
        await journey.start("a")

        assert "told no webhook of anything" in await refusal(journey)

    async def test_does_not_hinder_to_send_again_what_arrived(self, journey: Journey) -> None:
        await ended(journey)

        await has_sent(journey, await redriven(journey, event_id="2"))

        assert [1, 2, 3, 2] == [told.sequence for told in journey.receiver.tries]
        assert 3 == len({told.event_id for told in journey.receiver.tries})

    async def test_of_no_onboarding_is_refused(self, journey: Journey) -> None:
        with pytest.raises(NoSuchOnboardingError):
            await redriven(journey)


class TestWhatIsWrittenDown:
    async def test_of_a_redrive_holds_no_address_and_no_name_in_clear(
        self, journey: Journey
    ) -> None:
        await missed_all(journey)
        journey.receiver.answer = up
        done = await redriven(journey)
        await has_sent(journey, done)

        history = await journey.client.get_workflow_handle(done.workflow_id).fetch_history()

        assert [] == [word for word in ("canary", "anna", "/hooks") if word in history.to_json()]
