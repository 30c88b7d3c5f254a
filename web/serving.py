"""Runs several uvicorn servers in one process until a signal, or until a task of theirs fails."""

import asyncio
import signal
import socket
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from web.punctual import PunctualProtocol

DRAIN_WITHIN_S = 12
"""Longer than the longest answer: a tap waits 8 s."""

_MAX_HEAD_BYTES = 16 * 1024
_MAX_CONNECTIONS = 1000
_BACKLOG = 256


class ListenError(Exception):
    """An address cannot be listened at; one sentence that names the variables."""


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One app behind one listening socket."""

    app: ASGIApp
    socket: socket.socket


def listening_at(host: str, port: int, *, variables: str) -> socket.socket:
    """Open a listening socket.

    Raises:
        ListenError: The address is taken or none of this machine's; ``variables`` name it.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or "it is no address"
        raise ListenError(
            f"Nothing can listen at {host}:{port}: {reason}; correct {variables}."
        ) from None
    return listener


async def serve(
    listeners: Sequence[Listener],
    background: Coroutine[None, None, None],
    *,
    leaving: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; raise what ``background`` raises.

    Requests under way are answered first, for ``DRAIN_WITHIN_S`` at most. ``leaving`` is set when
    that begins, so that answers without an end of their own come to one.
    """
    servers = [_Server(_config(listener.app)) for listener in listeners]
    stop = leaving or asyncio.Event()
    _stop_on_signals(stop)
    beside = asyncio.create_task(background)
    beside.add_done_callback(lambda task: stop.set() if _failed(task) else None)
    running = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)
        stopping.cancel()
        beside.cancel()
    await _outcome(beside)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to ``serve``: uvicorn would raise them anew, and exit by them."""
        yield


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PunctualProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=DRAIN_WITHIN_S,
    )


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def _failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None


async def _outcome(task: asyncio.Task[None]) -> None:
    try:
        await task
    except asyncio.CancelledError:
        return
