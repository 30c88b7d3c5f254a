"""The pretended person finds the way through an invite site knowing nothing but the link."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from typer.testing import CliRunner

from simulator.control import SimulatorControl
from simulator.person.__main__ import app as command
from simulator.person.browser import JourneyError
from simulator.person.journey import Journey, PersonScenario
from simulator.scenario import Scenario
from simulator.server import _listening, serve
from simulator.world import World

CONSENT = (
    '<form method="post" action="/i/canary-token/start">'
    '<input type="hidden" name="csrf" value="c1">'
    '<label><input type="checkbox" name="agree" value="yes" required>I agree</label>'
    '<input type="checkbox" name="newsletter" value="yes">'
    "<button>Start</button></form>"
    '<form method="post" action="/i/canary-token/decline"><button>Decline</button></form>'
)


def page(heading: str, *, more: str = "", head: str = "", status: int = 200) -> HTMLResponse:
    text = f"<title>{heading}</title>{head}<h1>{heading}</h1><p>Hello there. And more.</p>{more}"
    return HTMLResponse(text, status)


@dataclass
class Site:
    """A small invite site over the pretended upstream."""

    upstream: str
    base_url: str = ""
    preparing: int = 0
    one_device: bool = False
    one_link_each_tap: bool = False
    form_action: str | None = None
    seen: list[httpx.Headers] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    h5_link: str | None = None
    callbacks: list[str] = field(default_factory=list)
    started: asyncio.Lock = field(default_factory=asyncio.Lock)
    device: str | None = None
    finished: int = 0

    def invite(self, request: Request) -> Response:
        self.seen.append(httpx.Headers(request.headers.raw))
        if self.callbacks and "resultCode=10000" in self.callbacks[-1]:
            return page("Thank you")
        if self.h5_link is not None:
            again = '<form method="post" action="/i/canary-token/finished"><button>I have finished'
            return page("Waiting for you", more=CONSENT + again + "</button></form>")
        answer = page("Welcome", more=CONSENT)
        if self.form_action is not None:
            answer.headers["Content-Security-Policy"] = f"form-action {self.form_action}"
        answer.set_cookie("visitor", "v1")
        return answer

    async def start(self, request: Request) -> Response:
        self.seen.append(httpx.Headers(request.headers.raw))
        self.forms.append({name: str(value) for name, value in (await request.form()).items()})
        async with self.started:
            if self.one_device and self.device is not None and "device" not in request.cookies:
                return page("In use on another device")
            if self.preparing:
                self.preparing -= 1
                return page(
                    "Preparing", more='<form method="post"><button>Continue</button></form>'
                )
            if self.h5_link is None or self.one_link_each_tap or self.callbacks:
                self.h5_link = await self.mint()
        self.device = "device"
        answer = RedirectResponse(self.h5_link, 303)
        answer.set_cookie("device", "d1")
        return answer

    async def mint(self) -> str:
        headers = {"Authorization": "Bearer k"}
        async with httpx.AsyncClient(base_url=self.upstream, headers=headers) as http:
            body = {"callback_url": f"{self.base_url}/callback/canary-callback"}
            made = await http.post("/v1/seedance2/real-avatar", json=body)
            task = await http.get(f"/v1/tasks/{made.json()['data']['id']}")
        link: str = task.json()["data"]["result"]["h5_link"]
        return link

    def app(self) -> FastAPI:
        site = FastAPI()
        site.get("/i/canary-token")(self.invite)
        site.post("/i/canary-token/start")(self.start)

        @site.get("/callback/canary-callback")
        async def callback(request: Request) -> Response:
            self.callbacks.append(request.url.query)
            return RedirectResponse("/i/canary-token/checking", 303)

        @site.get("/i/canary-token/checking")
        async def checking() -> Response:
            head = '<meta http-equiv="refresh" content="0; url=/i/canary-token">'
            return page("Checking", head=head)

        @site.post("/i/canary-token/finished")
        async def finished(agree: Annotated[str, Form()] = "") -> Response:
            self.finished += 1
            return page(f"Thank you for telling us{agree}")

        return site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    world = World(Scenario(session_s=0, ampersands="plain"))
    async with serve(world, h5_port=0) as upstream:
        site = Site(upstream)
        async with _listening(site.app(), host="127.0.0.1", port=0) as site.base_url:
            yield site


@pytest.fixture
async def upstream(site: Site) -> AsyncIterator[SimulatorControl]:
    async with SimulatorControl(site.upstream) as control:
        yield control


@dataclass
class Walk:
    sentence: str
    headings: list[str]
    said: list[str]


async def walk(site: Site, scenario: PersonScenario, *, timeout_s: float = 20) -> Walk:
    said: list[str] = []
    journey = Journey(f"{site.base_url}/i/canary-token", timeout_s=timeout_s, say=said.append)
    sentence = await asyncio.to_thread(journey.run, scenario)
    return Walk(sentence, journey.headings, said)


class TestPassing:
    async def test_the_person_agrees_passes_and_comes_back(self, site: Site) -> None:
        walked = await walk(site, PersonScenario.PASSES)

        assert ["Welcome", "Show that it is you", "Checking", "Thank you"] == walked.headings
        assert walked.sentence.endswith("led to “Thank you”.")
        assert 1 == len(site.callbacks)

    async def test_required_boxes_are_ticked_and_hidden_fields_kept(self, site: Site) -> None:
        await walk(site, PersonScenario.PASSES)

        assert [{"csrf": "c1", "agree": "yes"}] == site.forms

    async def test_requests_carry_a_browsers_headers(self, site: Site) -> None:
        await walk(site, PersonScenario.PASSES)

        opened, tapped, *_ = site.seen
        assert "none" == opened["sec-fetch-site"]
        assert "same-origin" == tapped["sec-fetch-site"]
        assert "navigate" == tapped["sec-fetch-mode"]
        assert site.base_url == tapped["origin"]
        assert f"{site.base_url}/i/canary-token" == tapped["referer"]
        assert "visitor=v1" == tapped["cookie"]

    async def test_a_preparing_page_is_waited_for(self, site: Site) -> None:
        site.preparing = 1

        walked = await walk(site, PersonScenario.PASSES)

        assert "Preparing" in walked.headings
        assert "Thank you" == walked.headings[-1]

    async def test_nothing_said_holds_a_token(self, site: Site) -> None:
        walked = await walk(site, PersonScenario.PASSES)

        text = " ".join([*walked.said, walked.sentence])
        for secret in ("canary", "/h5/", "http:"):
            assert secret not in text

    async def test_a_lost_way_back_is_found_by_the_link(
        self, site: Site, upstream: SimulatorControl
    ) -> None:
        await upstream.scenario(callback="lost")

        await walk(site, PersonScenario.PASSES)

        assert 1 == site.finished

    async def test_a_site_that_is_not_there_yet_is_waited_for(self, site: Site) -> None:
        late = Site(site.upstream)
        async with _listening(late.app(), host="127.0.0.1", port=0) as base_url:
            late.base_url = base_url
        journey = asyncio.create_task(walk(late, PersonScenario.PASSES))
        await asyncio.sleep(0.2)
        port = int(base_url.rpartition(":")[2])
        async with _listening(late.app(), host="127.0.0.1", port=port):
            walked = await journey

        assert "Thank you" == walked.headings[-1]


class TestOtherPeople:
    async def test_failing_comes_back_too(self, site: Site, upstream: SimulatorControl) -> None:
        walked = await walk(site, PersonScenario.FAILS)

        assert "Waiting for you" == walked.headings[-1]
        assert 1 == (await upstream.counts())["h5_failed"]

    async def test_one_who_failed_may_pass_the_second_time(
        self, site: Site, upstream: SimulatorControl
    ) -> None:
        await walk(site, PersonScenario.FAILS_THEN_PASSES)

        counts = await upstream.counts()
        assert (1, 1) == (counts["h5_failed"], counts["h5_passed"])

    async def test_one_who_abandons_opens_the_check_only(
        self, site: Site, upstream: SimulatorControl
    ) -> None:
        await walk(site, PersonScenario.ABANDONS)

        counts = await upstream.counts()
        assert 1 == counts["h5_opened"]
        assert "h5_passed" not in counts

    async def test_one_who_closes_the_page_never_comes_back(
        self, site: Site, upstream: SimulatorControl
    ) -> None:
        await walk(site, PersonScenario.CLOSES_AFTER_PASSING)

        assert 1 == (await upstream.counts())["h5_passed"]
        assert [] == site.callbacks

    async def test_two_taps_lead_to_one_check(self, site: Site, upstream: SimulatorControl) -> None:
        await walk(site, PersonScenario.TAPS_TWICE)

        assert 1 == (await upstream.counts())["session_created"]

    async def test_two_taps_with_two_checks_are_told(self, site: Site) -> None:
        site.one_link_each_tap = True

        with pytest.raises(JourneyError, match="two different checks"):
            await walk(site, PersonScenario.TAPS_TWICE)

    async def test_a_second_device_is_kept_out(self, site: Site) -> None:
        site.one_device = True

        walked = await walk(site, PersonScenario.TRIES_ANOTHER_DEVICE)

        assert "In use on another device" in walked.headings

    async def test_a_second_device_let_in_is_told(self, site: Site) -> None:
        with pytest.raises(JourneyError, match="second device"):
            await walk(site, PersonScenario.TRIES_ANOTHER_DEVICE)


class TestFailing:
    async def test_a_policy_that_stops_the_browser_stops_the_person(self, site: Site) -> None:
        site.form_action = "'self'"

        with pytest.raises(JourneyError, match="form-action"):
            await walk(site, PersonScenario.PASSES)

    @pytest.mark.parametrize("policy", ["'self' {h5}", "'self' http:", "*"])
    async def test_a_policy_that_names_the_check_lets_it_through(
        self, site: Site, policy: str
    ) -> None:
        h5 = (await site.mint()).partition("/h5/")[0]
        site.form_action = policy.format(h5=h5)

        assert "Thank you" == (await walk(site, PersonScenario.PASSES)).headings[-1]

    async def test_an_unknown_link_leads_nowhere(self, site: Site) -> None:
        journey = Journey(f"{site.base_url}/i/unknown", timeout_s=5, say=lambda _: None)

        with pytest.raises(JourneyError, match="leads nowhere"):
            await asyncio.to_thread(journey.run, PersonScenario.PASSES)

    async def test_the_time_given_ends_the_waiting(self) -> None:
        journey = Journey("http://127.0.0.1:9/i/x", timeout_s=0.5, say=lambda _: None)

        with pytest.raises(JourneyError, match="time given"):
            await asyncio.to_thread(journey.run, PersonScenario.PASSES)


class TestCommand:
    async def test_success_is_one_json_object_and_exit_0(self, site: Site) -> None:
        arguments = [f"{site.base_url}/i/canary-token", "--scenario", "fail", "--json"]

        ended = await asyncio.to_thread(CliRunner().invoke, command, arguments)

        told = json.loads(ended.stdout)
        assert (0, True, "fail") == (ended.exit_code, told["ok"], told["scenario"])
        assert "canary" not in ended.stdout

    async def test_failure_is_one_sentence_and_exit_1(self) -> None:
        arguments = ["http://127.0.0.1:9/i/canary", "--timeout-s", "0.1"]

        ended = await asyncio.to_thread(CliRunner().invoke, command, arguments)

        assert 1 == ended.exit_code
        assert "The journey failed: the time given for the journey was over.\n" == ended.stderr
        assert "waiting for 127.0.0.1…\n" == ended.stdout
        assert "canary" not in ended.output

    @pytest.mark.parametrize("typed", ["canary", "ftp://canary/i/x", "http://", "http://[canary"])
    def test_what_is_no_address_is_refused_at_once(self, typed: str) -> None:
        ended = CliRunner().invoke(command, [typed])

        assert (2, "") == (ended.exit_code, ended.stdout)
        assert ended.stderr.startswith("The link must be a whole http or https address")
        assert "canary" not in ended.stderr
