"""People in a house, each with an onboarding of their own, led by the hand of a test."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx
from pydantic import SecretStr
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle

from devstack.stack import TASK_QUEUE, Stack
from likeness import names
from likeness.failures import FAILURES, FailureCode
from likeness.ids import (
    file_prefixes,
    onboarding_workflow_id,
    person_workflow_id,
    video_workflow_id,
)
from likeness.messages.conversation import (
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    OperatorOrder,
    SessionOpened,
    VerificationCallback,
    VideoStatus,
)
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
    VideoRequest,
)
from likeness.messages.person import Erase, Erased, PersonState
from likeness.stages import Stage, VideoState
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.onboardings import onboarding_status, start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file
from runtime.links import CallbackToken, InviteToken, LinkSealer
from simulator.control import NO_CERTIFICATES, SimulatorControl
from simulator.ledger import fingerprint
from tests.e2e.phones import Phone
from web.consent import load_consent_texts
from workflows.persisting import OF_THE_ACCOUNT
from workflows.video_paying import idempotency_key

LOOK_S = 0.1
PATIENCE_S = 200.0
"""Above the longest heartbeat timeout, after which a killed worker's watch is taken up again."""

CONSENT = load_consent_texts()["en-2"].given()
HASTY = OnboardingPolicy(
    look_delays_s=(0.1, 0.4, 0.8),
    link_ttl_s=600,
    scan_grace_s=1,
    token_ttl_s=900,
    poll_interval_s=0.2,
    deadline_s=3600,
    cooldown_s=0,
)
VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))

GO_ON_BY_THEMSELVES = OF_THE_ACCOUNT | {
    FailureCode.UPSTREAM_UNAVAILABLE,
    FailureCode.SPEND_LIMIT,
    FailureCode.ARCHIVE_FAILED,
}
"""Holds that end without a decision, once what stood in the way is gone."""

FactT = TypeVar("FactT")


class Desk:
    """A house as a test sees it: runs by a Temporal client, the upstream by its control routes."""

    def __init__(
        self, stack: Stack, client: Client, upstream: SimulatorControl, http: httpx.AsyncClient
    ) -> None:
        self.stack = stack
        self.client = client
        self.upstream = upstream
        self.http = http
        self.phones = ExitStack()
        self.links = LinkSealer.of(load_key_file(stack.directory / "keys" / "link.keys"))

    @classmethod
    @asynccontextmanager
    async def opened(cls, stack: Stack) -> AsyncIterator[Self]:
        """Connect to a stack whose server and simulator run."""
        keys = load_key_file(stack.directory / "keys" / "payload.keys")
        client = await Client.connect(
            stack.temporal_address,
            namespace=stack.namespace,
            plugins=[likeness_plugin(keys, namespace=stack.namespace)],
        )
        async with (
            SimulatorControl(stack.simulator_url) as upstream,
            httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES, timeout=40) as http,
        ):
            desk = cls(stack, client, upstream, http)
            with desk.phones:
                yield desk

    async def guest(
        self,
        name: str,
        *,
        assets: tuple[str, ...] = ("a",),
        video: VideoRequest | None = None,
        policy: OnboardingPolicy = HASTY,
    ) -> "Guest":
        """Invite somebody; ``assets`` are names of portraits that the simulator serves."""
        request = OnboardingRequest(
            onboarding=name,
            person=name,
            assets=tuple(
                AssetRequest(
                    name=each, url=SecretStr(f"{self.stack.simulator_url}/portraits/{each}.jpg")
                )
                for each in assets
            ),
            video=video,
        )
        order = OnboardingInput(request=request, policy=policy)
        await start_onboarding(self.client, order, task_queue=TASK_QUEUE)
        return Guest(self, name)

    async def until_counted(self, name: str, times: int) -> None:
        """Wait until the upstream's ledger holds so many entries of a name."""

        async def counted() -> bool | None:
            return (await self.upstream.counts()).get(name, 0) >= times or None

        await eventually(counted)

    async def tally(self) -> "Tally":
        """Read what the upstream has done so far."""
        urls = (await self.upstream.secrets())["callback_urls"]
        tokens = [self.links.open_callback(url.rpartition("/")[2]) for url in urls]
        return Tally(await self.upstream.ledger(), [token for token in tokens if token])


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What has become of one onboarding: where it rests, and every effect it had.

    ``held_by`` is the code of the hold it stands in; ``files`` counts the person's in the archive.
    """

    stage: Stage = Stage.COMPLETED
    held_by: FailureCode | None = None
    attempts: int = 1
    sessions: int = 1
    submissions: int = 1
    charges: int = 0
    files: int = 1


class Tally:
    """The upstream's effects, told apart by the onboarding they were for."""

    def __init__(self, entries: list[dict[str, Any]], callbacks: list[CallbackToken]) -> None:
        self._entries = entries
        self._callbacks = callbacks

    def sessions(self, onboarding: str) -> int:
        """Count the sessions that were made: each has a callback address of its own."""
        return sum(token.onboarding == onboarding for token in self._callbacks)

    def submissions(self, group_id: str | None) -> int:
        """Count the requests that brought assets into a group."""
        return len(self.reviews(group_id))

    def reviews(self, group_id: str | None) -> list[str]:
        """Name the review tasks of a group."""
        return [e["task_id"] for e in self._named("assets_submitted", group_id=group_id)]

    def charges(self, workflow_id: str) -> int:
        """Count the paid effects under the key of a video's run."""
        key = fingerprint(idempotency_key(workflow_id))
        return len(self._named("video_charged", idempotency_key=key))

    def count(self, name: str) -> int:
        """Count the entries of a name."""
        return len(self._named(name))

    def _named(self, name: str, **detail: str | None) -> list[dict[str, Any]]:
        return [
            entry
            for entry in self._entries
            if entry["name"] == name and detail.items() <= entry["detail"].items()
        ]


