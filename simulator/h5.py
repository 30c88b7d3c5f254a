"""Serve the page where the person proves to be real, with buttons in place of a camera.

Rules: the link lives for a short while and dies with one attempt, passed or failed; the browser is
then redirected (GET) to the callback URL with five parameters
(https://docs.byteplus.com/en/docs/ModelArk/2333589).
"""

from enum import StrEnum
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from simulator.courier import send
from simulator.groups import make_group
from simulator.h5_pages import choice_page, dead_page, ended_page, waiting_page
from simulator.ledger import fingerprint
from simulator.scenario import CallbackMode
from simulator.world import Session, World

RESULT_PASSED = 10_000


class Outcome(StrEnum):
    """What the person does on the page."""

    PASSED = "pass"
    FAILED = "fail"
    LEFT = "leave"
    WRONG_PERSON = "wrong_person"


def h5_routes(world: World) -> APIRouter:
    """Return the routes of the person's page."""
    router = APIRouter()

    @router.get("/h5/{h5_code}")
    async def opened(request: Request, h5_code: str) -> Response:
        return open_link(world, h5_code, query=request.url.query)

    @router.post("/h5/{h5_code}")
    async def attempted(h5_code: str, outcome: Annotated[Outcome, Form()]) -> Response:
        session = world.sessions_by_code.get(h5_code)
        # A check begun in time may end after the link's own death, but not after the token's.
        if session is None or session.attempted or session.token_dies_at <= world.now():
            return dead_page()
        return attempt(world, session, outcome)

    @router.get("/h5/{h5_code}/return")
    async def returned(h5_code: str) -> Response:
        session = world.sessions_by_code.get(h5_code)
        if session is None or session.returns_to is None:
            return dead_page()
        if world.now() < session.returns_at:
            return waiting_page()
        return RedirectResponse(session.returns_to, status_code=302)

    return router


def open_link(world: World, h5_code: str, *, query: str) -> Response:
    """Show the check while its link lives; opening alone doesn't use it up."""
    session = world.sessions_by_code.get(h5_code)
    task_id = None if session is None else session.task_id
    if "u0026" in query:
        # A client handed out the link with its ampersands still escaped.
        world.person("h5_link_broken", task_id)
        return dead_page()
    if session is None or session.attempted or session.link_dies_at <= world.now():
        world.person("h5_found_dead", task_id)
        return dead_page()
    world.person("h5_opened", task_id, token=fingerprint(session.byted_token))
    return choice_page(h5_code)


def attempt(world: World, session: Session, outcome: Outcome) -> Response:
    """Let the person pass, fail or leave; the link is dead afterwards unless the person left."""
    if outcome is Outcome.LEFT:
        world.person("h5_left", session.task_id)
        return ended_page("You left the check", "Nothing was decided. You may close this page.")
    session.attempted = True
    passed = outcome is not Outcome.FAILED
    world.person("h5_passed" if passed else "h5_failed", session.task_id)
    if passed:
        make_group(world, session, someone_else=outcome is Outcome.WRONG_PERSON)
        session.group_known_at = world.now() + _lag_s(world)
    return _way_back(world, session, url=callback_with_result(world, session, passed=passed))


def _lag_s(world: World) -> float:
    scenario = world.scenario
    if scenario.callback is CallbackMode.BEFORE_RESULT:
        return max(scenario.result_lag_s, scenario.callback_delay_s)
    return scenario.result_lag_s


def callback_with_result(world: World, session: Session, *, passed: bool) -> str:
    """Return the callback URL with the five parameters appended to what it had."""
    result = _result(world, session, passed=passed)
    parts = urlsplit(session.callback_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *result.items()])
    return urlunsplit(parts._replace(query=query))


def _result(world: World, session: Session, *, passed: bool) -> dict[str, str]:
    result = {
        "resultCode": str(RESULT_PASSED if passed else world.scenario.fail_code),
        "algorithmBaseRespCode": "0" if passed else "1",
        "reqMeasureInfoValue": "1",
        "verify_type": "real_time",
    }
    if passed or world.scenario.token_on_failure:
        return {"bytedToken": session.byted_token, **result}
    return result


def _way_back(world: World, session: Session, *, url: str) -> Response:
    match world.scenario.callback:
        case CallbackMode.LOST:
            return ended_page("All done", "You may close this page now.")
        case CallbackMode.POST:
            world.courier.start(_post_callback(world, session, url=url))
            return ended_page("All done", "The result is on its way.")
        case CallbackMode.LATE:
            session.returns_to = url
            session.returns_at = world.now() + world.scenario.callback_delay_s
            return waiting_page(f"/h5/{session.h5_code}/return")
        case CallbackMode.DUPLICATED:
            world.courier.start(_get_callback(world, session, url=url))
            return RedirectResponse(url, status_code=302)
        case _:
            return RedirectResponse(url, status_code=302)


async def _get_callback(world: World, session: Session, *, url: str) -> None:
    status = await send(httpx.Request("GET", url))
    world.effect("callback_repeated", session.task_id, answer=status)


async def _post_callback(world: World, session: Session, *, url: str) -> None:
    fields = dict(parse_qsl(urlsplit(url).query))
    if world.scenario.callback_body == "json":
        request = httpx.Request("POST", session.callback_url, json=fields)
    else:
        request = httpx.Request("POST", session.callback_url, data=fields)
    status = await send(request)
    world.effect("callback_posted", session.task_id, answer=status)
