from datetime import UTC, datetime

import httpx
import pytest

from likeness.stages import Stage
from tests.unit.web.pretended import NOW, PretendedRuns, glance
from tests.unit.web.reading import read
from web.translating import LANGUAGES, negotiated

HEADINGS = {
    tag: language.say("You are invited to confirm that you are you")
    for tag, language in LANGUAGES.items()
}


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accepted", "tag"),
        [
            (None, "en"),
            ("", "en"),
            ("zh", "zh-Hans"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-Hans-HK", "zh-Hans"),
            ("zh-TW", "zh-Hant"),
            ("zh-HK,en;q=0.1", "zh-Hant"),
            ("zh-MO", "zh-Hant"),
            ("zh-Hant", "zh-Hant"),
            ("ZH-tw", "zh-Hant"),
            ("de-DE,fr;q=0.9", "en"),
            ("de-DE,zh-TW;q=0.5", "zh-Hant"),
            ("en-GB,zh-CN;q=0.9", "en"),
            ("en;q=0.1,zh-CN;q=0.9", "zh-Hans"),
            ("zh-CN;q=0,en", "en"),
            ("*", "en"),
            ("zh-CN;q=x", "en"),
            (";;,,=", "en"),
            ("\xff-\xfe", "en"),
            ("x" * 9000, "en"),
            ("zh_CN" + ",a" * 5000, "zh-Hans"),
        ],
    )
    def test_a_browser_is_met_in_its_language(self, accepted: str | None, tag: str) -> None:
        assert tag == negotiated(None, None, accepted).tag

    def test_what_is_chosen_counts_before_what_is_remembered_and_accepted(self) -> None:
        assert "en" == negotiated("en", "zh-Hans", "zh-TW").tag
        assert "zh-Hans" == negotiated("xx", "zh-Hans", "zh-TW").tag
        assert "zh-Hant" == negotiated(None, "../en", "zh-TW").tag


class TestDates:
    WHEN = datetime(2026, 12, 8, 23, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("tag", "day"), [("en", "8 December"), ("zh-Hans", "12月8日"), ("zh-Hant", "12月8日")]
    )
    def test_a_day_is_written_as_it_is_used(self, tag: str, day: str) -> None:
        assert day == LANGUAGES[tag].day(self.WHEN, now=datetime(2026, 11, 1, tzinfo=UTC))

    def test_another_year_is_named(self) -> None:
        now = datetime(2025, 12, 31, tzinfo=UTC)

        assert "8 Dec 2026" == LANGUAGES["en"].day(self.WHEN, now=now)
        assert "2026年12月8日" == LANGUAGES["zh-Hant"].day(self.WHEN, now=now)


@pytest.mark.parametrize("tag", list(LANGUAGES))
class TestPages:
    async def test_a_page_is_in_the_language_it_says_it_is(
        self, client: httpx.AsyncClient, invite: str, tag: str
    ) -> None:
        response = await client.get(invite, headers={"Accept-Language": tag})

        assert tag == read(response).language
        assert HEADINGS[tag] in response.text
        assert "set-cookie" not in response.headers

    async def test_a_choice_is_remembered(
        self, client: httpx.AsyncClient, invite: str, tag: str
    ) -> None:
        chosen = await client.get(f"{invite}?lang={tag}", headers={"Accept-Language": "zh-TW"})
        later = await client.get(invite, headers={"Accept-Language": "zh-TW"})

        assert tag == read(later).language
        cookie = chosen.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/;"))

    async def test_the_switch_offers_the_other_languages_where_one_is(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, tag: str
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        page = read(await client.get(f"{invite}?back={NOW:.0f}&why=camera&lang={tag}"))
        switch = [link for link in page.links if "lang=" in link]

        wanted = [f"?back={NOW:.0f}&why=camera&lang={other}" for other in LANGUAGES if other != tag]
        assert wanted == switch

    async def test_from_the_answer_to_a_post_the_switch_leads_home(
        self, client: httpx.AsyncClient, invite: str, tag: str
    ) -> None:
        page = read(await client.post(f"{invite}/start", headers={"Accept-Language": tag}))
        switch = [link for link in page.links if "lang=" in link]

        assert [f"{invite}?lang={other}" for other in LANGUAGES if other != tag] == switch

    async def test_the_neutral_page_speaks_it_too(
        self, client: httpx.AsyncClient, tag: str
    ) -> None:
        response = await client.get("/nowhere", headers={"Accept-Language": tag})

        assert (404, tag) == (response.status_code, read(response).language)


@pytest.mark.parametrize("choice", ["xx", "", "en-US", "<script>", "../en", "zh_Hans", "zh-hans"])
async def test_a_choice_that_is_none_changes_nothing(
    client: httpx.AsyncClient, invite: str, choice: str
) -> None:
    response = await client.get(
        invite, params={"lang": choice}, headers={"Accept-Language": "zh-TW"}
    )

    assert "zh-Hant" == read(response).language
    assert "set-cookie" not in response.headers
