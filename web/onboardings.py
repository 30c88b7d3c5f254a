"""The few Temporal calls behind the public pages, and what can come of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.failures import FailureCode, code_of
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import OpenSession, SessionOpened, VerificationCallback
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import NoSuchOnboardingError, TemporalAwayError
from likeness.temporal.glance import OnboardingGlance, describe_onboarding

CONNECTED_WITHIN_S = 0.5
"""A person looking at a blank page is told sooner than a tap or a callback gives up."""

DESCRIBE_WITHIN_S = 3.0
SIGNAL_WITHIN_S = 2.0


class RunGoneError(Exception):
    """The run has ended, or its history is deleted; it takes no messages any more."""


class TapUnderWayError(Exception):
    """The tap has no answer yet; it can be asked for again under the same name."""


class TapLostError(Exception):
    """The server knows nothing of this tap: it came while it was away, or it was restarted."""


class TapRefusedError(Exception):
    """The run refused the tap; ``code`` says why."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(str(code))
        self.code = code


class Onboardings(Protocol):
    """What the public pages need of the runs. Every method may raise ``TemporalAwayError``."""

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        """Tell where the run stands, also with no worker up; raise ``RunGoneError``."""

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        """Ask for the tap's session. The same ``update_id`` is the same tap.

        Raises ``RunGoneError``, ``TapRefusedError``, ``TapUnderWayError``.
        """

    async def outcome_of_tap(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        """Ask what came of a tap made before; opens nothing by itself.

        Raises ``TapLostError``, ``TapRefusedError``, ``TapUnderWayError``.
        """

    async def tell_callback(
        self, tenant: str, onboarding: str, callback: VerificationCallback
    ) -> None:
        """Return once the server has taken the signal; raise ``RunGoneError``."""


class TemporalOnboardings:
    """``Onboardings`` of a Temporal server; ``client`` gives a checked connection or raises."""

    def __init__(self, client: Callable[[float], Awaitable[Client]]) -> None:
        """Take ``client(within_s)``, which raises ``TemporalAwayError``."""
        self._client = client

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        """See ``Onboardings``."""
        async with _answered(DESCRIBE_WITHIN_S):
            client = await self._client(CONNECTED_WITHIN_S)
            return await describe_onboarding(client, tenant, onboarding)

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        """See ``Onboardings``."""
        async with _answered(within_s), _tap_answered():
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
            async with _answered(within_s), _tap_answered():
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
        async with _answered(SIGNAL_WITHIN_S):
            handle = await self._handle(tenant, onboarding, SIGNAL_WITHIN_S)
            await handle.signal(
                names.VERIFICATION_CALLBACK,
                callback,
                rpc_timeout=timedelta(seconds=SIGNAL_WITHIN_S),
            )

    async def _handle(
        self, tenant: str, onboarding: str, within_s: float
    ) -> WorkflowHandle[object, object]:
        client = await self._client(within_s)
        return client.get_workflow_handle(onboarding_workflow_id(tenant, onboarding))


@asynccontextmanager
async def _answered(within_s: float) -> AsyncIterator[None]:
    """Turn what the client raises into the few cases a page knows."""
    try:
        async with asyncio.timeout(within_s):
            yield
    except NoSuchOnboardingError:
        raise RunGoneError from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise RunGoneError from None
        raise TemporalAwayError(f"The Temporal server said {error.status.name.lower()}.") from error
    except TimeoutError as error:
        raise TemporalAwayError("The Temporal server did not answer in time.") from error
    except UndecodablePayloadError as error:
        # Another key than the run was started with: ours to mend, and nothing a person can help.
        raise TemporalAwayError("The run is encrypted under a key that is not here.") from error


@asynccontextmanager
async def _tap_answered() -> AsyncIterator[None]:
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        code = code_of(cause.type) if isinstance(cause, ApplicationError) else FailureCode.BUG
        raise TapRefusedError(code) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        # The SDK raises this also when the timeout around it cancels the call.
        raise TapUnderWayError from None
