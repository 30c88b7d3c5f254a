"""Receivers that are down, slow, broken or sly: each costs one try and is told in our words."""

import asyncio

import pytest

from activities import webhooks
from devstack.ports import free_port
from likeness.messages.telling import WebhookDelivered, WebhookMissed
from tests.integration.webhooks.conftest import Sender
from tests.integration.webhooks.receiver import (
    Behaviour,
    answering,
    endlessly,
    receiving,
    sending,
    silence,
)

CANARY = b"canary-answer"
NEVER_ENDING = endlessly(b"HTTP/1.1 200 OK\r\n", b"X-More: canary\r\n", every_s=0.01)
DRIPPING = endlessly(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"c", every_s=0.02)
ENDLESS_HINTS = endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every_s=0.001)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds are a third of one."""
    monkeypatch.setattr(webhooks, "DELIVERY_TIMEOUT_S", 0.3)


class TestAReceiver:
    async def test_that_takes_it_has_it(self, sender: Sender) -> None:
        async with receiving(answering("204 No Content")) as receiver:
            delivered = await sender.delivers(receiver.url, receiver.origin)

        (request,) = receiver.requests
        assert WebhookDelivered(status=204) == delivered
        assert "POST /canary-path?token=canary-query HTTP/1.1" == request.line
        assert "canary" not in sender.log

    async def test_that_is_down_is_tried_again(self, sender: Sender) -> None:
        origin = f"http://127.0.0.1:{free_port()}"

        missed = await sender.misses(f"{origin}/canary", origin)

        assert ("no connection", False) == (missed.details[0], missed.non_retryable)

    @pytest.mark.usefixtures("hasty")
    @pytest.mark.parametrize(
        "behave",
        [silence, DRIPPING, NEVER_ENDING, ENDLESS_HINTS],
        ids=["silent", "dripping", "endless head", "endless hints"],
    )
    async def test_that_is_slow_is_given_up_in_time(
        self, sender: Sender, behave: Behaviour
    ) -> None:
        async with receiving(behave) as receiver, asyncio.timeout(20):
            missed = await sender.misses(receiver.url, receiver.origin)

        assert "no answer in time" == missed.details[0]

    @pytest.mark.parametrize(
        "pieces",
        [
            (b"",),
            (b"\x00\xff" * 500,),
            (b"canary\r\n\r\n",),
            (b"HTTP/1.1 canary\r\n\r\n",),
            (b"HTTP/1.1 200 OK\r\ncanary\r\n\r\n",),
            (b"HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",),
            (b"HTTP/1.1 200 OK\r\nX-Big: " + b"c" * 200_000,),
        ],
        ids=[
            "nothing",
            "noise",
            "words",
            "no status",
            "no field",
            "no length",
            "huge",
        ],
    )
    async def test_that_speaks_no_http_is_tried_again(
        self, sender: Sender, pieces: tuple[bytes, ...]
    ) -> None:
        async with receiving(sending(*pieces)) as receiver:
            missed = await sender.misses(receiver.url, receiver.origin)

        assert "the exchange broke off (RemoteProtocolError)" == missed.details[0]

    async def test_that_answers_with_gigabytes_is_not_read(self, sender: Sender) -> None:
        sent = 0

        async def flood(writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(CANARY * 10_000)
                await writer.drain()
                sent += len(CANARY) * 10_000

        async with receiving(flood) as receiver:
            delivered = await sender.delivers(receiver.url, receiver.origin)

        assert WebhookDelivered(status=200) == delivered
        assert sent < 100_000_000

    async def test_that_sends_us_elsewhere_is_not_followed(self, sender: Sender) -> None:
        async with receiving(answering("200 OK")) as inner:
            location = f"Location: {inner.origin}/latest/meta-data/canary"
            async with receiving(answering("307 Temporary Redirect", location)) as receiver:
                missed = await sender.misses(receiver.url, receiver.origin)

        assert [] == inner.requests
        assert WebhookMissed(attempts=1, status=307, why="HTTP 307") == missed.details[1]

    async def test_that_is_gone_is_told_nothing_more(self, sender: Sender) -> None:
        async with receiving(answering("410 Gone", body=CANARY)) as receiver:
            delivered = await sender.delivers(receiver.url, receiver.origin)

        assert WebhookDelivered(status=410, gone=True) == delivered
        assert "canary" not in sender.log

    async def test_that_is_busy_is_given_the_time_it_asks_for(self, sender: Sender) -> None:
        busy = answering("429 Too Many Requests", "Retry-After: 1200", body=CANARY)
        async with receiving(busy) as receiver:
            missed = await sender.misses(receiver.url, receiver.origin)

        assert missed.next_retry_delay is not None
        assert 1200 == missed.next_retry_delay.total_seconds()

    async def test_that_sets_cookies_gets_none_back(self, sender: Sender) -> None:
        setting = answering("200 OK", "Set-Cookie: canary=1; Path=/")
        async with receiving(setting) as receiver:
            await sender.delivers(receiver.url, receiver.origin)
            await sender.delivers(receiver.url, receiver.origin)

        assert [None, None] == [each.headers.get("cookie") for each in receiver.requests]

    async def test_that_nobody_vouches_for_is_never_connected_to(self, sender: Sender) -> None:
        async with receiving(answering("200 OK")) as receiver:
            for url in (receiver.url, receiver.url.replace("http:", "https:")):
                missed = await sender.misses(url)

                assert "the address is forbidden" == missed.details[0]

        assert [] == receiver.requests


class TestSecrets:
    async def test_without_the_file_nothing_is_sent_and_the_log_says_why(
        self, sender: Sender
    ) -> None:
        sender.forgets_its_secrets()

        async with receiving(answering("200 OK")) as receiver:
            missed = await sender.misses(receiver.url, receiver.origin)

        assert [] == receiver.requests
        assert ("no signing secret for the tenant", False) == (
            missed.details[0],
            missed.non_retryable,
        )
        assert "`starter.py keys webhook new` makes one" in sender.log

    async def test_of_another_tenant_sign_nothing(self, sender: Sender) -> None:
        async with receiving(answering("200 OK")) as receiver:
            missed = await sender.misses(receiver.url, receiver.origin, tenant="studio")

        assert [] == receiver.requests
        assert "no signing secret for the tenant" == missed.details[0]

    async def test_never_reach_a_log_line(self, sender: Sender) -> None:
        async with receiving(answering("500 Oops")) as receiver:
            await sender.misses(receiver.url, receiver.origin)

        assert '"why": "HTTP 500"' in sender.log
        assert "whsec_" not in sender.log
        assert receiver.requests[0].headers["webhook-signature"] not in sender.log
