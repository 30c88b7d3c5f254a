"""The worker process: builds the clients once, hands them to the steps, hosts workflows and steps.

    python worker.py

It stops with one sentence when a setting, a key or the Temporal server's address is wrong, waits
for a server that is away, and on SIGTERM finishes the POSTs under way before it leaves.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.account import AccountProbe, AccountSteps
from activities.archive import Archive
from activities.assets import AssetSteps
from activities.downloading import Downloads
from activities.files import FileSteps
from activities.guard import UnforeseenGuard
from activities.polling import TaskPoller
from activities.preparing import PreparationSteps
from activities.registry import RegistrySteps
from activities.sessions import SessionSteps
from activities.spending import SpendGuard, SpendLimits
from activities.stores import open_store
from activities.videos import VideoSteps
from activities.webhooks import DELIVERY_TIMEOUT_S, WebhookSteps
from apimart import ApimartClient
from likeness.ids import person_queue, upstream_queue, webhook_queue
from likeness.messages.onboarding import MAX_POST_TIMEOUT_S
from likeness.messages.person import KeepReceipt
from likeness.messages.steps import CreateSession
from likeness.temporal.keyring import KeyRing
from outbound.client import checked_client
from outbound.preflight import Preflight
from runtime import logs
from runtime.h5_hosts import H5Hosts
from runtime.keycheck import KeyCheckError, check_keys
from runtime.keys import KeyFileError, load_key_file
from runtime.links import CallbackToken, LinkSealer, VideoToken, callback_url, webhook_url
from runtime.loading import SettingsError, load
from runtime.metrics import MetricsError
from runtime.receipts import ReceiptSigner
from runtime.settings import WorkerSettings
from runtime.temporal import ConnectError, connect
from runtime.webhook_keys import WebhookKeys
from web.consent import load_consent_texts
from workflows.generate_video import GenerateVideo
from workflows.notify import Notify
from workflows.onboard_person import OnboardPerson
from workflows.performing import posting
from workflows.person import Person
from workflows.sandbox import sandbox
from workflows.spending import Spending

EXIT_CONFIGURATION = 2

STICKY_TIMEOUT = timedelta(seconds=2)
"""How long a run waits for a worker that has died before another one takes it up."""

DRAIN_TIMEOUT = timedelta(seconds=posting(MAX_POST_TIMEOUT_S).start_to_close_s)
"""The longest POST with all its waits, so that SIGTERM never makes an outcome unknown."""

WEBHOOK_DRAIN_TIMEOUT = timedelta(seconds=DELIVERY_TIMEOUT_S + 2)
"""The slowest receiver and a little more, so that a webhook under way is not sent twice."""

MOST_DELIVERIES = 100
"""At once; a slow receiver holds one for ten seconds at most."""

MOST_WORKFLOW_TASKS = 100
"""At once, where the cache is large enough for them."""

WORKFLOWS = (OnboardPerson, GenerateVideo, Person, Spending, Notify)
"""Every workflow there is; each of them is replayed in tests/replay."""

log = structlog.get_logger("worker")


def main() -> int:
    """Run until SIGTERM or Ctrl-C; give the exit code."""
    try:
        settings = load(WorkerSettings)
        logs.configure(process="worker", level=settings.log_level)
        payload_keys = load_key_file(settings.payload_keys_file)
        link_keys = load_key_file(settings.link_keys_file)
        asyncio.run(run(settings, payload_keys, link_keys))
    except (SettingsError, KeyFileError, ConnectError, KeyCheckError, MetricsError) as error:
        print(error, file=sys.stderr)  # noqa: T201  # the one sentence for whoever starts it
        return EXIT_CONFIGURATION
    except KeyboardInterrupt:
        return 0
    return 0


async def run(settings: WorkerSettings, payload_keys: KeyRing, link_keys: KeyRing) -> None:
    """Connect, check the keys before anything is written, and work until told to stop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    connecting = asyncio.create_task(connect(settings, payload_keys, wait=True))
    if not await first_of(connecting, stopping):
        return
    temporal = connecting.result()
    await check_keys(temporal, payload_keys)
    hosting = workers(
        settings,
        temporal,
        sealer=LinkSealer.of(link_keys),
        signed=receipts_signed_by(ReceiptSigner.of(link_keys)),
    )
    async with hosting as hosted:
        log.info("worker_ready", task_queue=settings.task_queue, namespace=temporal.namespace)
        await work(hosted, stopping)
    log.info("worker_stopped")


