"""The gate: lets a request in whose API key is good, may do this, and has not asked too often."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from starlette.requests import Request

from likeness.failures import FailureCode
from runtime.api_keys import ApiKey, ApiKeys, ExpiredKeyError, Scope, UnknownKeyError
from web.api.callers import Caller
from web.api.problems import ProblemError
from web.quotas import MINUTE_S, Quota, Quotas

BAD_KEYS = Quota(30, MINUTE_S)
"""For each address. A good key is let in all the same: others may come through the same gateway."""

MOST_ADDRESSES = 20_000
"""Of those that came with bad keys; one network may hold more than there is memory for."""

_CHALLENGE = 'Bearer realm="likeness"'
_log = structlog.get_logger("likeness.api")


def _now() -> datetime:
    return datetime.now(UTC)


class Gate:
    """Knows the keys, and counts what each of them asked for."""

    def __init__(self, keys: ApiKeys, *, clock: Callable[[], datetime] = _now) -> None:
        self._keys = keys
        self._clock = clock
        self._good = Quotas(MINUTE_S)
        self._bad = Quotas(MINUTE_S, most_keys=MOST_ADDRESSES)

    async def admit(self, request: Request, scope: Scope) -> Caller:
        """Give whoever calls; as ``web.api.callers.Admit``."""
        try:
            key = self._keys.holder(_presented(request), now=self._clock())
        except UnknownKeyError:
            raise self._refusal(request, FailureCode.KEY_REFUSED) from None
        except ExpiredKeyError:
            raise self._refusal(request, FailureCode.KEY_EXPIRED) from None
        self._count(key)
        if not key.scope.includes(scope):
            raise _too_low(scope)
        return Caller(
            tenant=key.tenant,
            account=key.account,
            key_id=key.id,
            name=key.name,
            scope=key.scope,
        )

    def _count(self, key: ApiKey) -> None:
        if wait_s := self._good.wait_s(key.id, Quota(key.per_minute, MINUTE_S)):
            raise _too_many(wait_s, f"This API key may send {key.per_minute} requests a minute.")

    def _refusal(self, request: Request, code: FailureCode) -> ProblemError:
        address = request.client.host if request.client else ""
        if wait_s := self._bad.wait_s(address, BAD_KEYS):
            return _too_many(wait_s, "Too many requests without a good API key came from here.")
        _log.info("api_key_refused", because=code)
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        return ProblemError(code, 401, headers={"WWW-Authenticate": challenge})


def _presented(request: Request) -> str:
    """Give the bearer token, whatever it is.

    https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    """
    given = request.headers.getlist("authorization")
    if not given:
        raise ProblemError(FailureCode.KEY_MISSING, 401, headers={"WWW-Authenticate": _CHALLENGE})
    scheme, _, token = given[0].partition(" ")
    # Which of several is meant could be read one way here and another way by a gateway.
    return token.strip() if len(given) == 1 and scheme.lower() == "bearer" else ""


def _too_many(wait_s: float, detail: str) -> ProblemError:
    return ProblemError(
        FailureCode.TOO_MANY_REQUESTS,
        429,
        detail=detail,
        headers={"Retry-After": str(math.ceil(wait_s))},
    )


def _too_low(scope: Scope) -> ProblemError:
    challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    return ProblemError(
        FailureCode.SCOPE_TOO_LOW,
        403,
        detail=f"This needs an API key of the scope {scope}.",
        headers={"WWW-Authenticate": challenge},
    )
