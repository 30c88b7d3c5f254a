"""What strangers put into addresses, forms, headers and cookies leads and shows nowhere."""

from itertools import product
from urllib.parse import quote, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from likeness.messages.conversation import OpenOutcome, SessionOpened
from likeness.stages import Stage
from tests.unit.web.pretended import MEMO, NOW, PretendedRuns, details, glance
from tests.unit.web.reading import read

EVIL = "evil.example"
PREFIXES = ["", " ", "\t", "\r\n", "/", "\\", "//", "\\\\", "/\\", "https:", "https:/", "https://"]
TARGETS = [
    f"{EVIL}/",
    f"h5.example@{EVIL}",
    f"{EVIL}%2f@h5.example",
    f"h5.example.{EVIL}",
    f"{EVIL}%00",
]
REDIRECTS = [f"{prefix}{target}" for prefix, target in product(PREFIXES, TARGETS)]

BREAKING_OUT = ["", '"', "'", '">', "'>", "</p>", "</title>", "</script>", "-->", "\0"]
SCRIPTS = [
    "<script>evil()</script>",
    "<img src=x onerror=evil()>",
    "<svg onload=evil()>",
    "javascript:evil()",
    "{{ 7*7 }}evil",
    "{% evil %}",
    "%(evil)s",
    "\r\nSet-Cookie: evil=1",
    "\r\n\r\n<html>evil",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "${evil}",
    "'; DROP TABLE evil; --",
    "../../evil",
    "..%2f..%2fevil",
    "\N{FULLWIDTH LESS-THAN SIGN}script\N{FULLWIDTH GREATER-THAN SIGN}evil",
    "+ADw-script+AD4-evil",
    "evil\udcff",
    "<!--#exec cmd=evil-->",
    "<meta http-equiv=refresh content=0;url=//evil>",
    "evil" * 500,
]
INJECTIONS = [f"{out}{script}" for out, script in product(BREAKING_OUT, SCRIPTS)]

NAMES = [
    "next",
    "return",
    "url",
    "redirect",
    "to",
    "lang",
    "why",
    "back",
    "since",
    "here",
    "looked",
]
PAGES = ["", "/again", "/state", "/decline", "/withdraw", "/receipt"]


def leads_away(response: httpx.Response) -> bool:
    headers = (response.headers.get("location", ""), response.headers.get("refresh", ""))
    return any(EVIL in header or urlsplit(header).netloc for header in headers)


class TestRedirects:
    async def test_sixty_of_them_lead_nowhere_from_any_page(
        self, client: httpx.AsyncClient, invite: str, callback: str, runs: PretendedRuns
    ) -> None:
        assert 60 == len(set(REDIRECTS))
        for payload in REDIRECTS:
            query = dict.fromkeys(NAMES, payload)
            for stage in (Stage.INVITED, Stage.VERIFYING, Stage.READY):
                runs.run = glance(stage)
                for path in PAGES:
                    answer = await client.get(f"{invite}{path}", params=query)
                    assert not leads_away(answer)
                    assert EVIL not in answer.text
            assert not leads_away(await client.get(callback, params=query))

    @pytest.mark.parametrize("word", ["start", "decline", "withdraw", "finished"])
    async def test_no_field_of_a_form_leads_anywhere(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, word: str
    ) -> None:
        stage = {"start": Stage.INVITED, "withdraw": Stage.READY}.get(word, Stage.VERIFYING)
        runs.run, runs.details_told = glance(stage), details()
        page = invite if word in ("start", "finished") else f"{invite}/{word}"
        form = read(await client.get(page)).form_to(f"/{word}").fields
        runs.outcome = SessionOpened(outcome=OpenOutcome.TRY_AGAIN)
        for payload in REDIRECTS:
            extra = dict.fromkeys(NAMES, payload)
            answer = await client.post(f"{invite}/{word}", data=form | extra, params=extra)
            assert not leads_away(answer)
            assert EVIL not in answer.text


class TestInjections:
    async def test_two_hundred_of_them_show_nowhere(
        self,
        client: httpx.AsyncClient,
        invite: str,
        callback: str,
        *,
        runs: PretendedRuns,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert 200 == len(set(INJECTIONS))
        for payload in INJECTIONS:
            sent = payload.encode(errors="surrogateescape")
            one_line = sent.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip()
            headers = {b"User-Agent": one_line, b"Accept-Language": one_line, b"Referer": one_line}
            headers[b"Cookie"] = b"lang=" + one_line + b"; device=" + one_line
            query = dict.fromkeys(NAMES, sent)
            answers = [
                await client.get(invite, params=query, headers=headers),
                await client.get(callback, params=query, headers=headers),
                await client.get(f"/i/{quote(sent, safe='')}", headers=headers),
                await client.post(f"{invite}/start", data=query, headers=headers),
                await client.post(f"{invite}/decline", data=query, headers=headers),
            ]
            for answer in answers:
                assert "evil" not in answer.text
                assert "evil" not in str(answer.headers)
        assert ["tell_callback"] * 3 == runs.writes
        assert "evil" not in caplog.text + "".join(capsys.readouterr())

    async def test_what_the_caller_wrote_is_shown_as_text(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        for payload in INJECTIONS:
            if not payload.isprintable():
                continue
            words = SecretStr(payload)
            memo = MEMO.model_copy(
                update={"display_name": words, "sender": words, "contact": words, "purpose": words}
            )
            for stage in (Stage.INVITED, Stage.VERIFYING):
                runs.run = glance(stage).model_copy(update={"memo": memo})
                page = (await client.get(invite)).text
                assert "<script>" not in page
                assert "<img" not in page
                assert "<svg" not in page
                assert "<meta http-equiv" not in page
                assert 1 == page.count("<h1>")


class TestWeight:
    async def test_a_whole_visit_weighs_less_than_60_kb_and_comes_from_us_alone(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        computer = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
        heaviest = max(
            [
                len((await client.get(invite, headers=computer)).content),
                len((await client.get(f"{invite}?lang=zh-Hant")).content),
            ]
        )
        files = [await client.get(path) for path in ("/style.css", "/follow.js")]
        page = (await client.get(f"{invite}?back={NOW:.0f}")).text

        assert heaviest + sum(len(file.content) for file in files) <= 60 * 1024
        assert all("http" not in word for word in page.split() if "src=" in word)
        assert [] == runs.writes
