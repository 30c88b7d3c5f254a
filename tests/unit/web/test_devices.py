import asyncio
import re

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.messages.conversation import OpenOutcome, SessionOpened
from likeness.stages import Stage
from tests.unit.web.pretended import H5_LINK, Clock, PretendedRuns, details, glance, opened
from tests.unit.web.reading import read, refresh_path
from web.calls import RefusedByRunError, UpdateUnderWayError
from web.devices import told_apart


async def form_at(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    return read(await client.get(path)).form_to("/start").fields


async def tapped(client: httpx.AsyncClient, invite: str) -> httpx.Response:
    return await client.post(f"{invite}/start", data=await form_at(client, invite))


class TestCookie:
    async def test_a_tap_leaves_a_secret_of_the_browsers_own(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await tapped(client, invite)
        cookie = response.headers["set-cookie"]
        (secret,) = re.findall(r"^device=([A-Za-z0-9_-]{43});", cookie)

        assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/i;"))
        assert [told_apart(secret)] == [tap.device for tap in runs.taps.values()]

    async def test_the_same_browser_is_the_same_device(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        for _ in range(3):
            await tapped(client, invite)

        assert (3, 1) == (len(runs.taps), len({tap.device for tap in runs.taps.values()}))

    async def test_another_browser_is_another_device(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        for _ in range(2):
            await tapped(client, invite)
            client.cookies.clear()

        assert 2 == len({tap.device for tap in runs.taps.values()})

    async def test_a_double_tap_without_a_cookie_is_one_device(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        form = await form_at(client, invite)
        answers = await asyncio.gather(
            *(client.post(f"{invite}/start", data=form) for _ in range(3))
        )

        assert 1 == len({answer.headers["set-cookie"] for answer in answers})

    @pytest.mark.parametrize("secret", ["", "x", "d" * 44, "d" * 42 + "!", "ü" * 43])
    async def test_a_cookie_that_is_none_of_ours_is_replaced(
        self, client: httpx.AsyncClient, invite: str, secret: str
    ) -> None:
        form = await form_at(client, invite)
        response = await client.post(
            f"{invite}/start", data=form, headers={b"Cookie": f"device={secret}".encode()}
        )

        assert f"device={secret};" not in response.headers["set-cookie"]
        assert H5_LINK == response.headers["location"]

    async def test_looking_holds_no_device(self, client: httpx.AsyncClient, invite: str) -> None:
        for path in ("", "/again", "/state", "/decline"):
            assert "set-cookie" not in (await client.get(f"{invite}{path}")).headers


class TestOtherDevice:
    REFUSALS = (
        RefusedByRunError(FailureCode.OTHER_DEVICE),
        SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=FailureCode.OTHER_DEVICE),
    )

    @pytest.mark.parametrize("refusal", REFUSALS)
    async def test_a_check_open_elsewhere_is_told_and_may_be_taken_over(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        refusal: SessionOpened | Exception,
    ) -> None:
        runs.run, runs.outcome = glance(Stage.VERIFYING), refusal
        response = await tapped(client, invite)
        form = read(response).form_to("/start")

        assert (200, "other_device") == (response.status_code, read(response).page)
        assert ("Use this device instead", False) == (form.button, form.has_box)
        assert [False] == [tap.take_over for tap in runs.taps.values()]

        runs.outcome = opened()
        taken = await client.post(form.action, data=form.fields)

        assert (303, H5_LINK) == (taken.status_code, taken.headers["location"])
        assert [False, True] == [tap.take_over for tap in runs.taps.values()]

    async def test_after_a_late_answer_the_consent_is_asked_for_again(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = UpdateUnderWayError()
        preparing = await tapped(client, invite)
        runs.outcome = RefusedByRunError(FailureCode.OTHER_DEVICE)
        response = await client.get(refresh_path(preparing))

        assert "other_device" == read(response).page
        assert read(response).form_to("/start").has_box

    async def test_while_it_is_prepared_the_button_still_takes_over(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, clock: Clock
    ) -> None:
        runs.run, runs.outcome = (
            glance(Stage.VERIFYING),
            RefusedByRunError(FailureCode.OTHER_DEVICE),
        )
        offered = read(await tapped(client, invite)).form_to("/start")
        runs.taps.clear()
        runs.outcome = UpdateUnderWayError()
        going_on = read(await client.post(offered.action, data=offered.fields)).form_to("/start")
        clock.now += 60
        await client.post(going_on.action, data=going_on.fields)

        assert [True, True] == [tap.take_over for tap in runs.taps.values()]

    async def test_taking_over_needs_a_form_of_ours(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite) | {"take_over": "yes", "csrf": "0" * 64}
        response = await client.post(f"{invite}/start", data=form)

        assert 403 == response.status_code
        assert [] == runs.writes


class TestTooSoon:
    async def test_a_tap_too_soon_after_another_waits_and_tells_why(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = RefusedByRunError(FailureCode.TOO_SOON)
        response = await tapped(client, invite)
        form = read(response).form_to("/start")

        assert (200, "too_soon") == (response.status_code, read(response).page)
        assert "about ten seconds" in response.text

        runs.outcome = opened()

        assert 303 == (await client.post(form.action, data=form.fields)).status_code


class TestState:
    @pytest.mark.parametrize(
        ("query", "page", "next_s"),
        [
            ("", "try_again", 15),
            ("?back=1800000000", "checking", 2),
            ("?back=1700000000", "try_again", 15),
            ("?why=camera", "not_passed", 15),
        ],
    )
    async def test_it_says_what_the_page_of_the_same_query_shows(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        query: str,
        page: str,
        next_s: int,
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        shown = read(await client.get(f"{invite}{query}"))
        told = await client.get(shown.follows)

        assert shown.page == page
        assert {"page": page, "next_s": next_s} == told.json()

    async def test_a_page_that_will_not_change_is_not_followed(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.IN_REVIEW)
        told = await client.get(f"{invite}/state")

        assert {"page": "done", "next_s": 0} == told.json()
        assert "" == read(await client.get(invite)).follows

    async def test_the_answer_to_a_post_is_not_followed(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING), details()
        form = await form_at(client, invite)
        response = await client.post(f"{invite}/start", data=form | {"csrf": ""})

        assert ("try_again", "") == (read(response).page, read(response).follows)

    async def test_the_page_for_another_start_stays_while_the_check_is_looked_at(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING), details(checking=True)
        page = read(await client.get(f"{invite}/again"))

        assert ("try_again", "") == (page.page, page.follows)

    async def test_while_temporal_is_away_it_asks_for_patience(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.away = True
        told = await client.get(f"{invite}/state")

        assert (503, {"next_s": 5}) == (told.status_code, told.json())

    async def test_a_revoked_and_a_forged_link_are_told_the_same(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.INVITED, link=2)
        revoked, forged = await client.get(f"{invite}/state"), await client.get("/i/x/state")

        assert 404 == revoked.status_code == forged.status_code
        assert revoked.content == forged.content
