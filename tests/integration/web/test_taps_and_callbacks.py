import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from runtime.links import LinkSealer
from tests.integration.web.conftest import PERSON, AgedClock, PretendedSteps
from tests.unit.web.reading import read, refresh_path

pytestmark = pytest.mark.server

Working = Callable[[], AbstractAsyncContextManager[None]]
LINK = "https://h5.example/scan/1"


async def form_at(browser: httpx.AsyncClient, path: str) -> dict[str, str]:
    return read(await browser.get(path)).fields


async def signals_of(temporal: Client, workflow_id: str) -> int:
    history = await temporal.get_workflow_handle(workflow_id).fetch_history()
    kinds = [event.event_type for event in history.events]
    return kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)


@pytest.mark.usefixtures("started")
class TestTap:
    async def test_a_tap_leads_to_the_camera_check(
        self, browser: httpx.AsyncClient, invite: str, working: Working
    ) -> None:
        async with working():
            response = await browser.post(f"{invite}/start", data=await form_at(browser, invite))
            later = await browser.get(invite)

        assert (303, LINK) == (response.status_code, response.headers["location"])
        assert "try_again" == read(later).page

    async def test_a_double_tap_and_two_tabs_are_one_session(
        self,
        browser: httpx.AsyncClient,
        invite: str,
        working: Working,
        steps: PretendedSteps,
    ) -> None:
        async with working():
            tabs = [await form_at(browser, invite) for _ in range(2)]
            taps = [browser.post(f"{invite}/start", data=tabs[0]) for _ in range(2)]
            answers = await asyncio.gather(*taps)
            answers.append(await browser.post(f"{invite}/start", data=tabs[1]))

        assert {LINK} == {answer.headers["location"] for answer in answers}
        assert 1 == len(steps.sessions)

    async def test_the_page_needs_no_worker(self, browser: httpx.AsyncClient, invite: str) -> None:
        response = await browser.get(invite)

        assert (200, "invite") == (response.status_code, read(response).page)

    async def test_a_tap_goes_on_by_itself_when_the_worker_comes_in_time(
        self, browser: httpx.AsyncClient, invite: str, working: Working, steps: PretendedSteps
    ) -> None:
        response = await browser.post(f"{invite}/start", data=await form_at(browser, invite))
        assert "preparing" == read(response).page

        async with working():
            while path := refresh_path(response):
                response = await browser.get(path)
            assert "ready" == read(response).page
            response = await browser.post(read(response).action)

        assert (303, LINK) == (response.status_code, response.headers["location"])
        assert 1 == len(steps.sessions)

    async def test_a_tap_while_no_worker_ran_opens_no_session_later(
        self,
        browser: httpx.AsyncClient,
        invite: str,
        working: Working,
        steps: PretendedSteps,
        clock: AgedClock,
    ) -> None:
        clock.behind_s = 14
        response = await browser.post(f"{invite}/start", data=await form_at(browser, invite))
        assert "preparing" == read(response).page
        await asyncio.sleep(1.5)

        async with working():
            while path := refresh_path(response):
                response = await browser.get(path)
            # A tap that comes after it in the same queue proves that the old one has been seen.
            clock.behind_s = 0
            fresh = await browser.post(f"{invite}/start", data=await form_at(browser, invite))

        assert "invite" == read(response).page
        assert "came too late" in response.text
        assert LINK == fresh.headers["location"]
        assert 1 == len(steps.sessions)

    async def test_a_tap_the_server_never_saw_offers_start_again(
        self, browser: httpx.AsyncClient, invite: str, clock: AgedClock
    ) -> None:
        tap = f"tap-{'A' * 22}-{int(clock() // 15)}"
        response = await browser.get(f"{invite}/preparing/{tap}")

        assert (200, "invite") == (response.status_code, read(response).page)

    async def test_another_person_or_link_number_is_not_this_invitation(
        self, browser: httpx.AsyncClient, links: LinkSealer
    ) -> None:
        for changed in ({"person": "p-2"}, {"link": 2}):
            token = links.seal_invite(PERSON.model_copy(update=changed))
            assert 404 == (await browser.get(f"/i/{token}")).status_code

    async def test_an_onboarding_that_was_never_started_is_over(
        self, browser: httpx.AsyncClient, links: LinkSealer
    ) -> None:
        token = links.seal_invite(PERSON.model_copy(update={"onboarding": "never"}))

        assert "over" == read(await browser.get(f"/i/{token}")).page


class TestCallback:
    async def test_with_no_worker_it_is_kept_and_looked_at_later(
        self,
        browser: httpx.AsyncClient,
        invite: str,
        callback: str,
        *,
        temporal: Client,
        started: str,
        working: Working,
        steps: PretendedSteps,
    ) -> None:
        async with working():
            await browser.post(f"{invite}/start", data=await form_at(browser, invite))
        response = await browser.get(f"{callback}?resultCode=10000&bytedToken=canary")

        assert 303 == response.status_code
        assert 1 == await signals_of(temporal, started)
        assert "checking" == read(await browser.get(response.headers["location"])).page

        async with working(), asyncio.timeout(30):
            await steps.asked.wait()

    async def test_an_ended_run_takes_none_and_the_page_tells_its_end(
        self, browser: httpx.AsyncClient, temporal: Client, started: str, callback: str
    ) -> None:
        await temporal.get_workflow_handle(started).terminate()
        response = await browser.get(callback)
        page = await browser.get(response.headers["location"])

        assert 303 == response.status_code
        assert "canceled" == read(page).page
        assert 0 == await signals_of(temporal, started)
