import httpx
import pytest

from likeness.stages import Stage
from tests.unit.web.pretended import (
    NOW,
    Clock,
    PretendedRuns,
    attempt,
    details,
    glance,
)
from tests.unit.web.reading import read, refresh_path
from web.advice import Why
from web.translating import LANGUAGES


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
