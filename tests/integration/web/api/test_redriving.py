"""Webhooks that did not arrive are seen and sent again over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from likeness.messages.conversation import DeliveryState
from likeness.rest.onboardings import Onboarding
from likeness.stages import Stage
from runtime.webhook_keys import new_secret, store_webhook_keys
from tests.integration.web.api.service import Service, until
from tests.workflows.receiver import Receiver, receiving

pytestmark = pytest.mark.server


@pytest.fixture
async def receiver(service: Service, tmp_path: Path) -> AsyncIterator[Receiver]:
    """A receiver that is down, for longer than anybody tries."""
    keys = tmp_path / "webhook.keys"
    store_webhook_keys(keys, {"default": [new_secret()]})
    async with receiving() as listening:
        listening.answer = lambda _: 503
        service.settings = service.settings.model_copy(
            update={
                "webhook_keys_file": keys,
                "webhook_allow": (listening.origin,),
                "webhook_retries_s": (0.1,),
            }
        )
        yield listening


def are(state: DeliveryState, seen: Onboarding) -> bool:
    return bool(seen.deliveries) and {state} == {each.state for each in seen.deliveries}


async def canceled(service: Service, receiver: Receiver) -> str:
    """End an onboarding; give the id."""
    api = service.caller()
    created = await service.create(api, webhook_url=receiver.url)
    onboarding: str = created["onboarding_id"]
    ended = await api.post(f"/onboardings/{onboarding}/cancel")
    assert 200 == ended.status_code, ended.text
    await until(api, onboarding, lambda seen: seen.stage is Stage.CANCELED)
    await until(api, onboarding, lambda seen: are(DeliveryState.UNDELIVERED, seen))
    return onboarding


class TestARedrive:
    async def test_sends_what_did_not_arrive_and_shows_what_becomes_of_it(
        self, service: Service, receiver: Receiver
    ) -> None:
        api = service.caller()
        async with service.working():
            onboarding = await canceled(service, receiver)
            receiver.answer = lambda _: 204

            answer = await api.post(f"/onboardings/{onboarding}/redrive")
            seen = await until(api, onboarding, lambda seen: are(DeliveryState.DELIVERED, seen))

        assert 202 == answer.status_code, answer.text
        assert not are(DeliveryState.UNDELIVERED, Onboarding.model_validate(answer.json()))
        assert ["onboarding.canceled"] == receiver.types
        assert [(1, 204)] == [(each.attempts, each.last_status) for each in seen.deliveries]

    async def test_is_taken_with_no_worker(self, service: Service, receiver: Receiver) -> None:
        api = service.caller()
        async with service.working():
            onboarding = await canceled(service, receiver)
        receiver.answer = lambda _: 204

        answer = await api.post(f"/onboardings/{onboarding}/redrive", json={"event_id": "1"})

        assert 202 == answer.status_code, answer.text
        assert are(DeliveryState.PENDING, Onboarding.model_validate(answer.json()))
        async with service.working():
            await receiver.until_got("onboarding.canceled")

    async def test_of_what_is_not_there_says_so(self, service: Service, receiver: Receiver) -> None:
        api = service.caller()
        async with service.working():
            onboarding = await canceled(service, receiver)

        answers = [
            await api.post(f"/onboardings/{onboarding}/redrive", json={"since_sequence": 2}),
            await api.post(f"/onboardings/{onboarding}/redrive", json={"event_id": "msg_x"}),
            await api.post("/onboardings/o-nobody/redrive"),
            await service.caller("other").post(f"/onboardings/{onboarding}/redrive"),
        ]

        assert [
            (409, "nothing_to_redrive"),
            (409, "nothing_to_redrive"),
            (404, "no_such_onboarding"),
            (404, "no_such_onboarding"),
        ] == [(answer.status_code, answer.json()["code"]) for answer in answers]

    async def test_names_the_events_one_way_only(self, service: Service) -> None:
        body = {"event_id": "1", "since_sequence": 1}

        answer = await service.caller().post("/onboardings/o-1/redrive", json=body)

        assert (422, "bad_input") == (answer.status_code, answer.json()["code"])


class TestTheETag:
    async def test_changes_with_what_becomes_of_a_webhook_after_the_end(
        self, service: Service, receiver: Receiver
    ) -> None:
        api = service.caller()
        async with service.working():
            onboarding = await canceled(service, receiver)
            missed = await api.get(f"/onboardings/{onboarding}")
            known = {"If-None-Match": missed.headers["ETag"]}
            same = await api.get(f"/onboardings/{onboarding}", headers=known)
            receiver.answer = lambda _: 204
            await api.post(f"/onboardings/{onboarding}/redrive")
            await until(api, onboarding, lambda seen: are(DeliveryState.DELIVERED, seen))

            other = await api.get(f"/onboardings/{onboarding}", headers=known)

        assert [200, 304, 200] == [each.status_code for each in (missed, same, other)]

    async def test_changes_too_where_what_had_arrived_is_sent_again(
        self, service: Service, receiver: Receiver
    ) -> None:
        api = service.caller()
        receiver.answer = lambda _: 204
        async with service.working():
            created = await service.create(api, webhook_url=receiver.url)
            onboarding: str = created["onboarding_id"]
            await api.post(f"/onboardings/{onboarding}/cancel")
            await until(api, onboarding, lambda seen: seen.ended_at is not None)
            arrived = await api.get(f"/onboardings/{onboarding}")
            receiver.answer = lambda _: 503
            await api.post(f"/onboardings/{onboarding}/redrive", json={"since_sequence": 1})

            await until(api, onboarding, lambda seen: are(DeliveryState.UNDELIVERED, seen))
            known = {"If-None-Match": arrived.headers["ETag"]}
            other = await api.get(f"/onboardings/{onboarding}", headers=known)

        assert are(DeliveryState.DELIVERED, Onboarding.model_validate(arrived.json()))
        assert [200, 200] == [arrived.status_code, other.status_code]
