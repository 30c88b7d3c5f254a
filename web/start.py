"""The tap on Start: asks the run for a session, and hands the person over to the camera check."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from likeness.failures import FailureCode
from likeness.messages.conversation import OpenOutcome, OpenSession, SessionOpened
from likeness.temporal.errors import TemporalAwayError
from web.bodies import body_of, form_of
from web.calls import RefusedByRunError, RunGoneError, TapLostError, UpdateUnderWayError
from web.deps import PublicDeps
from web.devices import device_of, remember, told_apart
from web.forms import FormFields, comes_from_elsewhere
from web.pages import Page, page_of_refusal
from web.person_pages import PersonPages
from web.tally import Happening
from web.taps import TAP_LIFETIME_S, Tap
from web.texts import CONSENT_MISSING, FORM_TOO_OLD, TAP_CAME_TO_NOTHING, TAP_OUTCOMES
from web.truth import Truth, truth_of
from web.visits import Visit, elsewhere, neutral, or_away

_ASK_AGAIN_WITHIN_S = 6.0
_TO_TAP_FROM = frozenset({Page.OTHER_DEVICE, Page.TOO_SOON})


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A tap that is being asked for; ``fields`` are None when only its name is known any more."""

    request: Request
    visit: Visit
    tap: Tap
    fields: FormFields | None = None


