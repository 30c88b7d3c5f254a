"""Addresses below ``/v1``, made of ids that are checked before anything is sent."""

import re
import uuid

from likeness.ids import checked_part

_KEY = re.compile(r"[!-~]([ -~]{0,189}[!-~])?")

IDEMPOTENCY_KEY = "Idempotency-Key"


def onboarding_path(onboarding: str, *below: str) -> str:
    """Give the address of an onboarding, or of what lies below it."""
    return "/".join(["/onboardings", checked_part(onboarding), *below])


def person_path(person: str, *below: str) -> str:
    """Give the address of a person, or of what lies below it."""
    return "/".join(["/people", checked_part(person), *below])


def idempotent(key: str | None) -> dict[str, str]:
    """Give the header that makes a POST safe to repeat; without a key of yours, one made now.

    Raises:
        ValueError: The key cannot be sent.

    """
    key = uuid.uuid4().hex if key is None else key
    if not _KEY.fullmatch(key):
        raise ValueError("an idempotency key must be 1 to 191 printable ASCII characters")
    return {IDEMPOTENCY_KEY: key}
