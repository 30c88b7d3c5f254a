"""Ordering the paid video, watching it, keeping the file, and awaiting a run that does."""

import time
from http import HTTPStatus
from math import inf

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError

from activities.archive import Archive
from activities.copying import Copying
from activities.downloading import ArchiveError, SourceGoneError
from activities.outcomes import WITHOUT_EFFECT, failed, may_be_resent, step_failure, told
from activities.polling import TaskPoller
from activities.spending import SpendGuard
from activities.waiting import (
    asked_to_wait_s,
    beating,
    beating_rarely,
    uninterrupted,
    unless_leaving,
    until_sent,
)
from activities.watching import Watch
from apimart import (
    ApimartClient,
    ApimartError,
    BadRequest,
    NotFound,
    RateLimited,
    TaskStatus,
    Unavailable,
    VideoOrder,
    VideoTask,
)
from likeness.failures import FailureCode
from likeness.messages.conversation import VideoStatus
from likeness.messages.steps import (
    ArchiveVideo,
    AwaitVideo,
    GenerationFinished,
    GenerationTriggered,
    PollGeneration,
    TriggerGeneration,
    VideoArchived,
)
from likeness.steps import (
    ARCHIVE_VIDEO,
    AWAIT_VIDEO,
    POLL_GENERATION,
    TRIGGER_GENERATION,
    UNSENT_BUDGET_S,
)

TRIES_BEFORE_GONE = 5
"""A paid video is not given up for one odd read or a file that is still spreading."""


class VideoSteps:
    """``trigger_generation``, ``poll_generation``, ``archive_video`` and ``await_video``."""

    def __init__(
        self,
        client: ApimartClient,
        *,
        archive: Archive,
        temporal: Client,
        guard: SpendGuard,
        poller: TaskPoller | None = None,
    ) -> None:
        self._client = client
        self._poller = poller or TaskPoller(client.get_states)
        self._guard = guard
        self._copying = Copying(archive, temporal)
        self._temporal = temporal

    @activity.defn(name=TRIGGER_GENERATION.name)
    async def trigger_generation(self, order: TriggerGeneration) -> GenerationTriggered:
        """Post once, within the limits; what the upstream refuses costs nothing and is an answer.

        So is an unknown outcome, where the upstream is proven to honour keys.

        Raises:
            ApplicationError: not retryable; ``spend_limit`` before anything was sent,
                ``generation_unconfirmed`` when the answer got lost.

        """
        began_at = time.monotonic()
        usd = await self._guard.admits(order)
        try:
            async with beating(lambda: None):
                task = await uninterrupted(
                    until_sent(
                        lambda: self._client.generate_video(
                            order=_video_order(order),
                            idempotency_key=order.idempotency_key,
                            timeout_s=order.post_timeout_s,
                        ),
                        within_s=UNSENT_BUDGET_S - (time.monotonic() - began_at),
                    )
                )
        except ApimartError as error:
            return await self._untaken(order, error)
        return GenerationTriggered(
            task_id=task.task_id, estimated_time_s=task.estimated_time_s, price_usd=usd
        )

    async def _untaken(self, order: TriggerGeneration, error: ApimartError) -> GenerationTriggered:
        """Give what follows from a POST that brought no task, or raise it."""
        if isinstance(error, BadRequest) and error.status == HTTPStatus.CONFLICT:
            # The key was used with another body: that order may be paid, so it is no refusal.
            raise failed(FailureCode.BUG, detail=told(error)) from error
        if isinstance(error, WITHOUT_EFFECT):
            await self._guard.gives_back(order)
        if isinstance(error, BadRequest):
            return GenerationTriggered(refused=told(error))
        if order.resend_proven and may_be_resent(error):
            return GenerationTriggered(
                unconfirmed=told(error), resend_after_s=asked_to_wait_s(error)
            )
        raise step_failure(error, unknown=FailureCode.GENERATION_UNCONFIRMED) from error

    @activity.defn(name=POLL_GENERATION.name)
    async def poll_generation(self, watch: PollGeneration) -> GenerationFinished:
        """Watch the task until it ends or has stalled, and copy its file where that is wanted.

        A last look is taken at the moment at which it counts as stalled. Its file's address stays
        out of the answer. A copy that fails is left to ``archive_video``, which tells why.
        """
        videos = Watch(
            (watch.task_id,),
            self._client.get_video,
            is_finished=lambda video: video.task.finished,
            poller=self._poller,
        )
        async with beating_rarely():
            await videos.to_the_end(
                poll_interval_s=watch.poll_interval_s,
                estimated_time_s=watch.estimated_time_s,
                look_at_once=watch.look_at_once,
                within_s=inf if watch.stalled_after_s is None else watch.stalled_after_s,
            )
            if not videos.answers:
                return GenerationFinished(succeeded=False, stalled=True)
            video = videos.answers[watch.task_id]
            if video is None:
                return GenerationFinished(succeeded=False, lost=True)
            return GenerationFinished(
                succeeded=video.task.status is TaskStatus.COMPLETED,
                reason=video.failure,
                cost_usd=video.cost_usd,
                kept=await self._kept(video, watch),
            )

    async def _kept(self, video: VideoTask, watch: PollGeneration) -> VideoArchived | None:
        if video.task.status is not TaskStatus.COMPLETED or watch.key is None:
            return None
        return await self._copying.done_if_wanted(video.url, watch.key, instead_of=watch.instead_of)

    @activity.defn(name=ARCHIVE_VIDEO.name)
    async def archive_video(self, order: ArchiveVideo) -> VideoArchived:
        """Read the file's address anew and copy it; each try begins with a fresh one.

        Raises:
            ApplicationError: ``archive_failed``, retryable, when the archive does not take it.

        """
        try:
            video = await self._client.get_video(order.task_id)
            async with beating(lambda: None):
                return await self._copying.done(video.url, order.key, instead_of=order.instead_of)
        except (Unavailable, RateLimited) as error:
            raise failed(
                FailureCode.UPSTREAM_UNAVAILABLE,
                detail=told(error),
                repeatable=True,
                after_s=asked_to_wait_s(error),
            ) from error
        except (NotFound, SourceGoneError) as gone:
            if activity.info().attempt >= TRIES_BEFORE_GONE:
                return VideoArchived(gone=True)
            raise failed(FailureCode.VIDEO_EXPIRED, detail=str(gone), repeatable=True) from gone
        except ApimartError as error:
            raise step_failure(error, unknown=FailureCode.BUG) from error
        except ArchiveError as error:
            raise failed(FailureCode.ARCHIVE_FAILED, detail=str(error), repeatable=True) from error

    @activity.defn(name=AWAIT_VIDEO.name)
    async def await_video(self, order: AwaitVideo) -> VideoStatus:
        """Wait for the run and give its result; a lost wait is simply begun anew."""
        handle = self._temporal.get_workflow_handle(order.workflow_id, result_type=VideoStatus)
        try:
            async with beating(lambda: None):
                status: VideoStatus = await unless_leaving(handle.result())
        except WorkflowFailureError as error:
            # Terminated or broken: waiting again would tell the same for ever.
            raise failed(FailureCode.BUG, detail="the video's run has failed") from error
        return status


def _video_order(order: TriggerGeneration) -> VideoOrder:
    return VideoOrder(
        model=order.model,
        prompt=order.prompt.get_secret_value(),
        duration_s=order.duration_s,
        resolution=order.resolution,
        size=order.size,
        generate_audio=order.generate_audio,
        asset_urls=order.images,
        video_urls=order.videos,
        seed=order.seed,
        webhook=order.webhook_url,
    )
