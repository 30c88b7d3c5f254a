"""Everything that a dialler connects to ends here and is counted, whatever it meant to reach."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence

import httpcore


class Listener(httpcore.AsyncNetworkBackend):
    """A real socket on 127.0.0.1, and connections that all lead there.

    ``dialled`` are the addresses as they were dialled, ``accepted`` counts what arrived.
    """

    def __init__(self) -> None:
        self.dialled: list[str] = []
        self.accepted = 0
        self.port = 0
        self._connections = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        return await self._connections.connect_tcp(
            "127.0.0.1", port, timeout, local_address, socket_options
        )

    async def accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Listen on a free port of 127.0.0.1."""
    listener = Listener()
    server = await asyncio.start_server(listener.accept, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await server.wait_closed()


class Names:
    """A name server: each name has answers in turn, of which the last one stays."""

    def __init__(self, answers: dict[str, Sequence[Sequence[str]]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        del port
        turn = self.asked.count(host)
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise OSError("no such name")
        return answers[min(turn, len(answers) - 1)]
