"""Whom a command is about: an onboarding, a video, a verified person. No network, no Temporal."""

import secrets
from typing import NamedTuple

from commands.outcomes import bad_input
from likeness.ids import (
    DEFAULT_TENANT,
    checked_part,
    onboarding_of,
    onboarding_workflow_id,
    person_of,
    person_workflow_id,
    video_of,
)

MAX_REASON_LENGTH = 500
MAX_ACTOR_LENGTH = 80

WHAT_IT_IS = {
    "--tenant": "--tenant, one of your tenants,",
    "--id": "--id, an id of your own,",
    "--person": "--person, your own reference of the person,",
}
"""An option that becomes part of an id, as a sentence on it begins."""

_THE_ID = "ID, the onboarding's id,"
_PROGRAM = "python starter.py"


class Subject(NamedTuple):
    """One onboarding by name."""

    tenant: str
    onboarding: str

    @property
    def workflow_id(self) -> str:
        """Its workflow."""
        return onboarding_workflow_id(self.tenant, self.onboarding)

    @property
    def shown(self) -> str:
        """The id to be typed for it."""
        return self.onboarding if self.tenant == DEFAULT_TENANT else self.workflow_id

    def command(self, verb: str) -> str:
        """Give the command line of ``verb`` for it, to be copied."""
        return f"{_PROGRAM} {verb} {self.shown}"


class Somebody(NamedTuple):
    """One verified person by the caller's own reference."""

    tenant: str
    person: str

    @property
    def workflow_id(self) -> str:
        """The run that is their registry."""
        return person_workflow_id(self.tenant, self.person)

    def command(self, verb: str) -> str:
        """Give the command line of ``person verb`` for them, to be copied."""
        shown = self.person if self.tenant == DEFAULT_TENANT else self.workflow_id
        return f"{_PROGRAM} person {verb} {shown}"


class Clip(NamedTuple):
    """One video by its whole workflow id: an onboarding's, or one of a person."""

    workflow_id: str

    @property
    def shown(self) -> str:
        """The id to be typed for it."""
        return self.workflow_id

    def command(self, verb: str) -> str:
        """Give the command line of ``verb`` for it, to be copied."""
        return f"{_PROGRAM} {verb} {self.shown}"


class Who(NamedTuple):
    """Who orders and why; kept encrypted in the run's history."""

    actor: str
    reason: str


def subject_of(typed: str, tenant: str) -> Subject:
    """Read an onboarding's id, or its whole workflow id, which names the tenant itself.

    Raises:
        CommandError: Neither of both.

    """
    try:
        if "/" in typed:
            _refuse_a_videos(typed)
            return Subject(*onboarding_of(typed))
        return Subject(tenant_of(tenant), checked_part(typed))
    except ValueError as error:
        raise bad_input(about(_THE_ID, error)) from None


def target_of(typed: str, tenant: str) -> Subject | Clip:
    """Read what ``subject_of`` reads, or a video's whole workflow id; raises as ``subject_of``."""
    try:
        video_of(typed)
    except ValueError:
        return subject_of(typed, tenant)
    return Clip(typed)


def somebody_of(typed: str, tenant: str) -> Somebody:
    """Read a person's reference, or the whole workflow id; raises as ``subject_of``."""
    try:
        if "/" in typed:
            return Somebody(*person_of(typed))
        return Somebody(tenant_of(tenant), checked_part(typed))
    except ValueError as error:
        raise bad_input(about("REF, your own reference of the person,", error)) from None


def own_id_of(typed: str | None) -> str:
    """Give the id that was typed, or make one up; raises ``CommandError``."""
    try:
        return secrets.token_hex(6) if typed is None else checked_part(typed)
    except ValueError as error:
        raise bad_input(about(WHAT_IT_IS["--id"], error)) from None


def reason_of(typed: str) -> str:
    """Check a reason's length; raises ``CommandError``."""
    if len(typed) > MAX_REASON_LENGTH:
        raise bad_input(f"--reason must be a text of at most {MAX_REASON_LENGTH} characters.")
    return typed


def who_of(actor: str, reason: str) -> Who:
    """Check who orders and why; raises ``CommandError``."""
    if not 0 < len(actor) <= MAX_ACTOR_LENGTH:
        raise bad_input(f"--actor must be a text of 1 to {MAX_ACTOR_LENGTH} characters.")
    return Who(actor, reason_of(reason))


def tenant_of(typed: str) -> str:
    """Check a tenant's name; raises ``CommandError``."""
    try:
        return checked_part(typed)
    except ValueError as error:
        raise bad_input(about(WHAT_IT_IS["--tenant"], error)) from None


def about(what: str, problem: ValueError | str) -> str:
    """Say of what was typed what is wrong with it, and not that it is "an id part"."""
    told = str(problem)
    ours = told.removeprefix("an id part ")
    return f"{what}: {ours}." if ours == told else f"{what} {ours}."


def _refuse_a_videos(workflow_id: str) -> None:
    # The ids of an onboarding and of its video stand side by side in the Temporal UI.
    owner, video, _ = workflow_id.partition("/video/")
    if not video:
        return
    try:
        _, onboarding = onboarding_of(owner)
    except ValueError:
        return
    raise bad_input(f"This is the id of a video; the onboarding is {onboarding}.")
