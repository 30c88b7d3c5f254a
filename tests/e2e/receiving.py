"""A receiver of webhooks, as another service has one: verifies, answers, and remembers."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import uvicorn
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devstack.ports import LOOPBACK, free_port


class Receiver:
    """Knows each event by its id, however often it came; what does not verify is refused."""

    def __init__(self, secret: str) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.deliveries = 0
        self.refused = 0
        self._port = free_port()
        self._webhook = Webhook(secret)

    @property
    def origin(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/hooks"

    def by_onboarding(self) -> dict[str, list[dict[str, Any]]]:
        """Give each onboarding's events, in the order of their sequence."""
        told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in self.events.values():
            told[event["data"]["onboarding"]["onboarding_id"]].append(event)
        for events in told.values():
            events.sort(key=lambda event: int(event["data"]["sequence"]))
        return told

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.deliveries += 1
        try:
            self._webhook.verify(body, dict(request.headers))
        except Exception:  # noqa: BLE001  # whatever it is, the delivery is not genuine
            self.refused += 1
            return Response(status_code=400)
        self.events[request.headers["webhook-id"]] = json.loads(body)
        return Response(status_code=204)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        app = Starlette(routes=[Route("/hooks", self.take, methods=["POST"])])
        config = uvicorn.Config(
            app, host=LOOPBACK, port=self._port, log_config=None, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.02)
        try:
            yield self
        finally:
            server.should_exit = True
            await serving
