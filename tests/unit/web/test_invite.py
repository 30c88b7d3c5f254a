from dataclasses import replace

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.stages import Hold, Stage
from runtime.links import LinkSealer
from tests.unit.web.pretended import INVITE, PretendedRuns, glance
from tests.unit.web.reading import read, refresh_path
from web.deps import PublicDeps
from web.pages import LOOKS_FOR_NEWS
from web.public import public_app

BOTS = [
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "Barracuda Sentinel (EE)",
]

OTHER_PURPOSES = ["", "x", "gAAAA", "../../etc/passwd", "%00", "a" * 401, "<script>", "..", "a.b"]


class TestLooking:
    async def test_an_invited_person_sees_the_consent_text_and_the_start_form(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        response = await client.get(invite)
        page = read(response)

        assert 200 == response.status_code
        assert ("invite", "post", f"{invite}/start") == (page.page, page.method, page.action)
        assert {"nonce", "text", "csrf", "consent"} == set(page.fields)
        assert page.has_box
        assert "Your face is biometric data." in response.text

    @pytest.mark.parametrize("bot", BOTS)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    async def test_a_bot_changes_nothing(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, bot: str, method: str
    ) -> None:
        await client.request(method, invite, headers={"User-Agent": bot})

        assert [] == runs.writes

    async def test_every_page_has_a_form_of_its_own(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        first, second = [read(await client.get(invite)).fields["nonce"] for _ in range(2)]

        assert first != second

    @pytest.mark.parametrize("garbage", OTHER_PURPOSES)
    async def test_what_does_not_authenticate_gets_the_neutral_page_and_no_call(
        self, client: httpx.AsyncClient, runs: PretendedRuns, garbage: str
    ) -> None:
        response = await client.get(f"/i/{garbage}")

        assert (404, "neutral") == (response.status_code, read(response).page)
        assert [] == runs.calls

    async def test_a_callback_token_is_no_invite_token(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns
    ) -> None:
        response = await client.get(callback.replace("/callback/", "/i/"))

        assert 404 == response.status_code
        assert [] == runs.calls

    async def test_a_revoked_link_is_told_from_a_forged_one_by_nothing(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.INVITED, link=2)
        revoked, forged = await client.get(invite), await client.get("/i/forged")

        assert 404 == revoked.status_code == forged.status_code
        assert revoked.content == forged.content
        assert revoked.headers == forged.headers

    async def test_a_link_to_somebody_else_is_no_link(
        self, client: httpx.AsyncClient, links: LinkSealer
    ) -> None:
        token = links.seal_invite(INVITE.model_copy(update={"person": "p-2"}))

        assert 404 == (await client.get(f"/i/{token}")).status_code

    async def test_without_temporal_the_page_says_so_and_tries_again_by_itself(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.away = True
        response = await client.get(invite)

        assert (503, "away") == (response.status_code, read(response).page)
        assert "5" == response.headers["refresh"] == response.headers["retry-after"]

    async def test_a_run_past_its_retention_is_over(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = None
        response = await client.get(invite)

        assert (410, "over") == (response.status_code, read(response).page)


class TestTruth:
    @pytest.mark.parametrize(
        ("stage", "page"),
        [
            (Stage.INVITED, "invite"),
            (Stage.VERIFYING, "try_again"),
            (Stage.VERIFIED, "done"),
            (Stage.SUBMITTING_ASSETS, "done"),
            (Stage.IN_REVIEW, "done"),
            (Stage.READY, "done"),
            (Stage.GENERATING, "done"),
            (Stage.COMPLETED, "finished"),
            (Stage.DECLINED, "declined"),
            (Stage.EXPIRED, "expired"),
            (Stage.FAILED, "failed"),
            (Stage.CANCELED, "canceled"),
        ],
    )
    async def test_each_stage_has_its_page(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, stage: Stage, page: str
    ) -> None:
        runs.run = glance(stage)
        shown = read(await client.get(invite))

        assert page == shown.page
        assert (page in ("invite", "try_again")) == ("nonce" in shown.fields)

    async def test_a_hold_before_verification_lets_the_person_try_again(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.INVITED, hold=Hold.NEEDS_OPERATOR, reason=FailureCode.BUG)
        shown = read(await client.get(invite))

        assert "held" == shown.page
        assert "nonce" in shown.fields

    async def test_used_up_tries_end_the_asking(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(
            Stage.VERIFYING, hold=Hold.NEEDS_OPERATOR, reason=FailureCode.ATTEMPTS_EXHAUSTED
        )
        shown = read(await client.get(f"{invite}?looked=0"))

        assert "exhausted" == shown.page
        assert "nonce" not in shown.fields

    async def test_a_hold_after_verification_is_no_concern_of_the_person(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(
            Stage.SUBMITTING_ASSETS,
            hold=Hold.NEEDS_DECISION,
            reason=FailureCode.SUBMISSION_UNCONFIRMED,
        )

        assert "done" == read(await client.get(invite)).page

    async def test_a_run_ended_from_outside_while_ready_is_over(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.READY, closed=True)

        assert "over" == read(await client.get(invite)).page


class TestComingBack:
    async def test_the_page_says_checking_and_looks_by_itself(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        response = await client.get(f"{invite}?looked=0")

        assert "checking" == read(response).page
        assert f"{invite}?looked=1" == refresh_path(response)

    async def test_the_looking_ends_and_offers_the_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        path, looks, waited_s = f"{invite}?looked=0", 0, 0
        while path:
            response = await client.get(path)
            path, looks = refresh_path(response), looks + 1
            waited_s += int(response.headers.get("refresh", "0").partition(";")[0])

        assert LOOKS_FOR_NEWS + 1 == looks
        assert "try_again" == read(response).page
        # The last look after a callback is 25 s later, and may take a slow answer.
        assert 60 <= waited_s <= 90

    async def test_the_checking_page_leads_to_another_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        checking = read(await client.get(f"{invite}?looked=0"))
        again = await client.get(checking.action)

        assert ("get", "try_again") == (checking.method, read(again).page)
        assert "refresh" not in again.headers

    @pytest.mark.parametrize("count", ["-1", "x", "99999", "1e3", "²", "", "0;url=//evil"])
    async def test_a_count_that_is_none_counts_as_not_come_back(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, count: str
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        response = await client.get(invite, params={"looked": count})

        assert "try_again" == read(response).page
        assert "evil" not in response.text

    async def test_the_truth_is_told_as_soon_as_it_is_known(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.IN_REVIEW)
        response = await client.get(f"{invite}?looked=3")

        assert "done" == read(response).page
        assert "refresh" not in response.headers


class TestHeaders:
    STRICT = (
        "default-src 'none'; style-src 'self'; "
        "form-action 'self' https://h5.example http://127.0.0.1:9000; "
        "frame-ancestors 'none'; base-uri 'none'"
    )

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/healthz"),
            ("GET", "/style.css"),
            ("GET", "/nowhere"),
            ("GET", "/i/forged"),
            ("POST", "/healthz"),
            ("POST", "/i/forged/start"),
            ("GET", "/callback/forged"),
            ("GET", "INVITE"),
            ("GET", "INVITE/again"),
            ("POST", "INVITE/start"),
            ("GET", "CALLBACK"),
        ],
    )
    async def test_every_response_is_strict(
        self, client: httpx.AsyncClient, invite: str, callback: str, method: str, path: str
    ) -> None:
        path = path.replace("INVITE", invite).replace("CALLBACK", callback)
        headers = (await client.request(method, path)).headers

        assert headers["content-security-policy"] == self.STRICT
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex"
        assert headers["strict-transport-security"].startswith("max-age=")

    async def test_plain_http_promises_no_https(self, deps: PublicDeps) -> None:
        transport = httpx.ASGITransport(app=public_app(replace(deps, https=False)))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as plain:
            response = await plain.get("/healthz")

        assert {"healthy": True} == response.json()
        assert "strict-transport-security" not in response.headers

    @pytest.mark.parametrize(
        ("method", "path", "status", "page"),
        [("GET", "/nowhere", 404, "neutral"), ("DELETE", "/i/x", 405, "wrong_method")],
    )
    async def test_what_the_router_refuses_is_a_page_too(
        self, client: httpx.AsyncClient, method: str, path: str, status: int, page: str
    ) -> None:
        response = await client.request(method, path)

        assert (status, page) == (response.status_code, read(response).page)

    async def test_a_fault_shows_a_page_and_neither_trace_nor_text(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        runs.run = glance(Stage.INVITED).model_copy(update={"stage": "canary-fault"})
        response = await client.get(invite)

        assert (500, "broken") == (response.status_code, read(response).page)
        assert "canary-fault" not in response.text
        assert "canary-fault" not in caplog.text
