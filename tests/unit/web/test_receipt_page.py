import json

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.messages.person import PersonState
from likeness.stages import Stage
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.people import PersonStands
from runtime.links import LinkSealer
from runtime.receipts import verify
from tests.unit.web.pretended import (
    CONSENT,
    INVITE,
    NOW,
    RECEIPT,
    PretendedPeople,
    PretendedRuns,
    details,
    glance,
)
from tests.unit.web.reading import read
from web.deps import PublicDeps

STATE = PersonState(tenant="default", person="p-1", receipts=(RECEIPT,))


PATHS = ["", "/withdraw", "/receipt"]


class TestReceipt:
    async def test_it_is_a_signed_file_of_what_was_agreed_to(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, deps: PublicDeps
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING), details()
        assert read(await client.get(invite)).leads_to(f"{invite}/receipt")
        response = await client.get(f"{invite}/receipt")
        said = response.json()

        assert (200, "application/json") == (
            response.status_code,
            response.headers["content-type"],
        )
        assert (
            'attachment; filename="consent-receipt-ob-1.json"'
            == response.headers["content-disposition"]
        )
        assert (CONSENT.sha256, "ob-1", 1) == (
            said["consent"]["sha256"],
            said["onboarding"],
            said["link"],
        )
        assert "Your face is biometric data." in said["consent"]["text"]
        assert verify(response.content, deps.receipts.public_keys()[said["key_id"]])

    async def test_it_names_the_link_that_was_agreed_through(
        self, client: httpx.AsyncClient, links: LinkSealer, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING, link=2)
        runs.details_told = details(link=2, consent_link=1)
        renewed = f"/i/{links.seal_invite(INVITE.model_copy(update={'link': 2}))}"

        assert 1 == (await client.get(f"{renewed}/receipt")).json()["link"]

    async def test_it_is_the_same_file_each_time(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.details_told = details()
        first, second = [await client.get(f"{invite}/receipt") for _ in range(2)]

        assert first.content == second.content

    async def test_before_any_consent_it_leads_back(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.details_told = details(consent=None, consent_at=None)
        response = await client.get(f"{invite}/receipt")

        assert (303, invite) == (response.status_code, response.headers["location"])

    async def test_a_text_that_is_no_longer_here_is_still_named(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        old = CONSENT.model_copy(update={"text_version": "xx-9"})
        runs.details_told = details(consent=old)
        said = json.loads((await client.get(f"{invite}/receipt")).content)

        assert ("xx-9", "") == (said["consent"]["text_version"], said["consent"]["text"])

    async def test_without_a_worker_it_comes_later_by_itself(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        response = await client.get(f"{invite}/receipt")

        assert (503, "away") == (response.status_code, read(response).page)

    async def test_a_revoked_link_gets_none(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING, link=2), details()

        assert 404 == (await client.get(f"{invite}/receipt")).status_code


class TestReceiptOfAnErasedPerson:
    """The onboarding's history is still here, and with it what was agreed to."""

    @pytest.mark.parametrize(
        "run",
        [
            glance(Stage.READY),
            glance(Stage.COMPLETED),
            glance(Stage.FAILED),
            glance(Stage.DECLINED, reason=FailureCode.WITHDRAWN),
        ],
    )
    async def test_it_is_given_no_more(
        self,
        client: httpx.AsyncClient,
        invite: str,
        *,
        runs: PretendedRuns,
        people: PretendedPeople,
        run: OnboardingGlance,
    ) -> None:
        runs.run, runs.details_told, people.stands = run, details(), PersonStands.ERASED
        shown = read(await client.get(invite))

        assert ("erased", False) == (shown.page, shown.leads_to("/receipt"))
        assert "erased" == read(await client.get(f"{invite}/receipt")).page

    async def test_a_new_onboarding_has_a_receipt_of_its_own(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns, people: PretendedPeople
    ) -> None:
        runs.run, runs.details_told = glance(Stage.VERIFYING), details()
        people.stands = PersonStands.ERASED

        assert "ob-1" == (await client.get(f"{invite}/receipt")).json()["onboarding"]


class TestOldLink:
    """The onboarding's history is past its retention; the person is still known."""

    @pytest.fixture(autouse=True)
    def _gone(self, runs: PretendedRuns, people: PretendedPeople) -> None:
        runs.run = None
        people.state = STATE

    @pytest.mark.parametrize(
        ("stands", "status", "page"),
        [
            (PersonStands.VERIFIED, 200, "finished"),
            (PersonStands.WITHDRAWN, 200, "withdrawn"),
            (PersonStands.ERASED, 200, "erased"),
            (None, 410, "over"),
        ],
    )
    async def test_it_tells_the_truth_of_the_person(
        self,
        client: httpx.AsyncClient,
        invite: str,
        people: PretendedPeople,
        *,
        stands: PersonStands | None,
        status: int,
        page: str,
    ) -> None:
        people.stands = stands
        response = await client.get(invite)

        assert (status, page) == (response.status_code, read(response).page)
        offered = read(response).leads_to("/withdraw")
        assert offered == (stands is PersonStands.VERIFIED)

    @pytest.mark.parametrize("stands", [each for each in PersonStands if each != "lost"])
    @pytest.mark.parametrize("path", PATHS)
    async def test_without_a_worker_no_number_is_taken_for_the_one_in_force(
        self,
        client: httpx.AsyncClient,
        invite: str,
        people: PretendedPeople,
        *,
        stands: PersonStands,
        path: str,
    ) -> None:
        people.stands, people.state = stands, None
        response = await client.get(f"{invite}{path}")

        assert (503, "away") == (response.status_code, read(response).page)

    @pytest.mark.parametrize(
        "known",
        [
            {"receipts": (RECEIPT.model_copy(update={"link": 2}),)},
            {"receipts": (RECEIPT, RECEIPT.model_copy(update={"link": 2}))},
            {"links": {"ob-1": 2}},
            {"links": {"ob-1": 2}, "receipts": ()},
        ],
    )
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_link_that_was_revoked_stays_so(
        self,
        client: httpx.AsyncClient,
        invite: str,
        people: PretendedPeople,
        *,
        known: dict[str, object],
        path: str,
    ) -> None:
        people.stands = PersonStands.VERIFIED
        people.state = STATE.model_copy(update=known)

        assert 404 == (await client.get(f"{invite}{path}")).status_code

    async def test_a_link_renewed_after_the_consent_is_good(
        self, client: httpx.AsyncClient, links: LinkSealer, people: PretendedPeople
    ) -> None:
        people.stands = PersonStands.VERIFIED
        people.state = STATE.model_copy(update={"links": {"ob-1": 2}})
        renewed = f"/i/{links.seal_invite(INVITE.model_copy(update={'link': 2}))}"

        assert "finished" == read(await client.get(renewed)).page
        assert 1 == (await client.get(f"{renewed}/receipt")).json()["link"]

    async def test_an_onboarding_the_person_knows_nothing_of_is_over(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        people.stands = PersonStands.VERIFIED
        people.state = STATE.model_copy(update={"receipts": (), "links": {"ob-2": 1}})
        shown = await client.get(invite)

        assert (410, "over") == (shown.status_code, read(shown).page)
        assert not read(shown).leads_to("/withdraw")

    async def test_an_erased_person_has_no_receipt(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        people.stands = PersonStands.ERASED

        assert "erased" == read(await client.get(f"{invite}/receipt")).page

    async def test_it_takes_a_withdrawal(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        people.stands = PersonStands.VERIFIED
        form = read(await client.get(f"{invite}/withdraw")).form_to("/withdraw")
        response = await client.post(form.action, data=form.fields)

        assert "withdrawn" == read(response).page
        assert 1 == len(people.withdrawals)

    async def test_it_gives_the_receipt(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        people.stands = PersonStands.VERIFIED
        said = (await client.get(f"{invite}/receipt")).json()

        assert (CONSENT.text_version, NOW - 90) == (
            said["consent"]["text_version"],
            RECEIPT.consent_at,
        )
