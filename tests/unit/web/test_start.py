import asyncio

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.messages.conversation import OpenOutcome, SessionOpened
from likeness.stages import Stage
from likeness.temporal.errors import TemporalAwayError
from runtime.links import LinkSealer
from tests.unit.web.pretended import H5_LINK, INVITE, NOW, Clock, PretendedRuns, glance, opened
from tests.unit.web.reading import read, refresh_path
from web.calls import RefusedByRunError, UpdateUnderWayError
from web.consent import load_consent_texts

REDIRECT_PAYLOADS = [
    "https://evil.example/",
    "https://h5.example.evil.example/",
    "https://h5.example@evil.example/",
    "https://evil.example\\@h5.example/",
    "https://h5.example:444/",
    "http://h5.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:///evil.example",
    "https://h5.example\r\nSet-Cookie: a=b",
    "https://h5.example/\tx",
    " https://h5.example/",
    "https://h5.example /",
    "https://h5%2eexample/",
    "https://h5。example/",
    "https://xn--h5-example/",
    "https://[::1]/",
    "https://h5.example:99999/",
    "",
]


async def form_at(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    return read(await client.get(path)).fields


class TestTapping:
    async def test_a_tap_leads_to_the_camera_check_and_shows_the_link_nowhere_else(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))

        assert (303, H5_LINK) == (response.status_code, response.headers["location"])
        assert b"" == response.content
        assert ["open_session"] == runs.writes

    async def test_the_run_gets_the_consent_that_was_shown_and_a_short_life(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        await client.post(f"{invite}/start", data=await form_at(client, invite))
        (tap,) = runs.taps.values()

        assert load_consent_texts()["en-2"].given() == tap.consent
        assert NOW + 15 == tap.not_after

    async def test_a_double_tap_is_one_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite)
        answers = await asyncio.gather(
            *(client.post(f"{invite}/start", data=form) for _ in range(5))
        )

        assert {H5_LINK} == {answer.headers["location"] for answer in answers}
        assert 1 == len(runs.taps)

    async def test_the_same_form_sent_much_later_is_another_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, clock: Clock
    ) -> None:
        form = await form_at(client, invite)
        await client.post(f"{invite}/start", data=form)
        clock.now += 3600
        await client.post(f"{invite}/start", data=form)

        assert 2 == len(runs.taps)

    @pytest.mark.parametrize("h5_link", REDIRECT_PAYLOADS)
    async def test_a_link_off_the_list_leads_nowhere(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, h5_link: str
    ) -> None:
        runs.outcome = opened(h5_link)
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))

        assert (200, "held") == (response.status_code, read(response).page)
        assert "location" not in response.headers
        assert not h5_link or h5_link not in response.text


