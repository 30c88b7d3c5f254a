"""The kill matrix: where a worker dies, and what must have become of the onboarding then."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from likeness import steps
from likeness.failures import FailureCode
from likeness.stages import Stage
from likeness.steps import Step
from tests.e2e.guests import Outcome
from tests.e2e.pauses import Side


class Doorstep(Enum):
    """How far an onboarding is brought before its stop is put in its way."""

    INVITED = "invited"
    SCANNED = "scanned"
    IN_REVIEW = "in_review"
    GENERATING = "generating"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One place to die at, on one side of the effect.

    ``place`` is a step, whose body is then not begun or over but for its answer; or, with
    ``on_the_wire``, a route of the upstream, which has then not worked the call or not answered it.
    """

    place: str
    side: Side
    doorstep: Doorstep
    ends: Outcome
    on_the_wire: bool = False
    task_kind: str | None = None
    account_refused: bool = False
    """Whether the upstream first refuses the assets for want of money."""

    honours_keys: bool = True
    """Whether the upstream heeds an Idempotency-Key."""

    with_video: bool = False

    @property
    def name(self) -> str:
        """Give the name of the test, which is the id of the onboarding too."""
        words = (
            self.place,
            self.task_kind,
            "wire" if self.on_the_wire else None,
            None if self.honours_keys else "keyless",
            self.side,
        )
        return "-".join(filter(None, words))


AVATAR = Outcome()
FILM = Outcome(charges=1, files=2)
FORGOTTEN = Outcome(files=0)
TAPPED_AGAIN = Outcome(attempts=2, sessions=2)
TAPPED_AGAIN_UNSENT = Outcome(attempts=2, sessions=1)
UNCONFIRMED = Outcome(stage=Stage.IN_REVIEW, held_by=FailureCode.SUBMISSION_UNCONFIRMED)
UNCONFIRMED_UNSENT = replace(UNCONFIRMED, submissions=0)
UNPAID = Outcome(stage=Stage.GENERATING, held_by=FailureCode.GENERATION_UNCONFIRMED)
MAYBE_PAID = replace(UNPAID, charges=1)


def _step(
    step: Step[Any, Any],
    doorstep: Doorstep,
    before: Outcome,
    after: Outcome | None = None,
    *,
    film: bool = False,
) -> tuple[Cell, Cell]:
    """Give both sides of a step's body; without ``after`` they end alike."""
    cell = Cell(place=step.name, side="before", doorstep=doorstep, ends=before, with_video=film)
    return cell, replace(cell, side="after", ends=after or before)


def _wire(
    route: str,
    doorstep: Doorstep,
    before: Outcome,
    after: Outcome | None = None,
    *,
    task_kind: str | None = None,
    honours_keys: bool = True,
) -> tuple[Cell, Cell]:
    """Give both sides of the effect that a call has at the upstream."""
    cell = Cell(
        place=route,
        side="before",
        doorstep=doorstep,
        ends=before,
        on_the_wire=True,
        task_kind=task_kind,
        honours_keys=honours_keys,
        with_video=before.charges > 0 or before.held_by is FailureCode.GENERATION_UNCONFIRMED,
    )
    return cell, replace(cell, side="after", ends=after or before)


CELLS = (
    *_step(steps.CREATE_SESSION, Doorstep.INVITED, TAPPED_AGAIN_UNSENT, AVATAR),
    *_wire("create_session", Doorstep.INVITED, TAPPED_AGAIN_UNSENT, TAPPED_AGAIN),
    *_wire("get_task", Doorstep.INVITED, AVATAR, task_kind="session"),
    *_step(steps.QUERY_GROUP, Doorstep.SCANNED, AVATAR),
    *_wire("query_group", Doorstep.SCANNED, AVATAR),
    *_step(steps.TELL_REGISTRY, Doorstep.SCANNED, AVATAR),
    *_step(steps.KEEP_RECEIPT, Doorstep.SCANNED, AVATAR),
    *_step(steps.SUBMIT_ASSETS, Doorstep.SCANNED, UNCONFIRMED_UNSENT, UNCONFIRMED),
    *_wire("submit_assets", Doorstep.SCANNED, UNCONFIRMED_UNSENT, UNCONFIRMED),
    *(
        replace(cell, account_refused=True)
        for cell in (
            *_step(steps.AWAIT_ACCOUNT, Doorstep.SCANNED, AVATAR),
            # One worker asks once on behalf of all, so there is one such call to die in.
            *_wire("balance", Doorstep.SCANNED, AVATAR)[1:],
        )
    ),
    *_step(steps.POLL_REVIEW, Doorstep.SCANNED, AVATAR),
    *_wire("get_task", Doorstep.IN_REVIEW, AVATAR, task_kind="review"),
    *_step(steps.PREPARE_GENERATION, Doorstep.SCANNED, FILM, film=True),
    # Before its body nothing is weighed yet; before its call the day's spending is reserved.
    *_step(steps.TRIGGER_GENERATION, Doorstep.SCANNED, UNPAID, MAYBE_PAID, film=True),
    *_wire("generate_video", Doorstep.SCANNED, UNPAID, MAYBE_PAID),
    *_wire("generate_video", Doorstep.SCANNED, UNPAID, MAYBE_PAID, honours_keys=False),
    *_step(steps.POLL_GENERATION, Doorstep.SCANNED, FILM, film=True),
    *_wire("get_task", Doorstep.GENERATING, FILM, task_kind="video"),
    *_step(steps.ARCHIVE_VIDEO, Doorstep.SCANNED, FILM, film=True),
    *_wire("download", Doorstep.SCANNED, FILM),
    *_step(steps.AWAIT_VIDEO, Doorstep.DONE, FILM, film=True),
    *_step(steps.ERASE_FILES, Doorstep.DONE, FORGOTTEN),
)