async def work(hosted: Sequence[Worker], stopping: asyncio.Event) -> None:
    """Run the workers until told to stop, then drain them all at once.

    While one queue drained alone, the others would go on taking new work.
    """
    running = [asyncio.create_task(worker.run()) for worker in hosted]
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait((stop, *running), return_when=asyncio.FIRST_COMPLETED)
    log.info("worker_draining")
    await asyncio.gather(*(worker.shutdown() for worker in hosted))
    await asyncio.gather(*running)


async def first_of(task: asyncio.Task[Client], stopping: asyncio.Event) -> bool:
    """Wait for the task or the wish to stop; tell whether the task came first."""
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        stop.cancel()
        return True
    task.cancel()
    return False


@asynccontextmanager
async def workers(
    settings: WorkerSettings,
    temporal: Client,
    *,
    sealer: LinkSealer,
    signed: Callable[[KeepReceipt], bytes],
) -> AsyncIterator[tuple[Worker, ...]]:
    """Give one worker a queue: workflows, steps a person waits for, all other steps."""
    downloads = Downloads(allow=(*settings.fetch_allow, *upstream_on_this_machine(settings)))
    archive = Archive(open_store(settings.archive_url), downloads)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(archive.aclose)
        client = await stack.enter_async_context(
            ApimartClient(
                api_key=settings.apimart_api_key,
                base_url=settings.apimart_base_url,
                requests_per_second=settings.upstream_rps,
            )
        )
        sessions = session_steps(settings, client, sealer)
        poller = TaskPoller(client.get_states)
        guard = spend_guard(settings, temporal)
        videos = VideoSteps(client, archive=archive, temporal=temporal, guard=guard, poller=poller)
        files = FileSteps(archive, signed=signed)
        account = AccountSteps(AccountProbe(client.get_balance, every_s=settings.account_probe_s))
        preflight = Preflight(allow=settings.fetch_allow)
        stack.push_async_callback(preflight.aclose)
        registry = RegistrySteps(temporal, task_queue=settings.task_queue)
        assets = AssetSteps(
            client,
            preflight=preflight if settings.preflight else None,
            poller=poller,
            tell=registry.told,
        )
        webhooks = await stack.enter_async_context(webhook_steps(settings))
        yield (
            workflow_worker(
                temporal,
                settings.task_queue,
                preparation=preparation_steps(settings, sealer),
                registry=registry,
                files=files,
                cached_runs=settings.workflow_cache,
            ),
            person_worker(temporal, person_queue(settings.task_queue, settings.account), sessions),
            upstream_worker(
                temporal,
                upstream_queue(settings.task_queue, settings.account),
                account=account,
                assets=assets,
                videos=videos,
                files=files,
            ),
            webhook_worker(temporal, settings.task_queue, webhooks),
        )


def session_steps(
    settings: WorkerSettings, client: ApimartClient, sealer: LinkSealer
) -> SessionSteps:
    """Give the steps that a person waits for."""
    h5_hosts = H5Hosts.of(settings.h5_origins)
    return SessionSteps(
        client,
        project_name=settings.apimart_project_name,
        callback_url=callback_sealer(settings.public_base_url, sealer),
        unlisted_host=lambda link: h5_hosts.unlisted(link.get_secret_value()),
    )


def preparation_steps(settings: WorkerSettings, sealer: LinkSealer) -> PreparationSteps:
    """Give the steps that fix what is sent upstream; no webhook is asked for unless wanted."""
    return PreparationSteps(
        webhook_url=webhook_sealer(settings.public_base_url, sealer)
        if settings.wants_webhook
        else lambda _: None,
        resend_proven=settings.upstream_idempotency_proven,
    )


def upstream_on_this_machine(settings: WorkerSettings) -> tuple[str, ...]:
    """Give the origin of an upstream that is no public one: it serves its videos from there."""
    parts = urlsplit(settings.apimart_base_url)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.scheme == "http" else ()


