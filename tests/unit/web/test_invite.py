from dataclasses import replace

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.stages import Hold, Stage
from runtime.links import LinkSealer
from tests.unit.web.pretended import (
    CONSENT,
    INVITE,
    NOW,
    Clock,
    PretendedPeople,
    PretendedRuns,
    attempt,
    details,
    glance,
)
from tests.unit.web.reading import read, refresh_path
from web.advice import Why
from web.deps import PublicDeps
from web.devices import told_apart
from web.public import public_app
from web.translating import LANGUAGES

BOTS = [
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    "Mozilla/5.0 (compatible; YandexBot/3.0)",
    "Applebot/0.1 (+http://www.apple.com/go/applebot)",
    "SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Windows NT 6.1) Viber/1.0 preview",
    "line-poker/1.0",
    "Mozilla/5.0 (compatible; MicroMessenger Link Preview)",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) BarracudaSentinel (EE)",
    "Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense",
]

LOOKED_AT = ["", "/again", "/state", "/decline", "/withdraw", "/receipt"]

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
        assert "en-2" == page.fields["text"]
        assert page.has_box
        assert "Your face is biometric data." in response.text

    @pytest.mark.parametrize("bot", BOTS)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    async def test_a_bot_changes_nothing(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        bot: str,
        method: str,
    ) -> None:
        assert 20 == len(BOTS)
        for path in LOOKED_AT:
            for stage in (Stage.INVITED, Stage.VERIFYING, Stage.READY):
                runs.run = glance(stage)
                answer = await client.request(
                    method, f"{invite}{path}", headers={"User-Agent": bot}
                )
                assert "device" not in answer.headers.get("set-cookie", "")

        assert [] == runs.writes
        assert "withdraw" not in people.calls

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
        assert read(response).leads_to(invite)

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
        assert (page in ("invite", "try_again")) == shown.has_box

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
        shown = read(await client.get(f"{invite}?back={NOW:.0f}"))

        assert "exhausted" == shown.page
        assert not shown.has_box

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
        path = f"{invite}?back={NOW:.0f}"
        response = await client.get(path)

        assert "checking" == read(response).page
        assert path == refresh_path(response)

    async def test_the_looking_ends_and_offers_the_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, clock: Clock
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        path = f"{invite}?back={NOW:.0f}"
        response = await client.get(path)
        while path := refresh_path(response):
            clock.now += int(response.headers["refresh"].partition(";")[0])
            response = await client.get(path)

        assert "try_again" == read(response).page
        # The last look after a callback is 25 s later, and may take a slow answer.
        assert 60 <= clock.now - NOW <= 90

    async def test_the_checking_page_leads_to_another_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        checking = read(await client.get(f"{invite}?back={NOW:.0f}")).form_to("/again")
        again = await client.get(checking.action)

        assert ("get", "try_again") == (checking.method, read(again).page)
        assert "refresh" not in again.headers

    async def test_what_the_run_itself_says_ends_the_checking_sooner(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(attempt(result_code=-1002))
        response = await client.get(f"{invite}?back={NOW - 6:.0f}")

        assert "not_passed" == read(response).page
        assert "interrupted" in response.text

    async def test_the_run_may_need_a_moment_before_it_says_that_it_looks(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(attempt(result_code=-1002))

        assert "checking" == read(await client.get(f"{invite}?back={NOW:.0f}")).page

    async def test_a_check_under_way_is_told_without_any_hint(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(checking=True)
        response = await client.get(invite)

        assert "checking" == read(response).page
        assert f"{invite}?back={NOW:.0f}" == refresh_path(response)

    async def test_an_old_way_back_is_none(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        yesterday = f"{invite}?back={NOW - 86400:.0f}&why=camera"

        assert "not_passed" == read(await client.get(yesterday)).page

    @pytest.mark.parametrize(
        "when", ["-1", "x", "9" * 13, "1e3", "²", "", "0;url=//evil", f"{NOW + 60:.0f}"]
    )
    async def test_a_moment_that_is_none_counts_as_not_come_back(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, when: str
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        response = await client.get(invite, params={"back": when})

        assert "try_again" == read(response).page
        assert "evil" not in response.text

    async def test_the_truth_is_told_as_soon_as_it_is_known(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.IN_REVIEW)
        response = await client.get(f"{invite}?back={NOW:.0f}&why=liveness")

        assert "done" == read(response).page
        assert "refresh" not in response.headers

    @pytest.mark.parametrize("why", list(Why))
    async def test_each_reason_has_advice_in_every_language(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, why: Why
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        shown = [
            (await client.get(invite, params={"why": why, "lang": tag})).text for tag in LANGUAGES
        ]

        assert all('class="notice"' in page for page in shown)
        assert 3 == len(set(shown))

    @pytest.mark.parametrize("why", ["", "x", "camera2", "<script>", "Camera"])
    async def test_a_reason_that_is_none_of_ours_is_not_shown(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, why: str
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        response = await client.get(invite, params={"why": why})

        assert "try_again" == read(response).page
        assert 'class="notice"' not in response.text

    async def test_the_tries_left_are_told_in_singular_and_plural(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(left=1)
        one = await client.get(invite)
        runs.details_told = details(left=2)
        two = await client.get(invite)

        assert "You can try 1 more time." in one.text
        assert "You can try 2 more times." in two.text

    async def test_no_try_left_is_told_before_the_run_rests_on_it(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(left=0)
        page = read(await client.get(invite))

        assert "exhausted" == page.page
        assert "I have finished the check" == page.form_to("/finished").button


class TestOneTap:
    async def test_who_has_agreed_on_this_browser_starts_again_with_one_tap(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        client.cookies.set("device", "d" * 43, domain="likeness.example")
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(device=told_apart("d" * 43))
        form = read(await client.get(invite)).form_to("/start")

        assert (False, "yes") == (form.has_box, form.fields["consent"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"device": told_apart("e" * 43)},
            {"device": None},
            {"consent": None},
            {"consent": CONSENT.model_copy(update={"sha256": "0" * 64})},
            {"consent": CONSENT.model_copy(update={"text_version": "en-1"})},
        ],
    )
    async def test_anybody_else_reads_and_ticks(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        changed: dict[str, object],
    ) -> None:
        client.cookies.set("device", "d" * 43, domain="likeness.example")
        runs.run = glance(Stage.VERIFYING)
        told = {"device": told_apart("d" * 43)} | changed
        runs.details_told = details().model_copy(update=told)

        assert read(await client.get(invite)).form_to("/start").has_box


class TestHeaders:
    STRICT = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self' https://h5.example http://127.0.0.1:9000; "
        "frame-ancestors 'none'; base-uri 'none'"
    )

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/healthz"),
            ("GET", "/style.css"),
            ("GET", "/follow.js"),
            ("GET", "/brand/logo"),
            ("GET", "/nowhere"),
            ("GET", "/i/forged"),
            ("POST", "/healthz"),
            ("POST", "/i/forged/start"),
            ("GET", "/callback/forged"),
            ("GET", "INVITE"),
            ("GET", "INVITE/again"),
            ("POST", "INVITE/start"),
            ("GET", "INVITE/state"),
            ("GET", "INVITE/decline"),
            ("POST", "INVITE/decline"),
            ("GET", "INVITE/withdraw"),
            ("POST", "INVITE/withdraw"),
            ("POST", "INVITE/finished"),
            ("GET", "INVITE/receipt"),
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
        transport = httpx.ASGITransport(app=public_app(replace(deps, base_url="http://x")))
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
