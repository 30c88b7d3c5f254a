"""What an upstream failure means for a run: the one table from error classes to failure codes."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError

from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from likeness.failures import FAILURES, FailureCode
from likeness.messages.base import Message

_CODES: dict[type[ApimartError], FailureCode] = {
    Unauthorized: FailureCode.UPSTREAM_KEY_REFUSED,
    PaymentRequired: FailureCode.UPSTREAM_BALANCE,
    Forbidden: FailureCode.UPSTREAM_FORBIDDEN,
    BadRequest: FailureCode.UPSTREAM_REFUSED,
    NotSent: FailureCode.UPSTREAM_UNAVAILABLE,
    RateLimited: FailureCode.UPSTREAM_UNAVAILABLE,
    Unavailable: FailureCode.UPSTREAM_UNAVAILABLE,
}

WORTH_WAITING = (NotSent, RateLimited)
"""Surely without effect, and gone with time."""

WITHOUT_EFFECT = (NotSent, RateLimited, Refused)
"""A POST that ended so has surely changed nothing."""

UNKNOWN = (OutcomeUnknown, InProgress)
"""The request may have been worked; only a look elsewhere can tell."""

_KEY_IS_BURNT = "idempotency_indeterminate"


def failed(
    code: FailureCode,
    detail: str | None = None,
    *,
    repeatable: bool = False,
    after_s: float = 0,
    word: Message | None = None,
) -> ApplicationError:
    """Give the error of a step; Temporal repeats it only where it is ``repeatable``.

    ``after_s`` is a wait the upstream has asked for; without one Temporal backs off. ``word`` is
    what the step would have said in its next heartbeat.
    """
    details = () if detail is None else (detail,) if word is None else (detail, word)
    return ApplicationError(
        FAILURES[code].sentence,
        *details,
        type=code.value,
        non_retryable=not repeatable,
        next_retry_delay=timedelta(seconds=after_s) if after_s else None,
    )


def step_failure(
    error: ApimartError, *, unknown: FailureCode, word: Message | None = None
) -> ApplicationError:
    """Give the step's error for an upstream one; ``unknown`` names a lost answer of this step."""
    if isinstance(error, UNKNOWN):
        return failed(unknown, detail=told(error), word=word)
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
    return failed(code or FailureCode.BUG, detail=told(error), word=word)


def may_be_resent(error: ApimartError) -> bool:
    """Tell whether the same key and bytes may tell what came of a POST, where keys are honoured.

    Not after the upstream has said that it does not know either: nothing under that key tells more,
    and another key may pay twice.
    """
    return isinstance(error, UNKNOWN) and error.code != _KEY_IS_BURNT


def told(error: ApimartError) -> str:
    """Say what is known of an upstream failure: words of ours and the provider's, no secret."""
    words = [error.code]
    if error.status is not None:
        words.append(f"HTTP {error.status}")
    if error.provider_code and error.provider_code != error.code:
        words.append(error.provider_code)
    if error.request_id:
        words.append(f"request {error.request_id}")
    return ", ".join(words)
