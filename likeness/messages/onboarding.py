"""What a caller asks for and how a run is to wait: the input of ``OnboardPerson``."""

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from likeness.ids import DEFAULT_ACCOUNT, DEFAULT_TENANT, onboarding_workflow_id
from likeness.messages.base import CountFromOne, IdPart, Message, Order, Secret, WholeNumber
from likeness.stages import QueryPolicy

MAX_ASSETS = 20
MAX_WORDS = 300
MAX_WEBHOOK_URL = 2000
DAY_S = 24 * 3600
MAX_DEADLINE_S = 10 * 365 * DAY_S
_URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$"
MAX_POST_TIMEOUT_S = 45
"""Workers drain for as long as a POST may take, and whoever stops them must wait for that."""


class AssetKind(StrEnum):
    """What a file is; images and videos never share a request."""

    IMAGE = "image"
    VIDEO = "video"


def _fetchable(url: SecretStr, sentence: str) -> SecretStr:
    text = url.get_secret_value()
    try:
        text.encode()
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", text) or parts.username is not None:
        raise ValueError(sentence)
    return url


def _asset_url(url: SecretStr) -> SecretStr:
    return _fetchable(
        url,
        "an asset URL must be an http or https address with a host, without user name or spaces",
    )


def _readable(words: SecretStr) -> SecretStr:
    text = words.get_secret_value()
    if not text.strip() or len(text) > MAX_WORDS or not text.isprintable():
        raise ValueError(
            f"what the person is to read must be 1 to {MAX_WORDS} printable characters"
        )
    return words


def _told_as(**rules: object) -> WithJsonSchema:
    # What a secret's own schema says, and what our validators ask of it.
    return WithJsonSchema({"type": "string", "format": "password", "writeOnly": True, **rules})


Words = Annotated[
    Secret,
    AfterValidator(_readable),
    _told_as(minLength=1, maxLength=MAX_WORDS, pattern=r"\S"),
]
"""A line that the person reads; encrypted, and never in a log."""


def _sayable(prompt: SecretStr) -> SecretStr:
    text = prompt.get_secret_value()
    if not text.strip():
        raise ValueError("a prompt must say something")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a prompt must be text that UTF-8 can hold") from None
    return prompt


