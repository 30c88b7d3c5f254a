"""Every variable as a typed page: groups first, then what each process reads.

Only composition roots read settings, by ``load``. Each field's description is the shape that the
sentence of a ``SettingsError`` names. ``TEMPORAL_*`` belong to the Temporal SDK and are read in
``runtime.temporal``.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from likeness.ids import DEFAULT_ACCOUNT
from likeness.messages.onboarding import (
    DAY_S,
    MAX_ASSETS,
    MAX_DEADLINE_S,
    MAX_POST_TIMEOUT_S,
    OnboardingPolicy,
)
from likeness.stages import QueryPolicy
from runtime.addresses import origin
from runtime.loading import SettingsError, load
from runtime.setting_types import (
    A_DAY,
    USD,
    ArchiveUrl,
    BaseUrl,
    CommaOrigins,
    Port,
    PublicUrl,
    ReachedOrigins,
    Seconds,
    Token,
    Usd,
    Waits,
    archive_here,
    split,
)

__all__ = [
    "PolicySettings",
    "SettingsError",
    "StarterSettings",
    "TemporalSettings",
    "UpstreamSettings",
    "WebSettings",
    "WorkerSettings",
    "load",
]

SHIPPED_H5_HOSTS = (
    "h5-v2.kych5.com",
    "kyc.byteintl.com",
    "www.byteplus.com",
    "visual.volcengine.com",
)
"""Hosts on which the provider's verification page was seen."""


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        env_ignore_empty=True,
        validate_default=False,
    )


class TemporalSettings(_Settings):
    """What any process with a Temporal client reads."""

    task_queue: str = Field(
        default="likeness",
        pattern=r"^[A-Za-z0-9_.-]{1,80}$",
        description="the workflows' queue, 1 to 80 characters out of letters, digits and '_.-'",
    )
    payload_keys_file: Path = Field(
        default=Path(".likeness/keys/payload.keys"),
        description="the path of the payload key file",
    )
    metrics_address: str | None = Field(
        default=None,
        pattern=r"^[^\s/]+:[0-9]{1,5}$",
        description="host:port on which the Temporal SDK shows its metrics",
    )
    log_level: str = Field(
        default="INFO",
        pattern=r"^(DEBUG|INFO|WARNING|ERROR)$",
        description="one of DEBUG, INFO, WARNING, ERROR",
    )


class PlainHttpSettings(_Settings):
    """Whether a person's browser may be sent over plain http; the upstream's API never is."""

    allow_plain_http: bool = Field(
        default=False,
        description="1 to let PUBLIC_BASE_URL and H5_HOSTS be plain http to an address of a "
        "private network, which is for trying things with a phone, else 0",
    )


class LinkSettings(PlainHttpSettings):
    """What a process that seals or opens links reads."""

    link_keys_file: Path = Field(
        default=Path(".likeness/keys/link.keys"),
        description="the path of the link key file",
    )
    public_base_url: PublicUrl = Field(
        default="http://127.0.0.1:8000",
        description="the https address of the public pages (plain http only on this machine, or "
        "with ALLOW_PLAIN_HTTP=1 in a private network), without query",
    )


class H5Settings(PlainHttpSettings):
    """Where a person may be sent for the scan."""

    h5_hosts: ReachedOrigins = Field(
        default=(),
        description="hosts separated by commas, or whole origins such as http://127.0.0.1:9000 "
        "where http on this machine is meant (with ALLOW_PLAIN_HTTP=1 in a private network, too)",
    )

    @property
    def h5_origins(self) -> tuple[str, ...]:
        """The shipped and the configured hosts as origins, ``https://host`` unless http is said."""
        shipped = (origin(host) for host in SHIPPED_H5_HOSTS)
        return tuple(dict.fromkeys((*shipped, *self.h5_hosts)))


class FetchSettings(PlainHttpSettings):
    """How a process looks at files whose addresses others chose."""

    preflight: bool = Field(
        default=True,
        description="1 to look at each asset before it is taken and before it is sent, or 0",
    )
    fetch_allow: ReachedOrigins = Field(
        default=(),
        description="hosts or origins separated by commas, such as http://127.0.0.1:9000, from "
        "which files are fetched although they are not on the public network (plain http only on "
        "this machine, or with ALLOW_PLAIN_HTTP=1 in a private network)",
    )


