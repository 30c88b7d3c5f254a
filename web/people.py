"""The few Temporal calls to a verified person's own run behind the public pages."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from temporalio.client import Client

from likeness import names
from likeness.ids import person_workflow_id
from likeness.messages.conversation import Withdraw
from likeness.messages.person import PersonState
from likeness.temporal.people import PersonStands, describe_person, person_status
from web.calls import (
    CONNECTED_WITHIN_S,
    DESCRIBE_WITHIN_S,
    QUERY_WITHIN_S,
    UPDATE_WITHIN_S,
    RunGoneError,
    answered,
    update_answered,
)


class People(Protocol):
    """What the public pages need of persons. Every method may raise ``TemporalAwayError``."""

    async def standing(self, tenant: str, person: str) -> PersonStands | None:
        """Tell what holds, also with no worker up; None when the person was never verified."""

    async def known(self, tenant: str, person: str) -> PersonState | None:
        """Ask for all that is known; None when no worker answers soon. Raises ``RunGoneError``."""

    async def withdraw(self, tenant: str, person: str, *, update_id: str) -> None:
        """Take the consent back.

        Raises ``RunGoneError``, ``RefusedByRunError``, ``UpdateUnderWayError``.
        """


class TemporalPeople:
    """``People`` of a Temporal server; ``client`` gives a checked connection or raises."""

    def __init__(self, client: Callable[[float], Awaitable[Client]]) -> None:
        """Take ``client(within_s)``, which raises ``TemporalAwayError``."""
        self._client = client

    async def standing(self, tenant: str, person: str) -> PersonStands | None:
        """See ``People``."""
        try:
            async with answered(DESCRIBE_WITHIN_S):
                client = await self._client(CONNECTED_WITHIN_S)
                glance = await describe_person(client, tenant, person)
        except RunGoneError:
            return None
        return None if glance.stands is PersonStands.LOST else glance.stands

    async def known(self, tenant: str, person: str) -> PersonState | None:
        """See ``People``."""
        async with answered(DESCRIBE_WITHIN_S):
            client = await self._client(CONNECTED_WITHIN_S)
            return await person_status(
                client, tenant, person, timeout=timedelta(seconds=QUERY_WITHIN_S)
            )

    async def withdraw(self, tenant: str, person: str, *, update_id: str) -> None:
        """See ``People``."""
        async with answered(UPDATE_WITHIN_S), update_answered():
            client = await self._client(UPDATE_WITHIN_S)
            handle = client.get_workflow_handle(person_workflow_id(tenant, person))
            await handle.execute_update(
                names.WITHDRAW, Withdraw(), id=update_id, result_type=PersonState
            )