def fingerprint_of(order: Order) -> str:
    """Give the SHA-256 (hex) of what an order says beyond its defaults."""
    return hashlib.sha256(order.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _callable(url: SecretStr) -> SecretStr:
    _fetchable(
        url,
        "a webhook URL must be an https address with a host, without user name or spaces (http "
        "only to a host that the operator names in WEBHOOK_ALLOW)",
    )
    if "#" in url.get_secret_value() or len(url.get_secret_value()) > MAX_WEBHOOK_URL:
        raise ValueError(
            f"a webhook URL is at most {MAX_WEBHOOK_URL} characters and has no fragment"
        )
    return url


WebhookUrl = Annotated[
    Secret, AfterValidator(_callable), _told_as(maxLength=MAX_WEBHOOK_URL, pattern=_URL_PATTERN)
]
"""Where a receiver of ours listens; a secret, because many carry a token in path or query."""


class AssetRequest(Order):
    """One picture or clip of the person, at an address the upstream can fetch."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Your own name of it, one an asset."
    )
    url: Annotated[Secret, AfterValidator(_asset_url), _told_as(pattern=_URL_PATTERN)] = Field(
        description="Where the upstream fetches it, until its review is over."
    )
    kind: AssetKind = Field(default=AssetKind.IMAGE, description="What the file is.")


class VideoRequest(Order):
    """The video to make of the usable assets.

    ``duration_s`` is in whole seconds. Resolution and sound are always sent upstream, because the
    provider's defaults changed between editions and cost money.
    """

    prompt: Annotated[Secret, AfterValidator(_sayable)] = Field(min_length=1, max_length=4000)
    duration_s: WholeNumber = Field(default=5, ge=4, le=15)
    resolution: str = Field(default="720p", pattern=r"^(480p|720p|1080p)$")
    size: str = Field(default="16:9", pattern=r"^(16:9|9:16|1:1|4:3|3:4|21:9|adaptive)$")
    generate_audio: bool = Field(strict=True, default=False)
    seed: WholeNumber | None = None
    model: str = Field(default="doubao-seedance-2.0-face", pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")

    def fingerprint(self) -> str:
        """Give the SHA-256 (hex) by which a repeated order is told from a different one.

        Defaults are left out, so that a field added later changes no old fingerprint.
        """
        return fingerprint_of(self)

    @model_validator(mode="after")
    def _model_has_the_resolution(self) -> Self:
        if "-fast" in self.model and self.resolution == "1080p":
            raise ValueError("the fast models make no 1080p; take 720p or another model")
        return self


class OnboardingRequest(Order):
    """What the caller gives. The same id with another request is refused.

    ``person`` is the caller's own reference. ``display_name`` greets the person; ``sender``,
    ``contact`` and ``purpose`` say who asks, how to reach them and what for, as the person is to
    read it. ``min_usable`` is how many assets must pass the
    review; all of them when left out. ``webhook_url`` is told of every rest, hold and end.
    """

    tenant: IdPart = DEFAULT_TENANT
    onboarding: IdPart
    person: IdPart
    account: IdPart = DEFAULT_ACCOUNT
    display_name: Words | None = None
    sender: Words | None = None
    contact: Words | None = None
    purpose: Words | None = None
    assets: tuple[AssetRequest, ...] = Field(min_length=1, max_length=MAX_ASSETS)
    min_usable: CountFromOne | None = None
    video: VideoRequest | None = None
    webhook_url: WebhookUrl | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        onboarding_workflow_id(self.tenant, self.onboarding)
        if len({asset.name for asset in self.assets}) != len(self.assets):
            raise ValueError("every asset needs a name of its own")
        if self.needed > len(self.assets):
            count = len(self.assets)
            there = "there is 1 asset" if count == 1 else f"there are {count} assets"
            raise ValueError(f"min_usable is {self.min_usable}, but {there}")
        return self

    @property
    def needed(self) -> int:
        """How many assets must pass the review."""
        return len(self.assets) if self.min_usable is None else self.min_usable

    def fingerprint(self) -> str:
        """Give the SHA-256 (hex) by which a repeated start is told from a different one.

        Defaults are left out, so that a field added later changes no old fingerprint.
        """
        return fingerprint_of(self)


class OnboardingPolicy(Message):
    """How a run waits; copied from the settings of whoever starts it. All durations in seconds."""

    query_policy: QueryPolicy = QueryPolicy.FRUGAL
    look_delays_s: tuple[Annotated[float, Field(ge=0, le=600)], ...] = (2, 7, 25)
    link_ttl_s: float = Field(default=120, gt=0, le=DAY_S)
    scan_grace_s: float = Field(default=300, ge=0, le=DAY_S)
    token_ttl_s: float = Field(default=1800, gt=0, le=DAY_S)
    link_reuse_s: float = Field(default=15, ge=0, le=600)
    cooldown_s: float = Field(default=10, ge=0, le=3600)
    poll_interval_s: float = Field(default=5, gt=0, le=3600)
    deadline_s: float = Field(default=14 * DAY_S, gt=0, le=MAX_DEADLINE_S)
    max_attempts: int = Field(default=5, ge=1, le=100)
    max_looks: int = Field(default=6, ge=1, le=6)
    assets_per_request: int = Field(default=1, ge=1, le=MAX_ASSETS)
    post_timeout_s: float = Field(default=45, gt=0, le=MAX_POST_TIMEOUT_S)
    stalled_after_s: float = Field(default=3600, gt=0, le=DAY_S)


class OnboardingInput(Message):
    """Input of the workflow ``OnboardPerson``."""

    request: OnboardingRequest
    policy: OnboardingPolicy = OnboardingPolicy()


class RunMemo(Message):
    """What ``describe`` tells of a run with no worker up; encrypted like every payload.

    ``link`` is the number of the invite link in force, ``request`` the request's fingerprint. What
    the person is to read of who asks stands here too, so that the page needs no worker.
    """

    person: str
    request: str
    link: int = 1
    display_name: Secret | None = None
    sender: Secret | None = None
    contact: Secret | None = None
    purpose: Secret | None = None
    video: bool = False

    @classmethod
    def of(cls, request: OnboardingRequest, *, link: int = 1) -> Self:
        """Take from a request what its pages show."""
        return cls(
            person=request.person,
            request=request.fingerprint(),
            link=link,
            display_name=request.display_name,
            sender=request.sender,
            contact=request.contact,
            purpose=request.purpose,
            video=request.video is not None,
        ).compact()
