"""The task of a generation: where the video is, until when, and what it cost."""

from datetime import UTC, datetime

from pydantic import JsonValue, SecretStr

from apimart.fields import JsonObject, as_object, first, number, web_url
from apimart.models import TaskState, TaskStatus, VideoTask
from apimart.protocol.answers import Answer
from apimart.protocol.tasks import read_task, result_of, state_of

_URL_FIELDS = ("url", "video_url", "videoUrl", "urls")
# Unix milliseconds of 1973 and later lie above this; seconds stay below it for 3000 years.
_MILLISECONDS_FROM = 1e11


def read_video(answer: Answer) -> VideoTask:
    """Read a generation task; an old error on a completed one is ignored.

    https://docs.apimart.ai/en/api-reference/tasks/status; `url` was text before it was a list.

    Raises:
        ApimartError: the answer is no task.
    """
    task = read_task(answer)
    state = state_of(task)
    result = result_of(task)
    video = as_object(first(result, "videos", "video"))
    url = _url(video) or web_url(first(result, "videos", "video")) or _url(result)
    expires_at = first(video, "expires_at", "expiresAt") or first(result, "expires_at", "expiresAt")
    cost = number(task.get("cost"))
    return VideoTask(
        task=state,
        url=None if url is None else SecretStr(url),
        expires_at=_unix_seconds(expires_at),
        cost_usd=cost if cost is not None and cost >= 0 else None,
        failure=_failure(state),
    )


def _url(source: JsonObject) -> str | None:
    return web_url(first(source, *_URL_FIELDS))


def _failure(state: TaskState) -> str | None:
    if state.status in (TaskStatus.FAILED, TaskStatus.CANCELLED):
        return state.error_code or state.status.value
    return None


def _unix_seconds(value: JsonValue) -> float | None:
    moment = number(value)
    if moment is None and isinstance(value, str):
        moment = _from_iso(value)
    if moment is None or moment <= 0:
        return None
    return moment / 1000 if moment >= _MILLISECONDS_FROM else moment


def _from_iso(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
