"""The invite page: looking at it changes nothing and sends the run no message."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from likeness.temporal.errors import TemporalAwayError
from web.deps import PublicDeps
from web.pages import Page
from web.person_pages import PersonPages
from web.truth import truth_of
from web.visits import AWAY_REFRESH_S, Visit, neutral, or_away


class InvitePages:
    """Answers ``/i/{token}``, ``/i/{token}/again`` and ``/i/{token}/state``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def show(self, request: Request, token: str) -> Response:
        """Show where the person stands."""
        return await self._shown(request, token, again=False)

    async def show_again(self, request: Request, token: str) -> Response:
        """Show the Start form while an earlier attempt is still being checked."""
        return await self._shown(request, token, again=True)

    async def tell_state(self, request: Request, token: str) -> Response:
        """Tell a script in ``{"page", "next_s"}`` what the invite page of the same query shows.

        ``next_s`` is 0 when nothing will change by itself.
        """
        visit = Visit.of(request, token, self._deps)
        try:
            truth = None if visit is None else await truth_of(visit, self._deps)
        except TemporalAwayError:
            return JSONResponse({"next_s": AWAY_REFRESH_S}, 503)
        if visit is None or truth is None:
            return JSONResponse({"page": Page.NEUTRAL.value, "next_s": 0}, 404)
        next_s = self._pages.pause_s(visit, truth) or 0
        return JSONResponse({"page": truth.page.value, "next_s": next_s})

    async def _shown(self, request: Request, token: str, *, again: bool) -> Response:
        visit = Visit.of(request, token, self._deps)
        if visit is None:
            return neutral(request, self._deps, "token")
        answer = self._now(request, visit, again=again)
        return await or_away(answer, request, self._deps)

    async def _now(self, request: Request, visit: Visit, *, again: bool) -> Response:
        truth = await truth_of(visit, self._deps)
        if truth is None:
            return neutral(request, self._deps, "revoked")
        if again and truth.page is Page.CHECKING:
            page = Page.TRY_AGAIN if truth.may_start else Page.EXHAUSTED
            return self._pages.shown(visit, replace(truth, page=page), follows=False)
        return self._pages.shown(visit, truth)
