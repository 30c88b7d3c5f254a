"""``python -m benchmarks.figures.relay_process relay|bare PORT KEYS``: what its figure asks.

``relay`` is the public app as ``python -m web`` serves it, over a Temporal client whose signals are
taken at once; ``bare`` one route of Starlette that answers the same, which is the floor.
"""

import asyncio
import logging
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from temporalio.client import Client

from likeness.temporal.keyring import KeyRing
from runtime.h5_hosts import H5Hosts
from runtime.keys import load_key_file
from runtime.links import LinkSealer
from runtime.logs import configure
from runtime.receipts import ReceiptSigner
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.serving import Listener, listening_at, serve
from web.videos import TemporalVideos


class _Taken:
    """Takes every signal."""

    async def signal(self, *_: object, **__: object) -> None:
        """Take it."""


class _AnsweringAtOnce(Client):
    """A client that never asks a server."""

    def __init__(self) -> None:
        """Connect to nothing."""

    def get_workflow_handle(self, *_: object, **__: object) -> _Taken:  # type: ignore[override]
        """Give what takes signals."""
        return _Taken()


async def _client(_: float) -> Client:
    return _AnsweringAtOnce()


def relay(keys: KeyRing) -> ASGIApp:
    """Give the public app."""
    deps = PublicDeps(
        onboardings=TemporalOnboardings(_client),
        people=TemporalPeople(_client),
        videos=TemporalVideos(_client),
        links=LinkSealer.of(keys),
        forms=FormSeals.of(keys),
        receipts=ReceiptSigner.of(keys),
        h5_hosts=H5Hosts.of([]),
        token_ttl_s=1800,
        base_url="https://likeness.example",
    )
    return public_app(deps)


def bare(_: KeyRing) -> ASGIApp:
    """Give the floor: the same kind of answer, and no work."""

    async def back(request: Request) -> Response:
        return RedirectResponse(f"/i/{request.path_params['token']}", status_code=303)

    return Starlette(routes=[Route("/callback/{token}", back)])


async def _serve(app: ASGIApp, port: int) -> None:
    never = asyncio.Event()

    async def nothing_beside() -> None:
        await never.wait()

    listener = Listener(app=app, socket=listening_at("127.0.0.1", port, variables="PORT"))
    await serve([listener], nothing_beside())


if __name__ == "__main__":
    name, port, keys_file = sys.argv[1:]
    configure(process="web", level="INFO")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    link_keys = load_key_file(Path(keys_file))
    asyncio.run(_serve({"relay": relay, "bare": bare}[name](link_keys), int(port)))
