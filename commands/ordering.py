"""Gives operators' orders: one function a verb; each names whom it obeyed and where that stands."""

from typing import TypedDict, TypeVar

from temporalio.client import Client

from commands.answers import moment_of
from commands.asking import ask
from commands.order_answers import (
    CancelAnswer,
    ObeyedAnswer,
    ReleasedAnswer,
    ResetAnswer,
    RevokedAnswer,
    VideoObeyedAnswer,
)
from commands.subjects import Clip, Subject, Who
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    CheckNow,
    ExtendDeadline,
    OnboardingStatus,
    OperatorOrder,
    ReplaceAssets,
    Resolve,
    VideoStatus,
)
from likeness.stages import Stage
from likeness.temporal import orders
from likeness.temporal.glance import describe_onboarding
from likeness.temporal.videos import cancel_video, check_video, resolve_video
from runtime.settings import StarterSettings

OrderT = TypeVar("OrderT", bound=OperatorOrder)


class _Named(TypedDict):
    onboarding_id: str
    tenant: str
    workflow_id: str
    stage: Stage


def cancel(
    settings: StarterSettings, target: Subject | Clip, who: Who
) -> CancelAnswer | VideoObeyedAnswer:
    """End an onboarding or a video; saying it twice is the same as once."""
    order = Cancel(actor=who.actor, reason=who.reason)
    if isinstance(target, Clip):
        video = ask(settings, lambda client: cancel_video(client, target.workflow_id, order))
        return _video_obeyed("cancel", video)

    async def question(client: Client) -> CancelAnswer:
        status = await orders.cancel_onboarding(client, *target, order)
        # The end may have come since; the repeat of an old order brings its old answer.
        glance = await describe_onboarding(client, *target)
        return CancelAnswer(
            **_named(target, glance.stage), ending=None if glance.stage.is_end else status.ending
        )

    return ask(settings, question)


def release_device(settings: StarterSettings, subject: Subject, who: Who) -> ReleasedAnswer:
    """Let any device go on with the check."""
    order = OperatorOrder(**who._asdict())
    status = _obeyed(settings, subject, orders.release_device, order)
    return ReleasedAnswer(**_named(subject, status.stage))


def reset_attempts(settings: StarterSettings, subject: Subject, who: Who) -> ResetAnswer:
    """Grant as many attempts as in the beginning."""
    order = OperatorOrder(**who._asdict())
    status = _obeyed(settings, subject, orders.reset_attempts, order)
    return ResetAnswer(
        **_named(subject, status.stage),
        attempts=status.attempts,
        attempts_left=status.attempts_left,
    )


def revoke_link(settings: StarterSettings, subject: Subject, who: Who) -> RevokedAnswer:
    """Make every invite link handed out so far worthless; ``link`` then gives the new one."""
    order = OperatorOrder(**who._asdict())
    status = _obeyed(settings, subject, orders.revoke_link, order)
    return RevokedAnswer(**_named(subject, status.stage), link=status.link)


def replace_assets(
    settings: StarterSettings, subject: Subject, order: ReplaceAssets
) -> ObeyedAnswer:
    """Give other files in the place of refused ones."""
    status = _obeyed(settings, subject, orders.replace_assets, order)
    return _answer("replace-assets", subject, status)


def accept_partial(settings: StarterSettings, subject: Subject, who: Who) -> ObeyedAnswer:
    """Go on with the assets that are usable by now."""
    order = AcceptPartial(**who._asdict())
    status = _obeyed(settings, subject, orders.accept_partial, order)
    return _answer("accept-partial", subject, status)


def extend_deadline(
    settings: StarterSettings, subject: Subject, order: ExtendDeadline
) -> ObeyedAnswer:
    """End the run later than it would."""
    status = _obeyed(settings, subject, orders.extend_deadline, order)
    return _answer("extend-deadline", subject, status)


def check_now(
    settings: StarterSettings, target: Subject | Clip, who: Who
) -> ObeyedAnswer | VideoObeyedAnswer:
    """Ask the upstream at once; where an onboarding's video holds, in the video's own run."""
    order = CheckNow(**who._asdict())

    async def question(client: Client) -> OnboardingStatus | VideoStatus:
        if isinstance(target, Clip):
            return await check_video(client, target.workflow_id, order)
        return await orders.check_now(client, *target, order)

    return _wherever("check-now", ask(settings, question))


def resolve(
    settings: StarterSettings, target: Subject | Clip, order: Resolve
) -> ObeyedAnswer | VideoObeyedAnswer:
    """Decide; a hold of an onboarding's video is resolved in the video's own run."""

    async def question(client: Client) -> OnboardingStatus | VideoStatus:
        if isinstance(target, Clip):
            return await resolve_video(client, target.workflow_id, order)
        return await orders.resolve(client, *target, order)

    return _wherever("resolve", ask(settings, question))


def _obeyed(
    settings: StarterSettings,
    subject: Subject,
    verb: orders.OnboardingVerb[OrderT],
    order: OrderT,
) -> OnboardingStatus:
    return ask(settings, lambda client: verb(client, *subject, order))


def _named(subject: Subject, stage: Stage) -> _Named:
    return {
        "onboarding_id": subject.onboarding,
        "tenant": subject.tenant,
        "workflow_id": subject.workflow_id,
        "stage": stage,
    }


def _wherever(
    verb: str, status: OnboardingStatus | VideoStatus
) -> ObeyedAnswer | VideoObeyedAnswer:
    if isinstance(status, VideoStatus):
        return _video_obeyed(verb, status)
    return _answer(verb, Subject(status.tenant, status.onboarding_id), status)


def _answer(verb: str, subject: Subject, status: OnboardingStatus) -> ObeyedAnswer:
    return ObeyedAnswer(
        **_named(subject, status.stage),
        verb=verb,
        hold=status.hold,
        waiting_for=status.waiting_for,
        deadline=moment_of(status.deadline),
    )


def _video_obeyed(verb: str, video: VideoStatus) -> VideoObeyedAnswer:
    return VideoObeyedAnswer(
        verb=verb,
        workflow_id=video.workflow_id,
        state=video.state,
        hold=video.hold,
        reason=video.failure.code if video.failure else None,
    )
