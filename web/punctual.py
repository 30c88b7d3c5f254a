"""Closes connections whose next request is too long in coming; uvicorn itself waits for ever."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 10.0
"""For the whole head of a request, however busily its bytes trickle in."""


class PunctualProtocol(H11Protocol):
    """uvicorn's own protocol, with a deadline while no request is being answered.

    That is also the rest of a body which nobody waits for, because the answer is out. A body that
    is waited for has a deadline in ``web.bodies``.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that is whole ends the wait, one byte more of it does not."""
        super().data_received(data)
        if self._is_answering:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, unless it is here already."""
        super().on_response_complete()
        if not self._is_answering:
            self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin_to_wait(self) -> None:
        self._wait_no_more()
        self._deadline = self.loop.call_later(HEAD_WITHIN_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
