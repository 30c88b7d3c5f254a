"""Seals and opens the tokens of links: who is meant, readable by us alone.

A token is a Fernet token without its padding, which chat programs cut from a link's end. What it
holds begins with its purpose, so that no kind is ever taken for another.
"""

import base64
import re
from collections.abc import Sequence
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from likeness.ids import (
    checked_part,
    onboarding_of,
    onboarding_workflow_id,
    person_of,
    person_workflow_id,
    video_of,
    video_workflow_id,
)
from likeness.messages.base import Message
from likeness.temporal.keyring import KeyRing
from runtime.steady_tokens import SteadySealer

MAX_TOKEN_LENGTH = 400
MAX_CURSOR_LENGTH = 1000
INVITE_PATH = "/i"
CALLBACK_PATH = "/callback"
WEBHOOK_PATH = "/webhook"

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}")
_INVITE, _CALLBACK, _VIDEO, _PERSONS_VIDEO, _CURSOR = "i", "c", "v", "p", "l"


class InviteToken(Message):
    """What an invite link says; another link number than the run's means revoked."""

    tenant: str
    onboarding: str
    person: str
    link: int


class CallbackToken(Message):
    """What a callback link says; ``minted_at`` in whole unix seconds."""

    tenant: str
    onboarding: str
    person: str
    link: int
    attempt: int
    minted_at: int


class VideoToken(Message):
    """What a webhook's address says: which video the upstream tells of.

    ``owner`` is an onboarding, or a person where ``of_person``.
    """

    tenant: str
    owner: str
    number: int
    of_person: bool = False

    @classmethod
    def of(cls, workflow_id: str) -> Self:
        """Read a video's workflow id, or raise ``ValueError``."""
        owner_id, number = video_of(workflow_id)
        try:
            tenant, owner = person_of(owner_id)
        except ValueError:
            tenant, owner = onboarding_of(owner_id)
            return cls(tenant=tenant, owner=owner, number=number)
        return cls(tenant=tenant, owner=owner, number=number, of_person=True)

    @property
    def workflow_id(self) -> str:
        """Give the id of the video's run."""
        owner_id = person_workflow_id if self.of_person else onboarding_workflow_id
        return video_workflow_id(owner_id(self.tenant, self.owner), self.number)


class LinkSealer:
    """Seals with the first key, opens with any; safe to share between threads."""

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        """Take Fernet keys (base64url of 32 bytes), the sealing one first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._steady = SteadySealer(keys[0])

    @classmethod
    def of(cls, ring: KeyRing) -> Self:
        """Make a sealer of a link key file's ring."""
        others = (key for key in ring.read.values() if key.id != ring.write.id)
        return cls([key.line() for key in (ring.write, *others)])

    def seal_invite(self, token: InviteToken) -> str:
        """Give the token as text for a path; the same each time, at most 400 characters.

        Raises:
            ValueError: A part may not stand in an id, or a number is negative.

        """
        content = _content(_INVITE, [token.tenant, token.onboarding, token.person], [token.link])
        return self._steady.token(content).rstrip("=")

    def open_invite(self, text: str) -> InviteToken | None:
        """Give what an invite token says, None for anything that does not authenticate."""
        fields = self._open(_INVITE, text, count=4)
        if fields is None:
            return None
        tenant, onboarding, person, link = fields
        return InviteToken(tenant=tenant, onboarding=onboarding, person=person, link=int(link))

    def seal_callback(self, token: CallbackToken) -> str:
        """Give the token as text for a path; raises as ``seal_invite``."""
        parts = [token.tenant, token.onboarding, token.person]
        return self._seal(_CALLBACK, parts, [token.link, token.attempt, token.minted_at])

    def open_callback(self, text: str) -> CallbackToken | None:
        """Give what a callback token says, None for anything that does not authenticate."""
        fields = self._open(_CALLBACK, text, count=6)
        if fields is None:
            return None
        tenant, onboarding, person, link, attempt, minted_at = fields
        return CallbackToken(
            tenant=tenant,
            onboarding=onboarding,
            person=person,
            link=int(link),
            attempt=int(attempt),
            minted_at=int(minted_at),
        )

    def seal_video(self, token: VideoToken) -> str:
        """Give the token as text for a path; raises as ``seal_invite``."""
        purpose = _PERSONS_VIDEO if token.of_person else _VIDEO
        return self._seal(purpose, [token.tenant, token.owner], [token.number])

    def open_video(self, text: str) -> VideoToken | None:
        """Give what a webhook's token says, None for anything that does not authenticate."""
        for purpose in (_VIDEO, _PERSONS_VIDEO):
            if (fields := self._open(purpose, text, count=3)) is not None:
                tenant, owner, number = fields
                return VideoToken(
                    tenant=tenant,
                    owner=owner,
                    number=int(number),
                    of_person=purpose == _PERSONS_VIDEO,
                )
        return None

    def seal_cursor(self, of: str, place: str) -> str:
        """Give a place in the list ``of`` as text for a query; neither is readable in it."""
        return self._fernet.encrypt(f"{_CURSOR}/{of}\n{place}".encode()).decode().rstrip("=")

    def open_cursor(self, of: str, text: str) -> str | None:
        """Give the place that a cursor of the list ``of`` says, None for any other text."""
        content = self._content(text, MAX_CURSOR_LENGTH)
        said, _, place = ("" if content is None else content).partition("\n")
        return place if said == f"{_CURSOR}/{of}" else None

    def _seal(self, purpose: str, parts: Sequence[str], numbers: Sequence[int]) -> str:
        return self._fernet.encrypt(_content(purpose, parts, numbers).encode()).decode().rstrip("=")

    def _open(self, purpose: str, text: str, *, count: int) -> list[str] | None:
        content = self._content(text, MAX_TOKEN_LENGTH)
        if content is None:
            return None
        kind, *fields = content.split("/")
        return fields if kind == purpose and len(fields) == count else None

    def _content(self, text: str, at_most: int) -> str | None:
        if len(text) > at_most or not _TOKEN.fullmatch(text):
            return None
        padded = text + "=" * (-len(text) % 4)
        try:
            raw = base64.urlsafe_b64decode(padded)
            content = self._fernet.decrypt(padded).decode()
        except (InvalidToken, ValueError):
            return None
        # base64 ignores the spare bits of its last letter; one token has one spelling.
        return content if base64.urlsafe_b64encode(raw).decode() == padded else None


def _content(purpose: str, parts: Sequence[str], numbers: Sequence[int]) -> str:
    digits = [str(number) for number in numbers]
    if not all(_NUMBER.fullmatch(text) for text in digits):
        raise ValueError("a number in a link's token must be 0 or more, of 12 digits at most")
    # No part may hold the separator: checked_part allows a-z, 0-9, '_' and '-' only.
    return "/".join([purpose, *(checked_part(part) for part in parts), *digits])


def invite_url(base: str, token: str) -> str:
    """Give ``{PUBLIC_BASE_URL}/i/{token}``."""
    return f"{base}{INVITE_PATH}/{token}"


def callback_url(base: str, token: str) -> str:
    """Give ``{PUBLIC_BASE_URL}/callback/{token}``."""
    return f"{base}{CALLBACK_PATH}/{token}"


def webhook_url(base: str, token: str) -> str:
    """Give ``{PUBLIC_BASE_URL}/webhook/{token}``, to which the upstream appends ``/callback``."""
    return f"{base}{WEBHOOK_PATH}/{token}"
