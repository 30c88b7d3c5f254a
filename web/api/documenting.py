"""What a route says of itself in the OpenAPI document: its scope, examples and problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from likeness.failures import FailureCode
from likeness.rest.problems import MEDIA_TYPE, Problem
from runtime.api_keys import Scope

SCOPE_FIELD = "x-likeness-scope"
"""Names in an operation the scope that a key must have; ``none`` where no key is needed."""

KEY_SCHEME = "apiKey"
EVENT_STREAM = "text/event-stream"

Refusals = Mapping[int, Sequence[FailureCode]]

_BEHIND_THE_GATE: Refusals = {
    401: (FailureCode.KEY_MISSING, FailureCode.KEY_REFUSED, FailureCode.KEY_EXPIRED),
    403: (FailureCode.SCOPE_TOO_LOW,),
    429: (FailureCode.TOO_MANY_REQUESTS,),
    503: (FailureCode.TEMPORAL_AWAY,),
}
_EVERYWHERE: Refusals = {422: (FailureCode.BAD_INPUT,), 500: (FailureCode.BUG,)}
_WITH_A_BODY: Refusals = {
    400: (FailureCode.BAD_INPUT,),
    413: (FailureCode.BODY_TOO_LARGE,),
    415: (FailureCode.BAD_INPUT,),
}
_CHALLENGE = {"WWW-Authenticate": "What is wrong with the key (RFC 6750)."}
_LATER = {"Retry-After": "After how many seconds it is worth trying again."}
_OF_PROBLEMS = {401: _CHALLENGE, 403: _CHALLENGE, 429: _LATER, 503: _LATER}


def operation(
    scope: Scope | None,
    operation_id: str,
    summary: str,
    *,
    answer: BaseModel | str | None = None,
    status: int = 200,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    body: BaseModel | Mapping[str, BaseModel] | None = None,
    refusals: Refusals | None = None,
    also: Mapping[int, str | tuple[str, BaseModel]] | None = None,
) -> dict[str, Any]:
    """Give what a route's decorator takes beside path and response model.

    Args:
        scope: The scope that a key must have; None where the route is for everybody.
        operation_id: The name that generated clients call it by, in snake case.
        summary: One line.
        answer: The example of the answer of ``status``; text where ``media_type`` is no JSON.
        status: The status of success.
        media_type: That of the answer; ``text/event-stream`` makes HEAD be refused.
        headers: Headers of the answer and what each of them says.
        body: The example of the request, or several by name.
        refusals: Codes by status beside those that every such route has (401, 403, 422, 429, 500,
            503; with a body 400, 413, 415).
        also: Other statuses below 400, such as 304, and what they say; with an example where they
            have a body.

    """
    given = _examples(body) if body is not None else None
    extra: dict[str, Any] = {
        SCOPE_FIELD: scope or "none",
        "security": [{KEY_SCHEME: []}] if scope else [],
    }
    if given is not None:
        extra["requestBody"] = {"content": {"application/json": {"examples": given}}}
    told = {code: _also(what) for code, what in (also or {}).items()}
    return {
        "operation_id": operation_id,
        "summary": summary,
        "status_code": status,
        "responses": {status: _success(answer, media_type, headers or {})}
        | told
        | _problems(scope, refusals or {}, with_body=body is not None),
        "openapi_extra": extra,
    }


def _success(
    answer: BaseModel | str | None, media_type: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    told: dict[str, Any] = {"description": "Done."}
    if headers:
        told["headers"] = _headers(headers)
    if answer is not None:
        content: dict[str, Any] = {"example": _plain(answer)}
        if isinstance(answer, str):
            content["schema"] = {"type": "string"}
        told["content"] = {media_type: content}
    return told


def _also(what: str | tuple[str, BaseModel]) -> dict[str, Any]:
    if isinstance(what, str):
        return {"description": what}
    said, example = what
    content = {"application/json": {"example": _plain(example)}}
    return {"description": said, "model": type(example), "content": content}


def _problems(
    scope: Scope | None, refusals: Refusals, *, with_body: bool
) -> dict[int, dict[str, Any]]:
    codes: dict[int, list[FailureCode]] = {}
    for some in (
        _BEHIND_THE_GATE if scope else {},
        _EVERYWHERE,
        _WITH_A_BODY if with_body else {},
        refusals,
    ):
        for status, of_it in some.items():
            codes.setdefault(status, []).extend(of_it)
    if scope is Scope.READ:
        # No key can do less.
        codes.pop(403, None)
    return {status: _problem(status, codes[status]) for status in sorted(codes)}


def _problem(status: int, codes: Sequence[FailureCode]) -> dict[str, Any]:
    examples = {str(code): {"value": _plain(Problem.of(code, status))} for code in codes}
    headers = _OF_PROBLEMS.get(status)
    return {
        "description": " ".join(Problem.of(code, status).title for code in codes),
        **({"headers": _headers(headers)} if headers else {}),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": examples,
            }
        },
    }


def _headers(told: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": what, "schema": {"type": "string"}} for name, what in told.items()
    }


def _examples(body: BaseModel | Mapping[str, BaseModel]) -> dict[str, Any]:
    named = {"example": body} if isinstance(body, BaseModel) else body
    return {name: {"value": _plain(each)} for name, each in named.items()}


def _plain(example: BaseModel | str) -> object:
    if isinstance(example, str):
        return example
    return example.model_dump(mode="json", exclude_unset=True)
