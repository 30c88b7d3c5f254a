"""What an operator sees in the Temporal UI without a key: search attributes and details."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from temporalio import workflow

from likeness.failures import FAILURES, FailureCode
from likeness.messages.conversation import DeliveryStatus, OnboardingStatus, VideoStatus
from likeness.messages.person import PersonState
from likeness.stages import Hold, Stage, WaitingFor
from likeness.temporal.attributes import (
    DEADLINE,
    moment,
    search_attribute_updates,
    search_attributes,
)


def show(
    stage: Stage,
    waiting_for: WaitingFor,
    *,
    hold: Hold | None = None,
    reason: FailureCode | None = None,
    deadline: float | None = None,
) -> None:
    """Write where the run rests into its search attributes; the deadline stays unless given.

    Costs one event and one action, and only when something has changed.
    """
    since = workflow.info().typed_search_attributes
    if deadline is None and (due := since.get(DEADLINE)):
        deadline = due.timestamp()
    wanted = search_attributes(stage, waiting_for, hold=hold, reason=reason, deadline=deadline)
    if updates := search_attribute_updates(wanted, since=since):
        workflow.upsert_search_attributes(updates)


def show_deadline(due: float) -> None:
    """Write a deadline (unix seconds) that was moved; one event and one action."""
    workflow.upsert_search_attributes([DEADLINE.value_set(moment(due))])


def tell(status: OnboardingStatus) -> None:
    """Write the run's current details, in Markdown. Costs no event.

    They pass the codec in clear, so they hold enums, counts and times only.
    """
    lines = [
        f"**{status.stage}**, waiting for **{status.waiting_for}**",
        *_ending_lines(status),
        "",
        f"- deadline: {_utc(status.deadline)}",
        f"- attempts: {status.attempts}, {status.attempts_left} left",
    ]
    if status.assets:
        lines.append(f"- assets: {_counted([asset.state for asset in status.assets])}")
    if status.video is not None:
        lines.append(f"- video: {status.video.state}")
    if status.deliveries:
        lines.append(f"- webhooks: {_counted([each.state for each in status.deliveries])}")
    if status.failure is not None:
        lines += _failure_lines(status.hold, status.failure.code)
    workflow.set_current_details("\n".join(lines))


def tell_person(state: PersonState) -> None:
    """Write a person's current details, in Markdown; same rules as ``tell``."""
    lines = [
        f"**{'withdrawn' if state.withdrawn_at else 'verified'}**",
        "",
        f"- consents: {len(state.receipts)}",
        f"- usable assets: {len(state.assets)}",
        f"- onboardings: {len(state.onboardings)}",
        f"- videos: {len(state.video_ids)}",
    ]
    workflow.set_current_details("\n".join(lines))


def tell_video(video: VideoStatus) -> None:
    """Write a video's current details, in Markdown; same rules as ``tell``."""
    lines = [f"**{video.state}**"]
    if video.failure is not None:
        lines += _failure_lines(video.hold, video.failure.code)
    workflow.set_current_details("\n".join(lines))


def tell_deliveries(log: Sequence[DeliveryStatus]) -> None:
    """Write the current details of what tells an ended run's events; same rules as ``tell``."""
    lines = ["**webhooks**", "", f"- {_counted([each.state for each in log])}"]
    workflow.set_current_details("\n".join(lines))


def _counted(states: Sequence[StrEnum]) -> str:
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _ending_lines(status: OnboardingStatus) -> list[str]:
    if status.ending is None:
        return []
    return ["", f"Ending as **{status.ending}**, once a request under way is answered."]


def _failure_lines(hold: Hold | None, code: FailureCode) -> list[str]:
    text = FAILURES[code]
    return [
        "",
        f"**{hold or 'ended'}: {code}**",
        "",
        text.sentence,
        "",
        f"Next, by the {text.who}: {text.next_step}",
    ]


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
