"""Requests with a token that authenticates, and the runs they are about."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from runtime.links import INVITE_PATH, InviteToken, invite_url
from web.deps import PublicDeps
from web.forms import FormFields, comes_from_elsewhere
from web.pages import Page
from web.reader import Reader
from web.rendering import Extras
from web.tally import Happening

AWAY_REFRESH_S = 5


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A person with a link of ours in hand; our addresses begin with the path ``below``."""

    token: str
    invite: InviteToken
    reader: Reader
    below: str = ""

    @classmethod
    def of(cls, request: Request, token: str, deps: PublicDeps) -> Self | None:
        """Open ``token`` without asking anybody; None when it is not ours."""
        invite = deps.links.open_invite(token)
        if invite is None:
            return None
        return cls(token=token, invite=invite, reader=Reader.of(request), below=deps.path)

    @property
    def path(self) -> str:
        """Give the invite page's path, as the browser knows it."""
        return f"{self.below}{INVITE_PATH}/{self.token}"

    def link(self, deps: PublicDeps) -> str:
        """Give the invite link as it was sent."""
        return invite_url(deps.base_url, self.token)

    async def glance(self, deps: PublicDeps) -> OnboardingGlance | None:
        """Look at the run; None when this link is not the one in force.

        Raises ``RunGoneError`` and ``TemporalAwayError``.
        """
        run = await deps.onboardings.glance(self.invite.tenant, self.invite.onboarding)
        mine = (self.invite.link, self.invite.person)
        in_force = run.memo is not None and (run.memo.link, run.memo.person) == mine
        return run if in_force else None

    def forged(self, request: Request, fields: FormFields, deps: PublicDeps) -> str | None:
        """Give the word for a form that is not this page's own; None when it is."""
        if comes_from_elsewhere(request.headers.get("sec-fetch-site")):
            return "cross_site"
        return None if deps.forms.is_ours(self.token, fields) else "form"

    def note(self, deps: PublicDeps, happening: Happening, reason: str = "") -> None:
        """Count and log what happened on this visit."""
        deps.tally.note(
            happening,
            reason=reason,
            tenant=self.invite.tenant,
            onboarding=self.invite.onboarding,
        )


def neutral(request: Request, deps: PublicDeps, reason: str) -> Response:
    """Give the one page for every token that is not good, whatever is wrong with it."""
    deps.tally.note(Happening.PAGE_REFUSED, reason=reason)
    return deps.renderer.page(Reader.of(request), Page.NEUTRAL, 404)


def elsewhere(visit: Visit, deps: PublicDeps) -> Response:
    """Give the page for a form that another site's page has sent."""
    visit.note(deps, Happening.PAGE_REFUSED, "cross_site")
    more = Extras(home=visit.path)
    return deps.renderer.page(visit.reader, Page.ELSEWHERE, 403, more=more)


async def or_away(
    answer: Awaitable[Response], request: Request, deps: PublicDeps, *, back_to: str = ""
) -> Response:
    """Give ``answer``, or the page that tries again by itself when Temporal is away.

    ``back_to`` is where it goes; empty for the request's own address.
    """
    try:
        return await answer
    except TemporalAwayError:
        return away(request, deps, back_to=back_to)


def away(request: Request, deps: PublicDeps, *, back_to: str = "") -> Response:
    """Give the page that tells of our own trouble and goes to ``back_to`` by itself, or by hand."""
    deps.tally.note(Happening.TEMPORAL_AWAY, reason=request.method)
    reader = Reader.of(request)
    more = Extras(
        refresh=back_to,
        refresh_s=AWAY_REFRESH_S,
        look_again=back_to or f"{deps.path}{request.url.path}{reader.coming.query()}",
        home=back_to,
    )
    response = deps.renderer.page(reader, Page.AWAY, 503, more=more)
    response.headers["Retry-After"] = str(AWAY_REFRESH_S)
    return response
