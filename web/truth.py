"""What is true of a visit: how the run and the person stand, and the page that tells it."""

from dataclasses import dataclass

from likeness.messages.conversation import OnboardingStatus
from likeness.stages import Stage
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


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A page and what it stands on; ``run`` is None when only the person is still known.

    ``details`` are there only while the person's part is under way and a worker answers.
    """

    page: Page
    run: OnboardingGlance | None = None
    details: OnboardingStatus | None = None

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
        return self.page in _VERIFIED


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
        return await _of_person(visit, deps)
    coming = visit.reader.coming
    page = page_of(run, details=details, coming=coming, now=deps.clock())
    if page in _VERIFIED:
        page = await _overruled(page, visit, deps)
    elif page in _HANDED_OFF and _is_elsewhere(visit.reader, run, details):
        page = Page.HANDOFF
    return Truth(page=page, run=run, details=details)


async def _overruled(page: Page, visit: Visit, deps: PublicDeps) -> Page:
    """Give the page for a passed check: a withdrawal since then is the newer truth."""
    stands = await deps.people.standing(visit.invite.tenant, visit.invite.person)
    return page if stands in (None, PersonStands.VERIFIED) else _OF_PERSON[stands]


async def _of_person(visit: Visit, deps: PublicDeps) -> Truth | None:
    invite = visit.invite
    stands = await deps.people.standing(invite.tenant, invite.person)
    if stands is None:
        return Truth(page=Page.OVER)
    try:
        known = await deps.people.known(invite.tenant, invite.person)
    except RunGoneError:
        known = None
    receipts = known.receipts if known else ()
    links = {receipt.link for receipt in receipts if receipt.onboarding == invite.onboarding}
    # The memo with the number in force is gone; the receipt tells which link was agreed through.
    if links and invite.link not in links:
        return None
    return Truth(page=_OF_PERSON[stands])


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
