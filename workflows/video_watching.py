"""Watching the paid task until the upstream says how it ended, however long that takes."""

import asyncio

from temporalio import workflow
from temporalio.workflow import ActivityCancellationType

from likeness.failures import FailureCode
from likeness.messages.conversation import Failure, Resolution, Resolve
from likeness.messages.steps import GenerationFinished, GenerationTriggered, PollGeneration
from likeness.messages.video import GenerateVideoInput
from likeness.stages import VideoState
from likeness.steps import POLL_GENERATION
from likeness.summaries import Summary
from workflows.deciding import ADOPT_OR_LEAVE, ANY
from workflows.performing import StepFailedError, perform, watching
from workflows.video_keeping import VideoKeeping
from workflows.video_standing import VideoStanding, may_be_repeated

MOST_HINTS = 20
"""A hint may be forged or repeated and costs some ten events, so no more of them are heeded."""

STALLED_SLOWER = 12
STALLED_PAUSE_S = 60.0
"""A stalled task is looked at twelve times more rarely, but once a minute."""


class VideoWatch:
    """Looks at the task by one activity, which copies the finished file too.

    Somebody's word that the task has moved on begins it anew, and so does a withdrawal, for the
    file belongs to another place then.
    """

    def __init__(
        self, asked: GenerateVideoInput, standing: VideoStanding, keeping: VideoKeeping
    ) -> None:
        self.asked = asked
        self.standing = standing
        self.keeping = keeping
        self.hints_left = MOST_HINTS
        self.is_under_way = False
        self.is_wanted = False
        self._wanted_at = 0.0
        self._began_at = 0.0
        self._estimated_time_s: float | None = None
        self._broken_off: list[asyncio.Task[GenerationFinished]] = []

    def is_told(self) -> None:
        """Heed a hint; one that comes while another is being looked into adds nothing."""
        if self.hints_left and not self._looks_anyway:
            self.hints_left -= 1
            self.is_asked()

    def is_asked(self) -> None:
        """Look at once."""
        if not self._looks_anyway:
            self.is_wanted = True
            self._wanted_at = workflow.time()

    async def is_over(self, triggered: GenerationTriggered) -> GenerationFinished | None:
        """Watch to the end; None when an operator has the video ordered anew.

        Raises:
            GivenUpError: it is given up.

        """
        self._estimated_time_s = triggered.estimated_time_s
        self._begins()
        while True:
            finished = await self._watched()
            if finished.stalled:
                self.standing.now(stalled=True)
            elif not finished.lost:
                self.standing.now(stalled=False)
                self.standing.goes_on()
                return finished
            elif (await self._lost()) is Resolution.RESUBMIT:
                return None

    async def _watched(self) -> GenerationFinished:
        """Watch until there is something to tell, whatever happens to the steps that do it."""
        while True:
            try:
                finished = await self.standing.repeated(self._looked, repeatable=may_be_repeated)
            except StepFailedError as failed:
                self._heeds(await self.standing.is_decided(failed.failure, ANY))
                continue
            if finished is not None:
                return finished
            self._heeds(self.standing.takes_decision())

    async def _looked(self) -> GenerationFinished | None:
        """Perform the step once; None when it was broken off, to look at once or for a decision."""
        standing = self.standing
        standing.goes_on()
        if standing.video.stalled:
            standing.undecided.opens(ADOPT_OR_LEAVE)
        step = self._step()
        looking = asyncio.create_task(
            perform(
                POLL_GENERATION,
                step,
                on=standing.queue,
                patience=watching(),
                summary=Summary.POLL_GENERATION,
                cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        )
        self.is_under_way, self.is_wanted = True, False
        await workflow.wait_condition(
            lambda: (
                looking.done()
                or self.is_wanted
                or standing.undecided.is_decided
                or self.keeping.place.key != step.key
            )
        )
        self.is_under_way = False
        if looking.done():
            return await looking
        looking.cancel()
        # Nobody asks what became of it, unless the file must not be where it may have put it.
        looking.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._broken_off.append(looking)
        if self.keeping.place.key == step.key:
            return None
        return await self._ended(looking)

    async def _ended(self, looking: asyncio.Task[GenerationFinished]) -> GenerationFinished | None:
        """Wait until nothing can be copied any more to a place where the file must not be.

        A step hears with its next heartbeat that it was broken off; until then it may copy.
        """
        await workflow.wait_condition(lambda: all(each.done() for each in self._broken_off))
        try:
            return await looking
        except (asyncio.CancelledError, StepFailedError):
            return None

    def _step(self) -> PollGeneration:
        place = self.keeping.place
        stalled = self.standing.video.stalled
        due = self._began_at + self.asked.stalled_after_s
        estimate, self._estimated_time_s = self._estimated_time_s, None
        return PollGeneration(
            task_id=self.standing.video.task_id or "",
            poll_interval_s=self._pause_s,
            estimated_time_s=estimate,
            stalled_after_s=None if stalled else max(due - workflow.time(), 0),
            look_at_once=self.is_wanted,
            key=place.key,
            instead_of=place.instead_of,
        )

    async def _lost(self) -> Resolution:
        """Hold, for the upstream no longer knows the task; what was decided is heeded."""
        self.standing.now(stalled=False)
        failure = Failure.of(FailureCode.UPSTREAM_LOST_TASK, step=POLL_GENERATION.name)
        decision = await self.standing.is_decided(
            failure, ANY, unless=lambda: self.standing.is_canceled
        )
        if decision is None:
            self.standing.gives_up(VideoState.FAILED, failure)
        self._heeds(decision)
        return decision.resolution

    def _heeds(self, decision: Resolve | None) -> None:
        if decision is None:
            return
        if decision.task_id is not None:
            self.standing.now(task_id=decision.task_id, stalled=False)
            self._begins()
        self.standing.goes_on()

    def _begins(self) -> None:
        self._began_at = workflow.time()

    @property
    def _pause_s(self) -> float:
        usual_s = self.asked.poll_interval_s
        if not self.standing.video.stalled:
            return usual_s
        return max(usual_s, min(STALLED_SLOWER * usual_s, STALLED_PAUSE_S))

    @property
    def _looks_anyway(self) -> bool:
        return workflow.time() - self._wanted_at < self._pause_s
