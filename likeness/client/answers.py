"""Reads answers: the shape that was asked for, a problem, or how long to wait."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from likeness.client.errors import LikenessError, StrangeAnswerError, error_for
from likeness.failures import Actor, FailureCode, code_of
from likeness.rest.problems import Problem

FIRST_ERROR = 400
_NOT_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})

_FOREIGN = (
    "The answer is no problem of likeness: something between may have given it, such as a gateway."
)
_FOREIGN_NEXT = "See what stands between this service and likeness, and that base_url is right."

ShapeT = TypeVar("ShapeT", bound=BaseModel)


@dataclass(frozen=True)
class Answer:
    """One whole answer; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read(answer: Answer, shape: type[ShapeT]) -> ShapeT:
    """Give what was asked for.

    Raises:
        ProblemError: likeness said no.
        StrangeAnswerError: It is neither.

    """
    if answer.status >= FIRST_ERROR:
        raise problem_of(answer)
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        try:
            return shape.model_validate_json(answer.body)
        except ValidationError:
            pass
    raise StrangeAnswerError(answer.status)


def problem_of(answer: Answer) -> LikenessError:
    """Give the error that an answer of 400 and above stands for, whoever gave it.

    That there is nothing is believed of likeness alone: elsewhere everything is missing.
    """
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    problem = _read_problem(answer.status, said)
    if problem is None and answer.status in _NOT_THERE:
        return StrangeAnswerError(answer.status)
    problem = problem or _foreign_problem(answer.status)
    return error_for(problem, retry_after_s=retry_after_s(answer.headers))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that ``Retry-After`` asks to wait, whether it tells seconds or a time.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        seconds = (
            (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
        ).total_seconds()
    return max(0.0, seconds) if isfinite(seconds) else None


def _read_problem(status: int, said: object) -> Problem | None:
    if not isinstance(said, dict):
        return None
    # A newer likeness may name codes and actors that this client does not know yet.
    who = said.get("who")
    known = {
        "code": code_of(str(said.get("code"))),
        "who": who if who in set(Actor) else "operator",
    }
    try:
        return Problem.model_validate(said | known | {"status": status})
    except ValidationError:
        return None


def _foreign_problem(status: int) -> Problem:
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = f"HTTP {status}"
    return Problem(
        type="about:blank",
        title=title,
        status=status,
        detail=_FOREIGN,
        code=FailureCode.BUG,
        who=Actor.OPERATOR,
        next_step=_FOREIGN_NEXT,
    )
