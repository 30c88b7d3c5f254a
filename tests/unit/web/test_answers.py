import httpx
import pytest

from likeness.failures import FailureCode
from likeness.messages.person import PersonState
from likeness.stages import Stage
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.people import PersonStands
from tests.unit.web.pretended import NOW, Clock, PretendedPeople, PretendedRuns, details, glance
from tests.unit.web.reading import read, refresh_path
from web.calls import RefusedByRunError, RunGoneError, UpdateUnderWayError

BEFORE = [Stage.INVITED, Stage.VERIFYING]
AFTER = [Stage.VERIFIED, Stage.IN_REVIEW, Stage.GENERATING, Stage.COMPLETED]


async def fields_at(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    return read(await client.get(path)).form_to(path.rpartition("/")[2]).fields


async def answer(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.post(path, data=await fields_at(client, path))


class TestDeclining:
    @pytest.mark.parametrize("stage", BEFORE)
    async def test_a_no_is_asked_for_once_more_and_then_taken(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, stage: Stage
    ) -> None:
        runs.run = glance(stage)
        shown = read(await client.get(invite))
        assert shown.leads_to(f"{invite}/decline")

        asked = read(await client.get(f"{invite}/decline"))
        assert ("say_no", []) == (asked.page, runs.writes)
        assert 1 == len(asked.forms)
        assert "Yes, I say no" == asked.form_to("/decline").button
        assert asked.leads_to(invite)

        response = await answer(client, f"{invite}/decline")

        assert (200, "declined") == (response.status_code, read(response).page)
        assert ["decline"] == runs.writes

    @pytest.mark.parametrize("stage", AFTER)
    async def test_after_the_check_a_no_is_a_withdrawal(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, stage: Stage
    ) -> None:
        form = await fields_at(client, f"{invite}/decline")
        runs.run = glance(stage)
        asked = await client.get(f"{invite}/decline")
        told = await client.post(f"{invite}/decline", data=form)

        assert (303, f"{invite}/withdraw") == (asked.status_code, asked.headers["location"])
        assert (303, f"{invite}/withdraw") == (told.status_code, told.headers["location"])
        assert [] == runs.writes

    @pytest.mark.parametrize("stage", [Stage.DECLINED, Stage.EXPIRED, Stage.CANCELED])
    async def test_after_an_end_there_is_nothing_to_say_no_to(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, stage: Stage
    ) -> None:
        form = await fields_at(client, f"{invite}/decline")
        runs.run = glance(stage)

        assert stage == read(await client.get(f"{invite}/decline")).page
        assert stage == read(await client.post(f"{invite}/decline", data=form)).page
        assert [] == runs.writes

    @pytest.mark.parametrize(
        ("trouble", "leads_to"),
        [
            (RefusedByRunError(FailureCode.ALREADY_VERIFIED), "/withdraw"),
            (RefusedByRunError(FailureCode.ALREADY_ENDED), ""),
            (RunGoneError(), ""),
        ],
    )
    async def test_a_no_that_comes_too_late_leads_to_the_truth(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        *,
        trouble: Exception,
        leads_to: str,
    ) -> None:
        runs.trouble = trouble
        response = await answer(client, f"{invite}/decline")

        assert (303, f"{invite}{leads_to}") == (response.status_code, response.headers["location"])


class TestWithdrawing:
    @pytest.mark.parametrize("stage", AFTER)
    async def test_it_says_what_ends_and_is_taken(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        stage: Stage,
    ) -> None:
        runs.run, people.stands = glance(stage), PersonStands.VERIFIED
        assert read(await client.get(invite)).leads_to(f"{invite}/withdraw")
        asked = await client.get(f"{invite}/withdraw")
        assert "withdraw" == read(asked).page
        assert "cannot delete that group" in asked.text

        response = await answer(client, f"{invite}/withdraw")

        assert (200, "withdrawn") == (response.status_code, read(response).page)
        assert ([], 1) == (runs.writes, len(people.withdrawals))

    async def test_each_form_is_a_withdrawal_of_its_own(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, people: PretendedPeople
    ) -> None:
        runs.run, people.stands = glance(Stage.READY), PersonStands.VERIFIED
        form = await fields_at(client, f"{invite}/withdraw")
        for _ in range(2):
            await client.post(f"{invite}/withdraw", data=form)
        await answer(client, f"{invite}/withdraw")

        assert 2 == len(people.withdrawals)

    async def test_an_old_form_sent_again_later_is_heard_anew(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        clock: Clock,
    ) -> None:
        runs.run, people.stands = glance(Stage.READY), PersonStands.VERIFIED
        form = await fields_at(client, f"{invite}/withdraw")
        await client.post(f"{invite}/withdraw", data=form)
        clock.now += 3600
        await client.post(f"{invite}/withdraw", data=form)

        assert 2 == len(people.withdrawals)

    async def test_before_the_person_has_a_run_the_onboarding_is_told(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFIED)
        response = await answer(client, f"{invite}/withdraw")

        assert "withdrawn" == read(response).page
        assert ["tell_withdrawn"] == runs.writes

    async def test_before_the_check_it_is_a_no(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        response = await client.get(f"{invite}/withdraw")

        assert (303, f"{invite}/decline") == (response.status_code, response.headers["location"])

    async def test_once_withdrawn_the_link_says_so_for_ever(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, people: PretendedPeople
    ) -> None:
        for run in (
            glance(Stage.DECLINED, reason=FailureCode.WITHDRAWN),
            glance(Stage.COMPLETED),
            None,
        ):
            runs.run, people.stands = run, PersonStands.WITHDRAWN
            people.state = PersonState(tenant="default", person="p-1", links={"ob-1": 1})
            page = read(await client.get(invite))

            assert "withdrawn" == page.page
            assert not page.leads_to("/withdraw")


ENDED = [
    glance(Stage.FAILED),
    glance(Stage.EXPIRED),
    glance(Stage.CANCELED),
    glance(Stage.IN_REVIEW, closed=True),
]


@pytest.mark.parametrize("run", ENDED)
class TestAfterABadEnd:
    """The check had passed before the onboarding ended without what it was for."""

    async def test_the_agreement_can_be_taken_back_and_shown(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        run: OnboardingGlance,
    ) -> None:
        runs.run, people.stands = run, PersonStands.VERIFIED
        shown = read(await client.get(invite))
        assert shown.leads_to(f"{invite}/receipt")
        assert shown.leads_to(f"{invite}/withdraw")

        response = await answer(client, f"{invite}/withdraw")

        assert (200, "withdrawn") == (response.status_code, read(response).page)
        assert 1 == len(people.withdrawals)

    async def test_who_was_never_verified_is_told_the_end_alone(
        self, client: httpx.AsyncClient, invite: str, *, runs: PretendedRuns, run: OnboardingGlance
    ) -> None:
        runs.run = run
        shown = read(await client.get(invite))

        assert (run.stage if run.stage.is_end else "over") == shown.page
        assert not shown.leads_to("/receipt")
        assert not shown.leads_to("/withdraw")

    @pytest.mark.parametrize("stands", [PersonStands.WITHDRAWN, PersonStands.ERASED])
    async def test_what_became_of_the_person_is_the_newer_truth(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        run: OnboardingGlance,
        stands: PersonStands,
    ) -> None:
        runs.run, people.stands = run, stands
        shown = read(await client.get(invite))

        assert (stands, False) == (shown.page, shown.leads_to("/withdraw"))


class TestFinished:
    async def test_a_lost_callback_is_made_up_for(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING), details()
        form = read(await client.get(invite)).form_to("/finished")
        response = await client.post(form.action, data=form.fields)

        assert 303 == response.status_code
        assert f"{invite}?back={NOW:.0f}" == response.headers["location"]
        assert ["finished"] == runs.writes

    async def test_it_is_offered_only_where_a_check_was_opened(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        assert ["/start"] == [
            form.action.removeprefix(invite) for form in read(await client.get(invite)).forms
        ]

    async def test_after_the_check_the_run_is_not_asked(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)
        form = read(await client.get(invite)).form_to("/finished")
        runs.run = glance(Stage.READY)
        response = await client.post(form.action, data=form.fields)

        assert "done" == read(await client.get(response.headers["location"])).page
        assert [] == runs.writes


ANSWERS = [("decline", Stage.INVITED), ("withdraw", Stage.READY), ("finished", Stage.VERIFYING)]


@pytest.mark.parametrize(("word", "stage"), ANSWERS)
class TestEveryAnswer:
    async def form(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        *,
        word: str,
        stage: Stage,
    ) -> dict[str, str]:
        runs.run = glance(stage)
        page = invite if word == "finished" else f"{invite}/{word}"
        return read(await client.get(page)).form_to(f"/{word}").fields

    @pytest.mark.parametrize(
        "forged",
        [
            {"csrf": "0" * 64},
            {"csrf": ""},
            {"nonce": "A" * 22},
            {"text": "en-2"},
            {"text": ""},
        ],
    )
    async def test_a_forged_one_does_nothing(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        word: str,
        stage: Stage,
        forged: dict[str, str],
    ) -> None:
        form = await self.form(client, invite, runs, word=word, stage=stage)
        response = await client.post(f"{invite}/{word}", data=form | forged)

        assert "location" not in response.headers
        assert ([], set()) == (runs.writes, people.withdrawals)

    async def test_a_form_for_something_else_does_nothing(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        word: str,
        stage: Stage,
    ) -> None:
        start = read(await client.get(invite)).form_to("/start").fields
        runs.run = glance(stage)
        await client.post(f"{invite}/{word}", data=start)

        assert ([], set()) == (runs.writes, people.withdrawals)

    async def test_another_sites_form_is_refused(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        word: str,
        stage: Stage,
    ) -> None:
        form = await self.form(client, invite, runs, word=word, stage=stage)
        response = await client.post(
            f"{invite}/{word}", data=form, headers={"Sec-Fetch-Site": "cross-site"}
        )

        assert (403, "elsewhere") == (response.status_code, read(response).page)
        assert ([], set()) == (runs.writes, people.withdrawals)

    async def test_a_revoked_link_says_nothing(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        word: str,
        stage: Stage,
    ) -> None:
        form = await self.form(client, invite, runs, word=word, stage=stage)
        runs.run = glance(stage, link=2)
        response = await client.post(f"{invite}/{word}", data=form)

        assert (404, "neutral") == (response.status_code, read(response).page)
        assert ([], set()) == (runs.writes, people.withdrawals)

    @pytest.mark.parametrize("trouble", [UpdateUnderWayError(), TemporalAwayError("gone")])
    async def test_our_own_trouble_is_no_fault_of_the_person(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        word: str,
        stage: Stage,
        trouble: Exception,
    ) -> None:
        people.stands = PersonStands.VERIFIED
        form = await self.form(client, invite, runs, word=word, stage=stage)
        runs.trouble = people.trouble = trouble
        response = await client.post(f"{invite}/{word}", data=form)

        assert (503, "away") == (response.status_code, read(response).page)
        back_to = invite if word == "finished" else f"{invite}/{word}"
        assert back_to == refresh_path(response)

    async def test_a_forged_token_makes_no_call(
        self, client: httpx.AsyncClient, runs: PretendedRuns, *, word: str, stage: Stage
    ) -> None:
        runs.run = glance(stage)
        response = await client.post(f"/i/forged/{word}", data={"text": word})

        assert 404 == response.status_code
        assert [] == runs.calls
