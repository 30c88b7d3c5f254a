import asyncio

import pytest
from temporalio.client import Client

from likeness.stages import Stage, WaitingFor
from tests.integration.web.api.service import BASE, Service, runs_counted, shown, until

pytestmark = pytest.mark.server


class TestTheHappyPath:
    async def test_runs_over_http_alone(self, service: Service) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api, video={"prompt": "She waves."})
            which = created["onboarding_id"]
            invited = await shown(api, which)
            await service.pass_the_scan(created["invite_url"])
            ended = await until(api, which, lambda now: now.ended_at)

        assert created["invite_url"].startswith(f"{BASE}/i/")
        assert (Stage.INVITED, WaitingFor.PERSON) == (invited.stage, invited.waiting_for)
        assert (Stage.COMPLETED, "p-1", True) == (ended.stage, ended.person, ended.detailed)
        assert ended.video is not None
        assert ended.video.key is not None
        assert ended.group_id is not None

    async def test_is_told_without_a_worker(self, service: Service) -> None:
        api = service.caller()
        created = await service.create(api)
        now = await shown(api, created["onboarding_id"])

        assert (Stage.INVITED, False, "p-1") == (now.stage, now.detailed, now.person)


class TestCreating:
    async def test_answers_where_it_is_shown(self, service: Service) -> None:
        api = service.caller()
        answer = await api.post(
            "/onboardings", json=service.body(), headers={"Idempotency-Key": "order-1"}
        )

        which = answer.json()["onboarding_id"]
        assert (202, f"/v1/onboardings/{which}") == (
            answer.status_code,
            answer.headers["location"],
        )

    async def test_twenty_times_at_once_is_one_run_and_one_answer(
        self, service: Service, temporal: Client
    ) -> None:
        apis = [service.caller() for _ in range(20)]
        answers = await asyncio.gather(*(service.create(api) for api in apis))
        runs = await runs_counted(temporal, "WorkflowType = 'OnboardPerson'", at_least=1)

        assert [answers[0]] * 20 == answers
        assert 1 == runs

    async def test_with_another_body_is_another_wish(self, service: Service) -> None:
        api = service.caller()
        await service.create(api)
        answer = await api.post(
            "/onboardings", json=service.body("b"), headers={"Idempotency-Key": "order-1"}
        )

        assert (409, "different_request") == (answer.status_code, answer.json()["code"])

    async def test_under_one_key_of_two_tenants_is_two_onboardings(self, service: Service) -> None:
        ours = await service.create(service.caller())
        theirs = await service.create(service.caller("other"))

        assert ours["onboarding_id"] != theirs["onboarding_id"]

    async def test_is_of_the_keys_tenant_alone(self, service: Service) -> None:
        created = await service.create(service.caller())
        which = created["onboarding_id"]
        foreign = service.caller("other")
        answers = [
            await foreign.get(f"/onboardings/{which}"),
            await foreign.get(f"/onboardings/{which}/link"),
            await foreign.get(f"/onboardings/{which}/events"),
            await foreign.post(f"/onboardings/{which}/cancel"),
        ]

        assert [(404, "no_such_onboarding")] * 4 == [
            (each.status_code, each.json()["code"]) for each in answers
        ]


class TestShowing:
    async def test_is_304_for_who_has_it_already(self, service: Service) -> None:
        api = service.caller()
        created = await service.create(api)
        path = f"/onboardings/{created['onboarding_id']}"
        brief = await api.get(path)
        again = await api.get(path, headers={"If-None-Match": brief.headers["etag"]})
        async with service.working():
            await until(api, created["onboarding_id"], lambda now: now.detailed)
            whole = await api.get(path, headers={"If-None-Match": brief.headers["etag"]})
            known = await api.get(path, headers={"If-None-Match": whole.headers["etag"]})
            await api.post(f"{path}/extend_deadline", json={"by_s": 60})
            changed = await api.get(path, headers={"If-None-Match": whole.headers["etag"]})

        assert [304, 200, 304, 200] == [each.status_code for each in (again, whole, known, changed)]
        assert b"" == known.content

    async def test_tells_an_end_from_outside(self, service: Service, temporal: Client) -> None:
        api = service.caller()
        created = await service.create(api)
        which = created["onboarding_id"]
        await temporal.get_workflow_handle(f"likeness/default/{which}").terminate()
        now = await shown(api, which)

        assert (Stage.CANCELED, "Temporal says terminated") == (
            now.stage,
            now.failure.detail if now.failure else None,
        )
