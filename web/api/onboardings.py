"""Creating, showing and listing onboardings, and their invite links."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator

from likeness.failures import FailureCode
from likeness.rest.onboardings import (
    CreateOnboarding,
    InviteLink,
    Onboarding,
    OnboardingCreated,
    OnboardingListed,
    OnboardingPage,
)
from likeness.stages import Hold, Stage
from likeness.temporal.onboardings import (
    OnboardingGlance,
    Wanted,
    describe_onboarding,
    page_of_onboardings,
)
from runtime.api_keys import Scope
from runtime.links import InviteToken
from web.api import samples
from web.api.callers import Admitted
from web.api.conditional import IF_NONE_MATCH, etag, has_already, not_modified
from web.api.creating import Creation, invited
from web.api.cursors import MAX_CURSOR_LENGTH, Cursors
from web.api.deps import ApiDeps
from web.api.documenting import operation
from web.api.looking import look_closer, tag_of
from web.api.naming import (
    IDEMPOTENCY_KEY,
    NO_SUCH,
    OnboardingId,
    idempotency_key_of,
    with_parameter,
)
from web.api.problems import ProblemError
from web.api.redriving import with_deliveries
from web.api.routing import api_router
from web.calls import CONNECTED_WITHIN_S

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def _written_out(moment: object) -> object:
    """Take no bare number, which would be read as a unix time that nobody has promised."""
    if isinstance(moment, str) and "-" not in moment.lstrip("-"):
        raise ValueError("a moment in ISO 8601 with its time zone is wanted")
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


def onboarding_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    routes = api_router()
    _add_creation(routes, deps)
    _add_list(routes, deps)
    _add_looking(routes, deps)
    _add_link(routes, deps)
    return routes


def _add_creation(routes: APIRouter, deps: ApiDeps) -> None:
    creation = Creation(deps)

    @routes.post(
        "/onboardings",
        **with_parameter(
            IDEMPOTENCY_KEY,
            operation(
                Scope.START,
                "create_onboarding",
                "Create an onboarding",
                body=samples.CREATE,
                status=202,
                answer=samples.CREATED,
                headers={"Location": "Where the onboarding is shown."},
                refusals={
                    400: (FailureCode.IDEMPOTENCY_KEY_MISSING,),
                    409: (FailureCode.DIFFERENT_REQUEST,),
                },
            ),
        ),
    )
    async def create_onboarding(
        caller: Admitted,
        key: Annotated[str, Depends(idempotency_key_of)],
        body: CreateOnboarding,
        response: Response,
    ) -> OnboardingCreated:
        """Start an onboarding, or find the one that this Idempotency-Key stands for.

        The answer has the invite link, which you bring to the person by your own means. Nothing is
        sent to the upstream before they tap Start.
        """
        created = await creation.create(caller, key, body)
        response.headers["Location"] = f"/v1/onboardings/{created.onboarding_id}"
        return created


def _add_list(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/onboardings",
        **operation(Scope.READ, "list_onboardings", "List onboardings", answer=samples.PAGE),
    )
    async def list_onboardings(
        *,
        caller: Admitted,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: Annotated[
            str | None, Query(max_length=MAX_CURSOR_LENGTH, description="Of the page before.")
        ] = None,
        stage: Annotated[Stage | None, Query()] = None,
        hold: Annotated[Hold | None, Query()] = None,
        started_after: Annotated[Moment | None, Query()] = None,
        started_before: Annotated[Moment | None, Query()] = None,
    ) -> OnboardingPage:
        """Give a page of them: those under way, newest first, then the ended, latest end first.

        The list needs no worker and lags behind by moments. A walk from page to page meets nothing
        twice, whatever ends meanwhile; its cursors last an hour. A hold of a video shows when the
        onboarding itself is asked for.
        """
        wanted = Wanted(
            stage=stage, hold=hold, started_after=started_after, started_before=started_before
        )
        cursors = Cursors(deps.links, caller, "onboardings", wanted)
        place = cursors.place_of(cursor)
        client = await deps.client(CONNECTED_WITHIN_S)
        page = await page_of_onboardings(client, caller.tenant, wanted, limit=limit, place=place)
        return OnboardingPage(
            onboardings=tuple(map(_line, page.onboardings)),
            next_cursor=cursors.cursor_of(page.place),
        )


def _add_looking(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/onboardings/{onboarding}",
        response_model=Onboarding,
        **with_parameter(
            IF_NONE_MATCH,
            operation(
                Scope.READ,
                "get_onboarding",
                "Show an onboarding",
                answer=samples.ONBOARDING,
                headers={"ETag": "Changes whenever the onboarding may have changed."},
                refusals=NO_SUCH,
                also={304: "It is as If-None-Match says."},
            ),
        ),
    )
    async def get_onboarding(
        caller: Admitted, onboarding: OnboardingId, request: Request, response: Response
    ) -> Onboarding | Response:
        """Tell where it stands; with `detailed` false as far as can be told without a worker.

        Send the ETag back as If-None-Match: as long as nothing has changed the answer is 304.
        """
        client = await deps.client(CONNECTED_WITHIN_S)
        glance = await describe_onboarding(client, caller.tenant, onboarding)
        # After the end a redrive may have changed what only its own run tells.
        if not glance.closed and has_already(request, tag_of(glance)):
            return not_modified(tag_of(glance))
        seen = await with_deliveries(client, caller.tenant, await look_closer(client, glance))
        if has_already(request, seen.tag):
            return not_modified(seen.tag)
        response.headers["ETag"] = etag(seen.tag)
        return seen.onboarding


def _add_link(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/onboardings/{onboarding}/link",
        **operation(
            Scope.START,
            "get_invite_link",
            "Give the invite link",
            answer=samples.LINK,
            refusals=NO_SUCH,
        ),
    )
    async def get_invite_link(caller: Admitted, onboarding: OnboardingId) -> InviteLink:
        """Give the invite link in force: after `revoke_link` it is another one."""
        client = await deps.client(CONNECTED_WITHIN_S)
        glance = await describe_onboarding(client, caller.tenant, onboarding)
        if glance.memo is None:
            raise ProblemError(
                FailureCode.BUG,
                500,
                detail="The onboarding was started without the memo that its link is made from.",
            )
        token = InviteToken(
            tenant=caller.tenant,
            onboarding=onboarding,
            person=glance.memo.person,
            link=glance.memo.link,
        )
        url = invited(deps.links, deps.base_url, token)
        return InviteLink(onboarding_id=onboarding, invite_url=url)


def _line(glance: OnboardingGlance) -> OnboardingListed:
    return OnboardingListed(
        onboarding_id=glance.onboarding_id,
        person=glance.memo.person if glance.memo else None,
        stage=glance.stage,
        hold=glance.hold,
        reason=glance.reason,
        waiting_for=glance.waiting_for,
        deadline=glance.deadline,
        started_at=glance.started_at,
        ended_at=glance.closed_at,
    )
