"""The person's pages over the real workflows and steps; only the upstream is pretended."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from likeness.ids import onboarding_workflow_id, receipt_key
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.messages.person import Erase
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.people import PersonStands, describe_person, erase_person
from runtime.h5_hosts import H5Hosts
from runtime.links import InviteToken, LinkSealer
from runtime.receipts import ReceiptSigner, verify
from runtime.settings import WorkerSettings
from simulator.scenario import PRESETS
from simulator.server import serve
from simulator.world import World
from tests.integration.web.conftest import LINK_KEYS
from tests.unit.web.reading import read, refresh_path
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.videos import TemporalVideos
from worker import receipts_signed_by, workers

pytestmark = pytest.mark.server

BASE = "https://likeness.example"
QUICK = OnboardingPolicy(
    look_delays_s=(0.1, 0.4, 0.8), poll_interval_s=0.2, deadline_s=600, cooldown_s=0
)
SIGNER = ReceiptSigner.of(LINK_KEYS)


INVITE = InviteToken(tenant="default", onboarding="ob-1", person="p-1", link=1)


@dataclass
class House:
    """Worker, pages and upstream; every browser is another device."""

    temporal: Client
    world: World
    settings: WorkerSettings
    app: httpx.ASGITransport
    invite: str

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.app, base_url=BASE)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            hosted = workers(
                self.settings,
                self.temporal,
                sealer=LinkSealer.of(LINK_KEYS),
                signed=receipts_signed_by(SIGNER),
            )
            for worker in await stack.enter_async_context(hosted):
                await stack.enter_async_context(worker)
            yield

    async def forget_onboarding(self) -> None:
        """Delete the run and its history, as the end of the namespace's retention does."""
        workflow_id = onboarding_workflow_id("default", "ob-1")
        await self.temporal.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=self.temporal.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            )
        )


@pytest.fixture
async def house(temporal: Client, tmp_path: Path) -> AsyncIterator[House]:
    async def connected(_: float) -> Client:
        return temporal

    world, links = World(PRESETS["quick"]), LinkSealer.of(LINK_KEYS)
    async with serve(world) as upstream_url:
        settings = WorkerSettings(
            apimart_api_key=SecretStr("sk-test-canary"),
            apimart_base_url=upstream_url,
            h5_hosts=(upstream_url,),
            fetch_allow=(upstream_url,),
            upstream_rps=200,
            archive_url=(tmp_path / "archive").as_uri(),
            public_base_url=BASE,
        )
        deps = PublicDeps(
            onboardings=TemporalOnboardings(connected),
            people=TemporalPeople(connected),
            videos=TemporalVideos(connected),
            links=links,
            forms=FormSeals.of(LINK_KEYS),
            receipts=SIGNER,
            h5_hosts=H5Hosts.of([upstream_url]),
            token_ttl_s=1800,
            base_url=BASE,
        )
        app = httpx.ASGITransport(app=public_app(deps))
        picture = AssetRequest(name="one", url=SecretStr(f"{upstream_url}/portraits/a.jpg"))
        request = OnboardingRequest(onboarding="ob-1", person="p-1", assets=(picture,))
        order = OnboardingInput(request=request, policy=QUICK)
        await start_onboarding(temporal, order, task_queue=settings.task_queue)
        invite = f"/i/{links.seal_invite(INVITE)}"
        yield House(temporal=temporal, world=world, settings=settings, app=app, invite=invite)


