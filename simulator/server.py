"""Put the routes together and serve them: in a test's own loop, or as a process."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from simulator.avatar import avatar_routes
from simulator.connections import CuttableProtocol
from simulator.control_routes import control_routes
from simulator.h5 import h5_routes
from simulator.media import media_routes
from simulator.state import SavedFirst, StateFile
from simulator.tasks import task_routes
from simulator.videos import video_routes
from simulator.world import World

DRAIN_S = 1
DRAIN_STEP_S = 0.005


def create_app(world: World) -> FastAPI:
    """Return the API with its control routes, and the person's page where it has no own origin."""
    app = _bare_app()
    routers = (avatar_routes, task_routes, video_routes, control_routes, h5_routes)
    for router in routers:
        app.include_router(router(world))
    app.include_router(media_routes())
    return app


def create_h5_app(world: World) -> FastAPI:
    """Return the person's page alone, for an origin of its own."""
    app = _bare_app()
    app.include_router(h5_routes(world))
    return app


def _bare_app() -> FastAPI:
    return FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


class _Server(uvicorn.Server):
    """uvicorn without its signals, which would end the process, and its ticks, which cost tests.

    The ticks would refresh the Date header, which is switched off.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(int(DRAIN_S / DRAIN_STEP_S)):
            if not self.server_state.connections:
                return
            await asyncio.sleep(DRAIN_STEP_S)
        for task in self.server_state.tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    h5_host: str | None = None,
    h5_port: int | None = None,
    state: StateFile | None = None,
) -> AsyncIterator[str]:
    """Serve a world and yield its base URL; port 0 is any free one.

    With `h5_port` the person's page lives on that port, an origin of its own, and where `h5_host`
    names another address, there alone; with `state` the world is kept in a file. Raises OSError
    where a port is taken, StateError where that file cannot be written.
    """
    async with contextlib.AsyncExitStack() as stack:
        if h5_port is not None:
            page = _kept(create_h5_app(world), state)
            h5 = _listening(page, host=h5_host or host, port=h5_port)
            world.h5_base = await stack.enter_async_context(h5)
        api = _listening(_kept(create_app(world), state), host=host, port=port)
        base_url = await stack.enter_async_context(api)
        if state is not None:
            # Not before the port is ours: a second process by mistake must not touch the file.
            state.save()
            stack.callback(state.save)
        # Entered last, so done first: a server would wait for its held calls.
        stack.push_async_callback(world.close)
        yield base_url


def _kept(app: ASGIApp, state: StateFile | None) -> ASGIApp:
    return app if state is None else SavedFirst(app, state)


def _listener(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.asynccontextmanager
async def _listening(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[str]:
    listener = _listener(host, port)
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.stopping.set()
        await serving


async def serve_until_signalled(
    world: World,
    *,
    host: str,
    port: int,
    h5_host: str,
    h5_port: int | None,
    state: StateFile | None,
) -> AsyncIterator[str]:
    """Yield the base URL once, and end after SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serve(
        world, host=host, port=port, h5_host=h5_host, h5_port=h5_port, state=state
    ) as base_url:
        yield base_url
        await stop.wait()
