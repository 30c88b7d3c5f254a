"""A history is read without a key: names and times, never payloads."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import ActivityType, WorkflowType
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    ActivityTaskCompletedEventAttributes,
    ActivityTaskScheduledEventAttributes,
    ChildWorkflowExecutionCompletedEventAttributes,
    HistoryEvent,
    WorkflowExecutionSignaledEventAttributes,
)

from devstack.histories import BEGUN, ENDED, TAPPED, durations, marks

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def at(second: float) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(NOON + timedelta(seconds=second))
    return moment


@pytest.fixture
def events() -> list[HistoryEvent]:
    return [
        HistoryEvent(
            event_id=1,
            event_time=at(0),
            event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        ),
        HistoryEvent(
            event_id=2,
            event_time=at(1),
            event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        ),
        HistoryEvent(
            event_id=3,
            event_time=at(2),
            event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
            activity_task_scheduled_event_attributes=ActivityTaskScheduledEventAttributes(
                activity_type=ActivityType(name="query_group")
            ),
        ),
        HistoryEvent(
            event_id=4,
            event_time=at(3),
            event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
            workflow_execution_signaled_event_attributes=WorkflowExecutionSignaledEventAttributes(
                signal_name="verification_callback"
            ),
        ),
        HistoryEvent(
            event_id=5,
            event_time=at(4),
            event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
            activity_task_completed_event_attributes=ActivityTaskCompletedEventAttributes(
                scheduled_event_id=3
            ),
        ),
        HistoryEvent(
            event_id=6,
            event_time=at(5),
            event_type=EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
            child_workflow_execution_completed_event_attributes=(
                ChildWorkflowExecutionCompletedEventAttributes(
                    workflow_type=WorkflowType(name="GenerateVideo")
                )
            ),
        ),
        HistoryEvent(
            event_id=7,
            event_time=at(6),
            event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        ),
    ]


class TestMarks:
    def test_each_moment_carries_the_name_it_has_in_the_history(
        self, events: list[HistoryEvent]
    ) -> None:
        names = [mark.name for mark in marks(events)]

        assert [
            BEGUN,
            TAPPED,
            "verification_callback",
            "query_group",
            "GenerateVideo",
            ENDED,
        ] == names


class TestDurations:
    def test_a_stage_lasts_from_the_end_of_the_one_before(self, events: list[HistoryEvent]) -> None:
        stages = {"waiting": TAPPED, "checking": "query_group", "done": ENDED}

        assert {"waiting": 1.0, "checking": 3.0, "done": 2.0} == durations(marks(events), stages)

    def test_a_stage_that_never_ended_is_left_out(self, events: list[HistoryEvent]) -> None:
        stages = {"waiting": TAPPED, "reviewing": "poll_review", "done": ENDED}

        assert {"waiting": 1.0, "done": 5.0} == durations(marks(events), stages)
