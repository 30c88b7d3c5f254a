"""Where a run stands, as every interface and the Temporal UI show it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

from likeness.failures import FAILURES, Actor, FailureCode
from likeness.messages.conversation import Failure
from likeness.stages import Hold, Stage, WaitingFor
from workflows.showing import show

_WAITED_FOR = MappingProxyType(
    {
        Hold.NEEDS_ASSETS: WaitingFor.CALLER,
        Hold.NEEDS_DECISION: WaitingFor.OPERATOR,
        Hold.NEEDS_OPERATOR: WaitingFor.OPERATOR,
    }
)


@dataclass(kw_only=True)
class Standing:
    """Stage, hold and who is waited for.

    An end is final, and so is one that is decided. Moving on is free; resting writes search
    attributes, one event and one action, and only when they change. ``on_change`` is told after
    every change, ``on_rest`` whenever the run rests, holds or has ended.
    """

    stage: Stage = Stage.INVITED
    waiting_for: WaitingFor = WaitingFor.PERSON
    hold: Hold | None = None
    failure: Failure | None = None
    is_winding_up: bool = False
    on_change: Callable[[], None] = field(repr=False)
    on_rest: Callable[[], None] = field(default=lambda: None, repr=False)

    def moves_to(self, stage: Stage, waiting_for: WaitingFor = WaitingFor.UPSTREAM) -> None:
        """Take the next stage without resting there."""
        if self._is_settled:
            return
        was_held = self.hold is not None
        self.stage, self.waiting_for = stage, waiting_for
        self.hold = self.failure = None
        self.on_change()
        if was_held:
            self._show()

    def rests(self, stage: Stage, waiting_for: WaitingFor) -> None:
        """Rest at a stage until somebody else has acted."""
        if self._is_settled:
            return
        self.moves_to(stage, waiting_for)
        self._show()
        self.on_rest()

    def holds(self, failure: Failure, *, at: Stage | None = None) -> None:
        """Rest, ``at`` another stage if given, because of what somebody must mend or decide."""
        if self._is_settled:
            return
        self.stage = at or self.stage
        self.hold = FAILURES[failure.code].hold or Hold.NEEDS_OPERATOR
        self.waiting_for = _WAITED_FOR[self.hold]
        self.failure = failure
        self.on_change()
        self._show()
        self.on_rest()

    def released(self, waiting_for: WaitingFor) -> None:
        """Leave a hold; the stage stays."""
        if self.hold is not None:
            self.rests(self.stage, waiting_for)

    def winds_up(self, code: FailureCode) -> None:
        """Show that the end is decided, while the upstream's answer to a request is waited for."""
        self.is_winding_up = True
        self.waiting_for = WaitingFor.UPSTREAM
        self.hold = self.failure = None
        self.on_change()
        show(self.stage, self.waiting_for, reason=code)

    def ends(self, stage: Stage, failure: Failure | None = None) -> None:
        """Come to an end."""
        self.stage, self.waiting_for = stage, WaitingFor.NOBODY
        self.hold, self.failure = None, failure
        self.on_change()
        self._show()
        self.on_rest()

    @property
    def _is_settled(self) -> bool:
        return self.stage.is_end or self.is_winding_up

    def _show(self) -> None:
        reason = self.failure.code if self.failure else None
        show(self.stage, self.waiting_for, hold=self.hold, reason=reason)


def is_operators(code: FailureCode) -> bool:
    """Tell whether an operator must mend something before the step can work."""
    text = FAILURES[code]
    return text.who is Actor.OPERATOR and text.hold is Hold.NEEDS_OPERATOR
