"""What is known of a run when it has come to rest; all that the oracle judges by."""

from dataclasses import dataclass, field

from likeness.failures import FailureCode
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import OnboardingPolicy
from simulator.ledger import Entry


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that was said to a run: an Update that it accepted, or a signal.

    ``at`` is unix seconds of the server's clock; ``attempt`` and ``has_consent`` are None where
    the message has no such thing.
    """

    name: str
    at: float
    attempt: int | None = None
    has_consent: bool | None = None


@dataclass(frozen=True, kw_only=True)
class History:
    """One run's history in numbers; sizes in bytes.

    ``broken_tasks`` counts workflow tasks that failed by our own code, ``replay_error`` says why it
    does not replay on the code that made it.
    """

    workflow_id: str
    events: int
    largest_payload: int = 0
    told: tuple[Told, ...] = ()
    is_open: bool = False
    ended_as: str = "completed"
    broken_tasks: int = 0
    replay_error: str | None = None

    @property
    def signals(self) -> int:
        """How many signals it holds, of whatever name."""
        return sum(each.name.startswith("signal:") for each in self.told)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One run at rest.

    ``foreign_tokens`` are fingerprints of tokens that belong to somebody else's session;
    ``proven``: the worker was told that the upstream honours idempotency keys;
    ``callbacks_received`` counts those that the relay says it has passed on; ``resubmitted`` and
    ``replaced`` count the orders of an operator that were accepted; ``stands_on_for`` is the reason
    of a hold that outlasted its mending; ``secrets`` counts what was sought, ``leaks`` name
    each place and kind of secret found.
    """

    policy: OnboardingPolicy
    assets: int
    status: OnboardingStatus | None
    entries: tuple[Entry, ...] = ()
    histories: tuple[History, ...] = ()
    foreign_tokens: frozenset[str] = frozenset()
    callbacks_received: int = 0
    proven: bool = False
    resubmitted: int = 0
    replaced: int = 0
    stands_on_for: FailureCode | None = None
    secrets: int = 0
    leaks: tuple[str, ...] = ()
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def onboarding(self) -> History | None:
        """The onboarding's own history."""
        return self.histories[0] if self.histories else None
