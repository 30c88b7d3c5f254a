"""The receipt of a consent, as a file that the person keeps."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from likeness.messages.person import ConsentReceipt
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.people import PersonStands
from web.calls import RunGoneError
from web.consent import consented_text
from web.deps import PublicDeps
from web.pages import BEFORE_VERIFICATION, Page
from web.person_pages import PersonPages
from web.truth import Truth, truth_of_person
from web.visits import Visit, neutral, or_away


class ReceiptPage:
    """Answers ``/i/{token}/receipt``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def download(self, request: Request, token: str) -> Response:
        """Give the signed receipt; lead back to the invite page while nothing is agreed to."""
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        return await or_away(self._signed(request, visit), request, self._deps)

    async def _signed(self, request: Request, visit: Visit) -> Response:
        try:
            found = await self._of_run(visit)
        except RunGoneError:
            found = await self._of_person(visit)
        if found is Page.NEUTRAL:
            return neutral(request, self._deps, "revoked")
        if isinstance(found, Page):
            return self._pages.shown(visit, Truth(page=found))
        if found is None:
            return RedirectResponse(visit.path, status_code=303)
        text = consented_text(self._deps.consent_texts, found.consent)
        signed = self._deps.receipts.sign(
            visit.invite.tenant, visit.invite.person, found, text.text if text else ""
        )
        name = f"consent-receipt-{found.onboarding}.json"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(signed, media_type="application/json", headers=disposition)

    async def _of_run(self, visit: Visit) -> ConsentReceipt | Page | None:
        """Give the receipt or the page shown instead; None while nothing is agreed to."""
        invite = visit.invite
        run = await visit.glance(self._deps)
        if run is None:
            return Page.NEUTRAL
        # What is agreed to before the check may belong to a new onboarding of an erased person.
        is_under_way = run.stage in BEFORE_VERIFICATION and not run.closed
        if not is_under_way:
            stands = await self._deps.people.standing(invite.tenant, invite.person)
            if stands is PersonStands.ERASED:
                return Page.ERASED
        told = await self._deps.onboardings.details(invite.tenant, invite.onboarding)
        if told is None:
            raise TemporalAwayError("No worker answers.")
        if told.consent is None or told.consent_at is None:
            return None
        return ConsentReceipt(
            onboarding=invite.onboarding,
            link=told.consent_link or told.link,
            consent=told.consent,
            consent_at=told.consent_at,
        )

    async def _of_person(self, visit: Visit) -> ConsentReceipt | Page | None:
        """Give the same once the run's history is gone."""
        truth = await truth_of_person(visit, self._deps)
        if truth is None:
            return Page.NEUTRAL
        if truth.page is Page.ERASED or truth.person is None:
            return truth.page
        onboarding = visit.invite.onboarding
        mine = (each for each in truth.person.receipts if each.onboarding == onboarding)
        return max(mine, key=lambda each: each.consent_at, default=None)
