"""One try of a webhook: what is sent, what its answer means, and when it is tried again."""

import dataclasses
import json
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.webhooks import WebhookSteps
from likeness.messages.telling import (
    DeliverWebhook,
    WebhookDelivered,
    WebhookEvent,
    WebhookMissed,
)
from likeness.rest.webhooks import WebhookBody
from outbound.dialling import AddressForbiddenError
from outbound.signing import signed_headers
from tests.unit.activities.conftest import everything_said
from tests.unit.likeness.examples import ONBOARDING_STATUS

NOW = 1_800_000_000.7
SECRETS = (b"n" * 32, b"o" * 32)
RETRIES_S = (5.0, 300.0, 1800.0)
ORDER = DeliverWebhook(
    tenant="studio",
    url=SecretStr("https://canary-host.example/canary-path?token=canary-query"),
    event=WebhookEvent(
        id="msg_0123456789abcdef",
        type="onboarding.in_review",
        at=1_700_000_000.25,
        sequence=2,
        person="p-1",
        started_at=1_690_000_000,
        snapshot=ONBOARDING_STATUS,
    ),
)

Behaviour = Callable[[httpx.Request], httpx.Response]


class Receiver:
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.behaviour(request)


def answering(status: int, **headers: str) -> Receiver:
    return Receiver(lambda _: httpx.Response(status, headers=headers, content=b"canary-answer"))


def raising(error: Exception) -> Receiver:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return Receiver(fail)


async def deliver(
    receiver: Receiver,
    order: DeliverWebhook = ORDER,
    *,
    attempt: int = 1,
    secrets: tuple[bytes, ...] = SECRETS,
    jitter: Callable[[], float] | None = lambda: 1.0,
) -> WebhookDelivered:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    async with httpx.AsyncClient(transport=httpx.MockTransport(receiver)) as client:
        steps = WebhookSteps(
            client,
            secrets={"studio": secrets}.__getitem__,
            retries_s=RETRIES_S,
            clock=lambda: NOW,
            jitter=jitter,
        )
        return await environment.run(steps.deliver_webhook, order)


async def missed(
    receiver: Receiver,
    order: DeliverWebhook = ORDER,
    *,
    attempt: int = 1,
    secrets: tuple[bytes, ...] = SECRETS,
    jitter: Callable[[], float] | None = lambda: 1.0,
) -> ApplicationError:
    with pytest.raises(ApplicationError) as failure:
        await deliver(receiver, order, attempt=attempt, secrets=secrets, jitter=jitter)
    assert "canary" not in everything_said(failure.value)
    assert "webhook_undelivered" == failure.value.type
    return failure.value


def waits_s(failure: ApplicationError) -> float | None:
    """How long until the next try; None where there is none."""
    if failure.non_retryable:
        assert failure.next_retry_delay is None
        return None
    assert failure.next_retry_delay is not None
    return failure.next_retry_delay.total_seconds()


