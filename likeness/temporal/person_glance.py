"""What Temporal and a person's own run tell of a verified person, also with no worker up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from likeness import names, search
from likeness.ids import person_of, person_workflow_id
from likeness.messages.base import Message
from likeness.messages.person import KnownVideo, PersonMemo, PersonState
from likeness.stages import PersonStands, Stage
from likeness.temporal import attributes
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import NoSuchPersonError, NoSuchVideoError
from likeness.temporal.glance import RPC_TIMEOUT, is_silence, temporal_away
from likeness.temporal.paging import Place, page_of_runs
from likeness.temporal.videos import describe_video

STATUS_TIMEOUT = timedelta(seconds=1.5)
_VIDEOS_AT_ONCE = 10
_PAGE = 100


class PersonGlance(Message):
    """A person as search attributes and memo tell it; all times in UTC.

    ``since`` is when the person came to be known, ``started_at`` when the run's present history
    began. ``imported`` is the fingerprint of the import that made the person known, if one did.
    """

    tenant: str
    person: str
    workflow_id: str
    stands: PersonStands
    since: datetime
    started_at: datetime
    closed_at: datetime | None = None
    imported: str | None = None


class PeoplePage(NamedTuple):
    """A page of persons, and the place to go on from; None where it is the last one."""

    people: list[PersonGlance]
    place: Place | None


async def describe_person(
    client: Client, tenant: str, person: str, *, rpc_timeout: timedelta = RPC_TIMEOUT
) -> PersonGlance:
    """Look at a person; works with no worker up, and after the erasure until retention.

    Raises:
        ValueError: Tenant or person may not stand in an id.
        NoSuchPersonError: Nobody of that reference was verified.
        TemporalAwayError: The server did not answer.

    """
    handle = client.get_workflow_handle(person_workflow_id(tenant, person))
    try:
        return await glance_at(await handle.describe(rpc_timeout=rpc_timeout))
    except RPCError as error:
        raise _no_such_person(error) from error


async def person_status(
    client: Client,
    tenant: str,
    person: str,
    *,
    timeout: timedelta = STATUS_TIMEOUT,  # noqa: ASYNC109 - handed to the server as the deadline
) -> PersonState | None:
    """Ask the person's run for all it knows; None when no worker answers in time.

    Raises as ``describe_person``.
    """
    handle = client.get_workflow_handle(person_workflow_id(tenant, person))
    try:
        state: PersonState = await handle.query(
            names.STATUS, result_type=PersonState, rpc_timeout=timeout
        )
    except WorkflowQueryFailedError:
        return None
    except RPCError as error:
        if is_silence(error):
            return None
        raise _no_such_person(error) from error
    return state


async def videos_of_person(
    client: Client, state: PersonState, *, rpc_timeout: timedelta = STATUS_TIMEOUT
) -> tuple[KnownVideo, ...]:
    """Give every video of the person, those made of an onboarding's scan too.

    Raises:
        TemporalAwayError: The server did not answer.

    """
    few = asyncio.Semaphore(_VIDEOS_AT_ONCE)

    async def told(workflow_id: str) -> KnownVideo:
        async with few:
            return await _video(client, workflow_id, rpc_timeout=rpc_timeout)

    return tuple(await asyncio.gather(*map(told, state.video_ids)))


async def list_people(
    client: Client,
    tenant: str,
    *,
    limit: int = 100,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> AsyncIterator[PersonGlance]:
    """Give a tenant's verified persons, at most ``limit``; as ``page_of_people``."""
    place: Place | None = None
    while limit > 0:
        size = min(limit, _PAGE)
        page = await page_of_people(
            client, tenant, limit=size, place=place, rpc_timeout=rpc_timeout
        )
        for glance in page.people:
            yield glance
        limit -= size
        place = page.place
        if place is None:
            return


async def page_of_people(
    client: Client,
    tenant: str,
    *,
    limit: int,
    place: Place | None = None,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> PeoplePage:
    """Give a tenant's verified persons, or those that follow on ``place``, newest first.

    Who was erased is no longer among them. The list lags behind the runs by moments; a run that
    begins a new history, as after a deploy, is new to it, and comes first in the next walk.

    Raises:
        ValueError: The tenant may not stand in an id.
        TemporalAwayError: The server did not answer.

    """
    prefix = person_workflow_id(tenant, "x").removesuffix("x")
    query = (
        f"WorkflowType = '{names.PERSON}' AND WorkflowId STARTS_WITH '{prefix}' "
        "AND ExecutionStatus = 'Running'"
    )
    runs, place = await page_of_runs(
        client, query, limit=limit, place=place, rpc_timeout=rpc_timeout
    )
    return PeoplePage([await glance_at(run) for run in runs], place)


async def _video(client: Client, workflow_id: str, *, rpc_timeout: timedelta) -> KnownVideo:
    try:
        glance = await describe_video(client, workflow_id, timeout=rpc_timeout)
    except NoSuchVideoError:
        return KnownVideo(workflow_id=workflow_id)
    return KnownVideo(workflow_id=workflow_id, status=glance.status)


async def glance_at(run: WorkflowExecution) -> PersonGlance:
    """Read a person's run; a memo under a key that the client lacks hides nobody."""
    tenant, person = person_of(run.id)
    memo = await _memo(run)
    return PersonGlance(
        tenant=tenant,
        person=person,
        workflow_id=run.id,
        stands=_stands(run),
        since=datetime.fromtimestamp(memo.since, tz=UTC) if memo else run.start_time,
        started_at=run.start_time,
        closed_at=run.close_time,
        imported=memo.imported if memo else None,
    )


async def _memo(run: WorkflowExecution) -> PersonMemo | None:
    try:
        memo: PersonMemo | None = await run.memo_value(search.MEMO, None, type_hint=PersonMemo)
    except UndecodablePayloadError:
        return None
    return memo


def _stands(run: WorkflowExecution) -> PersonStands:
    if run.close_time is not None:
        # The run ends by erasure alone.
        erased = run.status is WorkflowExecutionStatus.COMPLETED
        return PersonStands.ERASED if erased else PersonStands.LOST
    withdrawn = run.typed_search_attributes.get(attributes.STAGE) == Stage.DECLINED
    return PersonStands.WITHDRAWN if withdrawn else PersonStands.VERIFIED


def _no_such_person(error: RPCError) -> Exception:
    if error.status is not RPCStatusCode.NOT_FOUND:
        return temporal_away(error)
    return NoSuchPersonError(
        "Nobody of that reference is verified here; an onboarding under way knows more, and an "
        "erased person is forgotten when the namespace's retention has passed."
    )
