"""Make somebody known who was verified elsewhere, from any service with a Temporal client."""

import hashlib
import time
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from likeness import names, search
from likeness.ids import DEFAULT_ACCOUNT, person_workflow_id
from likeness.messages.base import Message
from likeness.messages.onboarding import OnboardingPolicy, fingerprint_of
from likeness.messages.person import PersonInput, PersonMemo, PersonState, UsableAsset
from likeness.rest.people import ImportPerson
from likeness.stages import PersonStands, Stage, WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchPersonError,
    PersonErasedError,
)
from likeness.temporal.glance import RPC_TIMEOUT, temporal_away
from likeness.temporal.person_glance import PersonGlance, describe_person


class PersonImported(Message):
    """The person who is now known; ``is_new`` is false where the same import came before."""

    person: str
    tenant: str
    workflow_id: str
    is_new: bool


async def import_person(
    client: Client,
    tenant: str,
    wanted: ImportPerson,
    *,
    task_queue: str,
    account: str = DEFAULT_ACCOUNT,
    policy: OnboardingPolicy | None = None,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> PersonImported:
    """Start the run of a person whose group the upstream made elsewhere, or find it.

    Needs no worker. Repeating it is safe: what stands in it is what it is known by.

    Raises:
        ValueError: Tenant or person may not stand in an id.
        DifferentRequestError: The person is known already, by another import or an onboarding.
        PersonErasedError: The person was erased, and this is not said to be anew; or their run was
            ended from outside.
        TemporalAwayError: The server did not answer; the person may be known, so ask again.

    """
    workflow_id = person_workflow_id(tenant, wanted.person)
    fingerprint = _fingerprint(wanted, account)
    before = await _before(client, tenant, wanted.person, rpc_timeout=rpc_timeout)
    if before is not None and before.stands in (PersonStands.VERIFIED, PersonStands.WITHDRAWN):
        return _known(before, fingerprint)
    state = _state(tenant, wanted, account, policy or OnboardingPolicy())
    # Only a run that is seen to be over may be followed by another: one that is erased in this very
    # moment must not come back, as it would by a repeat on its way.
    reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
    if before is not None:
        _refuse_unless_anew(before, wanted, fingerprint)
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        # The numbers of videos go on, because they stand in workflow ids.
        videos = await _videos_of_erased(client, workflow_id, rpc_timeout=rpc_timeout)
        state = state.model_copy(update={"videos": videos})
    try:
        await client.start_workflow(
            names.PERSON,
            PersonInput(state=state),
            id=workflow_id,
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=reuse,
            memo={search.MEMO: PersonMemo(since=time.time(), imported=fingerprint)},
            search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
            static_summary=Summary.PERSON,
            rpc_timeout=rpc_timeout,
        )
    except WorkflowAlreadyStartedError:
        # Somebody was faster: the same import twice at once, or an onboarding.
        there = await describe_person(client, tenant, wanted.person, rpc_timeout=rpc_timeout)
        return _known(there, fingerprint)
    except RPCError as error:
        raise temporal_away(error) from error
    return PersonImported(person=wanted.person, tenant=tenant, workflow_id=workflow_id, is_new=True)


def _fingerprint(wanted: ImportPerson, account: str) -> str:
    return hashlib.sha256(f"{account}\n{fingerprint_of(wanted)}".encode()).hexdigest()


async def _before(
    client: Client, tenant: str, person: str, *, rpc_timeout: timedelta
) -> PersonGlance | None:
    try:
        return await describe_person(client, tenant, person, rpc_timeout=rpc_timeout)
    except NoSuchPersonError:
        return None


def _known(there: PersonGlance, fingerprint: str) -> PersonImported:
    if there.imported != fingerprint:
        raise DifferentRequestError(
            f"The person {there.person} is known already, by an onboarding or by an import that "
            "said something else; repeat that import exactly, or choose another reference."
        )
    return PersonImported(
        person=there.person, tenant=there.tenant, workflow_id=there.workflow_id, is_new=False
    )


def _refuse_unless_anew(before: PersonGlance, wanted: ImportPerson, fingerprint: str) -> None:
    if before.stands is PersonStands.LOST:
        raise PersonErasedError(
            "The person's run was ended from outside, and nothing vouches for them any more; "
            "onboard them anew."
        )
    if not wanted.anew or before.imported == fingerprint:
        raise PersonErasedError(
            "The person has been erased. If they have agreed anew since, say so with `anew`, and "
            "not in the very words of an import from before the erasure."
        )


async def _videos_of_erased(client: Client, workflow_id: str, *, rpc_timeout: timedelta) -> int:
    handle = client.get_workflow_handle(workflow_id, result_type=PersonState)
    try:
        before: PersonState = await handle.result(rpc_timeout=rpc_timeout)
    except RPCError as error:
        raise temporal_away(error) from error
    return before.videos


def _state(
    tenant: str, wanted: ImportPerson, account: str, policy: OnboardingPolicy
) -> PersonState:
    assets = tuple(UsableAsset(**asset.model_dump()) for asset in wanted.assets)
    return PersonState(
        tenant=tenant,
        person=wanted.person,
        account=account,
        project_name=wanted.project_name,
        group_id=wanted.group_id,
        assets=assets,
        poll_interval_s=policy.poll_interval_s,
        post_timeout_s=policy.post_timeout_s,
        stalled_after_s=policy.stalled_after_s,
    )