class WebhookKeysSettings(_Settings):
    """Where the secrets are that sign webhooks."""

    webhook_keys_file: Path = Field(
        default=Path(".likeness/keys/webhook.keys"),
        description="the path of the file of webhook secrets",
    )


class WebhookAddressSettings(PlainHttpSettings):
    """Where callers' webhooks may go."""

    webhook_allow: ReachedOrigins = Field(
        default=(),
        description="hosts or origins separated by commas, such as http://127.0.0.1:9000, that are "
        "told although they are not on the public network (plain http only on this machine, or "
        "with ALLOW_PLAIN_HTTP=1 in a private network)",
    )


class WebhookSettings(WebhookKeysSettings, WebhookAddressSettings):
    """How callers' webhooks are delivered."""

    webhook_retries_s: Waits = Field(
        default=(5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 72000),
        min_length=1,
        max_length=20,
        description="1 to 20 waits in seconds separated by commas, such as 5,300,1800, together at "
        "most three days",
    )


class ApiKeySettings(_Settings):
    """Where the keys of the REST API are kept."""

    api_keys_file: Path = Field(
        default=Path(".likeness/keys/api.keys"),
        description="the path of the file of API keys",
    )


class UpstreamSettings(_Settings):
    """What the process that calls APIMart reads."""

    apimart_api_key: Token = Field(
        description="the API key of your APIMart account, 8 to 512 characters without spaces"
    )
    apimart_base_url: BaseUrl = Field(
        default="https://api.apimart.ai",
        description="the https address of the upstream (plain http only on this machine), "
        "without query",
    )
    apimart_project_name: str = Field(
        default="default",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
        description="the project of every call, 1 to 64 characters out of letters, digits, '_.-'",
    )
    upstream_rps: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="the requests a second that one process may send, above 0",
    )
    account_probe_s: Seconds = Field(default=300, description=f"{A_DAY}, such as 300")
    archive_url: ArchiveUrl = Field(
        default_factory=archive_here,
        description="where finished videos go, a file:/// address with an absolute path or "
        "s3://bucket/prefix",
    )


class PayingSettings(_Settings):
    """What a video may cost, and what is known of how the upstream takes a paid order."""

    spend_per_video_usd: Usd = Field(default=10, description=USD)
    spend_per_onboarding_usd: Usd = Field(default=20, description=USD)
    spend_per_day_usd: Usd = Field(default=200, description=USD)
    upstream_idempotency_proven: bool = Field(
        default=False,
        description="1 where a live account has shown that idempotency keys are honoured, else 0",
    )
    upstream_webhook: bool | None = Field(
        default=None,
        description="1 to have the upstream tell us when a video has ended, 0 not to",
    )


class PolicySettings(_Settings):
    """How runs wait; read by whoever starts one and copied into its input."""

    query_policy: QueryPolicy = Field(
        default=QueryPolicy.FRUGAL, description="either frugal or poll"
    )
    look_delays_s: Annotated[
        tuple[Annotated[float, Field(ge=0, le=600)], ...],
        NoDecode,
        BeforeValidator(split),
    ] = Field(
        default=(2, 7, 25),
        min_length=1,
        max_length=6,
        description="1 to 6 delays in seconds separated by commas, such as 2,7,25",
    )
    link_ttl_s: Seconds = Field(default=120, description=f"{A_DAY}, such as 120")
    scan_grace_s: float = Field(
        default=300, ge=0, le=DAY_S, description="seconds from 0 to 86400, such as 300"
    )
    token_ttl_s: Seconds = Field(default=1800, description=f"{A_DAY}, such as 1800")
    poll_interval_s: float = Field(
        default=5, gt=0, le=3600, description="seconds above 0, at most 3600, such as 5"
    )
    onboarding_deadline_s: float = Field(
        default=14 * DAY_S,
        gt=0,
        le=MAX_DEADLINE_S,
        description="seconds above 0, at most ten years, such as 1209600 for 14 days",
    )
    max_attempts: int = Field(default=5, ge=1, le=100, description="a count from 1 to 100")
    assets_per_request: int = Field(
        default=1, ge=1, le=MAX_ASSETS, description=f"a count from 1 to {MAX_ASSETS}"
    )
    upstream_post_timeout_s: float = Field(
        default=45,
        gt=0,
        le=MAX_POST_TIMEOUT_S,
        description=f"seconds above 0, at most {MAX_POST_TIMEOUT_S}",
    )
    video_stalled_after_s: Seconds = Field(default=3600, description=f"{A_DAY}, such as 3600")

    def policy(self) -> OnboardingPolicy:
        """Give the policy for an input, every duration of it in seconds."""
        return OnboardingPolicy(
            query_policy=self.query_policy,
            look_delays_s=self.look_delays_s,
            link_ttl_s=self.link_ttl_s,
            scan_grace_s=self.scan_grace_s,
            token_ttl_s=self.token_ttl_s,
            poll_interval_s=self.poll_interval_s,
            deadline_s=self.onboarding_deadline_s,
            max_attempts=self.max_attempts,
            assets_per_request=self.assets_per_request,
            post_timeout_s=self.upstream_post_timeout_s,
            stalled_after_s=self.video_stalled_after_s,
        )


