"""Where an onboarding stands: stages, holds, who is waited for."""

from enum import StrEnum


class Stage(StrEnum):
    """How far an onboarding has come; the last five are ends."""

    INVITED = "invited"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    SUBMITTING_ASSETS = "submitting_assets"
    IN_REVIEW = "in_review"
    READY = "ready"
    GENERATING = "generating"
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_end(self) -> bool:
        """Tell whether nothing more happens after this stage."""
        return self in _ENDS


_ENDS = frozenset(
    {Stage.COMPLETED, Stage.DECLINED, Stage.EXPIRED, Stage.FAILED, Stage.CANCELED},
)


class Hold(StrEnum):
    """Why a run rests without anything under way; stands beside the stage."""

    NEEDS_ASSETS = "needs_assets"
    NEEDS_DECISION = "needs_decision"
    NEEDS_OPERATOR = "needs_operator"


class WaitingFor(StrEnum):
    """Who must act for the run to go on."""

    PERSON = "person"
    UPSTREAM = "upstream"
    CALLER = "caller"
    OPERATOR = "operator"
    NOBODY = "nobody"


class AttemptState(StrEnum):
    """What became of one upstream verification session."""

    OPEN = "open"
    VERIFIED = "verified"
    NOT_PASSED = "not_passed"
    LOST = "lost"


class AssetState(StrEnum):
    """What became of one asset."""

    WAITING = "waiting"
    SUBMITTED = "submitted"
    USABLE = "usable"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class VideoState(StrEnum):
    """What became of the video that was asked for.

    ``archiving`` is shown only where the file could not be copied at once.
    """

    REQUESTED = "requested"
    GENERATING = "generating"
    ARCHIVING = "archiving"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class QueryPolicy(StrEnum):
    """When the upstream is asked whether the person has passed.

    ``frugal`` asks only on a cause, because one query may burn the token while a scan runs;
    ``poll`` asks every few seconds.
    """

    FRUGAL = "frugal"
    POLL = "poll"


class PersonStands(StrEnum):
    """What holds of somebody who was verified once.

    ``lost``: the run was ended from outside, by the Temporal UI or CLI, so that nothing vouches for
    the person any more.
    """

    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    LOST = "lost"
