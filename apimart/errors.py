"""Every way a call can go wrong, sorted by what the caller may do next.

::

    ApimartError
    ├── NotSent              surely no effect, it never got there or was turned away: repeat
    ├── Refused              surely no effect; repeating it unchanged is pointless
    │   ├── BadRequest       our request, or the thing it names, is wrong
    │   ├── Unauthorized     the API key is not accepted
    │   ├── PaymentRequired  the balance is empty
    │   └── Forbidden        the key may not use this endpoint or model
    ├── RateLimited          surely no effect; repeat after `retry_after_s`
    ├── InProgress           the same idempotency key is being worked on; repeat after the wait
    ├── OutcomeUnknown       a POST may or may not have had its effect: never repeat blindly
    ├── Unavailable          a GET did not work this time: repeat
    └── NotFound             a GET named a task the provider does not know (any more)

A POST raises any of these but the last two; a GET never raises `NotSent`, `InProgress` or
`OutcomeUnknown`, because for a question without effects they would all mean `Unavailable`.
"""

from typing import ClassVar

# Each name answers "what happened?"; an Error suffix on all of them would only blur that.
# ruff: noqa: N818


class ApimartError(Exception):
    """The call to the provider failed.

    The text is always our own sentence: a provider's message may echo a secret it was sent.

    Attributes:
        code: stable word of ours, `[a-z_]+`.
        status: HTTP status of the answer, None when there was none.
        retry_after_s: seconds the provider asked us to wait, 1 to 600, None when it named no wait.
        provider_code: the provider's own code or type word, filtered; for humans and statistics.
        request_id: what the provider's support asks for.
    """

    default_code: ClassVar[str] = "apimart_error"

    def __init__(
        self,
        sentence: str | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        provider_code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(sentence or (type(self).__doc__ or "").partition("\n")[0])
        self.code = code or self.default_code
        self.status = status
        self.retry_after_s = retry_after_s
        self.provider_code = provider_code
        self.request_id = request_id

    def __str__(self) -> str:
        facts = [self.code]
        if self.status is not None:
            facts.append(f"HTTP {self.status}")
        if self.provider_code is not None:
            facts.append(f"provider code {self.provider_code}")
        return f"{super().__str__()} ({', '.join(facts)})"


class NotSent(ApimartError):
    """The request surely had no effect: it never reached the provider, or was turned away whole."""

    default_code = "not_connected"


class Refused(ApimartError):
    """The provider refused the request before doing anything."""

    default_code = "refused"


class BadRequest(Refused):
    """The provider says the request itself is wrong; sending it again unchanged cannot help."""

    default_code = "bad_request"


class Unauthorized(Refused):
    """The provider does not accept the API key."""

    default_code = "unauthorized"


class PaymentRequired(Refused):
    """The provider account has no balance left for this request."""

    default_code = "payment_required"


class Forbidden(Refused):
    """The API key or its account is not allowed to use this endpoint or model."""

    default_code = "forbidden"


class RateLimited(ApimartError):
    """Too many requests at once; nothing was done, and the same request may be sent later."""

    default_code = "rate_limited"


class InProgress(ApimartError):
    """The provider is still working on an earlier request with the same idempotency key."""

    default_code = "idempotency_in_progress"


class OutcomeUnknown(ApimartError):
    """The request was sent, and whether it had its effect cannot be told from what came back."""

    default_code = "outcome_unknown"


class Unavailable(ApimartError):
    """The provider could not answer a question this time; asking again later is harmless."""

    default_code = "unavailable"


class NotFound(ApimartError):
    """The provider does not know the task that was asked for."""

    default_code = "not_found"
