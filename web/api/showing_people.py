"""Looks at one verified person: describe first, then the run itself for details."""

from temporalio.client import Client

from likeness.ids import file_prefixes, person_workflow_id
from likeness.messages.person import PersonState
from likeness.rest.details import Receipt
from likeness.rest.people import HELD_ELSEWHERE, NO_RECEIPT, PersonExport, PersonShown, moment
from likeness.stages import PersonStands
from likeness.temporal.errors import PersonErasedError, WorkerAwayError
from likeness.temporal.people import (
    PersonGlance,
    describe_person,
    person_status,
    videos_of_person,
)


async def show(client: Client, tenant: str, person: str) -> PersonShown:
    """Give all that can be known within about 1.5 s, worker or no worker.

    Raises:
        NoSuchPersonError: Nobody of that reference is known.
        TemporalAwayError: The server did not answer.

    """
    glance = await describe_person(client, tenant, person)
    state = await person_status(client, tenant, person)
    if state is None:
        return _at_a_glance(glance)
    return await _knowing(client, glance, state)


async def person_after(client: Client, state: PersonState) -> PersonShown:
    """Show what an order left of a person, by its answer; raises as ``show``."""
    glance = await describe_person(client, state.tenant, state.person)
    return await _knowing(client, glance, state)


async def export(client: Client, tenant: str, person: str) -> PersonExport:
    """Give all that is held of a person.

    Raises:
        NoSuchPersonError: Nobody of that reference is known.
        PersonErasedError: Nothing is held any more.
        WorkerAwayError: Only the run itself knows it all, and no worker answers for it.
        TemporalAwayError: The server did not answer.

    """
    glance = await describe_person(client, tenant, person)
    if glance.stands is PersonStands.ERASED:
        raise PersonErasedError("The person has been erased; nothing is held of them here.")
    state = await person_status(client, tenant, person)
    if state is None:
        raise WorkerAwayError("No worker answered for the person's run within 1.5 s.")
    return PersonExport(
        person=await _knowing(client, glance, state),
        account=state.account,
        project_name=state.project_name,
        receipts=tuple(map(Receipt.of, state.receipts)),
        withdrawn_at=moment(state.withdrawn_at),
        folders=file_prefixes(tenant, person, sorted(state.onboardings)),
        remarks=HELD_ELSEWHERE if state.receipts else (NO_RECEIPT, *HELD_ELSEWHERE),
    )


def _at_a_glance(glance: PersonGlance) -> PersonShown:
    return PersonShown(
        person=glance.person,
        stands=glance.stands,
        verified_at=glance.since,
        detailed=False,
        imported=glance.imported is not None,
        erased_at=glance.closed_at if glance.stands is PersonStands.ERASED else None,
    )


async def _knowing(client: Client, glance: PersonGlance, state: PersonState) -> PersonShown:
    videos = await videos_of_person(client, state)
    owner = person_workflow_id(glance.tenant, glance.person)
    return _at_a_glance(glance).knowing(state, videos, owner=owner)
