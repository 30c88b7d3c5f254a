"""Who asks the person and what for, as the run's memo tells it with no worker up."""

from dataclasses import dataclass
from datetime import datetime

from likeness.temporal.glance import OnboardingGlance
from web.translating import Language

_WORDS = ("display_name", "sender", "contact", "purpose")


@dataclass(frozen=True, kw_only=True, repr=False)
class Asking:
    """Who asks and what for, in the caller's own words; ``until`` is a day as it is written."""

    display_name: str | None = None
    sender: str | None = None
    contact: str | None = None
    purpose: str | None = None
    video: bool = False
    until: str | None = None


def asking_of(run: OnboardingGlance, language: Language, *, now: datetime) -> Asking | None:
    """Read the memo; None for a run that was started without one."""
    memo = run.memo
    if memo is None:
        return None
    said = {
        name: secret.get_secret_value()
        for name in _WORDS
        if (secret := getattr(memo, name)) is not None
    }
    until = language.day(run.deadline, now=now) if run.deadline else None
    return Asking(**said, video=memo.video, until=until)
