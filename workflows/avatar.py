"""The avatar's part of the story: assets are submitted, each once, and reviewed."""

import asyncio

from temporalio import workflow

from likeness.failures import FailureCode
from likeness.ids import upstream_queue
from likeness.messages.conversation import Failure
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.messages.steps import AssetToSubmit, PollReview, SubmitAssets
from likeness.stages import Stage, WaitingFor
from likeness.steps import POLL_REVIEW, SUBMIT_ASSETS
from likeness.summaries import Summary
from workflows.assets import AssetBook, Submission
from workflows.performing import (
    StepFailedError,
    perform,
    perform_until_taken,
    posting,
    watching,
)
from workflows.standing import Standing


class Avatar:
    """Everything between the known group and enough usable assets."""

    def __init__(
        self, request: OnboardingRequest, policy: OnboardingPolicy, standing: Standing
    ) -> None:
        self.request = request
        self.policy = policy
        self.standing = standing
        self.book = AssetBook.of(request.assets, policy.assets_per_request)
        self._estimated_time_s: float | None = None
        self._trouble: Failure | None = None
        self._stopping = False

    def stops(self) -> None:
        """Post nothing more; what is under way is still awaited."""
        self._stopping = True

    @property
    def is_ready(self) -> bool:
        """Tell whether every asset has an answer and enough are usable."""
        enough = self.book.usable_count() >= self.request.needed
        return enough and not self.book.unanswered()

    async def is_submitted(self, group_id: str, project_name: str) -> None:
        """Submit every request side by side; the upstream takes no idempotency key here."""
        self.standing.moves_to(Stage.SUBMITTING_ASSETS)
        await asyncio.gather(
            *(
                self._submit(submission, group_id, project_name)
                for submission in self.book.submissions
            )
        )

    async def _submit(self, submission: Submission, group_id: str, project_name: str) -> None:
        order = SubmitAssets(
            group_id=group_id,
            project_name=project_name,
            kind=submission.kind,
            assets=tuple(AssetToSubmit(name=a.name, url=a.url) for a in submission.assets),
            post_timeout_s=self.policy.post_timeout_s,
        )
        try:
            submitted = await perform_until_taken(
                lambda: perform(
                    SUBMIT_ASSETS,
                    order,
                    on=self._queue,
                    patience=posting(order.post_timeout_s),
                    summary=Summary.SUBMIT_ASSETS,
                ),
                repeatable=lambda failed: failed.had_no_effect,
                trouble=self.standing.holds,
                given_up=lambda: self._stopping,
            )
        except StepFailedError as failed:
            self._failed(submission, failed)
            return
        self._estimated_time_s = submitted.estimated_time_s
        if submitted.task_id is None:
            submission.refused(submitted.refused or FailureCode.UPSTREAM_REFUSED)
        else:
            submission.submitted(submitted.task_id)

    def _failed(self, submission: Submission, failed: StepFailedError) -> None:
        lost = failed.lost or failed.code is FailureCode.SUBMISSION_UNCONFIRMED
        if lost:
            submission.unknown()
        code = FailureCode.SUBMISSION_UNCONFIRMED if lost else failed.code
        self._trouble = Failure.of(code, step=failed.step, detail=failed.detail)

    async def is_reviewed(self) -> None:
        """Wait until every asset has an answer and enough are usable; else hold."""
        if self.book.in_review():
            self.standing.rests(Stage.IN_REVIEW, WaitingFor.UPSTREAM)
            await self._review()
        self.standing.moves_to(Stage.IN_REVIEW)
        if self.book.unanswered():
            await self._hold(self._trouble or Failure.of(FailureCode.SUBMISSION_UNCONFIRMED))
        if self.book.usable_count() < self.request.needed:
            await self._hold(
                Failure.of(
                    FailureCode.TOO_FEW_USABLE_ASSETS,
                    detail=f"{self.book.usable_count()} usable, {self.request.needed} needed",
                )
            )

    async def _review(self) -> None:
        watch = PollReview(
            task_ids=self.book.in_review(),
            poll_interval_s=self.policy.poll_interval_s,
            estimated_time_s=self._estimated_time_s,
        )
        review = await perform_until_taken(
            lambda: perform(
                POLL_REVIEW,
                watch,
                on=self._queue,
                patience=watching(),
                summary=Summary.POLL_REVIEW,
            ),
            repeatable=lambda _: True,
            trouble=self.standing.holds,
            given_up=lambda: self._stopping,
        )
        self.book.reviewed(review.tasks)
        if any(task.lost for task in review.tasks):
            lost = ", ".join(task.task_id for task in review.tasks if task.lost)
            self._trouble = Failure.of(
                FailureCode.UPSTREAM_LOST_TASK, step=POLL_REVIEW.name, detail=lost
            )

    async def _hold(self, failure: Failure) -> None:
        """Rest until the run is ended: nothing here can be decided by the run itself."""
        self.standing.holds(failure)
        await workflow.wait_condition(lambda: False)

    @property
    def _queue(self) -> str:
        return upstream_queue(workflow.info().task_queue, self.request.account)
