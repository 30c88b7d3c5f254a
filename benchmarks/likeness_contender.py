"""Likeness itself as a contender: its own worker process, ordered by a Temporal client."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr
from temporalio.client import Client, WorkflowHandle

from benchmarks.contender import Caller, Costs, LinkLostError, LinkRefusedError, Place
from benchmarks.histories import costs_of_queue
from devstack.ports import free_port
from devstack.stack import TASK_QUEUE, Ports, Stack
from devstack.supervisor import ProcessSpec
from likeness import names
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.stages import Stage
from likeness.temporal.errors import NoSuchOnboardingError
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from likeness.temporal.statuses import onboarding_status
from runtime.keys import load_key_file
from web.consent import load_consent_texts

CONSENT = load_consent_texts()["en-2"].given()
PASSED = 10_000
PATIENCE = timedelta(seconds=60)
"""A crowd that comes at once waits for its links; a real page would show that it prepares one."""

LOST = frozenset({FailureCode.SESSION_LOST, FailureCode.SESSION_INCOMPLETE})
NEVER_USED_PORT = 1


class Likeness:
    """See ``benchmarks.contender.Contender``; all as it is released, but the first look at once.

    ``webhook_url`` has every onboarding's three events told there; None tells nobody.
    """

    name = "likeness"

    def __init__(self, *, webhook_url: str | None = None) -> None:
        self._webhook_url = webhook_url

    def processes(self, place: Place) -> tuple[ProcessSpec, ...]:
        """Give the worker; web takes no part in what is measured."""
        stack = _stack(place)
        if not (place.directory / "keys").exists():
            stack.starter().new_keys()
        worker = stack.worker()
        settings = {"UPSTREAM_RPS": str(place.upstream_rps)}
        if self._webhook_url is not None:
            parts = urlsplit(self._webhook_url)
            settings["WEBHOOK_ALLOW"] = f"{parts.scheme}://{parts.netloc}"
        return (worker.model_copy(update={"environment": {**worker.environment, **settings}}),)

    @asynccontextmanager
    async def called(self, place: Place) -> AsyncIterator[Caller]:
        """Connect by the plugin, as a service with a Temporal client of its own does."""
        keys = load_key_file(place.directory / "keys" / "payload.keys")
        namespace = place.store.namespace
        client = await Client.connect(
            place.store.temporal_address,
            namespace=namespace,
            plugins=[likeness_plugin(keys, namespace=namespace)],
        )
        policy = OnboardingPolicy(look_delays_s=(0, 7, 25), poll_interval_s=place.poll_interval_s)
        yield LikenessCaller(
            client, place.upstream_url, policy=policy, webhook_url=self._webhook_url
        )


class LikenessCaller:
    """See ``benchmarks.contender.Caller``; ``policy`` is every onboarding's."""

    def __init__(
        self,
        client: Client,
        upstream_url: str,
        *,
        policy: OnboardingPolicy,
        webhook_url: str | None = None,
    ) -> None:
        self._client = client
        self._upstream_url = upstream_url
        self._policy = policy
        self._webhook_url = None if webhook_url is None else SecretStr(webhook_url)
        self._people = 0
        self._attempts: dict[str, int] = {}

    async def begin(self, person: str) -> None:
        """Start one onboarding."""
        portrait = SecretStr(f"{self._upstream_url}/portraits/{person}.jpg")
        request = OnboardingRequest(
            onboarding=person,
            person=person,
            assets=(AssetRequest(name="portrait", url=portrait),),
            webhook_url=self._webhook_url,
        )
        order = OnboardingInput(request=request, policy=self._policy)
        await start_onboarding(self._client, order, task_queue=TASK_QUEUE, rpc_timeout=PATIENCE)
        self._people += 1

    async def link(self, person: str) -> str:
        """Tap Start."""
        opened: SessionOpened = await self._handle(person).execute_update(
            names.OPEN_SESSION,
            OpenSession(consent=CONSENT, not_after=time.time() + PATIENCE.total_seconds()),
            id=secrets.token_hex(8),
            result_type=SessionOpened,
        )
        if opened.code in LOST:
            raise LinkLostError(f"The session that a tap asked for is lost: {opened.code}.")
        if opened.outcome is not OpenOutcome.OPENED or opened.h5_link is None:
            raise LinkRefusedError(f"A tap opened no session: {opened.code or opened.outcome}.")
        self._attempts[person] = opened.attempt or 1
        return opened.h5_link.get_secret_value()

    async def came_back(self, person: str) -> None:
        """Signal as the relay does."""
        await self._handle(person).signal(
            names.VERIFICATION_CALLBACK,
            VerificationCallback(attempt=self._attempts[person], result_code=PASSED),
        )

    async def ended(self, person: str) -> bool:
        """Wait for the result."""
        status = await self._handle(person).result()
        return status.stage is Stage.COMPLETED and status.group_id is not None

    async def is_held(self, person: str) -> bool:
        """See ``benchmarks.contender.TellsHolds``; nobody knows while no worker answers."""
        try:
            status = await onboarding_status(self._client, "default", person)
        except NoSuchOnboardingError:
            return False
        return status is not None and status.hold is not None

    async def costs(self) -> Costs:
        """Read every run, those of the registry of persons included."""
        return await costs_of_queue(self._client, TASK_QUEUE, runs=2 * self._people)

    def _handle(self, person: str) -> WorkflowHandle[object, OnboardingStatus]:
        return self._client.get_workflow_handle(
            onboarding_workflow_id("default", person), result_type=OnboardingStatus
        )


def _stack(place: Place) -> Stack:
    upstream_port = urlsplit(place.upstream_url).port or NEVER_USED_PORT
    return Stack(
        directory=place.directory,
        ports=Ports(
            temporal=NEVER_USED_PORT,
            ui=NEVER_USED_PORT,
            web=free_port(),
            admin=NEVER_USED_PORT,
            simulator=upstream_port,
        ),
        namespace=place.store.namespace,
        temporal_address=place.store.temporal_address,
    )
