"""Telling a caller's webhook: one try a call, and how long until the next one.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
import secrets as randomness
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import httpx
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outcomes import failed
from likeness.failures import FailureCode
from likeness.messages.telling import (
    DeliverWebhook,
    WebhookDelivered,
    WebhookEvent,
    WebhookMissed,
)
from likeness.rest.webhooks import WebhookBody
from likeness.steps import DELIVER_WEBHOOK
from outbound.dialling import AddressForbiddenError
from outbound.retry_after import asked_wait_s
from outbound.signing import signed_headers

DELIVERY_TIMEOUT_S = 10.0
"""From the name's look-up to the status, however slowly it comes."""

JITTER = 0.1
"""Either way, so that what failed together does not come back together."""

_BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})

_log = structlog.get_logger("webhooks")


class _Answer(NamedTuple):
    """What one try came to: a status, or why there is none; ``wait_s`` is what it asked for."""

    status: int | None
    why: str
    wait_s: float = 0.0


class WebhookSteps:
    """``deliver_webhook``.

    Args:
        client: a ``checked_client``; closing it stays the caller's affair.
        secrets: gives a tenant's signing secrets, newest first; none where there are none yet.
        retries_s: seconds from each failure to the next try; the try after the last is the last.
        clock: unix seconds, for the signature.
        jitter: a factor for each wait.

    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        secrets: Callable[[str], Sequence[bytes]],
        retries_s: Sequence[float],
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._retries_s = tuple(retries_s)
        self._clock = clock
        self._jitter = jitter or _some_jitter

    @activity.defn(name=DELIVER_WEBHOOK.name)
    async def deliver_webhook(self, order: DeliverWebhook) -> WebhookDelivered:
        """Post the event once; the receiver has it with a 2xx, and wants no more with a 410.

        Raises:
            ApplicationError: ``webhook_undelivered``, its details ``why`` and ``WebhookMissed``;
                with the time of the next try, or not retryable after the last.

        """
        attempt = activity.info().attempt
        answer = await self._try(order)
        if answer.status is not None and httpx.codes.is_success(answer.status):
            return WebhookDelivered(attempts=attempt, status=answer.status)
        _log.warning(
            "delivery_failed",
            tenant=order.tenant,
            event_id=order.event.id,
            attempt=attempt,
            why=answer.why,
        )
        if answer.status == httpx.codes.GONE:
            return WebhookDelivered(attempts=attempt, status=answer.status, gone=True)
        raise self._missed(order, answer, attempt)

    async def _try(self, order: DeliverWebhook) -> _Answer:
        """Post once. Whatever is raised holds the address, so no error goes any further."""
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                return await self._post(order.url.get_secret_value(), order.event, order.tenant)
        except (TimeoutError, httpx.TimeoutException):
            return _Answer(None, "no answer in time")
        except AddressForbiddenError:
            return _Answer(None, "the address is forbidden")
        except httpx.ConnectError:
            return _Answer(None, "no connection")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return _Answer(None, f"the exchange broke off ({type(error).__name__})")
        except Exception as error:  # noqa: BLE001  # a later release may know better, on schedule
            return _Answer(None, f"{FailureCode.BUG} ({type(error).__name__})")

    async def _post(self, url: str, event: WebhookEvent, tenant: str) -> _Answer:
        secrets = self._secrets(tenant)
        if not secrets:
            return _Answer(None, "no signing secret for the tenant")
        body = WebhookBody.of(event).model_dump_json().encode("utf-8")
        signed = signed_headers(secrets, event_id=event.id, sent_at=int(self._clock()), body=body)
        headers = {"Content-Type": "application/json", **signed}
        # Closed unread: whatever the receiver says beside its status, we keep nothing of it.
        async with self._client.stream("POST", url, content=body, headers=headers) as response:
            status = response.status_code
            asked = response.headers.get("retry-after") if status in _BUSY else None
            return _Answer(status, f"HTTP {status}", asked_wait_s(asked, now=self._clock()))

    def _missed(self, order: DeliverWebhook, answer: _Answer, attempt: int) -> ApplicationError:
        again = not order.once and attempt <= len(self._retries_s)
        after_s = self._retries_s[attempt - 1] * self._jitter() if again else 0.0
        return failed(
            FailureCode.WEBHOOK_UNDELIVERED,
            answer.why,
            repeatable=again,
            after_s=max(after_s, answer.wait_s) if again else 0.0,
            word=WebhookMissed(attempts=attempt, status=answer.status, why=answer.why),
        )


def _some_jitter() -> float:
    return randomness.SystemRandom().uniform(1 - JITTER, 1 + JITTER)
