import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from likeness.messages.onboarding import AssetRequest, OnboardingInput, OnboardingRequest
from likeness.temporal.onboardings import start_onboarding
from tests.integration.web.api.service import Service
from web.api import cursors

pytestmark = pytest.mark.server

Page = dict[str, Any]


async def begun(temporal: Client, *names: str, tenant: str = "default") -> None:
    """Start runs that nobody works at."""
    asset = AssetRequest(name="one", url=SecretStr("https://assets.example/canary.jpg"))
    for name in names:
        request = OnboardingRequest(tenant=tenant, onboarding=name, person="p-1", assets=(asset,))
        await start_onboarding(temporal, OnboardingInput(request=request), task_queue="nobody")


async def ended(temporal: Client, *names: str) -> None:
    for name in names:
        await temporal.get_workflow_handle(f"likeness/default/{name}").terminate()


async def page(api: httpx.AsyncClient, **asked: Any) -> Page:
    answer = await api.get("/onboardings", params=asked)
    assert 200 == answer.status_code, answer.text
    found: Page = answer.json()
    return found


def ids(found: Page) -> list[str]:
    return [each["onboarding_id"] for each in found["onboardings"]]


async def walked(api: httpx.AsyncClient, **asked: Any) -> AsyncIterator[Page]:
    found = await page(api, **asked)
    yield found
    while found["next_cursor"]:
        found = await page(api, **asked, cursor=found["next_cursor"])
        yield found


async def settled(api: httpx.AsyncClient, count: int, **asked: Any) -> Page:
    """Wait until the list has caught up."""
    return await until(
        lambda: page(api, limit=100, **asked), lambda found: count == len(ids(found))
    )


async def until(look: Callable[[], Awaitable[Page]], is_it: Callable[[Page], bool]) -> Page:
    while True:
        found = await look()
        if is_it(found):
            return found
        await asyncio.sleep(0.05)


