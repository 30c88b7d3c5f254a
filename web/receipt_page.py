"""The receipt of a consent, as a file that the person keeps."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from likeness.messages.person import ConsentReceipt
from likeness.temporal.errors import TemporalAwayError
from web.calls import RunGoneError
from web.consent import consented_text
from web.deps import PublicDeps
from web.visits import Visit, neutral, or_away


class ReceiptPage:
    """Answers ``/i/{token}/receipt``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps

    async def download(self, request: Request, token: str) -> Response:
        """Give the signed receipt; lead back to the invite page while nothing is agreed to."""
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        return await or_away(self._signed(request, visit), request, self._deps)

    async def _signed(self, request: Request, visit: Visit) -> Response:
        try:
            if await visit.glance(self._deps) is None:
                return neutral(request, self._deps, "revoked")
            receipt = await self._of_run(visit)
        except RunGoneError:
            receipt = await self._of_person(visit)
        if receipt is None:
            return RedirectResponse(visit.path, status_code=303)
        text = consented_text(self._deps.consent_texts, receipt.consent)
        signed = self._deps.receipts.sign(
            visit.invite.tenant, visit.invite.person, receipt, text.text if text else ""
        )
        name = f"consent-receipt-{receipt.onboarding}.json"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(signed, media_type="application/json", headers=disposition)

    async def _of_run(self, visit: Visit) -> ConsentReceipt | None:
        invite = visit.invite
        told = await self._deps.onboardings.details(invite.tenant, invite.onboarding)
        if told is None:
            raise TemporalAwayError("No worker answers.")
        if told.consent is None or told.consent_at is None:
            return None
        return ConsentReceipt(
            onboarding=invite.onboarding,
            link=told.link,
            consent=told.consent,
            consent_at=told.consent_at,
        )

    async def _of_person(self, visit: Visit) -> ConsentReceipt | None:
        invite = visit.invite
        try:
            known = await self._deps.people.known(invite.tenant, invite.person)
        except RunGoneError:
            return None
        if known is None:
            raise TemporalAwayError("No worker answers.")
        mine = (invite.onboarding, invite.link)
        return next((each for each in known.receipts if (each.onboarding, each.link) == mine), None)
