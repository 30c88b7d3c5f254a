"""The paid order of a video: sent once, and again only when an operator says so."""

import asyncio
import hashlib
from typing import NoReturn

from temporalio import workflow
from temporalio.workflow import ActivityCancellationType

from likeness.failures import FailureCode
from likeness.messages.conversation import Failure
from likeness.messages.steps import GenerationTriggered, TriggerGeneration
from likeness.messages.video import GenerateVideoInput
from likeness.stages import VideoState
from likeness.steps import TRIGGER_GENERATION
from likeness.summaries import Summary
from workflows.deciding import ANY
from workflows.performing import StepFailedError, perform, posting
from workflows.video_standing import VideoStanding


class PaidOrder:
    """One key and one body for all of a video's orders; ``number`` counts them from 1."""

    def __init__(self, asked: GenerateVideoInput, standing: VideoStanding) -> None:
        self.asked = asked
        self.standing = standing
        self.number = 1
        self.key = idempotency_key(workflow.info().workflow_id, asked.life)

    async def is_taken(self) -> GenerationTriggered:
        """Send the order; where nobody knows whether it was taken, hold for a decision.

        Raises:
            GivenUpError: it was refused, canceled in time, or given up.

        """
        while True:
            try:
                return self._taken(await self._sent())
            except StepFailedError as failed:
                adopted = await self._decided(failed)
                if adopted is not None:
                    return self._taken(adopted)
                self.is_ordered_anew()

    def is_ordered_anew(self) -> None:
        """Count the next order as one of its own; an operator has decided to risk a second bill."""
        self.number += 1

    async def _sent(self) -> GenerationTriggered:
        """Send until the outcome is known, or surely unknown, which is a ``StepFailedError``."""
        try:
            return await self.standing.repeated(
                self._posted,
                repeatable=lambda failed: failed.had_no_effect,
                left=lambda: self.standing.is_canceled,
            )
        except asyncio.CancelledError:
            # No worker had taken the order yet, so it was never sent.
            withdrawn = self.standing.video.sealed
            self._canceled(Failure.of(FailureCode.WITHDRAWN if withdrawn else FailureCode.CANCELED))
        except StepFailedError as failed:
            if failed.had_no_effect:
                self._canceled(failed.failure)
            raise

    async def _posted(self) -> GenerationTriggered:
        """Have the order sent, or taken back while nobody has taken it up."""
        asked, video = self.asked, self.asked.video
        order = TriggerGeneration(
            **video.model_dump(exclude={"prompt"}),
            prompt=video.prompt,
            images=asked.images,
            videos=asked.videos,
            idempotency_key=self.key,
            post_timeout_s=asked.post_timeout_s,
            account=asked.account,
            order_number=self.number,
        )
        sending = asyncio.create_task(
            perform(
                TRIGGER_GENERATION,
                order,
                on=self.standing.queue,
                patience=posting(order.post_timeout_s),
                summary=Summary.TRIGGER_GENERATION,
                cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        )
        await workflow.wait_condition(lambda: sending.done() or self.standing.is_canceled)
        if not sending.done():
            sending.cancel()
        return await sending

    async def _decided(self, failed: StepFailedError) -> GenerationTriggered | None:
        """Hold; give the task to adopt, or None for another try under the same key."""
        self.standing.may_be_paid = True
        code = FailureCode.GENERATION_UNCONFIRMED if failed.lost else failed.code
        failure = Failure.of(code, step=failed.step, detail=failed.detail)
        decision = await self.standing.is_decided(
            failure, ANY, unless=lambda: self.standing.is_canceled
        )
        if decision is None:
            self.standing.gives_up(VideoState.FAILED, failure)
        self.standing.goes_on()
        return GenerationTriggered(task_id=decision.task_id) if decision.task_id else None

    def _taken(self, triggered: GenerationTriggered) -> GenerationTriggered:
        if triggered.task_id is None:
            self._refused(triggered.refused)
        self.standing.may_be_paid = True
        self.standing.now(state=VideoState.GENERATING, task_id=triggered.task_id)
        return triggered

    def _refused(self, word: str | None) -> NoReturn:
        failure = Failure.of(
            FailureCode.GENERATION_REFUSED, step=TRIGGER_GENERATION.name, detail=word
        )
        self.standing.gives_up(VideoState.FAILED, failure)

    def _canceled(self, failure: Failure) -> NoReturn:
        if self.standing.may_be_paid:
            # This try had no effect, but an earlier one may have had.
            failure = Failure.of(FailureCode.GENERATION_UNCONFIRMED, step=TRIGGER_GENERATION.name)
            self.standing.gives_up(VideoState.FAILED, failure)
        self.standing.gives_up(VideoState.CANCELED, failure)


def idempotency_key(workflow_id: str, life: str | None = None) -> str:
    """Derive the key from the workflow's id: a random one would change with a reset.

    ``life`` keeps it apart from the key of somebody erased who had the same reference.
    """
    name = workflow_id if life is None else f"{workflow_id} {life}"
    return hashlib.sha256(name.encode()).hexdigest()
