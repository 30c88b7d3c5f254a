"""The web process's way to Temporal: looked for in the background, used once its keys fit."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from likeness.temporal.errors import TemporalAwayError
from runtime.keycheck import KeyCheckError, WrongKeyError

_CHECK_AGAIN_S = 2.0
_HEALTH_WITHIN = timedelta(seconds=2)
_log = structlog.get_logger("likeness.web")


class TemporalConnection:
    """Gives the client to whoever asks, from the moment it is connected and checked."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Client]],
        check_keys: Callable[[Client], Awaitable[None]],
        *,
        check_again_s: float = _CHECK_AGAIN_S,
    ) -> None:
        """Take ``connect``, which waits for a server, and ``check_keys`` as in ``runtime``."""
        self._connect = connect
        self._check_keys = check_keys
        self._check_again_s = check_again_s
        self._client: Client | None = None
        self._reached = asyncio.Event()

    async def reach(self) -> None:
        """Connect and check; returns when done.

        Raises:
            ConnectError: The server refuses these settings.
            WrongKeyError: The payload keys are not the namespace's.

        """
        client = await self._connect()
        await self._keys_checked(client)
        self._client = client
        self._reached.set()
        _log.info("temporal_reached", namespace=client.namespace)

    async def client(self, within_s: float) -> Client:
        """Give the checked client, waiting for it a little.

        Raises:
            TemporalAwayError: There is none yet.

        """
        try:
            async with asyncio.timeout(within_s):
                await self._reached.wait()
        except TimeoutError:
            raise TemporalAwayError("Temporal has not been reached yet.") from None
        if self._client is None:
            raise TemporalAwayError("Temporal has not been reached yet.")
        return self._client

    async def unready_because(self) -> str | None:
        """Say why requests that need Temporal would fail now; None when they would not."""
        if self._client is None:
            return "temporal not reached and keys not checked yet"
        try:
            healthy = await self._client.service_client.check_health(timeout=_HEALTH_WITHIN)
        except RPCError as error:
            return f"temporal does not answer: {error.status.name.lower()}"
        return None if healthy else "temporal says it is not serving"

    async def _keys_checked(self, client: Client) -> None:
        while True:
            try:
                return await self._check_keys(client)
            except WrongKeyError:
                raise
            except KeyCheckError as error:
                _log.warning("key_check_postponed", reason=str(error))
            await asyncio.sleep(self._check_again_s)
