"""Cut a connection instead of answering, which no ASGI server offers by itself."""

import asyncio
from typing import ClassVar

from fastapi import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

Ends = tuple[object, object]


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with its open transports findable by their two addresses."""

    transports: ClassVar[dict[Ends, asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it alike
        """Remember the transport."""
        super().connection_made(transport)
        self.transports[self.client, self.server] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        self.transports.pop((self.client, self.server), None)
        super().connection_lost(exc)


class CutResponse(Response):
    """Closes the connection; with `prefix_of`, after the headers and half of that body."""

    def __init__(self, prefix_of: Response | None = None) -> None:
        super().__init__()
        self._prefix_of = prefix_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is to be sent, then close and wait until the server has noticed."""
        answer = self._prefix_of
        if answer is not None:
            start = {"type": "http.response.start", "status": answer.status_code}
            await send({**start, "headers": answer.raw_headers})
            half = bytes(answer.body[: len(answer.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
        # Closing lets what was written leave first; uvicorn stays quiet once it sees the end.
        transport = CuttableProtocol.transports.get((scope["client"], scope["server"]))
        if transport is not None:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass
