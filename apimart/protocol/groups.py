"""Step 2, whose answer has no documented shape: search it for the group, else weigh its words."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from apimart.errors import (
    ApimartError,
    Forbidden,
    InProgress,
    NotSent,
    PaymentRequired,
    RateLimited,
    Unauthorized,
)
from apimart.fields import JsonObject, as_object, as_raw_response, first, identifier, text
from apimart.models import GroupAnswer, GroupVerdict, TaskStatus
from apimart.protocol.answers import (
    Answer,
    Complaint,
    Effect,
    complaint,
    document,
    is_success,
    plain_words,
    request_id,
)
from apimart.protocol.failures import failure_for
from apimart.protocol.tasks import read_task, state_of, task_id_of

_GROUP_FIELDS = ("GroupId", "group_id", "groupId", "GroupID")
_NESTS = ("data", "result", "Result", "raw_response", "RawResponse", "rawResponse")
_MAX_DEPTH = 5

_ABOUT_THE_ACCOUNT = (
    Unauthorized,
    PaymentRequired,
    Forbidden,
    RateLimited,
    NotSent,
    InProgress,
)
# What these statuses mean for the person when the words say nothing.
_SPEAKING = {
    HTTPStatus.BAD_REQUEST: GroupVerdict.PENDING,
    HTTPStatus.NOT_FOUND: GroupVerdict.PENDING,
    HTTPStatus.CONFLICT: GroupVerdict.PENDING,
    HTTPStatus.GONE: GroupVerdict.DEAD,
    HTTPStatus.UNPROCESSABLE_ENTITY: GroupVerdict.PENDING,
    HTTPStatus.TOO_EARLY: GroupVerdict.PENDING,
}
_NOT_YET = re.compile(
    r"not (?:yet |been )?(?:ready|finish|complet|done|verified|start|submit|authenticated)"
    r"|not yet|unfinished|unverified|incomplete|in progress|processing|pending|waiting|too early"
    r"|has not|hasn't|未完成|未认证|未就绪|尚未|还未|进行中|处理中|等待"
)
_NO_MORE = re.compile(
    r"\bexpired?\b|\b(?:already|been|was) (?:been )?(?:used|consumed|exchanged|revoked)\b"
    r"|\b(?:token|session) (?:used|consumed|revoked)\b"
    r"|\binvalid (?:byted ?)?(?:token|session)\b|\b(?:token|session)(?: is| was)? invalid\b"
    r"|no longer valid|过期|失效|已使用|已被使用|无效"
)


def read_group(answer: Answer) -> GroupAnswer:
    """Read who passed, according to the answer to step 2's POST.

    A group id is the only proof. Words decide between `pending` and `dead`, and any doubt, also a
    sentence that speaks of both, is `pending`: a session given up too early loses a scan.

    Raises:
        ApimartError: an answer that says nothing about the person: key, balance, rate, `BadRequest`
            for a request the provider cannot even build, `OutcomeUnknown` for the rest.
    """
    said = complaint(answer)
    if not is_success(answer) or said.said:
        return _complained(answer, said)
    body = document(answer) if answer.body.strip() else {}
    if body is None:
        raise failure_for(answer, Effect.ONCE)
    data = as_object(body.get("data")) or body
    task_id = task_id_of(data) if data is not body else identifier(body.get("task_id"))
    return _told(answer, data, body, task_id=task_id)


def read_group_task(answer: Answer, task_id: str) -> GroupAnswer:
    """Read the same from a task, for the editions where step 2 only starts one.

    Raises:
        ApimartError: the answer is no task.
    """
    task = read_task(answer)
    return _told(answer, task, task, task_id=task_id)


def _told(
    answer: Answer, status_holder: JsonObject, root: JsonObject, *, task_id: str | None
) -> GroupAnswer:
    state = state_of(status_holder)
    group_id = _group_id(root)
    if state.status in (TaskStatus.FAILED, TaskStatus.CANCELLED):
        group_id = None
    verdict = GroupVerdict.VERIFIED if group_id else _verdict(_words_of(status_holder))
    return GroupAnswer(
        verdict=verdict or GroupVerdict.PENDING,
        group_id=group_id,
        task_id=task_id,
        provider_code=state.error_code,
        request_id=request_id(answer),
    )


def _complained(answer: Answer, said: Complaint) -> GroupAnswer:
    failure = failure_for(answer, Effect.ONCE)
    verdict = _verdict(said.words) or _default_verdict(said.status)
    if verdict is None or not _about_the_person(failure, said.status):
        raise failure
    return GroupAnswer(
        verdict=verdict, provider_code=failure.provider_code, request_id=failure.request_id
    )


def _default_verdict(status: int) -> GroupVerdict | None:
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return GroupVerdict.PENDING
    return _SPEAKING.get(HTTPStatus(status)) if status in _SPEAKING else None


def _about_the_person(failure: ApimartError, status: int) -> bool:
    if isinstance(failure, _ABOUT_THE_ACCOUNT) or failure.code == "build_request_failed":
        return False
    speaking = status in _SPEAKING or status == HTTPStatus.INTERNAL_SERVER_ERROR
    return speaking or status < HTTPStatus.MULTIPLE_CHOICES


def _verdict(words: str) -> GroupVerdict | None:
    if _NOT_YET.search(words):
        return GroupVerdict.PENDING
    return GroupVerdict.DEAD if _NO_MORE.search(words) else None


def _words_of(holder: JsonObject) -> str:
    error = holder.get("error")
    details = as_object(error)
    said = (
        text(error),
        text(first(details, "code", "Code")),
        text(first(details, "message", "Message")),
        text(holder.get("message")),
        text(holder.get("status")),
    )
    return plain_words(" ".join(part for part in said if part))


def _group_id(root: JsonObject) -> str | None:
    for place in _places(root, 0):
        group_id = identifier(first(place, *_GROUP_FIELDS))
        if group_id is not None:
            return group_id
    return None


def _places(root: JsonObject, depth: int) -> Iterator[JsonObject]:
    yield root
    if depth < _MAX_DEPTH:
        for name in _NESTS:
            if root.get(name) is not None:
                yield from _places(as_raw_response(root[name]), depth + 1)
