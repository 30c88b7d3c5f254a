import httpx
import pytest

from likeness.failures import FailureCode
from likeness.stages import Hold, Stage
from runtime.links import LinkSealer
from tests.unit.web.pretended import (
    CONSENT,
    INVITE,
    NOW,
    PretendedPeople,
    PretendedRuns,
    details,
    glance,
)
from tests.unit.web.reading import read
from web.devices import told_apart

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
