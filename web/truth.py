"""What is true of a visit: how the run and the person stand, and the page that tells it."""

from dataclasses import dataclass

from likeness.messages.conversation import OnboardingStatus
from likeness.messages.person import PersonState
from likeness.stages import Stage
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.people import PersonStands
from web.calls import RunGoneError
from web.deps import PublicDeps
from web.devices import is_same
from web.pages import BEFORE_VERIFICATION, Page, page_of
from web.reader import Reader
from web.visits import Visit

_OF_PERSON = {
    PersonStands.VERIFIED: Page.FINISHED,
    PersonStands.WITHDRAWN: Page.WITHDRAWN,
    PersonStands.ERASED: Page.ERASED,
}
_HANDED_OFF = frozenset({Page.INVITE, Page.TRY_AGAIN, Page.NOT_PASSED, Page.CHECKING})
_VERIFIED = frozenset({Page.DONE, Page.FINISHED})
_ENDED = frozenset({Page.FAILED, Page.EXPIRED, Page.CANCELED, Page.OVER})


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A page and what it stands on; ``run`` is None when only the person is still known.

    ``details`` are there only while the person's part is under way and a worker answers; ``stands``
    and ``person`` only where the page depends on them.
    """

    page: Page
    run: OnboardingGlance | None = None
    details: OnboardingStatus | None = None
    stands: PersonStands | None = None
    person: PersonState | None = None

    @property
    def may_decline(self) -> bool:
        """Tell whether a no ends the invitation."""
        run = self.run
        return run is not None and run.stage in BEFORE_VERIFICATION and not run.closed

    @property
    def may_start(self) -> bool:
        """Tell whether another check may be opened; true also where the run does not tell."""
        return self.details is None or self.details.attempts_left > 0

    @property
    def may_withdraw(self) -> bool:
        """Tell whether there is an agreement to take back."""
        # An onboarding may end badly after the check; what was agreed to holds all the same.
        kept = self.page in _ENDED and self.stands is PersonStands.VERIFIED
        return self.page in _VERIFIED or kept


async def truth_of(visit: Visit, deps: PublicDeps) -> Truth | None:
    """Ask the run, or the person when the run's history is gone; None for a revoked link.

    Raises ``TemporalAwayError``.
    """
    try:
        run = await visit.glance(deps)
        if run is None:
            return None
        details = None
        if run.stage is Stage.VERIFYING and not run.closed:
            details = await deps.onboardings.details(run.tenant, run.onboarding_id)
    except RunGoneError:
        return await truth_of_person(visit, deps)
    coming = visit.reader.coming
    page = page_of(run, details=details, coming=coming, now=deps.clock())
    stands = None
    if page in _VERIFIED or page in _ENDED or page is Page.WITHDRAWN:
        stands = await deps.people.standing(visit.invite.tenant, visit.invite.person)
        page = _overruled(page, stands)
    elif page in _HANDED_OFF and _is_elsewhere(visit.reader, run, details):
        page = Page.HANDOFF
    return Truth(page=page, run=run, details=details, stands=stands)


async def truth_of_person(visit: Visit, deps: PublicDeps) -> Truth | None:
    """Ask the person, once the run's history is gone; None for a revoked link.

    Raises ``TemporalAwayError``, also while no worker can tell which link is in force.
    """
    invite = visit.invite
    stands = await deps.people.standing(invite.tenant, invite.person)
    if stands is None:
        return Truth(page=Page.OVER)
    try:
        known = await deps.people.known(invite.tenant, invite.person)
    except RunGoneError:
        return Truth(page=Page.OVER)
    if known is None:
        raise TemporalAwayError("No worker answers.")
    link = _link_in_force(known, invite.onboarding)
    if link is None:
        # This onboarding never got as far as the person's own run.
        return Truth(page=Page.OVER)
    if invite.link != link:
        return None
    return Truth(page=_OF_PERSON[stands], stands=stands, person=known)


def _overruled(page: Page, stands: PersonStands | None) -> Page:
    """Give the page of a run that may have ended before the person withdrew or was erased."""
    return page if stands in (None, PersonStands.VERIFIED) else _OF_PERSON[stands]


def _link_in_force(known: PersonState, onboarding: str) -> int | None:
    """Give the number of the onboarding's link; None when the person knows of none."""
    agreed = (each.link for each in known.receipts if each.onboarding == onboarding)
    return known.links.get(onboarding) or max(agreed, default=None)


def _is_elsewhere(reader: Reader, run: OnboardingGlance, details: OnboardingStatus | None) -> bool:
    """Tell whether this is a computer that is to lead to a phone, or to follow one."""
    coming = reader.coming
    # Whoever sends a form has chosen this device already.
    chosen = coming.here or coming.back is not None or reader.posted
    if not reader.on_computer or chosen:
        return False
    if run.stage is Stage.INVITED:
        return True
    return not is_same(reader, details.device) if details else reader.device is None
