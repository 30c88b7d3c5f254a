"""The balance, whose failures come as HTTP 200 with `success: false`."""

import re

from apimart.errors import Unauthorized
from apimart.fields import as_object, first, number
from apimart.models import Balance
from apimart.protocol.answers import Answer, Effect, complaint, document, is_success, request_id
from apimart.protocol.failures import failure_for

_BAD_KEY = re.compile(r"\b(?:invalid|unauthori[sz]ed|expired)\b|无效|令牌")


def read_balance(answer: Answer) -> Balance:
    """Read what is left on the key; -1 stands for no limit.

    Raises:
        ApimartError: also for a 200 that says it did not succeed.
    """
    body = document(answer) if is_success(answer) else None
    source = as_object((body or {}).get("data")) or body or {}
    remaining = number(source.get("remain_balance"))
    unlimited = source.get("unlimited_quota") is True or remaining == -1
    if source.get("success") is False or (remaining is None and not unlimited):
        said = complaint(answer)
        if is_success(answer) and _BAD_KEY.search(said.words):
            raise Unauthorized(
                status=answer.status, provider_code=said.code, request_id=request_id(answer)
            )
        raise failure_for(answer, Effect.NONE)
    return Balance(
        remain_usd=None if unlimited else remaining,
        used_usd=number(first(source, "used_balance")),
        unlimited=unlimited,
    )
