"""API keys: made once, kept as hashes, each for one tenant.

A key is ``lk_{8 hex digits}_{43 characters}``; the digits are its id, which may be shown. The file
holds one JSON object a line and is read again whenever it has changed.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import structlog
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from likeness.ids import DEFAULT_ACCOUNT, DEFAULT_TENANT, checked_part, person_workflow_id
from likeness.messages.base import IdPart
from runtime.owned_files import KeyFileError, Rereading, check_mode, read_owned

MADE_BY = "keys api new"
DEFAULT_PER_MINUTE = 600

_SECRET_BYTES = 32
_ID_BYTES = 4
_PRESENTED = re.compile(r"lk_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NOBODYS_HASH = hashlib.sha256(b"").hexdigest()
_log = structlog.get_logger("likeness.api")


class Scope(StrEnum):
    """What a key may do; each includes the ones before it."""

    READ = "read"
    START = "start"
    OPERATE = "operate"

    def includes(self, other: "Scope") -> bool:
        """Tell whether a key of this scope may do what ``other`` may."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class UnknownKeyError(Exception):
    """No key of the file looks like that."""


class ExpiredKeyError(Exception):
    """The key was a good one once."""


def _tenant(value: str) -> str:
    # The one place that knows which words no tenant may be called.
    person_workflow_id(value, "anybody")
    return value


class ApiKey(BaseModel):
    """What the file holds of a key: all but its secret.

    ``name`` is how the orders of this key are signed; ``per_minute`` counts requests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    name: Annotated[str, AfterValidator(checked_part)]
    tenant: Annotated[str, AfterValidator(_tenant)] = DEFAULT_TENANT
    account: IdPart = DEFAULT_ACCOUNT
    scope: Scope = Scope.READ
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    per_minute: int = Field(default=DEFAULT_PER_MINUTE, ge=1, le=100_000)


class NewApiKey(NamedTuple):
    """A key just made; ``secret`` is the whole of it, which is never seen again."""

    key: ApiKey
    secret: SecretStr

    @classmethod
    def made(cls, **of_the_key: object) -> Self:
        """Make a key; the arguments are the fields of ``ApiKey`` beside id and hash.

        Raises:
            ValidationError: One of them does not fit.

        """
        key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey.model_validate({"id": key_id, "sha256": _hash(secret), **of_the_key})
        return cls(key, SecretStr(f"lk_{key_id}_{secret}"))


class ApiKeys:
    """The keys of a file, as it is now."""

    def __init__(self, path: Path) -> None:
        self._file = Rereading(path, _by_id)
        self._complained: str | None = None

    def holder(self, presented: str, *, now: datetime) -> ApiKey:
        """Give the key that was presented.

        While the file is missing or no key file, no key is one; the log says so once.

        Raises:
            UnknownKeyError: It is none, or has been revoked.
            ExpiredKeyError: It has expired.

        """
        keys = self._now()
        match = _PRESENTED.fullmatch(presented)
        if match is None:
            raise UnknownKeyError
        key = keys.get(match[1])
        # Compared also where there is none, so that the time taken does not tell which ids exist.
        known = hmac.compare_digest(_hash(match[2]), key.sha256 if key else _NOBODYS_HASH)
        if key is None or not known:
            raise UnknownKeyError
        if key.expires_at is not None and key.expires_at <= now:
            raise ExpiredKeyError
        return key

    def _now(self) -> Mapping[str, ApiKey]:
        try:
            keys = self._file.now()
        except KeyFileError as error:
            if str(error) != self._complained:
                self._complained = str(error)
                _log.warning("no_api_key_is_taken", because=self._complained)
            return {}
        self._complained = None
        return keys


def load_api_keys(path: Path) -> list[ApiKey]:
    """Read a file of API keys.

    Raises:
        KeyFileError: Missing, readable by others than its owner, or not in the format.

    """
    found = read_owned(path, made_by=MADE_BY)
    lines = enumerate(found.text.splitlines(), 1)
    keys = [_parsed(path, number, line) for number, line in lines if line.strip()]
    check_mode(path, found.mode)
    return keys


def _by_id(path: Path) -> Mapping[str, ApiKey]:
    return {key.id: key for key in load_api_keys(path)}


def _parsed(path: Path, number: int, line: str) -> ApiKey:
    try:
        return ApiKey.model_validate_json(line)
    except ValidationError:
        raise KeyFileError(
            f"Line {number} of {path} is no API key; put back what `starter.py {MADE_BY}` wrote, "
            "or take the line out."
        ) from None


def _hash(secret: str) -> str:
    # Fast on purpose: 256 random bits cannot be guessed, however fast a guess is tried.
    return hashlib.sha256(secret.encode()).hexdigest()
