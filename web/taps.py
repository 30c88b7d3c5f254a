"""Names of taps: the Update id under which a tap on Start is asked, and asked again."""

import re
from dataclasses import dataclass
from typing import Self

TAP_LIFETIME_S = 15
"""A tap opens no session later than this, and the same form gets the same session as long."""

PREPARING_FOR_S = 75.0
"""How long the page goes on asking: the tap's own time and the longest minting after it."""

_TAP = re.compile(r"tap-([A-Za-z0-9_-]{22})-([0-9]{1,12})")


def window_of(now: float) -> int:
    """Give the number of the window of ``TAP_LIFETIME_S`` that ``now`` (unix seconds) lies in."""
    return int(now // TAP_LIFETIME_S)


@dataclass(frozen=True, kw_only=True)
class Tap:
    """One tap: the form's nonce and when it came, in windows of ``TAP_LIFETIME_S``.

    The server answers an Update id it knows with what it answered before, for as long as the run
    is kept. The window in the id keeps a form that is sent again much later (back button) from
    getting the dead link of long ago.
    """

    nonce: str
    window: int

    @classmethod
    def now(cls, nonce: str, now: float) -> Self:
        """Name a tap made at ``now`` (unix seconds)."""
        return cls(nonce=nonce, window=window_of(now))

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """Read ``update_id`` back; None when ``text`` is not one."""
        match = _TAP.fullmatch(text)
        return match and cls(nonce=match[1], window=int(match[2]))

    @property
    def update_id(self) -> str:
        """Give the id of the Update that asks for this tap's session."""
        return f"tap-{self.nonce}-{self.window}"

    def is_worth_asking(self, now: float) -> bool:
        """Tell whether somebody may still be looking, and the link still be alive."""
        age = now - self.window * TAP_LIFETIME_S
        return -TAP_LIFETIME_S <= age <= PREPARING_FOR_S
