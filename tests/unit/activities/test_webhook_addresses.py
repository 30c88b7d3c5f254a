"""Whatever address a webhook has, no network but the public one is ever dialled for it."""

from collections.abc import AsyncIterator
from typing import NoReturn

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.webhooks import WebhookSteps
from likeness.messages.telling import DeliverWebhook
from outbound.client import checked_client
from outbound.dialling import Resolve
from tests.unit.activities.test_webhooks import ORDER, RETRIES_S, SECRETS
from tests.unit.outbound.listener import Listener, Names, listening
from tests.unit.outbound.vectors import (
    FORBIDDEN_URLS,
    LOCAL_SPELLINGS,
    PRIVATE_ADDRESSES,
    PUBLIC_ADDRESSES,
)

IN_VAIN = {
    "the address is forbidden",
    "no connection",
    "the exchange broke off (InvalidURL)",
    "the exchange broke off (UnsupportedProtocol)",
}


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


async def why_not(listener: Listener, url: str, *, resolve: Resolve | None = None) -> str:
    """Deliver with the listener's port in the place of 443; give the words of the failure."""
    # Unchecked, as an old history might hold it: the dialling must not rely on the message.
    order = DeliverWebhook.model_construct(
        tenant=ORDER.tenant, url=SecretStr(url), event=ORDER.event, once=False
    )
    async with checked_client(
        timeout=httpx.Timeout(5), resolve=resolve, connections=listener, port=listener.port
    ) as client:
        steps = WebhookSteps(client, secrets=lambda _: SECRETS, retries_s=RETRIES_S)
        with pytest.raises(ApplicationError) as failure:
            await ActivityEnvironment().run(steps.deliver_webhook, order)
    return str(failure.value.details[0])


class TestVectors:
    @pytest.mark.parametrize("host", LOCAL_SPELLINGS)
    async def test_this_machine_is_never_connected_to(self, listener: Listener, host: str) -> None:
        assert await why_not(listener, f"https://{host}:{listener.port}/hook") in IN_VAIN
        assert ([], 0) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
    async def test_a_name_that_resolves_into_a_closed_network_is_refused(
        self, listener: Listener, address: str
    ) -> None:
        names = Names({"hooks.example": [[address], ["8.8.8.8", address]]})
        url = f"https://hooks.example:{listener.port}/hook"

        why = [await why_not(listener, url, resolve=names.resolve) for _ in range(2)]

        assert ["the address is forbidden"] * 2 == why
        assert ([], 0) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("url", FORBIDDEN_URLS)
    async def test_a_forbidden_form_is_refused_without_a_look_up(
        self, listener: Listener, url: str
    ) -> None:
        names = Names({"files.example": [["8.8.8.8"]]})

        assert await why_not(listener, url, resolve=names.resolve) in IN_VAIN
        assert ([], []) == (names.asked, listener.dialled)

    @pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
    async def test_a_public_address_is_dialled_as_it_was_judged(
        self, listener: Listener, address: str
    ) -> None:
        """The proof that the listener counts what arrives."""
        names = Names({"hooks.example": [[address], ["127.0.0.1"]]})

        await why_not(listener, f"https://hooks.example:{listener.port}/", resolve=names.resolve)

        assert ([address], 1) == (listener.dialled, listener.accepted)


class TestTheMessage:
    @pytest.mark.parametrize("url", ["ftp://hooks.example/", "file:///etc/passwd", "hooks", ""])
    def test_it_holds_http_addresses_only(self, url: str) -> None:
        with pytest.raises(ValidationError):
            ordered(url)


def ordered(url: str) -> NoReturn:
    DeliverWebhook(tenant="studio", url=SecretStr(url), event=ORDER.event)
    raise AssertionError("it was taken")
