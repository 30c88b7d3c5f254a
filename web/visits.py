"""Requests with a token that authenticates, and the runs they are about."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Self

from fastapi import Request
from starlette.responses import Response

from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from runtime.links import InviteToken
from web.deps import PublicDeps
from web.pages import Page
from web.rendering import Extras, rendered
from web.tally import Happening

AWAY_REFRESH_S = 5


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A person with a link of ours in hand."""

    token: str
    invite: InviteToken

    @classmethod
    def with_token(cls, token: str, deps: PublicDeps) -> Self | None:
        """Open ``token`` without asking anybody; None when it is not ours."""
        invite = deps.links.open_invite(token)
        return None if invite is None else cls(token=token, invite=invite)

    @property
    def path(self) -> str:
        """Give the invite page's path."""
        return f"/i/{self.token}"

    async def glance(self, deps: PublicDeps) -> OnboardingGlance | None:
        """Look at the run; None when this link is not the one in force.

        Raises ``RunGoneError`` and ``TemporalAwayError``.
        """
        run = await deps.onboardings.glance(self.invite.tenant, self.invite.onboarding)
        mine = (self.invite.link, self.invite.person)
        in_force = run.memo is not None and (run.memo.link, run.memo.person) == mine
        return run if in_force else None

    def note(self, deps: PublicDeps, happening: Happening, reason: str = "") -> None:
        """Count and log what happened on this visit."""
        deps.tally.note(
            happening,
            reason=reason,
            tenant=self.invite.tenant,
            onboarding=self.invite.onboarding,
        )


def neutral(deps: PublicDeps, reason: str) -> Response:
    """Give the one page for every token that is not good, whatever is wrong with it."""
    deps.tally.note(Happening.PAGE_REFUSED, reason=reason)
    return rendered(Page.NEUTRAL, 404)


async def or_away(
    answer: Awaitable[Response], request: Request, deps: PublicDeps, *, back_to: str = ""
) -> Response:
    """Give ``answer``, or the page that tries again by itself when Temporal is away.

    ``back_to`` is where it goes; empty for the request's own address.
    """
    try:
        return await answer
    except TemporalAwayError:
        deps.tally.note(Happening.TEMPORAL_AWAY, reason=request.method)
        extras = Extras(refresh=back_to, refresh_s=AWAY_REFRESH_S)
        response = rendered(Page.AWAY, 503, extras)
        response.headers["Retry-After"] = str(AWAY_REFRESH_S)
        return response
