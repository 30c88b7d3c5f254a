"""Send what the upstream sends by itself: a callback of its own, a video's webhook."""

import asyncio
from collections.abc import Coroutine

import httpx

TIMEOUT_S = 10


class Courier:
    """Runs deliveries beside the requests and ends them with the server."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, delivery: Coroutine[None, None, None]) -> None:
        """Run a delivery in the background."""
        task = asyncio.create_task(delivery)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def send(request: httpx.Request) -> int | None:
    """Send one request, following nothing; return its status, or None where none came."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        try:
            return (await client.send(request)).status_code
        except httpx.HTTPError:
            return None
