import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest
from temporalio.client import Client

from likeness.rest.onboardings import Onboarding
from likeness.stages import Stage
from tests.integration.web.api.service import Service

pytestmark = pytest.mark.server


@dataclass
class Told:
    name: str
    id: str
    onboarding: Onboarding


async def followed(
    api: httpx.AsyncClient, which: str, *, last_event_id: str = ""
) -> AsyncGenerator[Told]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    async with api.stream("GET", f"/onboardings/{which}/events", headers=headers) as answer:
        assert (200, "text/event-stream; charset=utf-8") == (
            answer.status_code,
            answer.headers["content-type"],
        )
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            fields[name] = value
            if not line and "data" in fields:
                onboarding = Onboarding.model_validate_json(fields["data"])
                yield Told(fields["event"], fields["id"], onboarding)
                fields = {}


async def all_told(api: httpx.AsyncClient, which: str) -> list[Told]:
    return [told async for told in followed(api, which)]


class TestFollowing:
    async def test_tells_a_whole_onboarding(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            following = asyncio.create_task(all_told(api, created["onboarding_id"]))
            await service.pass_the_scan(created["invite_url"])
            told = await following

        assert [*["onboarding"] * (len(told) - 1), "ended"] == [each.name for each in told]
        assert (Stage.INVITED, Stage.COMPLETED) == (
            told[0].onboarding.stage,
            told[-1].onboarding.stage,
        )
        assert len(told) == len({each.id for each in told})

    async def test_goes_on_after_the_last_event_without_a_repeat(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            first = await anext(followed(api, which))
            later = followed(api, which, last_event_id=first.id)
            coming = asyncio.ensure_future(anext(later))
            await asyncio.sleep(2)
            nothing_yet = not coming.done()
            await api.post(f"/onboardings/{which}/extend_deadline", json={"by_s": 60})
            second = await coming
            await later.aclose()

        assert nothing_yet
        assert first.onboarding.deadline != second.onboarding.deadline

    async def test_after_the_last_event_of_all_has_nothing_more(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api)
            which = created["onboarding_id"]
            await api.post(f"/onboardings/{which}/cancel")
            told = await all_told(api, which)
            again = await api.get(
                f"/onboardings/{which}/events", headers={"Last-Event-ID": told[-1].id}
            )

        assert ("ended", Stage.CANCELED) == (told[-1].name, told[-1].onboarding.stage)
        assert (204, b"") == (again.status_code, again.content)

    async def test_looks_once_at_a_time_however_many_follow(
        self, service: Service, temporal: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        created = await service.create(service.caller())
        which = created["onboarding_id"]
        many = [followed(service.caller(name=f"k-{n}"), which) for n in range(10)]
        firsts = await asyncio.gather(*(anext(each) for each in many))
        looks, at_once = 0, [0]
        describe = temporal.workflow_service.describe_workflow_execution

        async def counted(*args: object, **kwargs: object) -> object:
            nonlocal looks
            looks += 1
            at_once.append(at_once[-1] + 1)
            try:
                return await describe(*args, **kwargs)  # type: ignore[arg-type]
            finally:
                at_once.append(at_once[-1] - 1)

        monkeypatch.setattr(temporal.workflow_service, "describe_workflow_execution", counted)
        # Without a worker a look may take its time: the server lets few queries wait.
        while looks < 3:  # noqa: ASYNC110  # the watch tells nobody
            await asyncio.sleep(0.1)
        for each in many:
            await each.aclose()

        assert 1 == len({each.id for each in firsts})
        assert 1 == max(at_once)

    async def test_is_cut_when_the_process_leaves(self, service: Service) -> None:
        api = service.caller()
        created = await service.create(api)
        following = followed(api, created["onboarding_id"])
        first = await anext(following)
        service.deps.leaving.set()

        assert Stage.INVITED is first.onboarding.stage
        assert [] == [told async for told in following]

    async def test_has_twenty_places_for_each_key(self, service: Service) -> None:
        api = service.caller()
        created = await service.create(api)
        which = created["onboarding_id"]
        streams = [followed(api, which) for _ in range(20)]
        for each in streams:
            await anext(each)
        refused = await api.get(f"/onboardings/{which}/events")
        other = followed(service.caller(name="another"), which)
        let_in = await anext(other)
        for each in (*streams, other):
            await each.aclose()

        assert (429, "too_many_requests") == (refused.status_code, refused.json()["code"])
        assert "retry-after" in refused.headers
        assert which == let_in.onboarding.onboarding_id
