"""The tap on Start: asks the run for a session, and hands the person over to the camera check."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from likeness.failures import FailureCode
from likeness.messages.conversation import OpenOutcome, OpenSession, SessionOpened
from likeness.temporal.errors import TemporalAwayError
from web.bodies import body_of, form_of
from web.deps import PublicDeps
from web.forms import FormFields, comes_from_elsewhere
from web.onboardings import RunGoneError, TapLostError, TapRefusedError, TapUnderWayError
from web.pages import Page, page_of_refusal
from web.person_pages import PersonPages
from web.rendering import rendered
from web.tally import Happening
from web.taps import TAP_LIFETIME_S, Tap
from web.texts import CONSENT_MISSING, FORM_TOO_OLD, TAP_CAME_TO_NOTHING, TAP_OUTCOMES
from web.visits import Visit, neutral, or_away

_ASK_AGAIN_WITHIN_S = 6.0


class StartPages:
    """Answers ``POST /i/{token}/start`` and ``/i/{token}/preparing/{tap}``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def start(self, request: Request, token: str) -> Response:
        """Take the tap: a session's link as a redirect, or the page that says why not."""
        body = await body_of(request)
        visit = Visit.with_token(token, self._deps)
        if visit is None:
            return neutral(self._deps, "token")
        if comes_from_elsewhere(request.headers.get("sec-fetch-site")):
            visit.note(self._deps, Happening.PAGE_REFUSED, "cross_site")
            return rendered(Page.ELSEWHERE, 403)
        answer = self._tapped(visit, form_of(body))
        return await or_away(answer, request, self._deps, back_to=visit.path)

    async def look_on(self, request: Request, token: str, tap: str) -> Response:
        """Ask again what came of a tap that had no answer in time, and show it.

        It opens nothing: the server is only asked for the outcome of an Update it knows, and the
        link itself is given to a POST alone.
        """
        visit, known = Visit.with_token(token, self._deps), Tap.parsed(tap)
        if visit is None or known is None:
            return neutral(self._deps, "token")
        if request.method == "HEAD" or is_prefetch(request):
            return rendered(Page.PREPARING)
        answer = self._gone_on(visit, known, shown=lambda _: self._pages.ready(visit, known))
        return await or_away(answer, request, self._deps)

    async def go_on(self, request: Request, token: str, tap: str) -> Response:
        """Hand over the link of a tap whose answer came late."""
        visit, known = Visit.with_token(token, self._deps), Tap.parsed(tap)
        if visit is None or known is None:
            return neutral(self._deps, "token")
        if comes_from_elsewhere(request.headers.get("sec-fetch-site")):
            visit.note(self._deps, Happening.PAGE_REFUSED, "cross_site")
            return rendered(Page.ELSEWHERE, 403)
        answer = self._gone_on(visit, known, shown=lambda link: self._handed_out(visit, link))
        return await or_away(answer, request, self._deps, back_to=visit.path)

    async def _tapped(self, visit: Visit, form: dict[str, str]) -> Response:
        fields = FormFields(
            nonce=form.get("nonce", ""), text=form.get("text", ""), seal=form.get("csrf", "")
        )
        text = self._deps.consent_texts.get(fields.text)
        if text is None or not self._deps.forms.is_ours(visit.token, fields):
            visit.note(self._deps, Happening.PAGE_REFUSED, "form")
            return await self._pages.now(visit, notice=FORM_TOO_OLD, status=403)
        if form.get("consent") != "yes":
            return await self._pages.now(visit, notice=CONSENT_MISSING, status=422)
        if (not_here := await self._not_here(visit)) is not None:
            return not_here
        now = self._deps.clock()
        tap = Tap.now(fields.nonce, now)
        opening = self._deps.onboardings.open_session(
            visit.invite.tenant,
            visit.invite.onboarding,
            tap=OpenSession(consent=text.given(), not_after=now + TAP_LIFETIME_S),
            update_id=tap.update_id,
            within_s=self._deps.open_within_s,
        )
        try:
            return await self._answered(
                visit, opening, shown=lambda link: self._handed_out(visit, link)
            )
        except (TapUnderWayError, TemporalAwayError):
            # The server may hold the tap already, so it is asked for by its name.
            visit.note(self._deps, Happening.TAP_UNDER_WAY)
            return self._pages.preparing(visit, tap, fields)

    async def _gone_on(
        self, visit: Visit, tap: Tap, *, shown: Callable[[str], Response]
    ) -> Response:
        if not tap.is_worth_asking(self._deps.clock()):
            return await self._came_to_nothing(visit, FailureCode.TAP_TOO_OLD)
        if (not_here := await self._not_here(visit)) is not None:
            return not_here
        asking = self._deps.onboardings.outcome_of_tap(
            visit.invite.tenant,
            visit.invite.onboarding,
            update_id=tap.update_id,
            within_s=_ASK_AGAIN_WITHIN_S,
        )
        try:
            return await self._answered(visit, asking, shown=shown)
        except TapUnderWayError:
            return self._pages.preparing(visit, tap, None)

    async def _not_here(self, visit: Visit) -> Response | None:
        """Give the page for a link that is revoked or whose run is gone; None when it is good."""
        try:
            run = await visit.glance(self._deps)
        except RunGoneError:
            return rendered(Page.OVER, 410)
        return neutral(self._deps, "revoked") if run is None else None

    async def _answered(
        self,
        visit: Visit,
        asking: Awaitable[SessionOpened],
        *,
        shown: Callable[[str], Response],
    ) -> Response:
        try:
            session = await asking
        except TapRefusedError as refused:
            return await self._came_to_nothing(visit, refused.code)
        except (TapLostError, RunGoneError):
            return await self._came_to_nothing(visit, None)
        if session.outcome is OpenOutcome.ON_HOLD:
            return self._held(visit, session.code)
        if session.outcome is OpenOutcome.TRY_AGAIN or session.h5_link is None:
            return await self._came_to_nothing(visit, session.code)
        return shown(session.h5_link.get_secret_value())

    def _handed_out(self, visit: Visit, h5_link: str) -> Response:
        """Send the person to the camera check: the only place where the link leaves us."""
        if not self._deps.h5_hosts.allows(h5_link):
            # The browser would drop the redirect without a word, by the form-action of our policy.
            return self._held(visit, FailureCode.H5_HOST_UNLISTED)
        visit.note(self._deps, Happening.SESSION_HANDED_OUT)
        return RedirectResponse(h5_link, status_code=303)

    def _held(self, visit: Visit, code: FailureCode | None) -> Response:
        visit.note(self._deps, Happening.TAP_CAME_TO_NOTHING, str(code or "on_hold"))
        return self._pages.shown(visit, page_of_refusal(code) or Page.HELD)

    async def _came_to_nothing(self, visit: Visit, code: FailureCode | None) -> Response:
        """Tell the truth of the run anew; where a tap may still work, say what became of it."""
        visit.note(self._deps, Happening.TAP_CAME_TO_NOTHING, str(code or "unanswered"))
        if (page := page_of_refusal(code)) is not None and code is not FailureCode.ALREADY_ENDED:
            return self._pages.shown(visit, page)
        notice = TAP_OUTCOMES.get(code, TAP_CAME_TO_NOTHING) if code else TAP_CAME_TO_NOTHING
        return await self._pages.now(visit, notice=notice)


def is_prefetch(request: Request) -> bool:
    """Tell whether a browser only fetches ahead, for a person who has not gone there yet."""
    purpose = request.headers.get("sec-purpose") or request.headers.get("purpose") or ""
    return "prefetch" in purpose.lower()
