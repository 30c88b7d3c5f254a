"""A server of one file, with bytes and faults as a test writes them on the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def file_server(behave: Behaviour, *, heads: list[bytes] | None = None) -> AsyncIterator[str]:
    """Give the address of a file; `heads` takes the request heads that came for it."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if heads is not None:
                heads.append(head)
            await behave(writer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/canary-file.mp4"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.wait_for(asyncio.gather(*serving), timeout=10)


def answering(
    status: str, body: bytes = b"", *, length: int | None = None, kind: str | None = None
) -> Behaviour:
    """Answer with a length that may promise more than the body holds, and a content type."""
    promised = len(body) if length is None else length
    typed = "" if kind is None else f"Content-Type: {kind}\r\n"

    async def behave(writer: asyncio.StreamWriter) -> None:
        length_told = f"Content-Length: {promised}\r\nConnection: close\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{typed}{length_told}\r\n".encode() + body)

    return behave