async def tapped(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    form = read(await browser.get(path)).form_to("/start")
    return await browser.post(form.action, data=form.fields)


async def answered(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    form = read(await browser.get(path)).form_to(path.rpartition("/")[2])
    return await browser.post(form.action, data=form.fields)


async def scanned(response: httpx.Response, outcome: str) -> str:
    """Go through the check that a tap has led to; gives the path it sends the browser back to."""
    link = response.headers["location"]
    async with httpx.AsyncClient(trust_env=False, timeout=10) as phone:
        (await phone.get(link)).raise_for_status()
        done = await phone.post(link.partition("?")[0], data={"outcome": outcome})
    back = urlsplit(done.headers["location"])
    return f"{back.path}?{back.query}"


async def settled(browser: httpx.AsyncClient, path: str, *pages: str) -> httpx.Response:
    """Look at a page until it is one of ``pages``."""
    async with asyncio.timeout(30):
        while True:
            response = await browser.get(path)
            if read(response).page in pages:
                return response
            await asyncio.sleep(0.1)


async def passed(browser: httpx.AsyncClient, house: House) -> None:
    callback = await scanned(await tapped(browser, house.invite), "pass")
    coming = await browser.get(callback)
    await settled(browser, coming.headers["location"], "done", "finished")


class TestPassing:
    async def test_from_the_link_to_a_receipt_that_anybody_can_check(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            await passed(phone, house)
            finished = await settled(phone, house.invite, "finished")
            receipt = await phone.get(f"{house.invite}/receipt")
        kept = Path(urlsplit(house.settings.archive_url).path) / receipt_key(
            "default", "p-1", "ob-1"
        )

        assert read(finished).leads_to("/receipt")
        assert verify(receipt.content, SIGNER.public_keys()[LINK_KEYS.write.id])
        assert json.loads(receipt.content) == json.loads(kept.read_bytes())

    async def test_a_computer_follows_the_phone(self, house: House) -> None:
        async with house.working(), house.browser() as phone, house.browser() as computer:
            computer.headers["Sec-CH-UA-Mobile"] = "?0"
            shown = await computer.get(house.invite)
            tap = await tapped(phone, house.invite)
            begun = await computer.get(refresh_path(shown))
            await phone.get(await scanned(tap, "pass"))
            done = await settled(computer, refresh_path(begun), "done", "finished")

        assert ("handoff", "handoff") == (read(shown).page, read(begun).page)
        assert "opened on a phone" in begun.text
        assert 200 == done.status_code


class TestNotPassing:
    async def test_the_reason_is_told_and_one_tap_tries_again(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            callback = await scanned(await tapped(phone, house.invite), "fail")
            coming = await phone.get(callback)
            path = coming.headers["location"]
            shown = await settled(phone, path, "not_passed", "try_again")
            form = read(shown).form_to("/start")
            again = await phone.post(form.action, data=form.fields)

        assert "You can try 4 more times." in shown.text
        assert (False, 303) == (form.has_box, again.status_code)

    async def test_another_device_is_told_and_may_take_over(self, house: House) -> None:
        async with house.working(), house.browser() as first, house.browser() as second:
            one = await tapped(first, house.invite)
            refused = await tapped(second, house.invite)
            form = read(refused).form_to("/start")
            other = await second.post(form.action, data=form.fields)
            back = await tapped(first, house.invite)

        assert (303, "other_device", 303) == (
            one.status_code,
            read(refused).page,
            other.status_code,
        )
        assert one.headers["location"] != other.headers["location"]
        assert "other_device" == read(back).page

    async def test_a_lost_callback_is_made_up_for_by_the_button(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            await scanned(await tapped(phone, house.invite), "pass")
            form = read(await phone.get(house.invite)).form_to("/finished")
            told = await phone.post(form.action, data=form.fields)
            done = await settled(phone, told.headers["location"], "done", "finished")

        assert 200 == done.status_code


class TestSayingNo:
    async def test_a_no_ends_the_run_and_stays(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            said = await answered(phone, f"{house.invite}/decline")
            later = await phone.get(house.invite)

        assert ("declined", "declined") == (read(said).page, read(later).page)
        assert 0 == sum(entry.name == "session_created" for entry in house.world.ledger.entries)

    async def test_without_a_worker_it_is_not_lost_in_silence(self, house: House) -> None:
        async with house.browser() as phone:
            said = await answered(phone, f"{house.invite}/decline")

        assert (503, "away") == (said.status_code, read(said).page)
        assert f"{house.invite}/decline" == refresh_path(said)


class TestWithdrawing:
    async def test_it_is_told_to_the_person_and_outlives_the_history(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            await passed(phone, house)
            await settled(phone, house.invite, "finished")
            said = await answered(phone, f"{house.invite}/withdraw")
            later = await phone.get(house.invite)
            person = await describe_person(house.temporal, "default", "p-1")
            await house.forget_onboarding()
            old = await settled(phone, house.invite, "withdrawn")
            receipt = await phone.get(f"{house.invite}/receipt")

        assert ("withdrawn", "withdrawn") == (read(said).page, read(later).page)
        assert PersonStands.WITHDRAWN is person.stands
        assert not read(old).leads_to("/withdraw")
        assert "ob-1" == receipt.json()["onboarding"]

    async def test_an_old_link_takes_it_and_tells_an_erasure(self, house: House) -> None:
        async with house.working(), house.browser() as phone:
            await passed(phone, house)
            await settled(phone, house.invite, "finished")
            await house.forget_onboarding()
            old = await settled(phone, house.invite, "finished")
            said = await answered(phone, f"{house.invite}/withdraw")
            await erase_person(house.temporal, "default", "p-1", Erase())
            erased = await settled(phone, house.invite, "erased")

        assert read(old).leads_to("/withdraw")
        assert "withdrawn" == read(said).page
        assert not read(erased).leads_to("/receipt")
