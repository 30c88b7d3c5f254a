"""The avatar's part of the story: assets are submitted, each once, reviewed, and replaced."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from temporalio import workflow

from likeness.asset_reasons import AssetReason
from likeness.failures import FailureCode
from likeness.ids import upstream_queue
from likeness.messages.conversation import Failure, Resolution, Resolve
from likeness.messages.onboarding import AssetRequest, OnboardingPolicy, OnboardingRequest
from likeness.messages.person import TellRegistry
from likeness.messages.steps import (
    AssetsSubmitted,
    AssetToSubmit,
    PollReview,
    ReviewFinished,
    SubmitAssets,
)
from likeness.stages import Stage, WaitingFor
from likeness.steps import POLL_REVIEW, SUBMIT_ASSETS
from likeness.summaries import Summary
from workflows.assets import AssetBook, Submission
from workflows.performing import (
    StepFailedError,
    perform,
    post_unless,
    watching,
)
from workflows.persisting import TryNow, perform_until_taken
from workflows.standing import Standing


class Avatar:
    """Everything between the known group and enough usable assets."""

    def __init__(
        self,
        request: OnboardingRequest,
        policy: OnboardingPolicy,
        standing: Standing,
        *,
        news: Callable[[], TellRegistry],
        learns: Callable[[], Awaitable[bool]],
        is_void: Callable[[], None],
    ) -> None:
        """Take the ``news`` that the registry must have before anything is sent.

        Where the step that has them is lost, the registry ``learns`` them by themselves;
        ``is_void`` is called where they come too late, because the person was erased.
        """
        self.request = request
        self.policy = policy
        self.standing = standing
        self.is_registered = False
        self._news = news
        self._learns = learns
        self._is_void = is_void
        self.book = AssetBook.of(request.assets, policy.assets_per_request)
        self.needed = request.needed
        self._group_id: str | None = None
        self._project_name = ""
        self._estimated_time_s: float | None = None
        self._broken: Failure | None = None
        self._posting: asyncio.Task[None] | None = None
        self._is_watching = False
        self._try_now = TryNow()
        self._is_look_due = False
        self._is_told = False
        self._is_stopping = False

    async def is_made(self, group_id: str, project_name: str) -> None:
        """Submit and watch until enough is usable; where somebody must act, hold until they do."""
        self._group_id, self._project_name = group_id, project_name
        while not self.is_ready:
            if self.book.waiting():
                await self._submitted()
            elif self.book.in_review() and self._broken is None:
                await self._watched()
            else:
                self.standing.holds(self._what_is_missing(), at=Stage.IN_REVIEW)
                await self._told()

    @property
    def is_ready(self) -> bool:
        """Tell whether every asset has an answer and enough are usable."""
        return self.book.usable_count() >= self.needed and not self.book.unanswered()

    def _what_is_missing(self) -> Failure:
        if self._broken is not None:
            return self._broken
        if undecided := self.book.unknown():
            return undecided[0].trouble or Failure.of(FailureCode.SUBMISSION_UNCONFIRMED)
        return Failure.of(
            FailureCode.TOO_FEW_USABLE_ASSETS,
            detail=f"{self.book.usable_count()} usable, {self.needed} needed",
        )

    async def _told(self) -> None:
        self._is_told = False
        await workflow.wait_condition(lambda: self._is_told)

    # Assets are submitted.

    @property
    def is_posting(self) -> bool:
        """Tell whether a request is on its way whose answer must not get lost."""
        return self._posting is not None and not self._posting.done()

    def stops(self) -> None:
        """Post nothing more; what is under way is still awaited."""
        self._is_stopping = True

    async def _submitted(self) -> None:
        """Submit what waits, side by side; an end of the story meanwhile waits for the answers."""
        if self._is_stopping:
            # The end that cancels this is decided, but has not been taken up yet.
            await workflow.wait_condition(lambda: False)
        self.standing.moves_to(Stage.SUBMITTING_ASSETS)
        self._posting = asyncio.create_task(self._submit_all(self.book.waiting()))
        await asyncio.shield(self._posting)

    async def _submit_all(self, submissions: Sequence[Submission]) -> None:
        await asyncio.gather(*(self._submit(submission) for submission in submissions))

    async def _submit(self, submission: Submission) -> None:
        """Submit; the upstream takes no idempotency key here, so nothing unknown is repeated."""
        if self._is_stopping:
            return
        order = SubmitAssets(
            group_id=self._group_id or "",
            project_name=self._project_name,
            kind=submission.kind,
            assets=tuple(AssetToSubmit(name=a.name, url=a.url) for a in submission.assets),
            post_timeout_s=self.policy.post_timeout_s,
        )
        try:
            submitted = await perform_until_taken(
                lambda: self._posted(order),
                repeatable=lambda failed: failed.had_no_effect,
                trouble=self.standing.holds,
                given_up=lambda: self._is_stopping,
                account=self.request.account,
                try_now=self._try_now,
            )
        except asyncio.CancelledError:
            # No worker had taken it yet, so it was never sent.
            return
        except StepFailedError as failed:
            self._failed(submission, failed)
            if not (self.is_registered or await self._learns()):
                self._is_void()
            self.is_registered = True
            return
        self.is_registered = True
        if submitted.void:
            self._is_void()
            return
        await self._taken(submission, submitted)

    async def _posted(self, order: SubmitAssets) -> AssetsSubmitted:
        """Have the assets sent, or the order taken back while nobody has taken it up."""
        return await post_unless(
            lambda: self._is_stopping,
            SUBMIT_ASSETS,
            order.model_copy(update={"registry": None if self.is_registered else self._news()}),
            on=self._queue,
            post_timeout_s=order.post_timeout_s,
            summary=Summary.SUBMIT_ASSETS,
        )

    async def _taken(self, submission: Submission, submitted: AssetsSubmitted) -> None:
        """Note the answer; where it refuses several at once, ask for each of them."""
        self.book.set_aside(submission, submitted.unfit)
        if not submission.assets:
            return
        if submitted.task_id is not None:
            self._estimated_time_s = submitted.estimated_time_s
            submission.submitted(submitted.task_id)
        elif len(submission.assets) > 1:
            await self._submit_all(self.book.split(submission))
        else:
            submission.refused(submitted.refused or FailureCode.UPSTREAM_REFUSED)

    def _failed(self, submission: Submission, failed: StepFailedError) -> None:
        """Note what is not known; a step lost after its POST may have left the task's id behind."""
        if failed.lost and isinstance(failed.heartbeat, str):
            submission.submitted(failed.heartbeat)
        elif not failed.had_no_effect:
            code = FailureCode.SUBMISSION_UNCONFIRMED if failed.lost else failed.code
            submission.unknown(Failure.of(code, step=failed.step, detail=failed.detail))

    # Their review is watched.

    async def _watched(self) -> None:
        """Watch until all have an answer, or until somebody's order changes what to watch."""
        review = asyncio.create_task(self._reviewed())
        self._is_told = False
        try:
            await workflow.wait_condition(lambda: review.done() or self._is_told)
            if review.done():
                await review
        finally:
            review.cancel()

    async def _reviewed(self) -> None:
        watch = PollReview(
            task_ids=self.book.in_review(),
            poll_interval_s=self.policy.poll_interval_s,
            estimated_time_s=None if self._is_look_due else self._estimated_time_s,
            look_at_once=self._is_look_due,
        )
        self._is_look_due = False
        try:
            review = await perform_until_taken(
                lambda: self._looked(watch),
                repeatable=lambda failed: failed.had_no_effect,
                trouble=self.standing.holds,
                given_up=lambda: self._is_stopping,
                account=self.request.account,
            )
        except StepFailedError as failed:
            self._broken = failed.failure
        else:
            self.book.reviewed(review.tasks)

    async def _looked(self, watch: PollReview) -> ReviewFinished:
        if self.book.unknown():
            self.standing.holds(self._what_is_missing(), at=Stage.IN_REVIEW)
        else:
            self.standing.rests(Stage.IN_REVIEW, WaitingFor.UPSTREAM)
        return await perform(
            POLL_REVIEW,
            watch,
            on=self._queue,
            patience=watching(),
            summary=Summary.POLL_REVIEW,
        )

    # A caller or an operator helps.

    @property
    def needs_assets(self) -> bool:
        """Tell whether the run stands still because too few assets are usable."""
        idle = self._group_id is not None and not self.book.unanswered()
        return idle and self.book.usable_count() < self.needed

    def replaces(self, assets: Sequence[AssetRequest]) -> None:
        """Take other files in; only they are submitted and watched."""
        self.book.take(assets, self.policy.assets_per_request)
        self._go_on()

    def accepts_partial(self) -> None:
        """Need no more than what is usable by now."""
        self.needed = self.book.usable_count()
        self._go_on()

    @property
    def may_go_on_at_once(self) -> bool:
        """Tell whether a review is watched, or a submission rests after trouble."""
        if self.is_posting:
            return self.standing.hold is not None
        return bool(self.book.in_review()) and self._broken is None

    def goes_on_at_once(self) -> None:
        """Read the review, or submit, without waiting for the end of any pause."""
        self._try_now.ask()
        self._is_look_due = self._is_told = True

    def undecided(self, asset: str | None = None) -> list[Submission]:
        """Give the requests that stand still until ``resolve``, or the one that holds ``asset``."""
        broken = [] if self._broken is None else self.book.watched()
        stuck = [*self.book.unknown(), *broken]
        return [s for s in stuck if asset is None or asset in s.names]

    def misdecided(self, order: Resolve) -> str | None:
        """Say why this cannot be done to the requests that stand still, None when it can."""
        undecided = self.undecided(order.asset)
        if not undecided:
            return "The asset that is named does not stand still."
        if order.resolution is not Resolution.ADOPT:
            return None
        if len(undecided) > 1:
            return "Several requests stand still: name the asset whose task this is."
        if self.book.is_anothers(order.task_id, undecided[0]):
            return "This task already stands for another asset of this onboarding."
        return None

    def resolves(self, order: Resolve) -> None:
        """Do what was decided of the requests that stand still."""
        for submission in self.undecided(order.asset):
            match order.resolution:
                case Resolution.ADOPT:
                    submission.submitted(order.task_id or "")
                case Resolution.RESUBMIT if submission in self.book.unknown():
                    submission.waits_again()
                case Resolution.RESUBMIT:
                    pass  # its task is known: watching it anew is the step to repeat
                case Resolution.GIVE_UP:
                    submission.refused(AssetReason.GIVEN_UP)
        self._broken = None
        self._go_on()

    def _go_on(self) -> None:
        self._is_told = True
        # While requests are on their way, a hold is that of one which rests after trouble.
        if not self.is_posting and not self.book.unknown():
            self.standing.released(WaitingFor.UPSTREAM)

    @property
    def _queue(self) -> str:
        return upstream_queue(workflow.info().task_queue, self.request.account)
