"""``python -m web``: the public pages and the admin side, two listeners in one process."""

import asyncio
import functools
import logging
import sys

import structlog

from likeness.temporal.codec import EncryptingCodec
from likeness.temporal.keyring import KeyRing
from outbound.preflight import Preflight
from runtime.api_keys import ApiKeys
from runtime.h5_hosts import H5Hosts
from runtime.keycheck import KeyCheckError, check_keys
from runtime.keys import KeyFileError, load_key_file
from runtime.links import LinkSealer
from runtime.logs import configure
from runtime.metrics import MetricsError
from runtime.receipts import ReceiptSigner
from runtime.settings import SettingsError, WebSettings, load
from runtime.temporal import ConnectError, configuration, connect
from web.admin import AdminDeps, admin_app
from web.api.app import api_app
from web.api.deps import ApiDeps
from web.api.gate import Gate
from web.api.preflighting import FirstLook
from web.branding import Brand, BrandError
from web.codec_endpoint import CodecEndpoint, CodecGate, is_loopback
from web.connection import TemporalConnection
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.serving import Listener, ListenError, listening_at, serve
from web.tally import Tally
from web.videos import TemporalVideos

EXIT_STOPPED = 0
EXIT_REFUSED = 2

_REFUSALS = (
    SettingsError,
    KeyFileError,
    ConnectError,
    KeyCheckError,
    MetricsError,
    ListenError,
    BrandError,
)


def main() -> int:
    """Serve until told to stop; give the exit code, 2 with one sentence when it may not run."""
    try:
        settings = load(WebSettings)
        configure(process="web", level=settings.log_level)
        # What its two servers say of starting and stopping, `listening` says once.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        asyncio.run(_serve(settings))
    except _REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        return EXIT_REFUSED
    return EXIT_STOPPED


async def _serve(settings: WebSettings) -> None:
    payload_keys = load_key_file(settings.payload_keys_file)
    link_keys = load_key_file(settings.link_keys_file)
    connection = TemporalConnection(
        functools.partial(connect, settings, payload_keys, wait=True),
        functools.partial(check_keys, key_ring=payload_keys),
    )
    tally = Tally()
    public = PublicDeps(
        onboardings=TemporalOnboardings(connection.client),
        people=TemporalPeople(connection.client),
        videos=TemporalVideos(connection.client),
        links=LinkSealer.of(link_keys),
        forms=FormSeals.of(link_keys),
        receipts=ReceiptSigner.of(link_keys),
        h5_hosts=H5Hosts.of(settings.h5_origins),
        token_ttl_s=settings.token_ttl_s,
        base_url=settings.public_base_url,
        brand=Brand.of(settings),
        tally=tally,
    )
    preflight = Preflight(allow=settings.fetch_allow)
    api = _api(settings, connection, LinkSealer.of(link_keys), preflight)
    admin = AdminDeps(
        api=api_app(api),
        codec=_codec_endpoint(settings, payload_keys),
        unready_because=connection.unready_because,
        tally=tally,
    )
    listeners = (
        Listener(
            app=public_app(public),
            socket=listening_at(
                settings.web_host, settings.web_port, variables="WEB_HOST and WEB_PORT"
            ),
        ),
        Listener(
            app=admin_app(admin),
            socket=listening_at(
                settings.admin_host, settings.admin_port, variables="ADMIN_HOST and ADMIN_PORT"
            ),
        ),
    )
    log = structlog.get_logger("likeness.web")
    log.info("listening", web_port=settings.web_port, admin_port=settings.admin_port)
    if nobody_decodes(settings):
        log.warning(
            "codec_refuses_everybody",
            because="ADMIN_HOST is not loopback and CODEC_TOKEN is not set",
        )
    try:
        await serve(listeners, connection.reach(), leaving=api.leaving)
    finally:
        await preflight.aclose()


def _api(
    settings: WebSettings, connection: TemporalConnection, links: LinkSealer, preflight: Preflight
) -> ApiDeps:
    return ApiDeps(
        admit=Gate(ApiKeys(settings.api_keys_file)).admit,
        client=connection.client,
        links=links,
        base_url=settings.public_base_url,
        task_queue=settings.task_queue,
        policy=settings.policy(),
        preflight=FirstLook(
            preflight if settings.preflight else None, webhook_allow=settings.webhook_allow
        ).refuse_unfit,
    )


def nobody_decodes(settings: WebSettings) -> bool:
    """Tell whether the codec endpoint is shown to others, who could never be let in."""
    return settings.codec_token is None and not is_loopback(settings.admin_host)


def _codec_endpoint(settings: WebSettings, payload_keys: KeyRing) -> CodecEndpoint:
    namespace = configuration()["namespace"]
    gate = CodecGate(
        token=settings.codec_token,
        on_loopback=is_loopback(settings.admin_host),
        ui_origins=settings.ui_origins,
    )
    return CodecEndpoint(
        codec=EncryptingCodec(payload_keys, namespace), namespace=namespace, gate=gate
    )


if __name__ == "__main__":
    sys.exit(main())
