"""Where a video stands: what is shown of it, and how a step of it is tried until it works."""

from collections.abc import Awaitable, Callable
from typing import NoReturn

from temporalio import workflow

from likeness.failures import FAILURES, FailureCode
from likeness.ids import upstream_queue
from likeness.messages.conversation import (
    Cancel,
    Failure,
    OperatorOrder,
    Resolution,
    Resolve,
    VideoStatus,
)
from likeness.stages import Hold, Stage, VideoState, WaitingFor
from likeness.steps import POLL_GENERATION
from workflows.deciding import REPEAT_OR_LEAVE, Undecided
from workflows.ordering import Orders
from workflows.performing import ResultT, StepFailedError
from workflows.persisting import perform_until_taken
from workflows.showing import show, tell_video
from workflows.video_news import VideoNews


class GivenUpError(Exception):
    """The video will not come; its status says why."""


class VideoStanding:
    """The video's status, and everything that changes it.

    ``may_be_paid``: an order was sent that the upstream has taken, or may have taken.
    """

    def __init__(self, account: str, *, tells: str | None = None) -> None:
        info = workflow.info()
        self.account = account
        self.queue = upstream_queue(info.task_queue, account)
        self.video = VideoStatus(state=VideoState.REQUESTED, workflow_id=info.workflow_id)
        self.undecided = Undecided()
        self._news = VideoNews(tells)
        self._orders = Orders()
        self.is_pausing = False
        self.is_canceled = False
        self.is_erased = False
        self.may_be_paid = False

    def now(self, **changed: object) -> None:
        """Change the status."""
        self.video = self.video.model_copy(update=changed)
        tell_video(self.video)

    def notes(self, verb: str, order: OperatorOrder | Cancel) -> None:
        """Keep who has ordered what, and why."""
        self._orders.note(verb, order)
        self.now(orders=self._orders.given)

    def holds(self, failure: Failure) -> None:
        """Show who must act, and why."""
        hold = FAILURES[failure.code].hold or Hold.NEEDS_OPERATOR
        if (hold, failure) != (self.video.hold, self.video.failure):
            self.now(hold=hold, failure=failure)
            show(Stage.GENERATING, WaitingFor.OPERATOR, hold=hold, reason=failure.code)
            self._news.are(self.video)

    def goes_on(self) -> None:
        """Leave a hold; a video that has stalled is back where it was."""
        if self.video.stalled:
            self.holds(Failure.of(FailureCode.GENERATION_STALLED, step=POLL_GENERATION.name))
        elif self.video.hold is not None:
            self.now(hold=None, failure=None)
            show(Stage.GENERATING, WaitingFor.UPSTREAM)
            self._news.are(self.video)

    def gives_up(self, state: VideoState, failure: Failure) -> NoReturn:
        """End without a video.

        Raises:
            GivenUpError: always.

        """
        self.now(state=state, hold=None, failure=failure)
        raise GivenUpError

    async def is_decided(
        self,
        failure: Failure,
        choices: frozenset[Resolution],
        *,
        unless: Callable[[], bool] = lambda: False,
    ) -> Resolve | None:
        """Hold until an operator has chosen; None when ``unless`` came first.

        Raises:
            GivenUpError: it is given up.

        """
        self.holds(failure)
        self.undecided.opens(choices)
        await workflow.wait_condition(lambda: self.undecided.is_decided or unless())
        return self.takes_decision()

    def takes_decision(self) -> Resolve | None:
        """Give the decision to act on; no other is possible any more.

        Raises:
            GivenUpError: that was the decision.

        """
        self.is_pausing = False
        decision, failure = self.undecided.takes(), self.video.failure
        if decision is not None and decision.resolution is Resolution.GIVE_UP and failure:
            self.gives_up(VideoState.FAILED, failure)
        return decision

    async def repeated(
        self,
        performance: Callable[[], Awaitable[ResultT]],
        *,
        repeatable: Callable[[StepFailedError], bool],
        left: Callable[[], bool] = lambda: False,
    ) -> ResultT:
        """Perform until it works, with pauses that an operator may cut short.

        Raises:
            StepFailedError: one that is not ``repeatable``, or the last one when ``left`` is true.
            GivenUpError: it is given up.

        """

        def begun() -> Awaitable[ResultT]:
            # Somebody may have decided at the very moment at which the pause was over.
            self.takes_decision()
            return performance()

        def troubled(failure: Failure) -> None:
            self.holds(failure)
            self.undecided.opens(REPEAT_OR_LEAVE)
            self.is_pausing = True

        while True:
            try:
                result = await perform_until_taken(
                    begun,
                    repeatable=repeatable,
                    trouble=troubled,
                    given_up=lambda: self.undecided.is_decided or left(),
                    account=self.account,
                )
            except StepFailedError:
                if self.takes_decision() is None:
                    raise
            else:
                self.goes_on()
                return result


def may_be_repeated(failed: StepFailedError) -> bool:
    """Tell whether a step that changes nothing upstream is worth trying again by itself."""
    return failed.lost or failed.code not in (FailureCode.BUG, FailureCode.UPSTREAM_REFUSED)
