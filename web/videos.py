"""The one Temporal call to a video's run behind the public side."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from temporalio.client import Client

from likeness import names
from likeness.messages.conversation import GenerationChanged
from web.calls import SIGNAL_WITHIN_S, answered


class Videos(Protocol):
    """What the public side needs of videos. The method may raise ``TemporalAwayError``."""

    async def tell_changed(self, workflow_id: str) -> None:
        """Return once the server has taken the hint; raise ``RunGoneError``."""


class TemporalVideos:
    """``Videos`` of a Temporal server; ``client`` gives a checked connection or raises."""

    def __init__(self, client: Callable[[float], Awaitable[Client]]) -> None:
        """Take ``client(within_s)``, which raises ``TemporalAwayError``."""
        self._client = client

    async def tell_changed(self, workflow_id: str) -> None:
        """See ``Videos``."""
        async with answered(SIGNAL_WITHIN_S):
            client = await self._client(SIGNAL_WITHIN_S)
            await client.get_workflow_handle(workflow_id).signal(
                names.GENERATION_CHANGED,
                GenerationChanged(),
                rpc_timeout=timedelta(seconds=SIGNAL_WITHIN_S),
            )
