"""Sends HTTP requests over connections that are kept, as fast as answered or at a steady rate."""

import asyncio
import time
from collections.abc import Iterable, Sequence

_END_OF_HEAD = b"\r\n\r\n"
_SLEEP_UNTIL_S = 0.002
"""Before a request is due the driver is awake already: a timer of asyncio is a millisecond late."""


class UnexpectedAnswerError(Exception):
    """Something else than the figure counts was answered."""


class Connection:
    """One kept connection, over which one request at a time is sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes, status: int) -> None:
        """Send a request and wait for its answer, which has no body.

        Raises:
            UnexpectedAnswerError: It has another status.

        """
        self._writer.write(request)
        head = await self._reader.readuntil(_END_OF_HEAD)
        if not head.startswith(b"HTTP/1.1 %d " % status):
            raise UnexpectedAnswerError(head.partition(b"\r\n")[0].decode())

    async def close(self) -> None:
        """Close it."""
        self._writer.close()
        await self._writer.wait_closed()


async def connected(port: int, count: int) -> list[Connection]:
    """Open ``count`` connections to a port of this machine."""
    return [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]


async def as_fast_as_answered(
    connections: Sequence[Connection], requests: Iterable[bytes], *, status: int
) -> float:
    """Send all requests, each connection the next one as soon as it is free; give the seconds."""
    waiting = iter(requests)

    async def send(connection: Connection) -> None:
        for request in waiting:
            await connection.ask(request, status)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for connection in connections:
            group.create_task(send(connection))
    return time.perf_counter() - began


async def at_a_steady_rate(
    connections: Sequence[Connection], requests: Sequence[bytes], *, a_second: float, status: int
) -> list[float]:
    """Send each request when it is due, whatever became of those before; give seconds from then.

    A request that finds no connection free waits for one, and its time runs.
    """
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    took: list[float] = []

    async def send(request: bytes, due: float) -> None:
        connection = await free.get()
        await connection.ask(request, status)
        took.append(time.perf_counter() - due)
        free.put_nowait(connection)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(requests):
            due = began + number / a_second
            await _awake_at(due)
            group.create_task(send(request, due))
    return took


async def _awake_at(due: float) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter() - _SLEEP_UNTIL_S))
    while time.perf_counter() < due:  # noqa: ASYNC110  # no event is as punctual as the clock
        await asyncio.sleep(0)
