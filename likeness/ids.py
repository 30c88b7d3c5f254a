"""Workflow ids, queue names and the one rule for what an id may hold."""

import re
from collections.abc import Iterable

MAX_PART_LENGTH = 40
PART_PATTERN = rf"[a-z0-9_-]{{1,{MAX_PART_LENGTH}}}"
_PART = re.compile(PART_PATTERN)
_ROOT = "likeness"

PERSON = "person"
"""Stands in the ids of persons, so no onboarding may be called so."""

SPENDING = "spending"
"""Stands where a tenant would in the ids of accounts' spending, so no tenant may be called so."""

KEY_CHECK_WORKFLOW_ID = f"{_ROOT}/keycheck"
KEY_CHECK_TASK_QUEUE = f"{_ROOT}-keycheck-nobody-polls"
DEFAULT_TENANT = "default"
DEFAULT_ACCOUNT = "default"


def checked_part(value: str) -> str:
    """Return ``value`` if it may stand in an id; raise ``ValueError`` with one sentence if not.

    Ids are never encrypted: everybody who may list workflows reads them, so they hold references,
    never a person's name or address.
    """
    if "@" in value:
        raise ValueError(
            "an id part looks like an e-mail address; ids are readable by every operator, "
            "so use a reference of your own instead"
        )
    if not _PART.fullmatch(value):
        raise ValueError(
            f"an id part must be 1 to {MAX_PART_LENGTH} characters out of a-z, 0-9, '_' and '-'"
        )
    return value


def onboarding_workflow_id(tenant: str, onboarding: str) -> str:
    """Give ``likeness/{tenant}/{onboarding}``."""
    if onboarding == PERSON:
        raise ValueError(f"an onboarding cannot be called {PERSON!r}: persons' ids begin so")
    return f"{_ROOT}/{_checked_tenant(tenant)}/{checked_part(onboarding)}"


def onboarding_of(workflow_id: str) -> tuple[str, str]:
    """Give tenant and onboarding of an onboarding's workflow id, or raise ``ValueError``."""
    root, _, rest = workflow_id.partition("/")
    tenant, _, onboarding = rest.partition("/")
    if root != _ROOT or not tenant or not onboarding:
        raise ValueError(f"an onboarding's workflow id has the form {_ROOT}/TENANT/ONBOARDING")
    return checked_part(tenant), checked_part(onboarding)


def video_workflow_id(workflow_id: str, number: int = 1) -> str:
    """Give the id of the ``number``-th video of an onboarding or a person."""
    return f"{workflow_id}/video/{number}"


def video_of(workflow_id: str) -> tuple[str, int]:
    """Give owner (an onboarding's or person's workflow id) and number of a video's workflow id.

    Raises ``ValueError`` for any other id.
    """
    owner, found, number = workflow_id.partition("/video/")
    if not found or not re.fullmatch(r"[1-9][0-9]{0,5}", number):
        raise ValueError("a video's workflow id is its onboarding's or person's, then /video/N")
    if owner.split("/")[2:-1] == [PERSON]:
        person_of(owner)
    else:
        onboarding_workflow_id(*onboarding_of(owner))
    return owner, int(number)


def person_workflow_id(tenant: str, person: str) -> str:
    """Give ``likeness/{tenant}/person/{ref}``."""
    return f"{_ROOT}/{_checked_tenant(tenant)}/{PERSON}/{checked_part(person)}"


def person_of(workflow_id: str) -> tuple[str, str]:
    """Give tenant and reference of a person's workflow id, or raise ``ValueError``."""
    root, _, rest = workflow_id.partition("/")
    tenant, _, rest = rest.partition("/")
    word, _, person = rest.partition("/")
    if root != _ROOT or word != PERSON:
        raise ValueError(f"a person's workflow id has the form {_ROOT}/TENANT/{PERSON}/REF")
    return checked_part(tenant), checked_part(person)


def spending_workflow_id(account: str) -> str:
    """Give ``likeness/spending/{account}``."""
    return f"{_ROOT}/{SPENDING}/{checked_part(account)}"


def notify_workflow_id(workflow_id: str, suffix: str = "") -> str:
    """Give the id of the run that tells what was undelivered when ``workflow_id`` had ended."""
    return f"{workflow_id}/notify{suffix}"


def webhook_queue(task_queue: str) -> str:
    """Give the queue of deliveries, so that slow receivers stand in no other step's way."""
    return f"{task_queue}-webhooks"


def sealed_key(key: str) -> str:
    """Give the place in the archive of a file that must not be used: the person has withdrawn."""
    # No tenant can be called so: a part of an id holds no dot.
    return f"sealed.d/{key}"


def video_key(tenant: str, onboarding: str) -> str:
    """Give the place in the archive of an onboarding's video."""
    return f"{tenant}/{onboarding}/video-1.mp4"


def person_video_key(tenant: str, person: str, number: int) -> str:
    """Give the place in the archive of a video made without a new scan."""
    return f"{tenant}/{PERSON}/{person}/video-{number}.mp4"


def file_prefixes(tenant: str, person: str, onboardings: Iterable[str]) -> tuple[str, ...]:
    """Give the folders of the archive in which a person's files lie."""
    folders = [f"{tenant}/{PERSON}/{person}", *(f"{tenant}/{each}" for each in onboardings)]
    return (*folders, *map(sealed_key, folders))


def receipt_key(tenant: str, person: str, onboarding: str) -> str:
    """Give the place in the archive of a consent receipt."""
    return f"{tenant}/{PERSON}/{person}/consent-{onboarding}.json"


def person_queue(task_queue: str, account: str) -> str:
    """Give the queue of the steps a person waits for: create_session and query_group."""
    return f"{task_queue}-{checked_part(account)}-person"


def upstream_queue(task_queue: str, account: str) -> str:
    """Give the queue of the steps nobody holds a phone for."""
    return f"{task_queue}-{checked_part(account)}-upstream"


def _checked_tenant(tenant: str) -> str:
    if tenant == SPENDING:
        raise ValueError(f"a tenant cannot be called {SPENDING!r}: ids of another kind begin so")
    return checked_part(tenant)
