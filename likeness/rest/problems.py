"""How the API says no: RFC 9457 problems, whose codes are the one catalogue of failures.

https://www.rfc-editor.org/rfc/rfc9457
"""

from typing import Self

from likeness.failures import FAILURES, Actor, FailureCode
from likeness.messages.base import Message

MEDIA_TYPE = "application/problem+json"

_CORRECT_THEM = "Correct what `errors` names and send it again."


class FieldError(Message):
    """One field that does not fit: where it stands, such as ``assets.0.url``, and why."""

    field: str
    problem: str


class Problem(Message):
    """Every answer of 400 and above. ``type`` is the address of the code's page in the catalogue.

    ``errors`` names the fields of a body that do not fit, never their values.
    """

    type: str
    title: str
    status: int
    detail: str
    code: FailureCode
    who: Actor
    next_step: str
    errors: tuple[FieldError, ...] = ()

    @classmethod
    def of(
        cls,
        code: FailureCode,
        status: int,
        *,
        detail: str | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> Self:
        """Fill title, actor and next step from the catalogue."""
        text = FAILURES[code]
        return cls(
            type=f"/v1/problems/{code}",
            title=text.sentence,
            status=status,
            detail=detail or text.sentence,
            code=code,
            who=text.who,
            next_step=_CORRECT_THEM if errors else text.next_step,
            errors=errors,
        )
