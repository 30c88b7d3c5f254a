"""Look at, withdraw, use and erase verified persons, from any service that has a Temporal client.

The client needs the plugin of ``likeness.temporal.plugin``. Looking needs nothing else of likeness
to run, orders need a worker.
"""

from datetime import timedelta

from temporalio.client import Client

from likeness import names
from likeness.ids import person_workflow_id
from likeness.messages.conversation import Withdraw
from likeness.messages.person import (
    Erase,
    Erased,
    Generate,
    KnownVideo,
    PersonState,
    VideoOrdered,
)
from likeness.stages import PersonStands
from likeness.temporal.errors import DifferentRequestError, PersonErasedError
from likeness.temporal.importing import PersonImported, import_person
from likeness.temporal.ordering import ORDER_TIMEOUT, begun, ordered
from likeness.temporal.person_glance import (
    PersonGlance,
    describe_person,
    list_people,
    page_of_people,
    person_status,
    videos_of_person,
)

__all__ = [
    "KnownVideo",
    "PersonGlance",
    "PersonImported",
    "PersonStands",
    "begin_erasure",
    "describe_person",
    "erase_person",
    "generate_for_person",
    "import_person",
    "list_people",
    "page_of_people",
    "person_status",
    "videos_of_person",
    "withdraw_person",
]

ERASE_TIMEOUT = timedelta(seconds=30)


async def withdraw_person(
    client: Client,
    tenant: str,
    person: str,
    withdrawal: Withdraw | None = None,
    *,
    order_id: str | None = None,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> PersonState:
    """Take the consent back: open onboardings end, videos in flight are sealed, none begins anew.

    Saying it twice is the same as once. ``order_id`` must not be one for ever: a new consent counts
    anew, and a later withdrawal must be heard.

    Raises:
        ValueError: Tenant or person may not stand in an id.
        NoSuchPersonError: Nobody of that reference was verified.
        PersonErasedError: There is nothing left to withdraw from.
        WorkerAwayError: No worker answered in time; the order may still take effect.
        TemporalAwayError: The server did not answer.

    """
    return await ordered(
        client,
        person_workflow_id(tenant, person),
        names.WITHDRAW,
        withdrawal or Withdraw(),
        answer=PersonState,
        when_gone=lambda: _gone(client, tenant, person, rpc_timeout=rpc_timeout),
        order_id=order_id,
        rpc_timeout=rpc_timeout,
    )


async def generate_for_person(
    client: Client,
    tenant: str,
    person: str,
    wanted: Generate,
    *,
    order_id: str,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> VideoOrdered:
    """Order another video, without a new scan; the same ``order_id`` orders it once.

    Raises as ``withdraw_person``, and:
        DifferentRequestError: Another video was ordered under that ``order_id``.
        RefusedError: The person has withdrawn, or has no usable asset.

    """
    video = await ordered(
        client,
        person_workflow_id(tenant, person),
        names.GENERATE,
        wanted,
        answer=VideoOrdered,
        when_gone=lambda: _gone(client, tenant, person, rpc_timeout=rpc_timeout),
        order_id=order_id,
        rpc_timeout=rpc_timeout,
    )
    if video.request not in (None, wanted.video.fingerprint()):
        raise DifferentRequestError(
            "Another video of this person was ordered under the same id; repeat that order "
            "exactly, or choose another id."
        )
    return video


async def erase_person(
    client: Client,
    tenant: str,
    person: str,
    order: Erase,
    *,
    rpc_timeout: timedelta = ERASE_TIMEOUT,
) -> Erased:
    """Withdraw, delete the archived files and end; tells what remains beyond our reach.

    Repeating it finds the erasure under way, or its answer. Raises as ``withdraw_person``.
    """
    return await ordered(
        client,
        person_workflow_id(tenant, person),
        names.ERASE,
        order,
        answer=Erased,
        when_gone=lambda: _gone(client, tenant, person, rpc_timeout=rpc_timeout),
        order_id=names.ERASE,
        rpc_timeout=rpc_timeout,
    )


async def begin_erasure(
    client: Client, tenant: str, person: str, order: Erase, *, within: timedelta = ORDER_TIMEOUT
) -> Erased | None:
    """Erase as ``erase_person`` does; None when it goes on for longer than ``within``.

    None is a promise: the run has taken the order, and whatever dies, it is carried out. Raises as
    ``withdraw_person``.
    """
    return await begun(
        client,
        person_workflow_id(tenant, person),
        names.ERASE,
        order,
        answer=Erased,
        when_gone=lambda: _gone(client, tenant, person, rpc_timeout=ORDER_TIMEOUT),
        order_id=names.ERASE,
        within=within,
    )


async def _gone(client: Client, tenant: str, person: str, *, rpc_timeout: timedelta) -> Exception:
    glance = await describe_person(client, tenant, person, rpc_timeout=rpc_timeout)
    if glance.stands is PersonStands.LOST:
        return PersonErasedError(
            "The person's run was ended from outside and takes no orders; onboard them anew."
        )
    return PersonErasedError("The person has been erased; there is nothing left to order.")
