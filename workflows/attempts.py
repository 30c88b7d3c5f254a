"""One upstream verification session: when to look at it, and what is known of it. No I/O."""

from dataclasses import dataclass, field
from enum import Enum

from likeness.messages.conversation import AttemptStatus, VerificationCallback
from likeness.messages.onboarding import OnboardingPolicy
from likeness.messages.steps import SessionCreated
from likeness.stages import AttemptState, QueryPolicy
from likeness.summaries import Summary


class Cause(Enum):
    """Why the upstream is asked."""

    CALLBACK = Summary.LOOK_AFTER_CALLBACK
    FINISHED = Summary.LOOK_AFTER_FINISHED
    LINK_EXPIRY = Summary.LOOK_AFTER_LINK_EXPIRY
    TOKEN_END = Summary.LAST_LOOK
    POLL = Summary.POLL_GROUP

    @property
    def summary(self) -> Summary:
        """Give the label for the timeline."""
        return self.value


@dataclass(kw_only=True)
class Attempt:
    """A session from its minting to its last look; times in unix seconds of the workflow.

    At most ``policy.max_looks`` looks: one query may burn the token while a scan runs. Looks that
    the person can cause leave room for the two timed ones.
    """

    number: int
    policy: OnboardingPolicy
    session: SessionCreated | None = None
    opened_at: float = 0.0
    device: str | None = None
    state: AttemptState = AttemptState.OPEN
    looks: int = 0
    callback: VerificationCallback | None = None
    checking: bool = False
    unasked: bool = False
    query_task_id: str | None = None
    causes: list[Cause] = field(default_factory=list)
    timed: list[tuple[float, Cause]] = field(default_factory=list)

    def opened(self, session: SessionCreated, now: float) -> None:
        """Take the session; from now on the person can be sent to it."""
        self.session = session
        self.opened_at = now
        if self.policy.query_policy is QueryPolicy.POLL:
            self.timed = [(now, Cause.POLL)]
            return
        link_end = now + self.policy.link_ttl_s + self.policy.scan_grace_s
        token_end = now + self.policy.token_ttl_s
        self.timed = [(token_end, Cause.TOKEN_END)]
        if link_end < token_end:
            self.timed.insert(0, (link_end, Cause.LINK_EXPIRY))

    def came_back(self, callback: VerificationCallback) -> None:
        """Note the browser's return; repeats of it change nothing."""
        if self.callback is None:
            self.callback = callback
            self._caused(Cause.CALLBACK)

    def said_finished(self) -> None:
        """Note that the person says the scan is done."""
        self._caused(Cause.FINISHED)

    def _caused(self, cause: Cause) -> None:
        polled = self.policy.query_policy is QueryPolicy.POLL
        if self.is_open and not polled and cause not in self.causes:
            self.causes.append(cause)

    @property
    def is_open(self) -> bool:
        """Tell whether the upstream may still say that this attempt has passed."""
        return self.state is AttemptState.OPEN

    def is_fresh(self, now: float) -> bool:
        """Tell whether a second tap is to get the same link: a double tap, two tabs."""
        good_for_s = min(self.policy.link_reuse_s, self.policy.link_ttl_s)
        return self._may_be_under_way and now - self.opened_at <= good_for_s

    def is_held_from(self, device: str | None, now: float) -> bool:
        """Tell whether the check may be under way on another device than this one."""
        other = None not in (device, self.device) and device != self.device
        return other and self._may_be_under_way and now - self.opened_at <= self.policy.link_ttl_s

    def was_just_opened(self, now: float) -> bool:
        """Tell whether another session would come too soon after this one."""
        return self.session is not None and now - self.opened_at < self.policy.cooldown_s

    @property
    def _may_be_under_way(self) -> bool:
        return self.is_open and self.session is not None and self.callback is None

    def next_timed(self) -> float | None:
        """Give when the next timed look is due, or None when there is none left."""
        return self.timed[0][0] if self.timed and self.looks < self.policy.max_looks else None

    def take_cause(self, now: float) -> Cause | None:
        """Take the next reason to look, if there is one."""
        if self.causes:
            return self.causes.pop(0)
        due = self.next_timed()
        if due is not None and due <= now:
            return self.timed.pop(0)[1]
        return None

    def has_cause(self) -> bool:
        """Tell whether somebody gave a reason to look."""
        return bool(self.causes)

    @property
    def room(self) -> int:
        """Give how many requests a look may cost now; one each is kept for the timed looks."""
        return max(self.policy.max_looks - self.looks - len(self.timed), 0)

    @property
    def may_be_looked_at(self) -> bool:
        """Tell whether somebody can still cause a look."""
        polled = self.policy.query_policy is QueryPolicy.POLL
        return self.is_open and self.session is not None and not polled and self.room > 0

    def delays_for(self, cause: Cause) -> tuple[float, ...]:
        """Give the looks to take for ``cause``, in seconds from now; empty when all are spent."""
        delays = self.policy.look_delays_s if cause is Cause.CALLBACK else (0.0,)
        return delays[: self.room]

    @property
    def status(self) -> AttemptStatus:
        """Give what may be shown: no credentials."""
        return AttemptStatus(
            number=self.number,
            state=self.state,
            looks=self.looks,
            opened_at=self.opened_at or None,
            result_code=self.callback.result_code if self.callback else None,
            came_back=self.callback is not None,
        )
