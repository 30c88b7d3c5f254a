"""What stands still in a run until an operator decides about it."""

from dataclasses import dataclass

from likeness.messages.conversation import Resolution, Resolve

ANY = frozenset(Resolution)
REPEAT_OR_LEAVE = frozenset({Resolution.RESUBMIT, Resolution.GIVE_UP})
ADOPT_OR_LEAVE = frozenset({Resolution.ADOPT, Resolution.GIVE_UP})


@dataclass
class Undecided:
    """The choices that are open, and the one that was taken; nothing is open where none stands."""

    choices: frozenset[Resolution] = frozenset()
    decision: Resolve | None = None

    @property
    def is_decided(self) -> bool:
        """Tell whether somebody has decided what the run has not heeded yet."""
        return self.decision is not None

    def opens(self, choices: frozenset[Resolution]) -> None:
        """Let one of ``choices`` be decided."""
        self.choices = choices

    def allows(self, resolution: Resolution) -> bool:
        """Tell whether that may be decided now; of two orders at once the first one holds."""
        return resolution in self.choices and self.decision is None

    def decides(self, order: Resolve) -> None:
        """Take an order that was allowed."""
        self.decision = order

    def takes(self) -> Resolve | None:
        """Give the decision to whoever acts on it; nothing is open any more."""
        decision, self.decision = self.decision, None
        self.choices = frozenset()
        return decision
