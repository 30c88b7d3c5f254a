"""What a person says beside Start: no, not any more, and "I have finished"."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from likeness.failures import FailureCode
from web.bodies import body_of, form_of
from web.calls import RefusedByRunError, RunGoneError, UpdateUnderWayError
from web.deps import PublicDeps
from web.forms import FormFields
from web.pages import Page
from web.person_pages import DECLINE, FINISHED, WITHDRAW, PersonPages
from web.reader import Coming
from web.tally import Happening
from web.taps import window_of
from web.texts import FORM_TOO_OLD
from web.truth import Truth, truth_of
from web.visits import Visit, away, elsewhere, neutral, or_away

Answer = Callable[[Visit, Truth, FormFields], Awaitable[Response]]


class AnswerPages:
    """Answers ``/i/{token}/decline``, ``/i/{token}/withdraw`` and ``/i/{token}/finished``.

    A GET only asks; a POST of the form on that page is the person's word.
    """

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def ask_decline(self, request: Request, token: str) -> Response:
        """Ask whether the person says no, or tell what is true where nothing can be declined."""
        return await self._asked(request, token, Page.SAY_NO)

    async def ask_withdraw(self, request: Request, token: str) -> Response:
        """Say what a withdrawal ends, and ask for it."""
        return await self._asked(request, token, Page.WITHDRAW)

    async def decline(self, request: Request, token: str) -> Response:
        """Take the no: a normal end."""
        return await self._taken(request, token, DECLINE, answer=self._declined)

    async def withdraw(self, request: Request, token: str) -> Response:
        """Take the agreement back."""
        return await self._taken(request, token, WITHDRAW, answer=self._withdrawn)

    async def finished(self, request: Request, token: str) -> Response:
        """Have the run look once more, for a callback that got lost."""
        return await self._taken(request, token, FINISHED, answer=self._told_finished)

    async def _asked(self, request: Request, token: str, page: Page) -> Response:
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        return await or_away(self._question(request, visit, page), request, self._deps)

    async def _question(self, request: Request, visit: Visit, page: Page) -> Response:
        truth = await truth_of(visit, self._deps)
        if truth is None:
            return neutral(request, self._deps, "revoked")
        fitting = _fitting(truth)
        if fitting is page:
            return self._pages.asked(visit, truth, page)
        if fitting is not None:
            other = DECLINE if fitting is Page.SAY_NO else WITHDRAW
            return RedirectResponse(f"{visit.path}/{other}", status_code=303)
        return self._pages.shown(visit, truth)

    async def _taken(
        self, request: Request, token: str, purpose: str, *, answer: Answer
    ) -> Response:
        body = await body_of(request)
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        fields = FormFields.of(form_of(body))
        forged = visit.forged(request, fields, self._deps)
        if forged == "cross_site":
            return elsewhere(visit, self._deps)
        # Where to look afterwards: at the question, which tells the truth when it is answered.
        back_to = visit.path if purpose == FINISHED else f"{visit.path}/{purpose}"

        async def taken() -> Response:
            truth = await truth_of(visit, self._deps)
            if truth is None:
                return neutral(request, self._deps, "revoked")
            if forged or fields.text != purpose:
                visit.note(self._deps, Happening.PAGE_REFUSED, "form")
                return self._pages.shown(visit, truth, notice=FORM_TOO_OLD, status=403)
            return await answer(visit, truth, fields)

        try:
            return await or_away(taken(), request, self._deps, back_to=back_to)
        except UpdateUnderWayError:
            return away(request, self._deps, back_to=back_to)

    async def _declined(self, visit: Visit, truth: Truth, fields: FormFields) -> Response:
        if not truth.may_decline:
            return self._onward(visit, truth)
        invite = visit.invite
        try:
            await self._deps.onboardings.decline(
                invite.tenant, invite.onboarding, update_id=f"{DECLINE}-{fields.nonce}"
            )
        except RefusedByRunError as refused:
            if refused.code is FailureCode.ALREADY_VERIFIED:
                return RedirectResponse(f"{visit.path}/{WITHDRAW}", status_code=303)
            return RedirectResponse(visit.path, status_code=303)
        except RunGoneError:
            return RedirectResponse(visit.path, status_code=303)
        visit.note(self._deps, Happening.DECLINED)
        return self._pages.shown(visit, Truth(page=Page.DECLINED))

    async def _withdrawn(self, visit: Visit, truth: Truth, fields: FormFields) -> Response:
        if not truth.may_withdraw:
            return self._onward(visit, truth)
        invite = visit.invite
        # A consent given anew can be taken back anew, if need be with a form of long ago.
        window = window_of(self._deps.clock())
        try:
            await self._deps.people.withdraw(
                invite.tenant, invite.person, update_id=f"{WITHDRAW}-{fields.nonce}-{window}"
            )
        except RunGoneError:
            # Verified so lately that the person has no run of their own yet.
            try:
                await self._deps.onboardings.tell_withdrawn(invite.tenant, invite.onboarding)
            except RunGoneError:
                return RedirectResponse(visit.path, status_code=303)
        except RefusedByRunError:
            return RedirectResponse(visit.path, status_code=303)
        visit.note(self._deps, Happening.WITHDRAWN)
        return self._pages.shown(visit, Truth(page=Page.WITHDRAWN))

    async def _told_finished(self, visit: Visit, truth: Truth, fields: FormFields) -> Response:
        invite = visit.invite
        if truth.may_decline:
            try:
                await self._deps.onboardings.finished(
                    invite.tenant, invite.onboarding, update_id=f"{FINISHED}-{fields.nonce}"
                )
            except (RefusedByRunError, RunGoneError):
                return RedirectResponse(visit.path, status_code=303)
            visit.note(self._deps, Happening.SAID_FINISHED)
        back = Coming(back=int(self._deps.clock())).query()
        return RedirectResponse(f"{visit.path}{back}", status_code=303)

    def _onward(self, visit: Visit, truth: Truth) -> Response:
        """Lead from a word that comes too late to the one that fits, or tell what is true."""
        if _fitting(truth) is None:
            return self._pages.shown(visit, truth)
        return RedirectResponse(f"{visit.path}/{WITHDRAW}", status_code=303)


def _fitting(truth: Truth) -> Page | None:
    """Give the question that a person may be asked now."""
    if truth.may_decline:
        return Page.SAY_NO
    return Page.WITHDRAW if truth.may_withdraw else None
