"""The invite page: looking at it changes nothing and sends the run no message."""

from fastapi import Request
from starlette.responses import Response

from web.deps import PublicDeps
from web.pages import LOOKS_FOR_NEWS
from web.person_pages import LOOKED, PersonPages
from web.visits import Visit, neutral, or_away


class InvitePages:
    """Answers ``/i/{token}`` and ``/i/{token}/again``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._pages = PersonPages(deps)

    async def show(self, request: Request, token: str) -> Response:
        """Show where the person stands; ``looked`` counts the looks since they came back."""
        return await self._shown(request, token, _looked(request.query_params.get(LOOKED)))

    async def show_again(self, request: Request, token: str) -> Response:
        """Show the Start form while an earlier attempt is still being checked."""
        return await self._shown(request, token, None)

    async def _shown(self, request: Request, token: str, looked: int | None) -> Response:
        visit = Visit.with_token(token, self._deps)
        if visit is None:
            return neutral(self._deps, "token")
        return await or_away(self._pages.now(visit, looked=looked), request, self._deps)


def _looked(text: str | None) -> int | None:
    """Read the count; anything that is none, or above the last look, counts as not come back."""
    if text is None or not text.isascii() or not text.isdecimal():
        return None
    return int(text) if len(text) <= len(str(LOOKS_FOR_NEWS)) else None
