"""Where a run stands, as every interface and the Temporal UI show it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from likeness.failures import FAILURES, Actor, FailureCode
from likeness.messages.conversation import Failure
from likeness.stages import Hold, Stage, WaitingFor
from workflows.showing import show

_WAITED_FOR = {
    Hold.NEEDS_ASSETS: WaitingFor.CALLER,
    Hold.NEEDS_DECISION: WaitingFor.OPERATOR,
    Hold.NEEDS_OPERATOR: WaitingFor.OPERATOR,
}


@dataclass(kw_only=True)
class Standing:
    """Stage, hold and who is waited for.

    An end is final. Moving on is free; resting writes search attributes, one event and one action,
    and only when they change. ``on_change`` is told after every change.
    """

    stage: Stage = Stage.INVITED
    waiting_for: WaitingFor = WaitingFor.PERSON
    hold: Hold | None = None
    failure: Failure | None = None
    on_change: Callable[[], None] = field(repr=False)

    def moves_to(self, stage: Stage, waiting_for: WaitingFor = WaitingFor.UPSTREAM) -> None:
        """Take the next stage without resting there."""
        if self.stage.is_end:
            return
        was_held = self.hold is not None
        self.stage, self.waiting_for = stage, waiting_for
        self.hold = self.failure = None
        self.on_change()
        if was_held:
            self._show()

    def rests(self, stage: Stage, waiting_for: WaitingFor) -> None:
        """Rest at a stage until somebody else has acted."""
        if self.stage.is_end:
            return
        self.moves_to(stage, waiting_for)
        self._show()

    def holds(self, failure: Failure) -> None:
        """Rest because of a failure that somebody must mend or decide."""
        if self.stage.is_end:
            return
        self.hold = FAILURES[failure.code].hold or Hold.NEEDS_OPERATOR
        self.waiting_for = _WAITED_FOR[self.hold]
        self.failure = failure
        self.on_change()
        self._show()

    def released(self, waiting_for: WaitingFor) -> None:
        """Leave a hold; the stage stays."""
        if self.hold is not None:
            self.rests(self.stage, waiting_for)

    def ends(self, stage: Stage, failure: Failure | None = None) -> None:
        """Come to an end."""
        self.stage, self.waiting_for = stage, WaitingFor.NOBODY
        self.hold, self.failure = None, failure
        self.on_change()
        self._show()

    def _show(self) -> None:
        reason = self.failure.code if self.failure else None
        show(self.stage, self.waiting_for, hold=self.hold, reason=reason)


def is_operators(code: FailureCode) -> bool:
    """Tell whether an operator must mend something before the step can work."""
    text = FAILURES[code]
    return text.who is Actor.OPERATOR and text.hold is Hold.NEEDS_OPERATOR
