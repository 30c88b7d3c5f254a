"""How an onboarding tells the registry of verified people: the ``Person`` run of its person."""

from datetime import timedelta

from temporalio import workflow

from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.messages.person import OnboardingChanged, PersonState, TellRegistry, UsableAsset
from likeness.stages import AssetState
from likeness.steps import TELL_REGISTRY
from workflows.assets import AssetBook
from workflows.performing import AGAIN
from workflows.standing import Standing
from workflows.verification import Verification

TELL_TIMEOUT = timedelta(seconds=10)


class Registry:
    """Tells the news by a local activity: one event each, where a child and a signal cost five.

    The first news, which must be known before anything is submitted, goes with ``submit_assets``.
    """

    def __init__(
        self, request: OnboardingRequest, policy: OnboardingPolicy, standing: Standing
    ) -> None:
        self.request = request
        self.policy = policy
        self.standing = standing

    async def learns(
        self,
        verification: Verification,
        book: AssetBook | None = None,
        *,
        withdrawn_at: float | None = None,
    ) -> bool:
        """Tell what is known by now.

        False when the person was erased meanwhile, so that nothing may be done with it any more.
        """
        told = await workflow.execute_local_activity(
            TELL_REGISTRY.name,
            self.news(verification, book, withdrawn_at=withdrawn_at),
            result_type=TELL_REGISTRY.gives,
            start_to_close_timeout=TELL_TIMEOUT,
            retry_policy=AGAIN,
        )
        return not told.void

    def news(
        self,
        verification: Verification,
        book: AssetBook | None = None,
        *,
        withdrawn_at: float | None = None,
    ) -> TellRegistry:
        """Give what is known by now: first the proof and the consent, later the assets."""
        news = OnboardingChanged(
            onboarding=self.request.onboarding,
            stage=self.standing.stage,
            account=self.request.account,
            project_name=verification.project_name,
            group_id=verification.group_id,
            receipt=verification.receipt,
            assets=() if book is None else _usable(book),
            video_ordered=book is not None and self.request.video is not None,
            link=verification.link,
            withdrawn_at=withdrawn_at,
        )
        state = PersonState(
            tenant=self.request.tenant,
            person=self.request.person,
            account=self.request.account,
            poll_interval_s=self.policy.poll_interval_s,
            post_timeout_s=self.policy.post_timeout_s,
            stalled_after_s=self.policy.stalled_after_s,
        )
        return TellRegistry(state=state, news=news)


def _usable(book: AssetBook) -> tuple[UsableAsset, ...]:
    return tuple(
        UsableAsset(asset_id=status.asset_id, kind=submission.kind, name=status.name)
        for submission in book.submissions
        for status in submission.statuses()
        if status.state is AssetState.USABLE and status.asset_id
    )
