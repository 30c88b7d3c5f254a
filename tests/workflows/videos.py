"""Videos without the onboarding before them: ``GenerateVideo`` runs of their own."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id, video_workflow_id
from likeness.messages.conversation import (
    Cancel,
    CheckNow,
    GenerationChanged,
    Resolution,
    Resolve,
    VideoStatus,
)
from likeness.messages.onboarding import VideoRequest
from likeness.messages.video import GenerateVideoInput
from tests.workflows.conftest import TASK_QUEUE, Journey
from tests.workflows.test_taps import code_of

VIDEO = VideoRequest(prompt=SecretStr("a bird flies"))
SLOW_S = 300.0
"""So rarely that a test would never see a second look."""


class Video:
    """One video that is being made, and what may be said to its run."""

    def __init__(self, journey: Journey, handle: WorkflowHandle[Any, VideoStatus]) -> None:
        self.journey = journey
        self.handle = handle

    @classmethod
    async def ordered(cls, journey: Journey, **changed: Any) -> "Video":
        onboarding = f"o-{secrets.token_hex(4)}"
        asked = GenerateVideoInput(
            account="default",
            video=VIDEO,
            images=(),
            key=f"default/{onboarding}/video-1.mp4",
            poll_interval_s=0.2,
            post_timeout_s=20,
            stalled_after_s=600,
        )
        handle = await journey.client.start_workflow(
            names.GENERATE_VIDEO,
            asked.model_copy(update=changed),
            id=video_workflow_id(onboarding_workflow_id("default", onboarding)),
            task_queue=TASK_QUEUE,
            result_type=VideoStatus,
        )
        return cls(journey, handle)

    async def status(self) -> VideoStatus:
        status: VideoStatus = await self.handle.query(names.STATUS, result_type=VideoStatus)
        return status

    async def until(self, told: Callable[[VideoStatus], bool]) -> VideoStatus:
        while True:
            status = await self.status()
            if told(status):
                return status
            await asyncio.sleep(0.05)

    async def held(self) -> VideoStatus:
        return await self.until(lambda s: s.hold is not None)

    async def held_by(self, code: FailureCode) -> VideoStatus:
        return await self.until(lambda s: s.failure is not None and s.failure.code is code)

    async def resolve(self, resolution: Resolution, task_id: str | None = None) -> VideoStatus:
        order = Resolve(resolution=resolution, task_id=task_id, actor="night", reason="seen")
        return await self._update(names.RESOLVE, order)

    async def check_now(self) -> VideoStatus:
        return await self._update(names.CHECK_NOW, CheckNow(actor="night"))

    async def cancel(self) -> VideoStatus:
        return await self._update(names.CANCEL, Cancel(actor="night"))

    async def hint(self) -> None:
        await self.handle.signal(names.GENERATION_CHANGED, GenerationChanged())

    async def _update(self, name: str, order: Any) -> VideoStatus:
        status: VideoStatus = await self.handle.execute_update(name, order, result_type=VideoStatus)
        return status

    def charged_task(self) -> str:
        """The task that the upstream has charged, as an operator finds it in its console."""
        (task_id,) = {
            entry.task_id
            for entry in self.journey.world.ledger.entries
            if entry.name == "video_charged"
        }
        return task_id or ""

    def orders(self) -> list[tuple[object, object]]:
        """Key and body of each POST, as the upstream has seen them."""
        return [
            (entry.detail["idempotency_key"], entry.detail["body"])
            for entry in self.journey.world.ledger.entries
            if entry.name == "generate_video"
        ]

    async def events(self, name: str) -> int:
        return (await self.journey.events(self.handle.id)).count(name)


async def refusal(order: Any) -> str | None:
    """The code with which the run refuses an order."""
    try:
        await order
    except WorkflowUpdateFailedError as error:
        return code_of(error)
    return None
