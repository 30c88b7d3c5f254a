"""The story of one video: ordered once, watched to its end, and kept before its address dies."""

import asyncio

from temporalio import workflow

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    Cancel,
    CheckNow,
    Failure,
    GenerationChanged,
    Resolution,
    Resolve,
    VideoStatus,
    Withdraw,
)
from likeness.messages.steps import GenerationFinished
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Stage, VideoState, WaitingFor
from likeness.steps import POLL_GENERATION
from workflows.ordering import refuse_if
from workflows.showing import show
from workflows.video_keeping import VideoKeeping
from workflows.video_paying import PaidOrder
from workflows.video_standing import GivenUpError, VideoStanding
from workflows.video_watching import VideoWatch

_END_OF = {
    VideoState.DONE: Stage.COMPLETED,
    VideoState.FAILED: Stage.FAILED,
    VideoState.CANCELED: Stage.CANCELED,
}


@workflow.defn(name=names.GENERATE_VIDEO)
class GenerateVideo:
    """One run per video. A cancel stops what is not paid for; a paid video is brought home."""

    @workflow.init
    def __init__(self, asked: GenerateVideoInput) -> None:
        self.standing = VideoStanding(asked.account, tells=asked.tells)
        self.order = PaidOrder(asked, self.standing)
        self.keeping = VideoKeeping(asked, self.standing)
        self.watch = VideoWatch(asked, self.standing, self.keeping)

    @workflow.run
    async def run(self, _: GenerateVideoInput) -> VideoStatus:
        """Tell the story to its end; a request to cancel is noted, not obeyed at once."""
        story = asyncio.create_task(self.story())
        while not story.done():
            try:
                await workflow.wait_condition(story.done)
            except asyncio.CancelledError:
                self.standing.is_canceled = True
        await story
        show(_END_OF[self.status().state], WaitingFor.NOBODY)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.status()

    async def story(self) -> None:
        """Order the video, watch it being made, keep the file."""
        try:
            finished = await self.is_made()
            await self.keeping.is_archived(finished.kept)
        except GivenUpError:
            return

    async def is_made(self) -> GenerationFinished:
        """Order until a task has ended: once, unless an operator has it ordered anew."""
        finished = None
        while finished is None:
            finished = await self.watch.is_over(await self.order.is_taken())
            if finished is None:
                self.order.is_ordered_anew()
        self.standing.now(state=VideoState.ARCHIVING, cost_usd=finished.cost_usd)
        if not finished.succeeded:
            failure = Failure.of(
                FailureCode.GENERATION_FAILED, step=POLL_GENERATION.name, detail=finished.reason
            )
            self.standing.gives_up(VideoState.FAILED, failure)
        return finished

    # What others say to the run.

    @workflow.query(name=names.STATUS, description="Everything that may be shown of the video")
    def status(self) -> VideoStatus:
        """Give the state without prompt or address."""
        return self.standing.video

    @workflow.signal(name=names.WITHDRAW, description="The person takes the consent back")
    def withdraw(self, withdrawal: Withdraw) -> None:
        """Leave what is not paid for yet; what is paid for is brought home sealed.

        Of somebody erased nothing is kept: the bill is recorded, the file is not.
        """
        self.standing.is_canceled = True
        self.standing.is_erased = self.standing.is_erased or withdrawal.erased
        self.standing.now(sealed=True)

    @workflow.signal(name=names.GENERATION_CHANGED, description="Somebody says the task moved on")
    def generation_changed(self, _: GenerationChanged) -> None:
        """Look at once; the hint is not believed, and not heeded without end."""
        self.watch.is_told()

    @workflow.update(name=names.CHECK_NOW, description="An operator has the upstream asked now")
    async def check_now(self, order: CheckNow) -> VideoStatus:
        """Look at once, or try at once what waits for its next try."""
        self.standing.notes(names.CHECK_NOW, order)
        if self.standing.is_pausing:
            # What was decided at the same moment holds: it may be that nothing is sent any more.
            if self.standing.undecided.allows(Resolution.RESUBMIT):
                self.standing.undecided.decides(Resolve(resolution=Resolution.RESUBMIT))
        else:
            self.watch.is_asked()
        return self.status()

    @check_now.validator
    def _may_check(self, order: CheckNow) -> None:  # noqa: ARG002  # the Update's own signature
        idle = not (self.watch.is_under_way or self.standing.is_pausing)
        refuse_if(idle, FailureCode.NOTHING_TO_CHECK)

    @workflow.update(name=names.RESOLVE, description="An operator decides what stands still")
    async def resolve(self, order: Resolve) -> VideoStatus:
        """Adopt a task, send the order again under its key, or give the video up."""
        self.standing.notes(names.RESOLVE, order)
        self.standing.undecided.decides(order)
        await workflow.wait_condition(lambda: not self.standing.undecided.is_decided)
        return self.status()

    @resolve.validator
    def _may_resolve(self, order: Resolve) -> None:
        refused = not self.standing.undecided.allows(order.resolution)
        refuse_if(refused, FailureCode.NOTHING_TO_RESOLVE)

    @workflow.update(name=names.CANCEL, description="An operator stops what is not paid for")
    async def cancel(self, order: Cancel) -> VideoStatus:
        """Note the wish. A paid video that stands still is given up, one under way is not."""
        standing = self.standing
        standing.notes(names.CANCEL, order)
        standing.is_canceled = True
        if standing.may_be_paid and standing.undecided.allows(Resolution.GIVE_UP):
            standing.undecided.decides(Resolve(resolution=Resolution.GIVE_UP))
        return self.status()