class Guest:
    """One person and their onboarding; both bear the same reference."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk = desk
        self.name = name
        self.way_back = ""
        self._tapping: asyncio.Task[SessionOpened] | None = None

    @property
    def workflow_id(self) -> str:
        return onboarding_workflow_id("default", self.name)

    @property
    def video_id(self) -> str:
        return video_workflow_id(self.workflow_id)

    @property
    def person_id(self) -> str:
        return person_workflow_id("default", self.name)

    @property
    def handle(self) -> WorkflowHandle[Any, OnboardingStatus]:
        return self.desk.client.get_workflow_handle(self.workflow_id, result_type=OnboardingStatus)

    @property
    def person(self) -> WorkflowHandle[Any, PersonState]:
        return self.desk.client.get_workflow_handle(self.person_id, result_type=PersonState)

    @property
    def invite_url(self) -> str:
        token = InviteToken(tenant="default", onboarding=self.name, person=self.name, link=1)
        return f"{self.desk.stack.public_url}/i/{self.desk.links.seal_invite(token)}"

    def phone(self) -> Phone:
        """Give a browser of their own; the desk closes it in the end."""
        return self.desk.phones.enter_context(Phone(self.invite_url))

    # What the person does.

    def tap(self) -> asyncio.Task[SessionOpened]:
        """Tap Start; the answer may be long in coming."""
        self._tapping = asyncio.create_task(self._tapped())
        return self._tapping

    async def _tapped(self) -> SessionOpened:
        opened: SessionOpened = await self.handle.execute_update(
            names.OPEN_SESSION,
            OpenSession(consent=CONSENT, not_after=time.time() + 60),
            id=secrets.token_hex(8),
            result_type=SessionOpened,
        )
        return opened

    async def has_a_link(self) -> SessionOpened:
        """Take the answer of the tap under way; where it opened nothing, tap again."""
        opened = await (self._tapping or self.tap())
        while opened.outcome is not OpenOutcome.OPENED:
            opened = await self.tap()
        return opened

    async def scans(self) -> int:
        """Pass the check without going back yet; gives the attempt's number."""
        opened = await self.has_a_link()
        assert opened.h5_link is not None
        link = opened.h5_link.get_secret_value()
        (await self.desk.http.get(link)).raise_for_status()
        done = await self.desk.http.post(link.partition("?")[0], data={"outcome": "pass"})
        if done.is_error:
            done.raise_for_status()
        assert done.has_redirect_location
        self.way_back = done.headers["location"]
        return opened.attempt or 0

    async def comes_back(self, attempt: int = 1) -> None:
        """Be told by the relay's signal, without the relay."""
        await self.handle.signal(
            names.VERIFICATION_CALLBACK, VerificationCallback(attempt=attempt, result_code=10000)
        )

    async def passes(self) -> None:
        """Tap, pass and come back."""
        await self.comes_back(await self.scans())

    # What others do.

    async def is_told(self, update: str, order: OperatorOrder) -> OnboardingStatus:
        """Take an order of the caller or an operator."""
        status: OnboardingStatus = await self.handle.execute_update(
            update, order, result_type=OnboardingStatus
        )
        return status

    async def erased(self) -> Erased:
        """Have everything forgotten that is held of the person."""
        erased: Erased = await self.person.execute_update(names.ERASE, Erase(), result_type=Erased)
        return erased

    async def begins_again_before(self, event_name: str) -> None:
        """Reset the run to the workflow task that led to the first event of that name."""
        last_task = 0
        async for event in self.handle.fetch_history_events():
            name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
            if name == event_name:
                break
            if name == "WORKFLOW_TASK_COMPLETED":
                last_task = event.event_id
        await self.desk.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.desk.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=self.workflow_id),
                workflow_task_finish_event_id=last_task,
                request_id=secrets.token_hex(8),
                reason="test",
            )
        )

    # What a test sees.

    async def status(self) -> OnboardingStatus | None:
        """Give what every interface shows; None while nobody answers."""
        try:
            return await onboarding_status(self.desk.client, "default", self.name)
        except TemporalAwayError:
            return None

    async def video(self) -> VideoStatus:
        """Ask the video's own run."""
        handle = self.desk.client.get_workflow_handle(self.video_id)
        status: VideoStatus = await handle.query(names.STATUS, result_type=VideoStatus)
        return status

    def files(self) -> int:
        """Count what the archive holds of the person."""
        archive = self.desk.stack.archive
        folders = file_prefixes("default", self.name, [self.name])
        return sum(path.is_file() for each in folders for path in (archive / each).rglob("*"))

    async def until(self, told: Callable[[OnboardingStatus], bool]) -> OnboardingStatus:
        """Wait until the run tells what is expected; the test's own timeout is the limit."""

        async def asked() -> OnboardingStatus | None:
            status = await self.status()
            return status if status is not None and told(status) else None

        return await eventually(asked)

    def outcome(self, status: OnboardingStatus, tally: Tally) -> Outcome:
        """Tell what has become of the onboarding; a hold is always one of its failure's own."""
        held_by = status.failure.code if status.hold and status.failure else None
        if held_by is not None:
            assert FAILURES[held_by].hold == status.hold
        return Outcome(
            stage=status.stage,
            held_by=held_by,
            attempts=status.attempts,
            sessions=tally.sessions(self.name),
            submissions=tally.submissions(status.group_id),
            charges=tally.charges(self.video_id),
            files=self.files(),
        )

    async def is_held_by(self, code: FailureCode) -> OnboardingStatus:
        """Wait until the run stands in a hold of that code."""
        return await self.until(
            lambda s: s.hold is not None and s.failure is not None and s.failure.code is code
        )

    async def rests(self, *, files: int | None = None) -> OnboardingStatus:
        """Wait until nothing more happens by itself, and the archive holds so many files.

        Without a number it is the receipt and a finished video. Patience ends: whoever asks finds
        in the outcome what did not come.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                status = await self.until(has_come_to_rest)
                filmed = status.video is not None and status.video.state is VideoState.DONE
                await self._has_files(1 + filmed if files is None else files)
        return await self.until(lambda _: True)

    async def _has_files(self, count: int) -> None:
        async def counted() -> bool | None:
            return self.files() == count or None

        await eventually(counted)


def has_come_to_rest(status: OnboardingStatus) -> bool:
    """Tell whether nothing more happens by itself."""
    code = status.failure.code if status.failure else None
    return status.stage.is_end or (status.hold is not None and code not in GO_ON_BY_THEMSELVES)


async def eventually(fact: Callable[[], Awaitable[FactT | None]]) -> FactT:
    """Wait until ``fact`` gives something; the test's own timeout is the limit."""
    while (found := await fact()) is None:  # noqa: ASYNC110  # what is waited for tells nobody
        await asyncio.sleep(LOOK_S)
    return found
