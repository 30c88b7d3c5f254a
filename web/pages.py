"""Which page tells a person the truth about their onboarding."""

from enum import StrEnum

from likeness.failures import FailureCode
from likeness.stages import Stage
from likeness.temporal.glance import OnboardingGlance

LOOKS_FOR_NEWS = 12
"""How often the page of somebody who came back looks by itself while it says "checking"."""

_QUICK_LOOKS = 6
_QUICK_S, _SLOW_S = 3, 8


class Page(StrEnum):
    """Every page a stranger can see; the texts stand in ``web.texts``."""

    INVITE = "invite"
    PREPARING = "preparing"
    READY = "ready"
    CHECKING = "checking"
    TRY_AGAIN = "try_again"
    HELD = "held"
    EXHAUSTED = "exhausted"
    DONE = "done"
    FINISHED = "finished"
    DECLINED = "declined"
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


_WITH_FORM = frozenset({Page.INVITE, Page.TRY_AGAIN, Page.HELD})

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
}
_BEFORE_VERIFICATION = frozenset({Stage.INVITED, Stage.VERIFYING})


def page_of(run: OnboardingGlance, *, looked: int | None = None) -> Page:
    """Give the page for where the run stands.

    ``looked`` is how often this person's page has looked for news since the browser came back;
    None when it has not come back just now. The run writes no attribute when it starts to look at
    the upstream (it would cost an event), so having just come back is what "checking" stands on.
    """
    if run.closed and not run.stage.is_end:
        return Page.OVER
    if run.stage in _BEFORE_VERIFICATION and run.hold is not None:
        return _held(run.reason)
    if run.stage is Stage.VERIFYING and goes_on_looking(looked):
        return Page.CHECKING
    return _BY_STAGE[run.stage]


def page_of_refusal(code: FailureCode | None) -> Page | None:
    """Give the page for a tap that was refused for good; None when another tap may work.

    The run knows more than its attributes, which it writes only where it rests.
    """
    return _BY_REFUSAL.get(code) if code else None


def goes_on_looking(looked: int | None) -> bool:
    """Tell whether a page that has looked ``looked`` times is to look again by itself."""
    return looked is not None and looked < LOOKS_FOR_NEWS


def pause_s(looked: int) -> int:
    """Give the seconds until the next look: the first answers come early."""
    return _QUICK_S if looked < _QUICK_LOOKS else _SLOW_S


def _held(reason: FailureCode | None) -> Page:
    return Page.EXHAUSTED if reason is FailureCode.ATTEMPTS_EXHAUSTED else Page.HELD
