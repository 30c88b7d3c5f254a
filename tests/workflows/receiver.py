"""A caller's receiver of webhooks: a real HTTP server that answers as a test says."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

PATH = "/hooks?token=canary"


@dataclass(frozen=True)
class Told:
    """One try of an event, and the status that it was answered with."""

    event_id: str
    body: dict[str, Any]
    answered: int

    @property
    def type(self) -> str:
        kind: str = self.body["type"]
        return kind

    @property
    def sequence(self) -> int:
        sequence: int = self.body["data"]["sequence"]
        return sequence

    @property
    def onboarding(self) -> dict[str, Any]:
        onboarding: dict[str, Any] = self.body["data"]["onboarding"]
        return onboarding


@dataclass
class Receiver:
    """``tries`` is every request; ``answer`` gives the status for an event's type.

    ``open`` is cleared for a receiver that takes requests and does not answer.
    """

    tries: list[Told] = field(default_factory=list)
    answer: Callable[[str], int] = lambda _: 204
    open: asyncio.Event = field(default_factory=asyncio.Event)
    origin: str = ""

    def __post_init__(self) -> None:
        self.open.set()

    @property
    def url(self) -> str:
        return f"{self.origin}{PATH}"

    @property
    def got(self) -> list[Told]:
        """Give what was taken, each event once, in the order of ``sequence``."""
        taken = {told.event_id: told for told in self.tries if told.answered < 300}
        return sorted(taken.values(), key=lambda told: told.sequence)

    @property
    def types(self) -> list[str]:
        return [told.type for told in self.got]

    async def until_tried(self, kind: str, times: int = 1) -> None:
        """Wait until an event of that type came so often."""
        while sum(told.type == kind for told in self.tries) < times:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)

    async def until_got(self, kind: str) -> None:
        """Wait until an event of that type was taken."""
        while kind not in self.types:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?mi)^content-length: (\d+)", head)
            event_id = re.search(r"(?mi)^webhook-id: (\S+)", head)
            assert length is not None
            assert event_id is not None
            body = json.loads(await reader.readexactly(int(length[1])))
            status = self.answer(body["type"])
            self.tries.append(Told(event_id[1], body, status))
            await self.open.wait()
            writer.write(
                f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.close()
        await server.wait_closed()