def workflow_worker(
    temporal: Client,
    task_queue: str,
    *,
    preparation: PreparationSteps,
    registry: RegistrySteps,
    files: FileSteps,
    cached_runs: int,
) -> Worker:
    """Host the workflows, and the steps they take within their own tasks."""
    return Worker(
        temporal,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        workflow_runner=sandbox(WORKFLOWS),
        activities=[registry.tell_registry, preparation.prepare_generation, files.keep_receipt],
        max_cached_workflows=cached_runs,
        # A full cache gives up a run in the midst of its local activity, which is then done twice.
        max_concurrent_workflow_tasks=min(MOST_WORKFLOW_TASKS, cached_runs // 2),
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
    )


def person_worker(temporal: Client, queue: str, sessions: SessionSteps) -> Worker:
    """Host the steps a person waits for, so that no poll stands before them."""
    return Worker(
        temporal,
        task_queue=queue,
        activities=[sessions.create_session, sessions.query_group],
        interceptors=[UnforeseenGuard()],
        graceful_shutdown_timeout=DRAIN_TIMEOUT,
    )


def upstream_worker(
    temporal: Client,
    queue: str,
    *,
    account: AccountSteps,
    assets: AssetSteps,
    videos: VideoSteps,
    files: FileSteps,
) -> Worker:
    """Host the steps nobody holds a phone for; most of them only watch."""
    return Worker(
        temporal,
        task_queue=queue,
        activities=[
            account.await_account,
            assets.submit_assets,
            assets.poll_review,
            videos.trigger_generation,
            videos.poll_generation,
            videos.archive_video,
            videos.await_video,
            files.keep_receipt,
            files.erase_files,
        ],
        max_concurrent_activities=1000,
        interceptors=[UnforeseenGuard()],
        graceful_shutdown_timeout=DRAIN_TIMEOUT,
    )


def webhook_worker(temporal: Client, task_queue: str, webhooks: WebhookSteps) -> Worker:
    """Host the deliveries, on a queue of their own: how slow they are is for receivers to say."""
    return Worker(
        temporal,
        task_queue=webhook_queue(task_queue),
        activities=[webhooks.deliver_webhook],
        max_concurrent_activities=MOST_DELIVERIES,
        graceful_shutdown_timeout=WEBHOOK_DRAIN_TIMEOUT,
    )


@asynccontextmanager
async def webhook_steps(settings: WorkerSettings) -> AsyncIterator[WebhookSteps]:
    """Give what delivers webhooks, over a client that asks no address it must not."""
    timeout = httpx.Timeout(DELIVERY_TIMEOUT_S)
    async with checked_client(settings.webhook_allow, timeout=timeout) as client:
        yield WebhookSteps(
            client,
            secrets=webhook_secrets(settings.webhook_keys_file),
            retries_s=settings.webhook_retries_s,
        )


def webhook_secrets(path: Path) -> Callable[[str], Sequence[bytes]]:
    """Give what signs a tenant's webhooks; without a secret they wait, and the log says why."""
    keys = WebhookKeys(path)

    def secrets(tenant: str) -> Sequence[bytes]:
        try:
            return keys.signing(tenant)
        except KeyFileError as error:
            log.error("signing_secrets_unreadable", problem=str(error))  # noqa: TRY400  # one line
            return ()

    return secrets


def spend_guard(settings: WorkerSettings, temporal: Client) -> SpendGuard:
    """Give what weighs a paid order before it is sent."""
    limits = SpendLimits(
        per_video=settings.spend_per_video_usd,
        per_onboarding=settings.spend_per_onboarding_usd,
        per_day=settings.spend_per_day_usd,
    )
    return SpendGuard(temporal, task_queue=settings.task_queue, limits=limits)


def receipts_signed_by(signer: ReceiptSigner) -> Callable[[KeepReceipt], bytes]:
    """Give what makes a receipt of a consent, with the text that was agreed to in it."""
    texts = load_consent_texts()

    def signed(order: KeepReceipt) -> bytes:
        text = texts.get(order.receipt.consent.text_version)
        return signer.sign(order.tenant, order.person, order.receipt, text.text if text else "")

    return signed


def callback_sealer(base_url: str, sealer: LinkSealer) -> Callable[[CreateSession], str]:
    """Give what makes the address to which an attempt's browser is sent back."""

    def seal(order: CreateSession) -> str:
        token = CallbackToken(
            tenant=order.tenant,
            onboarding=order.onboarding,
            person=order.person,
            link=order.link,
            attempt=order.attempt,
            minted_at=int(time.time()),
        )
        return callback_url(base_url, sealer.seal_callback(token))

    return seal


def webhook_sealer(base_url: str, sealer: LinkSealer) -> Callable[[str], str | None]:
    """Give what makes the address at which the upstream tells that a video has ended."""

    def seal(workflow_id: str) -> str | None:
        try:
            token = VideoToken.of(workflow_id)
            return webhook_url(base_url, sealer.seal_video(token))
        except ValueError:
            # Started by hand under an id of its own; such a video is only watched.
            return None

    return seal


if __name__ == "__main__":
    sys.exit(main())
