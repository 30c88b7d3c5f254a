import asyncio
from typing import Any

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from likeness.failures import FailureCode
from likeness.rest.onboardings import Onboarding
from likeness.stages import Hold, Stage
from tests.integration.web.api.service import Service, shown, until

pytestmark = pytest.mark.server


async def ordered(
    api: httpx.AsyncClient, which: str, verb: str, body: dict[str, Any] | None = None
) -> Onboarding:
    answer = await api.post(f"/onboardings/{which}/{verb}", json=body)
    assert 200 == answer.status_code, answer.text
    return Onboarding.model_validate(answer.json())


async def updates_of(temporal: Client, which: str) -> int:
    history = await temporal.get_workflow_handle(f"likeness/default/{which}").fetch_history()
    accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    return [event.event_type for event in history.events].count(accepted)


class TestAnOrder:
    async def test_to_replace_a_refused_asset_goes_on_with_it(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api, "a", "refused")
            which = created["onboarding_id"]
            await service.pass_the_scan(created["invite_url"])
            held = await until(api, which, lambda now: now.hold)
            new = {"name": "asset-2", "url": f"{service.upstream_url}/portraits/b.jpg"}
            obeyed = await ordered(
                api, which, "replace_assets", {"assets": [new], "reason": "cropped"}
            )
            ended = await until(api, which, lambda now: now.ended_at)

        assert (Hold.NEEDS_ASSETS, None) == (held.hold, obeyed.hold)
        assert held.failure is not None
        assert FailureCode.TOO_FEW_USABLE_ASSETS is held.failure.code
        assert Stage.COMPLETED is ended.stage
        assert [("replace_assets", "key:shop", "cropped")] == [
            (each.verb, each.actor, each.reason) for each in ended.orders
        ]

    async def test_to_accept_fewer_goes_on_without_the_refused(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api, "a", "refused")
            which = created["onboarding_id"]
            await service.pass_the_scan(created["invite_url"])
            await until(api, which, lambda now: now.hold)
            await ordered(api, which, "accept_partial")
            ended = await until(api, which, lambda now: now.ended_at)

        assert Stage.COMPLETED is ended.stage

    async def test_to_cancel_ends_it_and_twice_is_once(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            canceled = await ordered(api, which, "cancel", {"reason": "a mistake"})
            again = await api.post(f"/onboardings/{which}/cancel")
            late = await api.post(f"/onboardings/{which}/revoke_link")

        assert Stage.CANCELED is canceled.stage
        assert again.status_code in {200, 409}
        assert (409, "already_ended") == (late.status_code, late.json()["code"])

    async def test_to_revoke_the_link_makes_another(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            await ordered(api, which, "revoke_link")
            given = await api.get(f"/onboardings/{which}/link")
            repeated = await service.create(api)

        assert created["invite_url"] != given.json()["invite_url"]
        assert given.json()["invite_url"] == repeated["invite_url"]

    async def test_to_extend_the_deadline_moves_it(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            before = await until(api, which, lambda now: now.detailed)
            after = await ordered(api, which, "extend_deadline", {"by_s": 3600})

        assert before.deadline is not None
        assert after.deadline is not None
        assert 3600 == round((after.deadline - before.deadline).total_seconds())

    async def test_that_the_run_refuses_is_a_conflict_with_its_code(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            answers = [
                await api.post(f"/onboardings/{which}/accept_partial"),
                await api.post(f"/onboardings/{which}/resolve", json={"resolution": "give_up"}),
                await api.post(f"/onboardings/{which}/check_now"),
            ]

        assert [
            (409, "nothing_to_replace"),
            (409, "nothing_to_resolve"),
            (409, "nothing_to_check"),
        ] == [(each.status_code, each.json()["code"]) for each in answers]

    async def test_given_five_times_at_once_is_one(
        self, service: Service, temporal: Client
    ) -> None:
        api = service.caller()
        created = await service.create(api)
        which = created["onboarding_id"]
        path = f"/onboardings/{which}/release_device"
        waiting = [asyncio.create_task(api.post(path)) for _ in range(5)]
        await asyncio.sleep(1)
        async with service.working():
            answers = await asyncio.gather(*waiting)
            now = await shown(api, which)

        assert [200] * 5 == [each.status_code for each in answers]
        assert 1 == await updates_of(temporal, which)
        assert ["release_device"] == [each.verb for each in now.orders]

    async def test_without_a_worker_is_503_and_may_be_repeated(self, service: Service) -> None:
        api = service.caller()
        created = await service.create(api)
        path = f"/onboardings/{created['onboarding_id']}/reset_attempts"
        away = await api.post(path)
        async with service.working():
            obeyed = await api.post(path)

        assert (503, "worker_away", "5") == (
            away.status_code,
            away.json()["code"],
            away.headers["retry-after"],
        )
        assert 200 == obeyed.status_code
