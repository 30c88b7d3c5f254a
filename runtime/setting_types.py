"""The forms a variable may have: lists, addresses, amounts, secrets."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_settings import NoDecode

from likeness.messages.onboarding import DAY_S
from runtime.addresses import base_url, origin

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


def split(value: object) -> object:
    """Take a list apart at its commas."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _archive_url(text: str) -> str:
    parts = urlsplit(text)
    folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc) and "//" not in parts.path
    if not (folder or bucket) or parts.query or parts.fragment:
        raise ValueError("a file:/// or s3:// address is wanted")
    return text.rstrip("/")


def _within_days(waits_s: tuple[float, ...]) -> tuple[float, ...]:
    # Temporal gives a delivery up after four days, whatever is left of its schedule.
    if sum(waits_s) > 3 * DAY_S:
        raise ValueError("three days together are the most")
    return waits_s


def _printable(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]{8,512}", secret.get_secret_value()):
        raise ValueError("8 to 512 printable characters without spaces are wanted")
    return secret


def archive_here() -> str:
    """Give the folder below the one that the process was started in."""
    return (Path.cwd() / ".likeness" / "archive").as_uri()


def _public_url(text: str, info: ValidationInfo) -> str:
    return base_url(text, private_http=_private_http(info))


def _origins(hosts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    return tuple(origin(host, private_http=_private_http(info)) for host in hosts)


def _private_http(info: ValidationInfo) -> bool:
    # Validated before, being the field of a base class; absent where it was wrong itself.
    return bool(info.data.get("allow_plain_http", False))


A_DAY = "seconds above 0, at most 86400"
USD = "an amount in USD from 0 (no limit) to 1000000"

ArchiveUrl = Annotated[str, AfterValidator(_archive_url)]
BaseUrl = Annotated[str, AfterValidator(base_url)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], NoDecode]
CommaOrigins = Annotated[Origins, BeforeValidator(split)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
ReachedOrigins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(_origins)
]
Seconds = Annotated[float, Field(gt=0, le=DAY_S)]
Usd = Annotated[float, Field(ge=0, le=1_000_000)]
Port = Annotated[int, Field(ge=1, le=65535)]
Token = Annotated[SecretStr, AfterValidator(_printable)]
Waits = Annotated[
    tuple[Annotated[float, Field(gt=0, le=DAY_S)], ...],
    NoDecode,
    BeforeValidator(split),
    AfterValidator(_within_days),
]
