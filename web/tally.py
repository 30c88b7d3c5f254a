"""Counts what happened and logs it as an event: kinds, reasons and our ids, nothing else."""

from collections import Counter
from enum import StrEnum
from types import MappingProxyType

import structlog

_log = structlog.get_logger("likeness.web")


class Happening(StrEnum):
    """What the public side reports."""

    SESSION_HANDED_OUT = "session_handed_out"
    TAP_CAME_TO_NOTHING = "tap_came_to_nothing"
    TAP_UNDER_WAY = "tap_under_way"
    SAID_FINISHED = "said_finished"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CALLBACK_RECEIVED = "callback_received"
    CALLBACK_REFUSED = "callback_refused"
    WEBHOOK_RECEIVED = "webhook_received"
    WEBHOOK_REFUSED = "webhook_refused"
    PAGE_REFUSED = "page_refused"
    TEMPORAL_AWAY = "temporal_away"
    FAULT = "fault"


class Tally:
    """One process's counters; every count is one log line, too."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(
        self,
        happening: Happening,
        *,
        reason: str = "",
        tenant: str | None = None,
        onboarding: str | None = None,
    ) -> None:
        """Count and log. Pass ids and enumerated words only, never anything a stranger typed."""
        self._counts[f"{happening}:{reason}" if reason else str(happening)] += 1
        given = {"reason": reason or None, "tenant": tenant, "onboarding": onboarding}
        _log.info(str(happening), **{name: value for name, value in given.items() if value})

    @property
    def counts(self) -> MappingProxyType[str, int]:
        """Counts by happening and reason, as ``happening:reason``."""
        return MappingProxyType(self._counts)