class StartPages:
    """Answers ``POST /i/{token}/start`` and ``/i/{token}/preparing/{tap}``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def start(self, request: Request, token: str) -> Response:
        """Take the tap: a session's link as a redirect, or the page that says why not."""
        body = await body_of(request)
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        form = form_of(body)
        fields = FormFields.of(form)
        forged = visit.forged(request, fields, self._deps)
        if forged == "cross_site":
            return elsewhere(visit, self._deps)
        text = self._deps.consent_texts.get(fields.text)
        if forged or text is None or not text.is_current:
            visit.note(self._deps, Happening.PAGE_REFUSED, "form")
            answer = self._now(request, visit, notice=FORM_TOO_OLD, status=403)
        elif form.get("consent") != "yes":
            answer = self._now(request, visit, notice=CONSENT_MISSING, status=422)
        else:
            tap = Tap.now(fields.nonce, self._deps.clock())
            asked = _Asked(request=request, visit=visit, tap=tap, fields=fields)
            answer = self._tapped(asked, fields, take_over=form.get("take_over") == "yes")
        return await or_away(answer, request, self._deps, back_to=visit.path)

    async def look_on(self, request: Request, token: str, tap: str) -> Response:
        """Ask again what came of a tap that had no answer in time, and show it.

        It opens nothing: the server is only asked for the outcome of an Update it knows, and the
        link itself is given to a POST alone.
        """
        visit, known = Visit.of(request, token, self._deps), Tap.parsed(tap)
        if visit is None or known is None:
            return neutral(request, self._deps, "token")
        if request.method == "HEAD" or is_prefetch(request):
            return self._deps.renderer.page(visit.reader, Page.PREPARING)
        asked = _Asked(request=request, visit=visit, tap=known)
        answer = self._gone_on(asked, shown=lambda _: self._pages.ready(visit, known))
        return await or_away(answer, request, self._deps)

    async def go_on(self, request: Request, token: str, tap: str) -> Response:
        """Hand over the link of a tap whose answer came late."""
        visit, known = Visit.of(request, token, self._deps), Tap.parsed(tap)
        if visit is None or known is None:
            return neutral(request, self._deps, "token")
        if comes_from_elsewhere(request.headers.get("sec-fetch-site")):
            return elsewhere(visit, self._deps)
        asked = _Asked(request=request, visit=visit, tap=known)
        answer = self._gone_on(asked, shown=lambda link: self._handed_out(asked, link))
        return await or_away(answer, request, self._deps, back_to=visit.path)

    async def _tapped(self, asked: _Asked, fields: FormFields, *, take_over: bool) -> Response:
        visit, text = asked.visit, self._deps.consent_texts[fields.text]
        if (not_here := await self._not_here(asked)) is not None:
            return not_here
        device = device_of(visit.reader, self._deps.forms, fields.nonce)
        opening = self._deps.onboardings.open_session(
            visit.invite.tenant,
            visit.invite.onboarding,
            tap=OpenSession(
                consent=text.given(),
                not_after=self._deps.clock() + TAP_LIFETIME_S,
                device=told_apart(device),
                take_over=take_over,
            ),
            update_id=asked.tap.update_id,
            within_s=self._deps.open_within_s,
        )
        try:
            response = await self._answered(
                asked, opening, shown=lambda link: self._handed_out(asked, link)
            )
        except (UpdateUnderWayError, TemporalAwayError):
            # The server may hold the tap already, so it is asked for by its name.
            visit.note(self._deps, Happening.TAP_UNDER_WAY)
            response = self._pages.preparing(visit, asked.tap, fields, take_over=take_over)
        return remember(response, device, https=self._deps.https, below=visit.below)

    async def _gone_on(self, asked: _Asked, *, shown: Callable[[str], Response]) -> Response:
        visit = asked.visit
        if not asked.tap.is_worth_asking(self._deps.clock()):
            return await self._came_to_nothing(asked, FailureCode.TAP_TOO_OLD)
        if (not_here := await self._not_here(asked)) is not None:
            return not_here
        asking = self._deps.onboardings.outcome_of_tap(
            visit.invite.tenant,
            visit.invite.onboarding,
            update_id=asked.tap.update_id,
            within_s=_ASK_AGAIN_WITHIN_S,
        )
        try:
            return await self._answered(asked, asking, shown=shown)
        except UpdateUnderWayError:
            return self._pages.preparing(visit, asked.tap, None)

    async def _not_here(self, asked: _Asked) -> Response | None:
        """Give the page for a link that is revoked or whose run is gone; None when it is good."""
        try:
            run = await asked.visit.glance(self._deps)
        except RunGoneError:
            return await self._now(asked.request, asked.visit)
        return neutral(asked.request, self._deps, "revoked") if run is None else None

    async def _now(
        self, request: Request, visit: Visit, *, notice: str | None = None, status: int = 200
    ) -> Response:
        truth = await truth_of(visit, self._deps)
        if truth is None:
            return neutral(request, self._deps, "revoked")
        return self._pages.shown(visit, truth, notice=notice, status=status)

    async def _answered(
        self, asked: _Asked, asking: Awaitable[SessionOpened], *, shown: Callable[[str], Response]
    ) -> Response:
        try:
            session = await asking
        except RefusedByRunError as refused:
            return await self._came_to_nothing(asked, refused.code)
        except (TapLostError, RunGoneError):
            return await self._came_to_nothing(asked, None)
        if session.outcome is OpenOutcome.ON_HOLD:
            return await self._held(asked, session.code)
        if session.outcome is OpenOutcome.TRY_AGAIN or session.h5_link is None:
            return await self._came_to_nothing(asked, session.code)
        link = session.h5_link.get_secret_value()
        if not self._deps.h5_hosts.allows(link):
            # The browser would drop the redirect without a word, by the form-action of our policy.
            return await self._held(asked, FailureCode.H5_HOST_UNLISTED)
        return shown(link)

    def _handed_out(self, asked: _Asked, h5_link: str) -> Response:
        """Send the person to the camera check: the only place where the link leaves us."""
        asked.visit.note(self._deps, Happening.SESSION_HANDED_OUT)
        return RedirectResponse(h5_link, status_code=303)

    async def _held(self, asked: _Asked, code: FailureCode | None) -> Response:
        asked.visit.note(self._deps, Happening.TAP_CAME_TO_NOTHING, str(code or "on_hold"))
        return await self._told(asked, page_of_refusal(code) or Page.HELD)

    async def _came_to_nothing(self, asked: _Asked, code: FailureCode | None) -> Response:
        """Tell the truth of the run anew; where a tap may still work, say what became of it."""
        asked.visit.note(self._deps, Happening.TAP_CAME_TO_NOTHING, str(code or "unanswered"))
        page = page_of_refusal(code)
        if page is not None and code is not FailureCode.ALREADY_ENDED:
            return await self._told(asked, page)
        notice = TAP_OUTCOMES.get(code, TAP_CAME_TO_NOTHING) if code else TAP_CAME_TO_NOTHING
        return await self._now(asked.request, asked.visit, notice=notice)

    async def _told(self, asked: _Asked, page: Page) -> Response:
        """Show the page that the run's answer stands for, which its attributes may not tell yet."""
        visit = asked.visit
        try:
            run = await visit.glance(self._deps)
        except RunGoneError:
            run = None
        truth = Truth(page=page, run=run)
        if page in _TO_TAP_FROM:
            return self._pages.refused(visit, truth, page, fields=asked.fields)
        return self._pages.shown(visit, truth)


def is_prefetch(request: Request) -> bool:
    """Tell whether a browser only fetches ahead, for a person who has not gone there yet."""
    purpose = request.headers.get("sec-purpose") or request.headers.get("purpose") or ""
    return "prefetch" in purpose.lower()