class TestARequest:
    async def test_it_carries_the_event_as_the_api_shows_onboardings(self) -> None:
        receiver = answering(200)

        await deliver(receiver)

        (request,) = receiver.asked
        body = json.loads(request.content)
        assert ("POST", "application/json") == (request.method, request.headers["content-type"])
        assert ("onboarding.in_review", "2023-11-14T22:13:20.250000Z", 2) == (
            body["type"],
            body["timestamp"],
            body["data"]["sequence"],
        )
        assert WebhookBody.of(ORDER.event) == WebhookBody.model_validate_json(request.content)
        assert body["data"]["onboarding"]["person"] == "p-1"

    async def test_it_is_signed_under_each_secret_with_the_time_of_the_try(self) -> None:
        receiver = answering(200)

        await deliver(receiver)

        (request,) = receiver.asked
        expected = signed_headers(
            SECRETS, event_id=ORDER.event.id, sent_at=1_800_000_000, body=request.content
        )
        assert dict(expected) == {name: request.headers[name] for name in expected}
        assert 2 == len(request.headers["webhook-signature"].split(" "))

    async def test_each_try_sends_the_same_bytes_under_the_same_id(self) -> None:
        receiver = answering(204)

        for attempt in (1, 2):
            await deliver(receiver, attempt=attempt)

        first, second = receiver.asked
        assert first.content == second.content
        assert first.headers["webhook-id"] == second.headers["webhook-id"]


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_a_2xx_is_delivered(self, status: int) -> None:
        delivered = await deliver(answering(status), attempt=3)

        assert WebhookDelivered(attempts=3, status=status) == delivered

    async def test_410_means_that_it_wants_no_more(self) -> None:
        delivered = await deliver(answering(410))

        assert WebhookDelivered(attempts=1, status=410, gone=True) == delivered

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503])
    async def test_every_other_status_is_tried_again(self, status: int) -> None:
        receiver = answering(status, location="https://canary-elsewhere.example/")

        failure = await missed(receiver)

        assert 1 == len(receiver.asked)
        assert (
            f"HTTP {status}",
            WebhookMissed(attempts=1, status=status, why=f"HTTP {status}"),
        ) == failure.details

    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (httpx.ConnectError("canary"), "no connection"),
            (httpx.ConnectTimeout("canary"), "no answer in time"),
            (httpx.ReadTimeout("canary"), "no answer in time"),
            (TimeoutError("canary"), "no answer in time"),
            (httpx.ReadError("canary"), "the exchange broke off (ReadError)"),
            (
                httpx.RemoteProtocolError("canary"),
                "the exchange broke off (RemoteProtocolError)",
            ),
            (httpx.InvalidURL("canary"), "the exchange broke off (InvalidURL)"),
            (AddressForbiddenError("canary"), "the address is forbidden"),
            (ZeroDivisionError("canary"), "bug (ZeroDivisionError)"),
        ],
    )
    async def test_no_answer_is_tried_again_and_told_in_words_of_ours(
        self, error: Exception, why: str
    ) -> None:
        failure = await missed(raising(error))

        assert (why, WebhookMissed(attempts=1, why=why)) == failure.details
        assert RETRIES_S[0] == waits_s(failure)

    async def test_without_a_secret_nothing_is_sent_and_it_waits(self) -> None:
        receiver = answering(200)

        failure = await missed(receiver, secrets=())

        assert [] == receiver.asked
        assert "no signing secret for the tenant" == failure.details[0]
        assert RETRIES_S[0] == waits_s(failure)


class TestTheSchedule:
    @pytest.mark.parametrize(("attempt", "wait_s"), [(1, 5), (2, 300), (3, 1800), (4, None)])
    async def test_a_failure_waits_for_its_turn_and_the_last_gives_up(
        self, attempt: int, wait_s: float | None
    ) -> None:
        failure = await missed(answering(500), attempt=attempt)

        assert wait_s == waits_s(failure)
        assert attempt == failure.details[1].attempts

    async def test_once_is_once(self) -> None:
        failure = await missed(answering(500), ORDER.model_copy(update={"once": True}))

        assert waits_s(failure) is None

    async def test_a_tenth_more_or_less_is_by_chance(self) -> None:
        waits = [waits_s(await missed(answering(500), jitter=None)) for _ in range(20)]

        assert all(wait is not None and 4.5 <= wait <= 5.5 for wait in waits)
        assert 1 < len(set(waits))

    @pytest.mark.parametrize(
        ("status", "asked", "wait_s"),
        [
            (429, "120", 120),
            (503, "120", 120),
            (503, "Fri, 15 Jan 2027 08:02:00 GMT", 119.3),
            (429, "2", 5),
            (429, "86400", 3600),
            (429, "9" * 400, 3600),
            (429, "Fri, 01 Jan 2100 00:00:00 GMT", 3600),
            (429, "Fri, 15 Jan 2010 08:02:00 GMT", 5),
            (429, "soon", 5),
            (429, "-120", 5),
            (500, "120", 5),
            (302, "120", 5),
        ],
    )
    async def test_a_busy_receiver_is_given_its_time_up_to_an_hour(
        self, status: int, asked: str, wait_s: float
    ) -> None:
        failure = await missed(answering(status, **{"retry-after": asked}))

        assert wait_s == pytest.approx(waits_s(failure))

    async def test_a_wish_for_time_prolongs_nothing_beyond_the_last_try(self) -> None:
        failure = await missed(answering(503, **{"retry-after": "120"}), attempt=4)

        assert waits_s(failure) is None
