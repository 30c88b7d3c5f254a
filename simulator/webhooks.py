"""Tell a video's end to the webhook given with it, with the vendor's repeats.

Rules: https://docs.apimart.ai/en/api-reference/tasks/webhook
"""

import httpx

from simulator.courier import send
from simulator.tasks import as_json, task_data
from simulator.world import Video, World

FIRST_SERVER_ERROR = 500


async def deliver_webhook(world: World, video: Video, *, webhook: str) -> None:
    """POST the task to `<webhook>/callback` when it ends: unsigned, possibly more than once."""
    await world.until(video.done_at)
    body = as_json(task_data(world, video))
    url = webhook.rstrip("/") + "/callback"
    for _ in range(world.scenario.webhook_copies):
        await _deliver(world, video, request=_request(url, body))


async def _deliver(world: World, video: Video, *, request: httpx.Request) -> None:
    for wait_s in (*world.scenario.webhook_retry_s, None):
        status = await send(request)
        world.effect("webhook_sent", video.task_id, answer=status)
        if wait_s is None or (status is not None and status < FIRST_SERVER_ERROR):
            return
        await world.until(world.now() + wait_s)


def _request(url: str, body: bytes) -> httpx.Request:
    return httpx.Request("POST", url, content=body, headers={"Content-Type": "application/json"})
