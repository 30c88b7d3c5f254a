"""A receiver over a real socket, with bytes and faults as a test writes them on the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """What came: the first line, headers by their names in lower case, and the body's bytes."""

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers as ``behave`` says; ``requests`` is what came whole so far."""

    behave: Behaviour
    origin: str = ""
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/canary-path?token=canary-query"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.requests.append(await _read(reader))
            await self.behave(writer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiving(behave: Behaviour, *, port: int = 0) -> AsyncIterator[Receiver]:
    """Listen on 127.0.0.1; a server that ends breaks off what it still serves."""
    receiver = Receiver(behave)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await receiver.serve(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    receiver.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()


def answering(status: str, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer in one piece, as a sane receiver does."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
        writer.write(head.encode() + b"\r\n\r\n" + body)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave in another way each time; the last way stays."""
    left = list(behaviours)

    async def behave(writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(writer)

    return behave


def sending(*pieces: bytes) -> Behaviour:
    """Send bytes that need not be HTTP at all."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return behave


def endlessly(head: bytes, piece: bytes, *, every_s: float) -> Behaviour:
    """Send ``piece`` again and again until the other side has had enough."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return behave


async def silence(_: asyncio.StreamWriter) -> None:
    """Take the request and never say anything."""
    await asyncio.Event().wait()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    line, *fields = head.strip().split("\r\n")
    named = (each.partition(":") for each in fields)
    headers = {name.lower(): value.strip() for name, _, value in named}
    return Request(line, headers, await reader.readexactly(int(headers["content-length"])))
