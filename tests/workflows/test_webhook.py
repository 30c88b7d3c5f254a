"""The upstream tells that a video has ended: the run looks at once, and only then believes it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from temporalio.client import Client

from likeness.stages import VideoState
from likeness.temporal.keyring import Key, KeyRing
from runtime.h5_hosts import H5Hosts
from runtime.links import VideoToken
from runtime.receipts import ReceiptSigner
from tests.workflows.conftest import Journey
from tests.workflows.videos import SLOW_S, Video
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.videos import TemporalVideos

KEYS = KeyRing.of(Key.of(b"l" * 32))

pytestmark = pytest.mark.server


@asynccontextmanager
async def public_side(journey: Journey) -> AsyncIterator[str]:
    """Serve the public pages, and have the worker tell the upstream of them."""
    listener = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def connected(_: float) -> Client:
        return journey.client

    deps = PublicDeps(
        onboardings=TemporalOnboardings(connected),
        people=TemporalPeople(connected),
        videos=TemporalVideos(connected),
        links=journey.sealer,
        forms=FormSeals.of(KEYS),
        receipts=ReceiptSigner.of(KEYS),
        h5_hosts=H5Hosts.of([]),
        token_ttl_s=1800,
        base_url=base_url,
    )
    config = uvicorn.Config(public_app(deps), log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await journey.restart_worker(public_base_url=base_url, upstream_webhook=True)
        yield base_url
    finally:
        server.should_exit = True
        await serving


class TestWebhook:
    async def test_a_video_that_has_ended_is_found_at_once(self, journey: Journey) -> None:
        journey.change(estimated_time=False, video_seconds=1, webhook_copies=2)
        async with public_side(journey):
            video = await Video.ordered(journey, poll_interval_s=SLOW_S)

            status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert 1 == journey.count("video_charged")

    async def test_a_forged_end_is_not_believed(self, journey: Journey) -> None:
        journey.change(estimated_time=False, video_seconds=600)
        async with public_side(journey) as base_url:
            video = await Video.ordered(journey, poll_interval_s=SLOW_S)
            await video.until(lambda s: s.task_id is not None)
            token = journey.sealer.seal_video(VideoToken.of(video.handle.id))
            async with httpx.AsyncClient(trust_env=False) as stranger:
                told = await stranger.post(
                    f"{base_url}/webhook/{token}/callback",
                    json={"code": 200, "data": {"id": video.charged_task(), "status": "completed"}},
                )
            await journey.until_counted("get_task")

            assert 200 == told.status_code
            assert VideoState.GENERATING == (await video.status()).state

    async def test_after_the_end_it_is_still_answered(self, journey: Journey) -> None:
        journey.change(video_seconds=0)
        async with public_side(journey):
            video = await Video.ordered(journey)
            await video.handle.result()
            await journey.until_counted("webhook_sent")

        answers = [
            entry.detail["answer"]
            for entry in journey.world.ledger.entries
            if entry.name == "webhook_sent"
        ]
        assert [200] == answers
