"""The few Temporal calls to an onboarding behind the public pages."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from temporalio.client import Client, WorkflowHandle

from likeness import names
from likeness.ids import onboarding_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import (
    Decline,
    Finished,
    OnboardingStatus,
    OpenSession,
    SessionOpened,
    VerificationCallback,
    Withdraw,
)
from likeness.temporal.glance import OnboardingGlance, describe_onboarding
from likeness.temporal.onboardings import onboarding_status
from web.calls import (
    CONNECTED_WITHIN_S,
    DESCRIBE_WITHIN_S,
    QUERY_WITHIN_S,
    SIGNAL_WITHIN_S,
    UPDATE_WITHIN_S,
    RunGoneError,
    TapLostError,
    answered,
    update_answered,
)


class Onboardings(Protocol):
    """What the public pages need of the runs. Every method may raise ``TemporalAwayError``."""

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        """Tell where the run stands, also with no worker up; raise ``RunGoneError``."""

    async def details(self, tenant: str, onboarding: str) -> OnboardingStatus | None:
        """Ask the run itself; None when no worker answers soon. Raises ``RunGoneError``."""

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        """Ask for the tap's session. The same ``update_id`` is the same tap.

        Raises ``RunGoneError``, ``RefusedByRunError``, ``UpdateUnderWayError``.
        """

    async def outcome_of_tap(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        """Ask what came of a tap made before; opens nothing by itself.

        Raises ``TapLostError``, ``RefusedByRunError``, ``UpdateUnderWayError``.
        """

    async def tell_callback(
        self, tenant: str, onboarding: str, callback: VerificationCallback
    ) -> None:
        """Return once the server has taken the signal; raise ``RunGoneError``."""

    async def finished(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """Tell that the person says the check is done; raises as ``open_session``."""

    async def decline(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """Tell that the person says no; raises as ``open_session``."""

    async def tell_withdrawn(self, tenant: str, onboarding: str) -> None:
        """Return once the server has taken the person's withdrawal; raise ``RunGoneError``."""


class TemporalOnboardings:
    """``Onboardings`` of a Temporal server; ``client`` gives a checked connection or raises."""

    def __init__(self, client: Callable[[float], Awaitable[Client]]) -> None:
        """Take ``client(within_s)``, which raises ``TemporalAwayError``."""
        self._client = client

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        """See ``Onboardings``."""
        async with answered(DESCRIBE_WITHIN_S):
            client = await self._client(CONNECTED_WITHIN_S)
            return await describe_onboarding(client, tenant, onboarding)

    async def details(self, tenant: str, onboarding: str) -> OnboardingStatus | None:
        """See ``Onboardings``."""
        async with answered(DESCRIBE_WITHIN_S):
            client = await self._client(CONNECTED_WITHIN_S)
            return await onboarding_status(
                client, tenant, onboarding, timeout=timedelta(seconds=QUERY_WITHIN_S)
            )

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        """See ``Onboardings``."""
        async with answered(within_s), update_answered():
            handle = await self._handle(tenant, onboarding, within_s)
            session: SessionOpened = await handle.execute_update(
                names.OPEN_SESSION, tap, id=update_id, result_type=SessionOpened
            )
            return session

    async def outcome_of_tap(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        """See ``Onboardings``."""
        try:
            async with answered(within_s), update_answered():
                handle = await self._handle(tenant, onboarding, within_s)
                tap = handle.get_update_handle(update_id, result_type=SessionOpened)
                session: SessionOpened = await tap.result()
                return session
        except RunGoneError:
            raise TapLostError from None

    async def tell_callback(
        self, tenant: str, onboarding: str, callback: VerificationCallback
    ) -> None:
        """See ``Onboardings``."""
        await self._signal(tenant, onboarding, names.VERIFICATION_CALLBACK, message=callback)

    async def finished(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """See ``Onboardings``."""
        await self._update(
            tenant, onboarding, names.FINISHED, message=Finished(), update_id=update_id
        )

    async def decline(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """See ``Onboardings``."""
        await self._update(
            tenant, onboarding, names.DECLINE, message=Decline(), update_id=update_id
        )

    async def tell_withdrawn(self, tenant: str, onboarding: str) -> None:
        """See ``Onboardings``."""
        await self._signal(tenant, onboarding, names.WITHDRAW, message=Withdraw())

    async def _signal(self, tenant: str, onboarding: str, name: str, *, message: Message) -> None:
        async with answered(SIGNAL_WITHIN_S):
            handle = await self._handle(tenant, onboarding, SIGNAL_WITHIN_S)
            await handle.signal(name, message, rpc_timeout=timedelta(seconds=SIGNAL_WITHIN_S))

    async def _update(
        self, tenant: str, onboarding: str, name: str, *, message: Message, update_id: str
    ) -> None:
        async with answered(UPDATE_WITHIN_S), update_answered():
            handle = await self._handle(tenant, onboarding, UPDATE_WITHIN_S)
            await handle.execute_update(name, message, id=update_id, result_type=OnboardingStatus)

    async def _handle(
        self, tenant: str, onboarding: str, within_s: float
    ) -> WorkflowHandle[object, object]:
        client = await self._client(within_s)
        return client.get_workflow_handle(onboarding_workflow_id(tenant, onboarding))
