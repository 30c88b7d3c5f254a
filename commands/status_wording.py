"""The words for people about where something stands: facts, a line a change, the next step."""

from collections.abc import Iterator
from datetime import UTC, datetime

from commands.answers import WORKER_AWAY, DeliveryAnswer, StatusAnswer, VideoAnswer
from commands.subjects import Clip
from commands.wording import moment
from likeness.failures import FailureCode
from likeness.messages.conversation import DeliveryState, Failure, VideoStatus
from likeness.stages import AssetState, Stage, VideoState, WaitingFor

ORDERS_SHOWN = 5
DELIVERIES_SHOWN = 20
_MIB = 1024**2
_NONE_USABLE = "Give other files with replace_assets, or cancel."

Standing = StatusAnswer | VideoAnswer


def facts(answer: Standing) -> Iterator[tuple[str, str]]:
    """Give what a person wants to see of a status, line by line."""
    if isinstance(answer, VideoAnswer):
        yield from _of_a_video(answer)
    else:
        yield from _of_an_onboarding(answer)
    if answer.details is not None:
        yield "details", f"{answer.details}; this is what Temporal itself knows"


def advice(status: StatusAnswer) -> list[str]:
    """Give a line for each refused asset: what would make it pass."""
    return [f"{asset.name or '?'}: {asset.advice}" for asset in status.assets or () if asset.advice]


def one_line(status: StatusAnswer) -> str:
    """Give a change in one line."""
    assets = [asset.state for asset in status.assets or ()]
    counted = ", ".join(f"{assets.count(state)} {state}" for state in dict.fromkeys(assets))
    parts = [
        datetime.now(tz=UTC).strftime("%H:%M:%S"),
        status.stage,
        f"ending as {status.ending}" if status.ending else None,
        f"hold {status.hold}" if status.hold else None,
        status.failure.code if status.failure and status.hold else None,
        f"waiting for {status.waiting_for}",
        f"attempts {status.attempts}" if status.attempts else None,
        f"assets {counted}" if counted else None,
        f"video {status.video.state}" if status.video else None,
        status.details,
    ]
    return "  ".join(part for part in parts if part)


def deliveries(status: StatusAnswer) -> Iterator[tuple[str, ...]]:
    """Give a line for each webhook: number, event, state, tries, last answer, next try."""
    for line in (status.deliveries or ())[-DELIVERIES_SHOWN:]:
        answer = line.why if line.last_status is None else f"HTTP {line.last_status}"
        tries = "" if line.attempts is None else str(line.attempts)
        yield str(line.sequence), line.type, line.state, tries, answer or "", _next_try(line)


def about_deliveries(status: StatusAnswer) -> list[str]:
    """Say what is left out, and what can be done about webhooks that did not arrive."""
    told = []
    if len(status.deliveries or ()) > DELIVERIES_SHOWN:
        told.append(f"These are the latest {DELIVERIES_SHOWN} webhooks; -o json tells all.")
    if status.is_owed:
        told.append("Webhooks that did not arrive are sent again by redrive; mend the receiver.")
    return told


def next_step(answer: Standing) -> str:
    """Say what can be done now, and by whom; the commands for it are told apart."""
    if isinstance(answer, StatusAnswer) and answer.ending is not None:
        return "nothing; the answer under way is waited for, then it ends:"
    if answer.failure is not None:
        step = _NONE_USABLE if _has_nothing_usable(answer) else answer.failure.next_step
        return f"{step} (By the {answer.failure.who}.)"
    if answer.details == WORKER_AWAY:
        return "see that a worker runs (python worker.py)."
    return _after_a_video(answer) if isinstance(answer, VideoAnswer) else _after(answer)


def _has_nothing_usable(answer: Standing) -> bool:
    if not isinstance(answer, StatusAnswer) or answer.failure is None:
        return False
    usable = any(asset.state is AssetState.USABLE for asset in answer.assets or ())
    return answer.failure.code is FailureCode.TOO_FEW_USABLE_ASSETS and not usable