class ListenerSettings(_Settings):
    """Where the web process listens, and who may decode payloads."""

    web_host: str = Field(default="127.0.0.1", description="the address the public pages bind")
    web_port: Port = Field(default=8000, description="a port from 1 to 65535")
    admin_host: str = Field(default="127.0.0.1", description="the address the admin side binds")
    admin_port: Port = Field(default=8001, description="a port from 1 to 65535")
    codec_token: Token | None = Field(
        default=None,
        description="the token that decoding asks for, 8 to 512 characters without spaces",
    )
    ui_origins: CommaOrigins = Field(
        default=("http://localhost:8233", "http://127.0.0.1:8233"),
        description="origins of the Temporal UI that may use the codec endpoint, separated by "
        "commas",
    )


class BrandSettings(_Settings):
    """What the person's pages show of the operator; ``web.branding`` judges logo and accent."""

    brand_name: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1f\x7f]{1,60}$",
        description="the name on top of the person's pages, 1 to 60 characters on one line",
    )
    brand_logo_file: Path | None = Field(
        default=None, description="the path of an SVG or PNG file of at most 20 KiB"
    )
    brand_accent: str | None = Field(
        default=None,
        pattern=r"^#[0-9A-Fa-f]{6}$",
        description="a colour as #rrggbb, such as #1f5f56",
    )


class AccountSettings(_Settings):
    """Which upstream account a worker serves."""

    account: str = Field(
        default=DEFAULT_ACCOUNT,
        pattern=r"^[a-z0-9_-]{1,40}$",
        description="the alias of the upstream account, 1 to 40 characters out of a-z, 0-9, '_-'",
    )


class HostingSettings(_Settings):
    """How much of the runs a worker keeps in memory."""

    workflow_cache: int = Field(
        default=250,
        ge=10,
        le=100_000,
        description="the runs that a worker keeps in memory, a count from 10 to 100000",
    )


class WorkerSettings(
    HostingSettings,
    TemporalSettings,
    LinkSettings,
    H5Settings,
    FetchSettings,
    UpstreamSettings,
    AccountSettings,
    PayingSettings,
    WebhookSettings,
):
    """Everything ``worker.py`` reads."""

    @property
    def wants_webhook(self) -> bool:
        """Whether the upstream is to tell us; unless said, where it can reach us by https."""
        if self.upstream_webhook is None:
            return self.public_base_url.startswith("https://")
        return self.upstream_webhook


class WebSettings(
    TemporalSettings,
    LinkSettings,
    H5Settings,
    FetchSettings,
    WebhookAddressSettings,
    ListenerSettings,
    ApiKeySettings,
    PolicySettings,
    BrandSettings,
):
    """Everything ``python -m web`` reads."""


class StarterSettings(
    TemporalSettings,
    LinkSettings,
    FetchSettings,
    ApiKeySettings,
    PolicySettings,
    WebhookKeysSettings,
):
    """Everything ``starter.py`` reads."""
