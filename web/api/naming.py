"""What a path or header names: ids of the caller's, and the key that makes a repeat safe."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import AfterValidator, WithJsonSchema

from likeness.failures import FailureCode
from likeness.ids import DEFAULT_TENANT, PART_PATTERN, checked_part, onboarding_workflow_id
from likeness.rest.problems import FieldError
from likeness.temporal.errors import DifferentRequestError
from web.api.problems import ProblemError

MAX_KEY_LENGTH = 191

NO_SUCH: dict[int, tuple[FailureCode, ...]] = {404: (FailureCode.NO_SUCH_ONBOARDING,)}
"""What every route says of an id that nobody bears, or another tenant's."""

_KEY_NAME = "Idempotency-Key"
_KEY = re.compile(rf"[\x20-\x7e]{{1,{MAX_KEY_LENGTH}}}")
_ID_DIGITS = 20
_KEY_IS_TAKEN = (
    f"The {_KEY_NAME} stands for another request already; repeat that request exactly, or choose "
    "another key."
)

_PART_SCHEMA = {"type": "string", "pattern": f"^{PART_PATTERN}$"}

PathPart = Annotated[str, AfterValidator(checked_part), WithJsonSchema(_PART_SCHEMA)]
"""An id as it stands in a path; another is refused with the sentence on ids."""


def _onboarding(value: str) -> str:
    onboarding_workflow_id(DEFAULT_TENANT, value)
    return value


OnboardingId = Annotated[
    str,
    AfterValidator(_onboarding),
    WithJsonSchema(_PART_SCHEMA),
    Path(description="The id from the answer of the creation.", examples=["o-3f9c01d2"]),
]
"""As ``PathPart``; one name is kept for what is no onboarding."""


IDEMPOTENCY_KEY: Mapping[str, Any] = {
    "name": _KEY_NAME,
    "in": "header",
    "required": True,
    "description": (
        "A value of your own for this one wish, such as your order number: a repeat with the same "
        "key and body changes nothing and has the same answer."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_KEY_LENGTH,
        "pattern": f"^[ -~]{{1,{MAX_KEY_LENGTH}}}$",
    },
    "example": "order-4711",
}
"""How the OpenAPI document tells of the header."""


LAST_EVENT_ID: Mapping[str, Any] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The id of the last event that you have; browsers send it by themselves.",
    "schema": {"type": "string", "maxLength": 100},
    "example": "17-9f86d081884c7d65",
}
"""How the OpenAPI document tells of the header."""


def with_parameter(parameter: Mapping[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """Add a header to what ``documenting.operation`` gives."""
    return described | {
        "openapi_extra": described["openapi_extra"] | {"parameters": [dict(parameter)]}
    }


def idempotency_key_of(request: Request) -> str:
    """Read the header Idempotency-Key.

    Raises:
        ProblemError: It is missing, or is not 1 to 191 printable ASCII characters.

    """
    given = request.headers.getlist(_KEY_NAME)
    if not given:
        raise ProblemError(FailureCode.IDEMPOTENCY_KEY_MISSING, 400)
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        problem = f"must be given once, as 1 to {MAX_KEY_LENGTH} printable ASCII characters"
        raise ProblemError(
            FailureCode.BAD_INPUT,
            422,
            detail=f"The header {_KEY_NAME} {problem}.",
            errors=(FieldError(field=f"header.{_KEY_NAME}", problem=problem),),
        )
    return given[0]


@contextmanager
def one_wish_a_key() -> Iterator[None]:
    """Say the caller's own word for an id that is taken: ids are made of Idempotency-Keys.

    Raises:
        ProblemError: Something else was asked for under the same key.

    """
    try:
        yield
    except DifferentRequestError:
        raise ProblemError(FailureCode.DIFFERENT_REQUEST, 409, detail=_KEY_IS_TAKEN) from None


def onboarding_id_of(tenant: str, key: str) -> str:
    """Give the id of the onboarding that a tenant's Idempotency-Key stands for."""
    digest = hashlib.sha256(f"{tenant}\n{key}".encode()).hexdigest()
    return f"o-{digest[:_ID_DIGITS]}"
