"""Verified persons: listed, shown, imported, exported, withdrawn, erased."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from likeness.failures import FailureCode
from likeness.messages.base import Message
from likeness.messages.conversation import Withdraw
from likeness.messages.person import Erase
from likeness.rest.orders import WithReason
from likeness.rest.people import (
    ImportPerson,
    PersonErased,
    PersonExport,
    PersonListed,
    PersonPage,
    PersonShown,
)
from likeness.temporal.people import (
    begin_erasure,
    import_person,
    page_of_people,
    withdraw_person,
)
from runtime.api_keys import Scope
from web.api import person_samples as samples
from web.api.callers import Admitted
from web.api.cursors import MAX_CURSOR_LENGTH, Cursors
from web.api.deps import ApiDeps
from web.api.documenting import Refusals, operation
from web.api.person_videos import PersonRef, add_person_videos
from web.api.routing import api_router
from web.api.showing_people import export, person_after, show
from web.calls import CONNECTED_WITHIN_S

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
AGAIN_AFTER_S = 5

_NOBODY: Refusals = {404: (FailureCode.NO_SUCH_PERSON,)}
_ERASED: Refusals = {410: (FailureCode.PERSON_ERASED,)}
_NO_WORKER: Refusals = {503: (FailureCode.WORKER_AWAY,)}


class _Everybody(Message):
    """What the list is of: no filter narrows it."""


def people_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    routes = api_router()
    _add_list(routes, deps)
    _add_import(routes, deps)
    _add_looking(routes, deps)
    _add_withdrawal(routes, deps)
    _add_erasure(routes, deps)
    add_person_videos(routes, deps)
    return routes


def _add_list(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/people",
        **operation(Scope.READ, "list_people", "List verified persons", answer=samples.PAGE),
    )
    async def list_people(
        caller: Admitted,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: Annotated[
            str | None,
            Query(description="The last page's next_cursor.", max_length=MAX_CURSOR_LENGTH),
        ] = None,
    ) -> PersonPage:
        """Give a page of them, newest first; who was erased is no longer among them.

        The list needs no worker and lags behind by moments.
        """
        cursors = Cursors(deps.links, caller, "people", _Everybody())
        place = cursors.place_of(cursor)
        client = await deps.client(CONNECTED_WITHIN_S)
        page = await page_of_people(client, caller.tenant, limit=limit, place=place)
        return PersonPage(
            people=tuple(
                PersonListed(person=each.person, stands=each.stands, verified_at=each.since)
                for each in page.people
            ),
            next_cursor=cursors.cursor_of(page.place),
        )


def _add_import(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        "/people",
        **operation(
            Scope.START,
            "import_person",
            "Import a person",
            body=samples.IMPORT,
            answer=samples.IMPORTED,
            status=201,
            headers={"Location": "Where the person is shown."},
            refusals={409: (FailureCode.DIFFERENT_REQUEST,), **_ERASED},
        ),
    )
    async def import_(caller: Admitted, body: ImportPerson, response: Response) -> PersonShown:
        """Make somebody known whom the upstream has verified elsewhere, under the same account.

        Their consent is yours to keep, and yours to take back here when they withdraw it: there is
        no receipt of it here, and no invite link by which they could do so themselves. The same
        import again has the same answer. Needs no worker.
        """
        client = await deps.client(CONNECTED_WITHIN_S)
        await import_person(
            client,
            caller.tenant,
            body,
            task_queue=deps.task_queue,
            account=caller.account,
            policy=deps.policy,
        )
        shown = await show(client, caller.tenant, body.person)
        response.headers["Location"] = f"/v1/people/{body.person}"
        return shown


def _add_looking(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/people/{person}",
        **operation(
            Scope.READ, "get_person", "Show a person", answer=samples.SHOWN, refusals=_NOBODY
        ),
    )
    async def get_person(caller: Admitted, person: PersonRef) -> PersonShown:
        """Tell what holds; with `detailed` false as far as can be told without a worker."""
        client = await deps.client(CONNECTED_WITHIN_S)
        return await show(client, caller.tenant, person)

    @routes.get(
        "/people/{person}/export",
        **operation(
            Scope.READ,
            "export_person",
            "Export a person",
            answer=samples.EXPORT,
            refusals={**_NOBODY, **_ERASED, **_NO_WORKER},
        ),
    )
    async def export_person(caller: Admitted, person: PersonRef) -> PersonExport:
        """Give all that is held of the person, consent receipts included; needs a worker."""
        client = await deps.client(CONNECTED_WITHIN_S)
        return await export(client, caller.tenant, person)


def _add_withdrawal(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        "/people/{person}/withdraw",
        **operation(
            Scope.START,
            "withdraw_person",
            "Withdraw a person's consent",
            body=samples.REASON,
            answer=samples.WITHDRAWN,
            refusals={**_NOBODY, **_ERASED, **_NO_WORKER},
        ),
    )
    async def withdraw(
        caller: Admitted, person: PersonRef, body: Annotated[WithReason | None, Body()] = None
    ) -> PersonShown:
        """Take the consent back in the person's name.

        Links and onboardings under way end, a video in flight is kept sealed, none begins anew.
        Saying it twice is the same as once.
        """
        withdrawal = Withdraw(actor=caller.actor, reason=_reason(body))
        client = await deps.client(CONNECTED_WITHIN_S)
        state = await withdraw_person(client, caller.tenant, person, withdrawal)
        return await person_after(client, state)


def _add_erasure(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        "/people/{person}/erase",
        **operation(
            Scope.OPERATE,
            "erase_person",
            "Erase a person",
            body=samples.REASON,
            answer=samples.ERASED,
            refusals={**_NOBODY, **_ERASED, **_NO_WORKER},
            also={202: ("The order stands and goes on; ask again.", samples.GOES_ON)},
        ),
    )
    async def erase(
        caller: Admitted,
        person: PersonRef,
        response: Response,
        body: Annotated[WithReason | None, Body()] = None,
    ) -> PersonErased:
        """Withdraw, delete the archived files and forget the person; tells what remains.

        It cannot be undone. While the archive is away it goes on: then the answer is 202 and not
        `done`, and the same request again answers once it is.
        """
        order = Erase(actor=caller.actor, reason=_reason(body))
        client = await deps.client(CONNECTED_WITHIN_S)
        erased = await begin_erasure(client, caller.tenant, person, order)
        if erased is None:
            response.status_code = 202
            response.headers["Retry-After"] = str(AGAIN_AFTER_S)
            return PersonErased(person=person, done=False)
        return PersonErased(
            person=person,
            done=True,
            files_deleted=erased.files_deleted,
            remains=erased.remains,
        )


def _reason(body: WithReason | None) -> str:
    return "" if body is None else body.reason