class TestRefusals:
    async def test_without_the_tick_nothing_is_asked(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite)
        del form["consent"]
        response = await client.post(f"{invite}/start", data=form)

        assert (422, "invite") == (response.status_code, read(response).page)
        assert "Please tick the box" in response.text
        assert [] == runs.writes

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
    async def test_another_sites_form_is_refused(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, site: str
    ) -> None:
        form = await form_at(client, invite)
        response = await client.post(
            f"{invite}/start", data=form, headers={"Sec-Fetch-Site": site, "Origin": "null"}
        )

        assert (403, "elsewhere") == (response.status_code, read(response).page)
        assert [] == runs.writes

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    async def test_our_own_form_is_taken_though_its_origin_is_null(
        self, client: httpx.AsyncClient, invite: str, site: str
    ) -> None:
        response = await client.post(
            f"{invite}/start",
            data=await form_at(client, invite),
            headers={"Sec-Fetch-Site": site, "Origin": "null"},
        )

        assert 303 == response.status_code

    @pytest.mark.parametrize(
        "forged",
        [
            {"csrf": "0" * 64},
            {"csrf": ""},
            {"csrf": "ü" * 64},
            {"nonce": "A" * 22},
            {"nonce": "x"},
            {"nonce": "'; DROP TABLE taps; --"},
            {"text": "en-1"},
            {"text": "../../etc/passwd"},
        ],
    )
    async def test_a_forged_field_opens_nothing_and_gets_a_fresh_form(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        forged: dict[str, str],
    ) -> None:
        form = await form_at(client, invite) | forged
        response = await client.post(f"{invite}/start", data=form)
        fresh = read(response)

        assert (403, "invite") == (response.status_code, fresh.page)
        assert fresh.fields["nonce"] != form["nonce"]
        assert [] == runs.writes

    async def test_a_form_of_another_invitation_is_forged(
        self, client: httpx.AsyncClient, invite: str, links: LinkSealer, runs: PretendedRuns
    ) -> None:
        another = f"/i/{links.seal_invite(INVITE.model_copy(update={'onboarding': 'ob-2'}))}"
        form = await form_at(client, another)

        assert 403 == (await client.post(f"{invite}/start", data=form)).status_code
        assert [] == runs.writes

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"", ""),
            (b"\xff\xfe", "application/x-www-form-urlencoded"),
            (b'{"nonce": 1}', "application/json"),
            (b"&" * 4000, "application/x-www-form-urlencoded"),
            (b"--x\r\n", "multipart/form-data; boundary=x"),
        ],
    )
    async def test_a_body_that_is_no_form_opens_nothing(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        body: bytes,
        content_type: str,
    ) -> None:
        response = await client.post(
            f"{invite}/start", content=body, headers={"Content-Type": content_type}
        )

        assert 403 == response.status_code
        assert [] == runs.writes

    async def test_too_large_a_body_is_refused_before_anything(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await client.post(f"{invite}/start", content=b"x" * 8193)

        assert (413, "too_large") == (response.status_code, read(response).page)
        assert [] == runs.calls

    async def test_a_forged_token_makes_no_call(
        self, client: httpx.AsyncClient, runs: PretendedRuns
    ) -> None:
        response = await client.post("/i/forged/start", data={"consent": "yes"})

        assert 404 == response.status_code
        assert [] == runs.calls

    async def test_a_revoked_link_opens_nothing(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite)
        runs.run = glance(Stage.INVITED, link=2)
        response = await client.post(f"{invite}/start", data=form)

        assert (404, "neutral") == (response.status_code, read(response).page)
        assert [] == runs.writes


class TestOutcomes:
    async def outcome(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> httpx.Response:
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        assert ["open_session"] == runs.writes
        return response

    @pytest.mark.parametrize(
        ("code", "page"),
        [
            (FailureCode.ALREADY_VERIFIED, "done"),
            (FailureCode.ATTEMPTS_EXHAUSTED, "exhausted"),
            (FailureCode.TAP_TOO_OLD, "invite"),
            (FailureCode.CONSENT_MISSING, "invite"),
            (FailureCode.BUG, "invite"),
        ],
    )
    async def test_each_refusal_of_the_run_has_its_page(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        code: FailureCode,
        page: str,
    ) -> None:
        runs.outcome = RefusedByRunError(code)
        response = await self.outcome(client, invite, runs)

        assert (200, page) == (response.status_code, read(response).page)

    async def test_an_ended_run_tells_its_end(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite)
        runs.run = glance(Stage.CANCELED)
        runs.outcome = RefusedByRunError(FailureCode.ALREADY_ENDED)
        response = await client.post(f"{invite}/start", data=form)

        assert "canceled" == read(response).page

    async def test_try_again_offers_a_fresh_form_and_says_why(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=FailureCode.SESSION_LOST)
        response = await self.outcome(client, invite, runs)

        assert 200 == response.status_code
        assert "counts as one try" in response.text
        assert "nonce" in read(response).fields

    async def test_a_hold_is_told_as_our_own_trouble(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = SessionOpened(outcome=OpenOutcome.ON_HOLD, code=FailureCode.UPSTREAM_BALANCE)
        response = await self.outcome(client, invite, runs)

        assert (200, "held") == (response.status_code, read(response).page)
        assert "balance" not in response.text

    async def test_away_before_the_tap_is_told_and_nothing_is_asked(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        form = await form_at(client, invite)
        runs.away = True
        response = await client.post(f"{invite}/start", data=form)

        assert (503, "away") == (response.status_code, read(response).page)
        assert invite == refresh_path(response)
        assert [] == runs.writes


class TestPreparing:
    @pytest.mark.parametrize("trouble", [UpdateUnderWayError(), TemporalAwayError("gone")])
    async def test_a_slow_answer_goes_on_by_itself_under_the_taps_own_name(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, trouble: Exception
    ) -> None:
        runs.outcome = trouble
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        (update_id,) = runs.taps

        assert (200, "preparing") == (response.status_code, read(response).page)
        assert f"{invite}/preparing/{update_id}" == refresh_path(response)

        runs.outcome = opened()
        response = await client.get(refresh_path(response))

        assert (200, "ready") == (response.status_code, read(response).page)
        assert H5_LINK not in response.text

        response = await client.post(read(response).action)

        assert (303, H5_LINK) == (response.status_code, response.headers["location"])
        assert ["open_session", "outcome_of_tap", "outcome_of_tap"] == runs.writes

    async def test_another_sites_post_gets_no_link(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = UpdateUnderWayError()
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        runs.outcome = opened()
        response = await client.post(
            refresh_path(response), headers={"Sec-Fetch-Site": "cross-site"}
        )

        assert (403, "elsewhere") == (response.status_code, read(response).page)
        assert ["open_session"] == runs.writes

    async def test_the_button_sends_the_same_tap_again(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = UpdateUnderWayError()
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        form = read(response)
        runs.outcome = opened()
        response = await client.post(form.action, data=form.fields)

        assert 303 == response.status_code
        assert 1 == len(runs.taps)

    async def test_it_keeps_preparing_while_there_is_no_answer(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.outcome = UpdateUnderWayError()
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        path = refresh_path(response)
        again = await client.get(path)

        assert ("preparing", path) == (read(again).page, refresh_path(again))

    async def test_a_tap_the_server_forgot_offers_start_again(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        tap = f"tap-{'A' * 22}-{int(NOW // 15)}"
        response = await client.get(f"{invite}/preparing/{tap}")

        assert (200, "invite") == (response.status_code, read(response).page)
        assert "nonce" in read(response).fields

    async def test_a_tap_of_long_ago_is_not_asked_for(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, clock: Clock
    ) -> None:
        runs.outcome = UpdateUnderWayError()
        response = await client.post(f"{invite}/start", data=await form_at(client, invite))
        clock.now += 91
        runs.outcome = opened()
        late = await client.get(refresh_path(response))

        assert (200, "invite") == (late.status_code, read(late).page)
        assert ["open_session"] == runs.writes

    @pytest.mark.parametrize("tap", ["x", "cancel", "tap-x-1", f"tap-{'A' * 22}-x", "..%2f.."])
    async def test_only_names_of_taps_are_asked_for(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, tap: str
    ) -> None:
        response = await client.get(f"{invite}/preparing/{tap}")

        assert 404 == response.status_code
        assert [] == runs.calls

    @pytest.mark.parametrize(
        ("method", "headers"), [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch;prerender"})]
    )
    async def test_looking_ahead_fetches_no_link(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        method: str,
        headers: dict[str, str],
    ) -> None:
        await client.post(f"{invite}/start", data=await form_at(client, invite))
        (update_id,) = runs.taps
        response = await client.request(method, f"{invite}/preparing/{update_id}", headers=headers)

        assert "location" not in response.headers
        assert ["open_session"] == runs.writes