class TestAWalk:
    async def test_meets_each_of_sixty_once(self, service: Service, temporal: Client) -> None:
        api = service.caller()
        names = [f"o-{n:02}" for n in range(60)]
        await begun(temporal, *names)
        await begun(temporal, "foreign", tenant="default2")
        await ended(temporal, *names[10:30])
        await settled(api, 20, stage="canceled")
        pages = [ids(each) async for each in walked(api, limit=7)]

        met = [name for each in pages for name in each]
        assert [7] * 8 + [4] == [len(each) for each in pages]
        assert sorted(names) == sorted(met)
        # Ten seconds are not over, so that those which ended count as open when the walk began.
        assert names[::-1] == met

    async def test_tells_the_ended_after_those_under_way(
        self, service: Service, temporal: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("likeness.temporal.paging._SETTLED", timedelta(0))
        api = service.caller()
        await begun(temporal, "one", "two", "three", "four", "five")
        await ended(temporal, "four", "two", "five")
        await settled(api, 3, stage="canceled")
        pages = [ids(each) async for each in walked(api, limit=2)]

        assert [["three", "one"], ["five", "two"], ["four"]] == pages

    async def test_meets_nothing_twice_whatever_ends_or_begins_meanwhile(
        self, service: Service, temporal: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("likeness.temporal.paging._SETTLED", timedelta(0))
        api = service.caller()
        names = [f"o-{n:02}" for n in range(20)]
        await begun(temporal, *names)
        await ended(temporal, *names[:4])
        await settled(api, 4, stage="canceled")
        met: list[str] = []
        async for found in walked(api, limit=3):
            met += ids(found)
            # One that was met, and one that was not.
            going = [name for name in (names[-len(met)], names[4 + len(met) // 3]) if name]
            for name in dict.fromkeys(going):
                if await is_open(temporal, name):
                    await ended(temporal, name)
            await begun(temporal, f"new-{len(met)}")
            await asyncio.sleep(0.2)

        assert names[:3:-1] + names[3::-1] == met

    async def test_ends_where_the_last_page_is_full(
        self, service: Service, temporal: Client
    ) -> None:
        api = service.caller()
        await begun(temporal, "one", "two", "three", "four")
        await settled(api, 4)
        pages = [ids(each) async for each in walked(api, limit=2)]

        assert [["four", "three"], ["two", "one"]] == pages


async def is_open(temporal: Client, name: str) -> bool:
    run = await temporal.get_workflow_handle(f"likeness/default/{name}").describe()
    return run.close_time is None


class TestTheFilters:
    async def test_find_a_stage_as_it_is_shown(self, service: Service, temporal: Client) -> None:
        api = service.caller()
        await begun(temporal, "one", "two", "three")
        await ended(temporal, "two")
        canceled = await settled(api, 1, stage="canceled")
        invited = await page(api, stage="invited")

        assert (["two"], ["three", "one"]) == (ids(canceled), ids(invited))
        assert "canceled" == canceled["onboardings"][0]["stage"]
        assert [] == ids(await page(api, stage="completed"))

    async def test_find_what_holds(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api, "refused", key="held")
            await service.create(api, key="free")
            await service.pass_the_scan(created["invite_url"])
            held = await settled(api, 1, hold="needs_assets")

        line = held["onboardings"][0]
        assert [created["onboarding_id"]] == ids(held)
        assert ("in_review", "needs_assets", "too_few_usable_assets", "caller", "p-1") == (
            line["stage"],
            line["hold"],
            line["reason"],
            line["waiting_for"],
            line["person"],
        )
        assert [] == ids(await page(api, hold="needs_operator"))

    async def test_find_a_time(self, service: Service, temporal: Client) -> None:
        api = service.caller()
        await begun(temporal, "one", "two")
        found = await settled(api, 2)
        later = found["onboardings"][0]["started_at"]

        assert ["two"] == ids(await page(api, started_after=later))
        assert ["one"] == ids(await page(api, started_before=later))
        assert 2 == len(ids(await page(api, started_after="0001-01-01T00:00:00+14:00")))
        assert 2 == len(ids(await page(api, started_before="9999-12-31T23:59:59-14:00")))

    async def test_show_one_tenant_nothing_of_another(
        self, service: Service, temporal: Client
    ) -> None:
        await begun(temporal, "one", tenant="a-b")
        await begun(temporal, "two", tenant="a_b")
        await settled(service.caller("a-b"), 1)

        assert ["one"] == ids(await page(service.caller("a-b")))
        assert ["two"] == ids(await page(service.caller("a_b")))


class TestACursor:
    async def test_goes_on_in_its_own_list_alone(self, service: Service, temporal: Client) -> None:
        api = service.caller()
        await begun(temporal, "one", "two")
        await settled(api, 2)
        cursor = (await page(api, limit=1))["next_cursor"]
        middle = len(cursor) // 2
        bent = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
        answers = [
            await api.get("/onboardings", params={"cursor": cursor}),
            await api.get("/onboardings", params={"cursor": cursor, "stage": "invited"}),
            await service.caller("other").get("/onboardings", params={"cursor": cursor}),
            await api.get("/onboardings", params={"cursor": bent}),
            await api.get("/onboardings", params={"cursor": ""}),
            await api.get("/onboardings", params={"cursor": "x" * 1001}),
        ]

        assert [200, 422, 422, 422, 422, 422] == [each.status_code for each in answers]
        assert ["query.cursor"] * 5 == [each.json()["errors"][0]["field"] for each in answers[1:]]

    async def test_lasts_an_hour(
        self, service: Service, temporal: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api = service.caller()
        await begun(temporal, "one", "two")
        await settled(api, 2)
        cursor = (await page(api, limit=1))["next_cursor"]

        class Later(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                del tz
                return datetime.now(UTC) + timedelta(minutes=61)

        monkeypatch.setattr(cursors, "datetime", Later)
        answer = await api.get("/onboardings", params={"cursor": cursor})

        assert 422 == answer.status_code
