"""What a kill has cost is counted from the upstream's ledger and the runs' histories."""

from typing import Any

from temporalio.api.common.v1 import ActivityType
from temporalio.api.history.v1 import (
    ActivityTaskScheduledEventAttributes,
    ActivityTaskStartedEventAttributes,
    HistoryEvent,
)

from benchmarks.figures import recovery


def submitted(group_id: str) -> dict[str, Any]:
    return {"kind": "effect", "name": "assets_submitted", "detail": {"group_id": group_id}}


def scheduled(event_id: int, step: str) -> HistoryEvent:
    activity = ActivityTaskScheduledEventAttributes(activity_type=ActivityType(name=step))
    return HistoryEvent(event_id=event_id, activity_task_scheduled_event_attributes=activity)


def started(of: int, at_s: int) -> HistoryEvent:
    event = HistoryEvent(
        activity_task_started_event_attributes=ActivityTaskStartedEventAttributes(
            scheduled_event_id=of, attempt=2
        )
    )
    event.event_time.FromSeconds(at_s)
    return event


class TestEffects:
    def test_who_was_submitted_twice_is_doubled_and_who_never_was_is_lost(self) -> None:
        entries = [submitted("a"), submitted("a"), submitted("b")]

        effects = recovery._effects(entries, people=5)

        assert (1, 3) == (effects["doubled_submissions"], effects["lost"])

    def test_questions_about_many_reviews_are_counted_beside_those_about_one(self) -> None:
        calls = [{"name": name} for name in ("batch", "get_task", "batch")]

        effects = recovery._effects(calls, people=0)

        assert (2, 1) == (
            effects["questions_about_many_reviews"],
            effects["questions_about_one_task"],
        )


class TestReviewsTakenUp:
    def test_the_last_attempt_of_a_review_step_tells_when_it_was_taken_up(self) -> None:
        history = [
            *(scheduled(5, "submit_assets"), started(5, at_s=10)),
            *(scheduled(8, "poll_review"), started(8, at_s=72)),
        ]

        assert [72.0] == recovery.taken_up_at(history)

    def test_a_step_that_has_not_ended_tells_nothing(self) -> None:
        assert [] == recovery.taken_up_at([scheduled(8, "poll_review")])


class TestSummary:
    def test_what_never_came_is_beyond_the_bound(self) -> None:
        found = recovery._summary([1.0, None, 3.0], bound_s=2.0)

        assert (3, 1, 2) == (found["count"], found["never"], found["beyond_bound"])
        assert (2.0, 3.0) == (found["p50_s"], found["max_s"])

    def test_of_nothing_there_is_no_lag(self) -> None:
        found = recovery._summary([None], bound_s=2.0)

        assert (None, None) == (found["p50_s"], found["max_s"])

    def test_a_step_before_the_kill_is_none_after_it(self) -> None:
        assert (None, 2.0) == (recovery._first([9.0], 10.0), recovery._first([9.0, 12.0], 10.0))
