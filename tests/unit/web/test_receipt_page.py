import json

import httpx
import pytest

from likeness.messages.person import PersonState
from likeness.stages import Stage
from likeness.temporal.people import PersonStands
from runtime.receipts import verify
from tests.unit.web.pretended import (
    CONSENT,
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

    async def test_it_needs_no_worker(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        people.stands, people.state = PersonStands.VERIFIED, None

        assert "finished" == read(await client.get(invite)).page

    async def test_a_link_that_was_revoked_stays_so(
        self, client: httpx.AsyncClient, invite: str, people: PretendedPeople
    ) -> None:
        newer = RECEIPT.model_copy(update={"link": 2})
        people.stands = PersonStands.VERIFIED
        people.state = STATE.model_copy(update={"receipts": (newer,)})

        assert 404 == (await client.get(invite)).status_code

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