def _of_an_onboarding(status: StatusAnswer) -> Iterator[tuple[str, str]]:
    yield "onboarding", status.onboarding_id
    yield "stage", status.stage
    if status.ending is not None:
        yield "ending", f"as {status.ending}, once the POST under way has its answer"
    if status.hold is not None:
        yield "hold", status.hold
    yield "waiting for", status.waiting_for
    if status.attempts is not None:
        yield "attempts", f"{status.attempts}, {status.attempts_left} left"
    if status.group_id is not None:
        yield "group", status.group_id
    if status.video is not None:
        yield from _of_its_video(status.video, is_held=status.hold is not None)
        if status.stage.is_end and status.video.state is VideoState.GENERATING:
            # The run that knew of it is over; the video is paid for and goes on.
            yield "", f"goes on by itself: {Clip(status.video.workflow_id).command('status')}"
    yield from _reason(status.failure)
    if not status.stage.is_end:
        yield "deadline", _deadline(status.deadline)
    yield from _ordered(status)


def _of_its_video(video: VideoStatus, *, is_held: bool) -> Iterator[tuple[str, str]]:
    yield "video", _video(video)
    if is_held and video.task_id is not None:
        # Support and console are asked with it.
        yield "task", video.task_id


def _of_a_video(answer: VideoAnswer) -> Iterator[tuple[str, str]]:
    yield "video", answer.workflow_id
    if answer.video is not None:
        yield "state", _video(answer.video)
        if answer.video.task_id is not None:
            yield "task", answer.video.task_id
    if answer.hold is not None:
        yield "hold", answer.hold
    yield from _reason(answer.failure)
    yield from _ordered(answer)


def _ordered(answer: Standing) -> Iterator[tuple[str, str]]:
    for order in (answer.orders or ())[-ORDERS_SHOWN:]:
        what = f"{order.verb} {order.choice}" if order.choice else order.verb
        yield "ordered", f"{what} by {order.actor}, {moment(order.at)} UTC"


def _reason(failure: Failure | None) -> Iterator[tuple[str, str]]:
    if failure is not None:
        yield "reason", f"{failure.code}: {failure.sentence}"
        if failure.detail is not None:
            yield "", failure.detail


def _video(video: VideoStatus) -> str:
    parts = [
        video.state,
        "stalled, still watched" if video.stalled and video.state is VideoState.GENERATING else "",
        "sealed: it must not be used" if video.sealed else "",
        f"{video.key} ({_size(video.size_bytes or 0)})" if video.key else "",
        _money(video),
    ]
    return ", ".join(part for part in parts if part)


def _money(video: VideoStatus) -> str:
    if video.cost_usd is not None:
        return f"cost ${video.cost_usd:.2f}"
    return f"charged ${video.spent_usd:.2f} at most" if video.spent_usd else ""


def _size(size_bytes: int) -> str:
    if size_bytes >= _MIB:
        return f"{size_bytes / _MIB:.1f} MiB"
    return f"{size_bytes} bytes"


def _next_try(line: DeliveryAnswer) -> str:
    if line.state is not DeliveryState.PENDING:
        return ""
    return "now" if line.next_try_at is None else f"{moment(line.next_try_at)} UTC"


def _deadline(deadline: datetime | None) -> str:
    if deadline is None:
        return "unknown"
    left = deadline - datetime.now(tz=UTC)
    hours = max(0, int(left.total_seconds() // 3600))
    return f"{moment(deadline)} UTC, in {hours // 24} d {hours % 24} h"


def _after_a_video(answer: VideoAnswer) -> str:
    if answer.closed_at is None:
        return "nothing, the provider is at work."
    return "nothing; the video's run has ended."


def _after(status: StatusAnswer) -> str:
    if status.stage is Stage.COMPLETED:
        return "nothing; it is completed."
    if status.stage.is_end:
        return "nothing; start another onboarding if one is wanted."
    match status.waiting_for:
        case WaitingFor.PERSON if status.attempts_left == 0:
            return "the person ends the last try; for more of them, reset-attempts:"
        case WaitingFor.PERSON:
            return "the person opens the invite link:"
        case WaitingFor.UPSTREAM:
            return "nothing, the provider is at work:"
        case _:
            return "see what it waits for, or end it:"
