"""What operators and callers order of an onboarding under way, besides its cancel."""

from abc import abstractmethod

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from likeness import names, search
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    AcceptPartial,
    CheckNow,
    ExtendDeadline,
    Failure,
    GenerationChanged,
    OnboardingStatus,
    OperatorOrder,
    ReplaceAssets,
    Resolution,
    Resolve,
)
from likeness.messages.onboarding import MAX_DEADLINE_S, OnboardingRequest, RunMemo
from likeness.stages import Stage, WaitingFor
from workflows.avatar import Avatar
from workflows.ordering import Orders, refuse_if
from workflows.registry import Registry
from workflows.showing import show_deadline
from workflows.standing import Standing
from workflows.verification import Verification
from workflows.video_order import VideoOrder


class TakesOrders:
    """The Updates of ``OnboardPerson`` by which others help its story on; it tells the story.

    Each is noted with who ordered it and why. One that cannot be obeyed is refused by its
    validator and leaves no trace in the history.
    """

    request: OnboardingRequest
    due: float
    ending: tuple[Stage, Failure] | None
    orders: Orders
    standing: Standing
    verification: Verification
    avatar: Avatar
    video: VideoOrder
    registry: Registry

    @abstractmethod
    def status(self) -> OnboardingStatus:
        """Give the state without a credential in it."""

    def _refuse_if_ending(self) -> None:
        refuse_if(self.ending or self.standing.stage.is_end, FailureCode.ALREADY_ENDED)

    def _noted(self, verb: str, order: OperatorOrder) -> OnboardingStatus:
        """Remember an order that was obeyed, and give what it has changed."""
        self.orders.note(verb, order)
        self.standing.on_change()
        return self.status()

    # The person's way in.

    @workflow.update(name=names.RELEASE_DEVICE, description="An operator lets any device go on")
    async def release_device(self, order: OperatorOrder) -> OnboardingStatus:
        """Forget which device holds the check."""
        self.verification.release_device()
        return self._noted(names.RELEASE_DEVICE, order)

    @release_device.validator
    def _may_release(self, order: OperatorOrder) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()

    @workflow.update(name=names.REVOKE_LINK, description="An operator revokes the invite link")
    async def revoke_link(self, order: OperatorOrder) -> OnboardingStatus:
        """Make every invite link handed out so far worthless; the next one is good."""
        self.verification.link += 1
        memo = RunMemo.of(self.request, link=self.verification.link)
        workflow.upsert_memo({search.MEMO: memo})
        if self.verification.group_id is not None:
            await self.registry.learns(self.verification)
        return self._noted(names.REVOKE_LINK, order)

    @revoke_link.validator
    def _may_revoke(self, order: OperatorOrder) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()

    @workflow.update(name=names.RESET_ATTEMPTS, description="An operator grants new attempts")
    async def reset_attempts(self, order: OperatorOrder) -> OnboardingStatus:
        """Grant as many attempts as in the beginning."""
        self.verification.reset_attempts()
        return self._noted(names.RESET_ATTEMPTS, order)

    @reset_attempts.validator
    def _may_reset(self, order: OperatorOrder) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()
        refuse_if(self.verification.group_id is not None, FailureCode.ALREADY_VERIFIED)

    # Time.

    @workflow.update(name=names.EXTEND_DEADLINE, description="An operator gives more time")
    async def extend_deadline(self, order: ExtendDeadline) -> OnboardingStatus:
        """Move the deadline; the timer that sleeps until the old one takes up the new one."""
        self.due += order.by_s
        show_deadline(self.due)
        return self._noted(names.EXTEND_DEADLINE, order)

    @extend_deadline.validator
    def _may_extend(self, order: ExtendDeadline) -> None:
        self._refuse_if_ending()
        refuse_if(
            self.due + order.by_s > workflow.time() + MAX_DEADLINE_S,
            FailureCode.BAD_INPUT,
            "A deadline may lie at most ten years ahead.",
        )

    @workflow.update(name=names.CHECK_NOW, description="An operator asks the upstream at once")
    async def check_now(self, order: CheckNow) -> OnboardingStatus:
        """Bring forward what is to come next: a look at scan, review or video, or a new try."""
        if self.standing.stage is Stage.GENERATING:
            await self._video_is_looked_at()
        elif self.avatar.may_go_on_at_once:
            self.avatar.goes_on_at_once()
        else:
            self.verification.looks_now()
        return self._noted(names.CHECK_NOW, order)

    @check_now.validator
    def _may_check(self, order: CheckNow) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()
        waited_for = self.standing.stage is Stage.GENERATING or self.avatar.may_go_on_at_once
        may_look = waited_for or self.verification.may_be_looked_at
        refuse_if(not may_look, FailureCode.NOTHING_TO_CHECK)

    async def _video_is_looked_at(self) -> None:
        child = workflow.get_external_workflow_handle(self.video.workflow_id)
        try:
            await child.signal(names.GENERATION_CHANGED, GenerationChanged())
        except ApplicationError:
            # It has ended at the same moment: there is nothing left to ask.
            return

    # Assets.

    @workflow.update(name=names.REPLACE_ASSETS, description="The caller gives other files")
    async def replace_assets(self, order: ReplaceAssets) -> OnboardingStatus:
        """Submit other files in the place of refused ones, to the same group."""
        self.avatar.replaces(order.assets)
        return self._noted(names.REPLACE_ASSETS, order)

    @replace_assets.validator
    def _may_replace(self, order: ReplaceAssets) -> None:
        self._refuse_if_ending()
        refuse_if(not self.avatar.needs_assets, FailureCode.NOTHING_TO_REPLACE)
        misfit = self.avatar.book.misfit(order.assets)
        refuse_if(misfit, FailureCode.NOTHING_TO_REPLACE, misfit)

    @workflow.update(name=names.ACCEPT_PARTIAL, description="The caller is content with less")
    async def accept_partial(self, order: AcceptPartial) -> OnboardingStatus:
        """Go on with the assets that are usable by now."""
        self.avatar.accepts_partial()
        return self._noted(names.ACCEPT_PARTIAL, order)

    @accept_partial.validator
    def _may_accept(self, order: AcceptPartial) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()
        refuse_if(not self.avatar.needs_assets, FailureCode.NOTHING_TO_REPLACE)
        refuse_if(not self.avatar.book.usable_count(), FailureCode.NO_USABLE_ASSETS)

    # Decisions.

    @workflow.update(name=names.RESOLVE, description="An operator decides what nobody can know")
    async def resolve(self, order: Resolve) -> OnboardingStatus:
        """Go on after an unknown outcome or a broken step, as was decided."""
        if self.avatar.undecided():
            self.avatar.resolves(order)
        else:
            self.standing.released(WaitingFor.PERSON)
            self.verification.looks_now()
        return self._noted(names.RESOLVE, order)

    @resolve.validator
    def _may_resolve(self, order: Resolve) -> None:
        self._refuse_if_ending()
        refuse_if(
            self.standing.stage is Stage.GENERATING,
            FailureCode.NOTHING_TO_RESOLVE,
            f"What stands still here is the video: resolve {self.video.workflow_id} instead.",
        )
        if self.avatar.undecided():
            misdecided = self.avatar.misdecided(order)
            refuse_if(misdecided, FailureCode.NOTHING_TO_RESOLVE, misdecided)
            return
        again = order.resolution is Resolution.RESUBMIT and self._is_the_check_broken
        refuse_if(not again, FailureCode.NOTHING_TO_RESOLVE)

    @property
    def _is_the_check_broken(self) -> bool:
        """Tell whether a step of the check has failed in a way that does not pass by itself."""
        held = self.standing.failure
        return (
            self.verification.group_id is None
            and held is not None
            and held.code
            in (FailureCode.BUG, FailureCode.UPSTREAM_REFUSED, FailureCode.H5_HOST_UNLISTED)
        )
