"""Turns whatever goes wrong behind a route into a problem with its code and status."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from likeness.failures import FailureCode
from likeness.rest.problems import MEDIA_TYPE, FieldError, Problem
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    NoSuchPersonError,
    NoSuchVideoError,
    OnboardingEndedError,
    OnboardingError,
    PersonErasedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from runtime.redaction import redacted_text

AGAIN_AFTER_S = 5
"""What ``Retry-After`` says where only time helps."""

_MAX_FIELDS = 20
_MAX_WORD = 60
_WHOLE_BODY = "body"

_OF_ERRORS: Mapping[type[OnboardingError], tuple[FailureCode, int]] = {
    DifferentRequestError: (FailureCode.DIFFERENT_REQUEST, 409),
    NoSuchOnboardingError: (FailureCode.NO_SUCH_ONBOARDING, 404),
    NoSuchPersonError: (FailureCode.NO_SUCH_PERSON, 404),
    NoSuchVideoError: (FailureCode.NO_SUCH_VIDEO, 404),
    OnboardingEndedError: (FailureCode.ALREADY_ENDED, 409),
    PersonErasedError: (FailureCode.PERSON_ERASED, 410),
    WorkerAwayError: (FailureCode.WORKER_AWAY, 503),
    TemporalAwayError: (FailureCode.TEMPORAL_AWAY, 503),
}


class ProblemError(Exception):
    """Raised anywhere behind a route; the app answers it as a problem."""

    def __init__(
        self,
        code: FailureCode,
        status: int,
        *,
        detail: str | None = None,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(code))
        self.problem = Problem.of(code, status, detail=detail, errors=errors)
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: OnboardingError) -> "ProblemError":
        """Give the problem for what ``likeness.temporal`` raises."""
        if isinstance(error, RefusedError):
            return cls(error.code or FailureCode.BUG, 409, detail=str(error))
        code, status = _OF_ERRORS.get(type(error), (FailureCode.BUG, 500))
        headers = (
            {"Retry-After": str(AGAIN_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        )
        return cls(code, status, detail=str(error), headers=headers)

    @classmethod
    def of_fields(cls, errors: Iterable[Any], *, status: int = 422) -> "ProblemError":
        """Give the problem for what pydantic or FastAPI says of fields; no value is repeated."""
        fields = tuple(
            FieldError(
                field=_place(error["loc"]), problem=str(error["msg"]).removeprefix("Value error, ")
            )
            for error in _without_echoes(tuple(errors))
        )
        return cls(FailureCode.BAD_INPUT, status, errors=fields[:_MAX_FIELDS])

    @classmethod
    def of_invalid(cls, error: ValidationError) -> "ProblemError":
        """Give the problem for a body that fits its shape and yet makes no message."""
        return cls.of_fields(
            error.errors(include_url=False, include_context=False, include_input=False)
        )

    def response(self) -> Response:
        """Give the answer."""
        return Response(
            self.problem.model_dump_json(exclude_defaults=False),
            self.problem.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def shown(word: object) -> str:
    """Give a name that the caller made up, short and printable: it may hold anything."""
    text = str(word)
    kept = "".join(each if each.isascii() and each.isprintable() else "?" for each in text)
    return redacted_text(kept[:_MAX_WORD])


def _without_echoes(errors: tuple[Any, ...]) -> Iterable[Any]:
    """Leave out that a list is too short where it is so only because one of it does not fit."""
    places = [tuple(error["loc"]) for error in errors]
    for error in errors:
        above = tuple(error["loc"])
        inside = (place for place in places if place[: len(above)] == above != place)
        if error["type"] != "too_short" or not any(inside):
            yield error


def _place(where: Iterable[object]) -> str:
    # What concerns the whole of it has no place.
    first, *rest = tuple(where) or (_WHOLE_BODY,)
    if first == _WHOLE_BODY and rest:
        first, *rest = rest
    return ".".join(map(shown, (first, *rest)))
