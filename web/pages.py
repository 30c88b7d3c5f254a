"""Which page tells a person the truth about their onboarding."""

from enum import StrEnum

from likeness.failures import FailureCode
from likeness.messages.conversation import AttemptStatus, OnboardingStatus
from likeness.stages import AttemptState, Stage, WaitingFor
from likeness.temporal.glance import OnboardingGlance
from web.advice import Why
from web.reader import Coming

CHECKING_FOR_S = 75
"""How long the page of somebody who came back says "checking" when the run does not tell.

The last look after a callback is 25 s later, and may take a slow answer.
"""

FOLLOWS_FOR_S = 3600
"""How long a computer's page follows a phone by itself."""

_LOOKS_BEGIN_WITHIN_S = 5
"""The run may not have taken up a callback that was told to it less than this ago."""

_QUICK_FOR_S, _QUICK_S, _SLOW_S = 20, 3, 8
_SOON_FOR_S, _SOON_S, _LATER_S = 600, 5, 20


class Page(StrEnum):
    """Every page a stranger can see; the texts stand in ``web.texts``."""

    INVITE = "invite"
    HANDOFF = "handoff"
    PREPARING = "preparing"
    READY = "ready"
    CHECKING = "checking"
    TRY_AGAIN = "try_again"
    NOT_PASSED = "not_passed"
    OTHER_DEVICE = "other_device"
    TOO_SOON = "too_soon"
    HELD = "held"
    EXHAUSTED = "exhausted"
    DONE = "done"
    FINISHED = "finished"
    SAY_NO = "say_no"
    DECLINED = "declined"
    WITHDRAW = "withdraw"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELED = "canceled"
    OVER = "over"
    AWAY = "away"
    ELSEWHERE = "elsewhere"
    NEUTRAL = "neutral"
    TOO_LARGE = "too_large"
    WRONG_METHOD = "wrong_method"
    BROKEN = "broken"

    @property
    def offers_start(self) -> bool:
        """Tell whether the page carries consent and the Start button."""
        return self in _WITH_FORM


_WITH_FORM = frozenset({Page.INVITE, Page.TRY_AGAIN, Page.NOT_PASSED, Page.HELD})

_BY_STAGE = {
    Stage.INVITED: Page.INVITE,
    Stage.VERIFYING: Page.TRY_AGAIN,
    Stage.VERIFIED: Page.DONE,
    Stage.SUBMITTING_ASSETS: Page.DONE,
    Stage.IN_REVIEW: Page.DONE,
    Stage.READY: Page.DONE,
    Stage.GENERATING: Page.DONE,
    Stage.COMPLETED: Page.FINISHED,
    Stage.DECLINED: Page.DECLINED,
    Stage.EXPIRED: Page.EXPIRED,
    Stage.FAILED: Page.FAILED,
    Stage.CANCELED: Page.CANCELED,
}
_BY_REFUSAL = {
    FailureCode.ALREADY_VERIFIED: Page.DONE,
    FailureCode.ATTEMPTS_EXHAUSTED: Page.EXHAUSTED,
    FailureCode.ALREADY_ENDED: Page.OVER,
    FailureCode.OTHER_DEVICE: Page.OTHER_DEVICE,
    FailureCode.TOO_SOON: Page.TOO_SOON,
    FailureCode.WITHDRAWN: Page.WITHDRAWN,
}
BEFORE_VERIFICATION = frozenset({Stage.INVITED, Stage.VERIFYING})
"""Stages in which a no is a "decline"; later it is a withdrawal."""


def page_of(
    run: OnboardingGlance, *, details: OnboardingStatus | None = None, coming: Coming, now: float
) -> Page:
    """Give the page for where the run stands.

    The run writes no attribute when it starts to look at the upstream (it would cost an event), so
    without ``details`` having come back lately is what "checking" stands on.
    """
    if run.closed and not run.stage.is_end:
        return Page.OVER
    if run.stage is Stage.DECLINED and run.reason is FailureCode.WITHDRAWN:
        return Page.WITHDRAWN
    if run.stage in BEFORE_VERIFICATION and run.hold is not None:
        return Page.EXHAUSTED if run.reason is FailureCode.ATTEMPTS_EXHAUSTED else Page.HELD
    if run.stage is Stage.VERIFYING:
        return _verifying(details, coming, now)
    return _BY_STAGE[run.stage]


def page_of_refusal(code: FailureCode | None) -> Page | None:
    """Give the page for a tap that was refused; None when the invite page tells best.

    The run knows more than its attributes, which it writes only where it rests.
    """
    return _BY_REFUSAL.get(code) if code else None


def why_of(details: OnboardingStatus | None, coming: Coming) -> Why | None:
    """Give what the check claims of the latest attempt; for wording only."""
    attempt = _latest(details)
    return coming.why if attempt is None else Why.of(attempt.result_code)


def is_over(attempt: AttemptStatus | None) -> bool:
    """Tell whether an attempt can pass no more."""
    return attempt is not None and attempt.state is not AttemptState.OPEN


def came_back_lately(coming: Coming, now: float) -> bool:
    """Tell whether the browser has come back from the check a moment ago."""
    return coming.back is not None and 0 <= now - coming.back < CHECKING_FOR_S


def checking_pause_s(age_s: float) -> int:
    """Give the seconds until a page that says "checking" looks again: first answers come early."""
    return _QUICK_S if age_s < _QUICK_FOR_S else _SLOW_S


def following_pause_s(age_s: float) -> int | None:
    """Give the seconds until a computer's page looks again; None when it has looked long enough."""
    if not 0 <= age_s < FOLLOWS_FOR_S:
        return None
    return _SOON_S if age_s < _SOON_FOR_S else _LATER_S


def _verifying(details: OnboardingStatus | None, coming: Coming, now: float) -> Page:
    attempt = _latest(details)
    if _is_checking(details, coming, now):
        return Page.CHECKING
    if details is not None and details.attempts_left == 0:
        return Page.EXHAUSTED
    claims = attempt is not None and attempt.state is AttemptState.NOT_PASSED
    return Page.NOT_PASSED if claims or why_of(details, coming) else Page.TRY_AGAIN


def _is_checking(details: OnboardingStatus | None, coming: Coming, now: float) -> bool:
    lately = came_back_lately(coming, now)
    if details is None:
        return lately
    if details.waiting_for is WaitingFor.UPSTREAM:
        return True
    just_now = lately and coming.back is not None and now - coming.back < _LOOKS_BEGIN_WITHIN_S
    return just_now and not is_over(_latest(details))


def _latest(details: OnboardingStatus | None) -> AttemptStatus | None:
    return details.attempt_log[-1] if details and details.attempt_log else None
