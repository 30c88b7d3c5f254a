"""The paid order of a video: sent once, and again only where that can cost nothing more."""

import asyncio
import hashlib
from typing import NoReturn

from temporalio import workflow

from likeness.failures import FailureCode
from likeness.messages.conversation import Failure
from likeness.messages.steps import GenerationPrepared, GenerationTriggered, TriggerGeneration
from likeness.messages.video import GenerateVideoInput
from likeness.prices import usd_at_most
from likeness.stages import VideoState
from likeness.steps import TRIGGER_GENERATION
from likeness.summaries import Summary
from workflows.deciding import ANY
from workflows.performing import StepFailedError, post_unless
from workflows.preparing import prepared_for
from workflows.video_standing import VideoStanding

MOST_SENDS = 3
"""How often one order leaves by itself, where the upstream is proven to honour keys."""


class PaidOrder:
    """One key and one body for all of a video's orders; ``number`` counts them from 1."""

    def __init__(self, asked: GenerateVideoInput, standing: VideoStanding) -> None:
        self.asked = asked
        self.standing = standing
        self.number = 1
        self.key = idempotency_key(workflow.info().workflow_id, asked.life)
        self.price_usd = usd_at_most(
            asked.video.model,
            resolution=asked.video.resolution,
            duration_s=asked.video.duration_s,
            reference_videos=bool(asked.videos),
        )
        self._prepared: GenerationPrepared | None = asked.prepared
        self._paid: set[int] = set()

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
        """Send until the outcome is known.

        Raises:
            StepFailedError: it is surely unknown.

        """
        send_number = 1
        while (triggered := await self._sent_once(send_number)).unconfirmed is not None:
            self._risks()
            pause_s = max(triggered.resend_after_s, 2.0**send_number)
            if send_number == MOST_SENDS or await self._canceled_within(pause_s):
                raise StepFailedError(
                    TRIGGER_GENERATION.name,
                    FailureCode.GENERATION_UNCONFIRMED,
                    detail=triggered.unconfirmed,
                )
            send_number += 1
        return triggered

    async def _sent_once(self, send_number: int) -> GenerationTriggered:
        prepared = await self._is_prepared()
        try:
            return await self.standing.repeated(
                lambda: self._posted(prepared, send_number),
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
            if failed.lost and prepared.resend_proven:
                return GenerationTriggered(unconfirmed="the worker went away")
            raise

    async def _is_prepared(self) -> GenerationPrepared:
        """Fix what the order says beside what was asked, once: bytes under a key never change."""
        if self._prepared is None:
            self._prepared = await prepared_for(workflow.info().workflow_id)
        return self._prepared

    async def _posted(self, prepared: GenerationPrepared, send_number: int) -> GenerationTriggered:
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
            webhook_url=prepared.webhook_url,
            resend_proven=prepared.resend_proven,
            spent_usd=self.price_usd * len(self._paid - {self.number}),
            order_number=self.number,
            send_number=send_number,
        )
        return await post_unless(
            lambda: self.standing.is_canceled,
            TRIGGER_GENERATION,
            order,
            on=self.standing.queue,
            post_timeout_s=order.post_timeout_s,
            summary=Summary.TRIGGER_GENERATION,
        )

    async def _canceled_within(self, pause_s: float) -> bool:
        try:
            await workflow.wait_condition(
                lambda: self.standing.is_canceled,
                timeout=pause_s,
                timeout_summary=Summary.PAUSE_BEFORE_RESEND,
            )
        except TimeoutError:
            return False
        return True

    def _risks(self) -> None:
        """Count the order as one that may be on the bill."""
        self._paid.add(self.number)
        self.standing.may_be_paid = True
        self.standing.now(spent_usd=round(self.price_usd * len(self._paid), 4))

    async def _decided(self, failed: StepFailedError) -> GenerationTriggered | None:
        """Hold; give the task to adopt, or None for another try under the same key."""
        self._risks()
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
        self._risks()
        self.standing.now(state=VideoState.GENERATING, task_id=triggered.task_id)
        return triggered

    def _refused(self, word: str | None) -> NoReturn:
        step = TRIGGER_GENERATION.name
        if self.standing.may_be_paid:
            # This try was refused, but an earlier one may have been taken.
            raise StepFailedError(step, FailureCode.GENERATION_UNCONFIRMED, detail=word)
        failure = Failure.of(FailureCode.GENERATION_REFUSED, step=step, detail=word)
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
