"""What all tasks share, and the task of step 1: from an answer to a model or a typed error."""

from collections.abc import Collection
from http import HTTPStatus

from pydantic import JsonValue, SecretStr

from apimart.fields import (
    JsonObject,
    as_object,
    as_objects,
    as_raw_response,
    code_word,
    error_word,
    first,
    identifier,
    number,
    opaque,
    web_url,
    whole_number,
)
from apimart.models import SessionTask, SubmittedTask, TaskState, TaskStatus, VerificationSession
from apimart.protocol.answers import Answer, Effect, document, is_success, request_id
from apimart.protocol.failures import failure_for

# https://docs.apimart.ai/en/api-reference/tasks/status names completed, failed and cancelled as
# final; success, succeeded and failure were met as well. Anything else is still on its way.
_FINAL_WORDS = {
    "completed": TaskStatus.COMPLETED,
    "success": TaskStatus.COMPLETED,
    "succeeded": TaskStatus.COMPLETED,
    "failed": TaskStatus.FAILED,
    "failure": TaskStatus.FAILED,
    "cancelled": TaskStatus.CANCELLED,
    "canceled": TaskStatus.CANCELLED,
}
_TASK_FIELDS = ("status", "result", "progress", "id", "task_id")
_ID_FIELDS = ("task_id", "taskId", "id")
_LIST_FIELDS = ("tasks", "items", "list", "results")
_MAX_ESTIMATE_S = 7 * 24 * 3600.0


def read_submitted(answer: Answer, effect: Effect) -> SubmittedTask:
    """Read which task a POST started, in a list or an object, under `id` or `task_id`.

    Raises:
        ApimartError: refused, or a 2xx that names no task (`OutcomeUnknown`).
    """
    body = document(answer) if is_success(answer) else None
    if body is not None:
        data = as_object(body.get("data"))
        task_id = task_id_of(data) or (None if _refuses(body) else task_id_of(body))
        if task_id is not None:
            return SubmittedTask(
                task_id=task_id,
                estimated_time_s=_estimate(data),
                request_id=request_id(answer),
                replayed=answer.headers.get("idempotency-replayed", "").strip().lower() == "true",
            )
    raise failure_for(answer, effect)


def read_task(answer: Answer) -> JsonObject:
    """Find the object that describes the task, in whichever envelope holds it.

    Raises:
        ApimartError: the answer is no task; `Unavailable` when it is not readable.
    """
    body = document(answer) if is_success(answer) else None
    if body is not None:
        for candidate in (as_object(body.get("data")), {} if _refuses(body) else body):
            if any(candidate.get(name) is not None for name in _TASK_FIELDS):
                return candidate
    raise failure_for(answer, Effect.NONE)


def read_states(answer: Answer, asked: Collection[str]) -> dict[str, TaskState]:
    """Read how the tasks stand that a batch was asked for; whoever is not in it is not told of.

    The answer has no documented shape: a list in `data`, or in a field of it, or an object by id.

    Raises:
        ApimartError: refused (`NotFound`, `BadRequest` where there is no such route), or a 2xx that
            tells of no tasks at all (`Unavailable`).
    """
    body = document(answer) if is_success(answer) else None
    if body is None or _refuses(body) or not isinstance(body.get("data"), list | dict):
        raise failure_for(answer, Effect.NONE)
    states: dict[str, TaskState] = {}
    for item in _listed(body["data"]):
        task_id = task_id_of(item)
        if task_id is not None and task_id in asked and isinstance(item.get("status"), str):
            states[task_id] = state_of(item)
    return states


def _listed(data: JsonValue) -> list[JsonObject]:
    if not isinstance(data, dict):
        return as_objects(data)
    inner = first(data, *_LIST_FIELDS)
    if isinstance(inner, list):
        return as_objects(inner)
    if task_id_of(data) is not None:
        return [data]
    return [
        {"status": told, "id": task_id} if isinstance(told, str) else {**told, "id": task_id}
        for task_id, told in data.items()
        if isinstance(told, str | dict)
    ]


def read_session(answer: Answer) -> SessionTask:
    """Read step 1's task, with the session once link and token are both there."""
    task = read_task(answer)
    token = link = None
    for place in _result_places(task):
        token = token or opaque(first(place, "byted_token", "BytedToken", "bytedToken"))
        link = link or web_url(first(place, "h5_link", "H5Link", "h5Link", "h5_url"))
    session = None
    if token is not None and link is not None:
        session = VerificationSession(byted_token=SecretStr(token), h5_link=SecretStr(link))
    return SessionTask(task=state_of(task), session=session)


def state_of(task: JsonObject) -> TaskState:
    """Read the shared part of a task; its `error` counts only when the status says failed."""
    said = task.get("status")
    word = said.strip().lower() if isinstance(said, str) else ""
    status = _FINAL_WORDS.get(word, TaskStatus.WORKING)
    progress = number(task.get("progress"))
    failed = status in (TaskStatus.FAILED, TaskStatus.CANCELLED)
    return TaskState(
        status=status,
        word=code_word(word),
        progress=None if progress is None else min(max(progress, 0.0), 100.0),
        estimated_time_s=_estimate(task),
        error_code=error_word(task.get("error")) if failed else None,
    )


def result_of(task: JsonObject) -> JsonObject:
    """Find what a task has produced so far; empty when nothing."""
    return as_raw_response(first(task, "result", "Result"))


def task_id_of(source: JsonObject) -> str | None:
    """Find the id of a task, wherever this edition of the API puts it."""
    return next((found for name in _ID_FIELDS if (found := identifier(source.get(name)))), None)


def _estimate(source: JsonObject) -> float | None:
    seconds = number(first(source, "estimated_time", "estimatedTime"))
    return None if seconds is None or not 0 <= seconds <= _MAX_ESTIMATE_S else seconds


def _refuses(body: JsonObject) -> bool:
    # A failed task without envelope has an `error` too, but also a status word.
    code = whole_number(body.get("code"))
    if code is not None and code >= HTTPStatus.BAD_REQUEST:
        return True
    return body.get("error") is not None and not isinstance(body.get("status"), str)


def _result_places(task: JsonObject) -> tuple[JsonObject, ...]:
    result = result_of(task)
    raw = as_raw_response(first(result, "raw_response", "RawResponse"))
    return result, as_object(raw.get("Result")), raw, task
