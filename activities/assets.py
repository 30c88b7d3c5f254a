"""Submitting assets to the person's group, and watching their review."""

from temporalio import activity

from activities.outcomes import step_failure, told
from activities.waiting import beating, until_sent
from activities.watching import Watch
from apimart import ApimartClient, ApimartError, AssetToSubmit, AssetType, BadRequest, ReviewTask
from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetKind
from likeness.messages.steps import (
    AssetsSubmitted,
    PollReview,
    ReviewedItem,
    ReviewedTask,
    ReviewFinished,
    SubmitAssets,
)
from likeness.steps import POLL_REVIEW, SUBMIT_ASSETS, UNSENT_BUDGET_S

_TYPES: dict[AssetKind, AssetType] = {AssetKind.IMAGE: "Image", AssetKind.VIDEO: "Video"}


class AssetSteps:
    """``submit_assets`` and ``poll_review``."""

    def __init__(self, client: ApimartClient) -> None:
        self._client = client

    @activity.defn(name=SUBMIT_ASSETS.name)
    async def submit_assets(self, order: SubmitAssets) -> AssetsSubmitted:
        """Post once; a request the upstream calls malformed refuses its assets, not the run.

        Raises:
            ApplicationError: not retryable; ``submission_unconfirmed`` when the answer got lost.

        """
        try:
            async with beating(lambda: None):
                task = await until_sent(
                    lambda: self._client.submit_assets(
                        group_id=order.group_id,
                        project_name=order.project_name,
                        asset_type=_TYPES[order.kind],
                        assets=[AssetToSubmit(url=a.url, name=a.name) for a in order.assets],
                        timeout_s=order.post_timeout_s,
                    ),
                    within_s=UNSENT_BUDGET_S,
                )
        except BadRequest as refused:
            return AssetsSubmitted(refused=told(refused))
        except ApimartError as error:
            raise step_failure(error, unknown=FailureCode.SUBMISSION_UNCONFIRMED) from error
        return AssetsSubmitted(task_id=task.task_id, estimated_time_s=task.estimated_time_s)

    @activity.defn(name=POLL_REVIEW.name)
    async def poll_review(self, watch: PollReview) -> ReviewFinished:
        """Watch every task until each has an answer, however it may be called."""
        reviews = Watch(
            watch.task_ids, self._client.get_review, is_finished=lambda review: review.finished
        )
        await reviews.to_the_end(
            poll_interval_s=watch.poll_interval_s,
            estimated_time_s=watch.estimated_time_s,
            look_at_once=watch.look_at_once,
        )
        return ReviewFinished(
            tasks=tuple(_reviewed(task_id, reviews.answers[task_id]) for task_id in watch.task_ids)
        )


def _reviewed(task_id: str, review: ReviewTask | None) -> ReviewedTask:
    """Keep what a finished review says; an item without a clear word is not usable."""
    if review is None:
        return ReviewedTask(task_id=task_id, lost=True)
    return ReviewedTask(
        task_id=task_id,
        items=tuple(
            ReviewedItem(
                asset_id=item.asset_id,
                name=item.name,
                usable=item.active is True,
                reason=item.reason,
            )
            for item in review.items
        ),
    )
