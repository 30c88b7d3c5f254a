"""Submitting assets to the person's group, and watching their review."""

import time
from collections.abc import Awaitable, Callable, Sequence

from temporalio import activity

from activities.outcomes import failed, step_failure, told
from activities.polling import TaskPoller
from activities.waiting import beating, beating_rarely, uninterrupted, until_sent
from activities.watching import Watch
from apimart import ApimartClient, ApimartError, AssetToSubmit, AssetType, BadRequest, ReviewTask
from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetKind
from likeness.messages.person import RegistryTold, TellRegistry
from likeness.messages.steps import (
    AssetsSubmitted,
    PollReview,
    ReviewedItem,
    ReviewedTask,
    ReviewFinished,
    SubmitAssets,
    UnfitAsset,
)
from likeness.messages.steps import AssetToSubmit as OrderedAsset
from likeness.steps import POLL_REVIEW, PREFLIGHT_BUDGET_S, SUBMIT_ASSETS, UNSENT_BUDGET_S
from outbound.preflight import Candidate, Preflight

TellsRegistry = Callable[[TellRegistry], Awaitable[RegistryTold]]

_TYPES: dict[AssetKind, AssetType] = {AssetKind.IMAGE: "Image", AssetKind.VIDEO: "Video"}


class AssetSteps:
    """``submit_assets`` and ``poll_review``; without a ``preflight`` assets are sent unseen.

    Watches share the ``poller`` with each other, and with those of videos where it is given. What
    an order has for the registry of verified people is told by ``tell``.
    """

    def __init__(
        self,
        client: ApimartClient,
        *,
        preflight: Preflight | None = None,
        poller: TaskPoller | None = None,
        tell: TellsRegistry | None = None,
    ) -> None:
        self._client = client
        self._tell = tell
        self._poller = poller or TaskPoller(client.get_states)
        self._preflight = preflight

    @activity.defn(name=SUBMIT_ASSETS.name)
    async def submit_assets(self, order: SubmitAssets) -> AssetsSubmitted:
        """Post once what is fit to be sent; nothing where no asset is, or the consent is void.

        The registry is told here, and not by a step of its own: one step instead of two, and what
        comes next does not hang on a local activity (docs/decisions/0007). A request the upstream
        calls malformed refuses its assets, not the run.

        Raises:
            ApplicationError: not retryable; ``submission_unconfirmed`` when the answer got lost.

        """
        begun_at = time.monotonic()
        async with beating(lambda: None):
            if await self._is_void(order.registry):
                return AssetsSubmitted(void=True)
            unfit = await self._unfit(order)
            names = {asset.name for asset in unfit}
            fit = [asset for asset in order.assets if asset.name not in names]
            if not fit:
                return AssetsSubmitted(unfit=unfit)
            spent_s = time.monotonic() - begun_at
            left_s = UNSENT_BUDGET_S - spent_s
            submitted = await uninterrupted(self._post(order, fit, within_s=left_s))
        return submitted.model_copy(update={"unfit": unfit}) if unfit else submitted

    async def _is_void(self, news: TellRegistry | None) -> bool:
        if news is None:
            return False
        if self._tell is None:
            raise failed(FailureCode.BUG)
        return (await self._tell(news)).void

    async def _unfit(self, order: SubmitAssets) -> tuple[UnfitAsset, ...]:
        if self._preflight is None:
            return ()
        candidates = [Candidate(asset.name, asset.url, order.kind) for asset in order.assets]
        found = await self._preflight.unfit(candidates, within_s=PREFLIGHT_BUDGET_S)
        return tuple(UnfitAsset(name=name, reason=reason) for name, reason in found.items())

    async def _post(
        self, order: SubmitAssets, assets: Sequence[OrderedAsset], *, within_s: float
    ) -> AssetsSubmitted:
        try:
            task = await until_sent(
                lambda: self._client.submit_assets(
                    group_id=order.group_id,
                    project_name=order.project_name,
                    asset_type=_TYPES[order.kind],
                    assets=[AssetToSubmit(url=asset.url, name=asset.name) for asset in assets],
                    timeout_s=order.post_timeout_s,
                ),
                within_s=within_s,
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
            watch.task_ids,
            self._client.get_review,
            is_finished=lambda review: review.finished,
            poller=self._poller,
        )
        async with beating_rarely():
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
