"""Plays one run of a plan on a real server until it rests, and gathers what is known of it then."""

import asyncio
import base64
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from devstack.child import Child
from devstack.stack import SIMULATOR_KEY
from likeness.ids import onboarding_workflow_id, person_workflow_id, video_workflow_id
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
    VideoRequest,
)
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.onboardings import (
    OnboardingGlance,
    describe_onboarding,
    onboarding_status,
    start_onboarding,
)
from runtime.receipts import ReceiptSigner
from runtime.settings import WorkerSettings
from simulator.server import serve
from simulator.world import World
from tests.chaos.evidence import Evidence
from tests.chaos.gathering import Kept, kept
from tests.chaos.house import House, until_working
from tests.chaos.operator import Operator
from tests.chaos.people import guest_comes, mischief_is_made, until_noted
from tests.chaos.plan import Run, Storm
from worker import receipts_signed_by, work, workers

LOOK_EVERY_S = 0.3
HELD_FOR_S = 2.0
"""A hold that lasts so long is a rest: nothing goes on within moments."""

GRACE_S = 45.0
"""So long after its deadline a run must have come to rest."""

READ_WITHIN_S = 60.0


@dataclass
class Stage:
    """Everything around one run while it is played."""

    run: Run
    house: House
    client: Client
    world: World
    upstream: str
    hands: Executor
    onboarding: str
    person: str
    log: Path
    canaries: dict[str, str] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)
    foreign_tokens: set[str] = field(default_factory=set)

    @property
    def queue(self) -> str:
        """The task queue of this run alone."""
        return f"q-{self.onboarding}"

    @property
    def settings(self) -> dict[str, str]:
        """What this run's worker reads, by variable."""
        proven = {"UPSTREAM_IDEMPOTENCY_PROVEN": str(int(self.run.proven))}
        return {**self.house.worker_settings(queue=self.queue, upstream=self.upstream), **proven}

    @property
    def handle(self) -> WorkflowHandle[object, OnboardingStatus]:
        """The onboarding's run."""
        return self.client.get_workflow_handle(
            onboarding_workflow_id("default", self.onboarding), result_type=OnboardingStatus
        )

    @property
    def policy(self) -> OnboardingPolicy:
        """Waits short enough for a test, long enough for a busy machine."""
        return OnboardingPolicy(
            query_policy=self.run.policy,
            look_delays_s=(0.1, 0.5, 1.5),
            link_ttl_s=10,
            scan_grace_s=2,
            token_ttl_s=30,
            poll_interval_s=0.3,
            deadline_s=self.run.deadline_s,
            post_timeout_s=6,
            cooldown_s=0,
            link_reuse_s=10,
        )


async def played(run: Run, house: House, *, port: int, hands: Executor, log: Path) -> Evidence:
    """Play a run to its rest; whatever happens, its processes and histories are ended after it."""
    world = World(run.scenario)
    for fault in run.faults:
        world.faults.add(fault)
    async with serve(world, port=port) as upstream:
        mark = secrets.token_hex(3)
        stage = Stage(
            run=run,
            house=house,
            client=await house.client(),
            world=world,
            upstream=upstream,
            hands=hands,
            onboarding=f"o-{run.number}-{mark}",
            person=f"p-{run.number}-{mark}",
            log=log,
        )
        offsets = {path: path.stat().st_size for path in (log, house.web_log)}
        async with _worker(stage) as worker:
            await _started(stage)
            operator = Operator(
                run,
                stage.client,
                world,
                onboarding=stage.onboarding,
                person=stage.person,
                upstream=upstream,
            )
            acts = _acts(stage, operator, worker)
            try:
                status = await _rested(stage, operator, acts)
            finally:
                await _ended(acts)
            return await _evidence(stage, operator, status, offsets)


def _acts(stage: Stage, operator: Operator, worker: Child | None) -> dict[str, asyncio.Task[None]]:
    acts = {
        "guest": guest_comes(stage),
        "mischief": mischief_is_made(stage),
        "orders": operator.orders_are_given(),
    }
    if worker is not None:
        acts["kill"] = _kill(stage, worker)
    if stage.run.blow is not None:
        acts["blow"] = _blow(stage)
    return {name: asyncio.create_task(act) for name, act in acts.items()}


async def _ended(acts: dict[str, asyncio.Task[None]]) -> None:
    for act in acts.values():
        act.cancel()
    await asyncio.wait(acts.values())
    for name, act in acts.items():
        if not act.cancelled() and (broke := act.exception()) is not None:
            raise RuntimeError(f"the {name} of a run broke: {broke!r}") from broke


async def _started(stage: Stage) -> None:
    run, mark = stage.run, secrets.token_hex(4)
    stage.canaries = {
        "display name": f"Canary{mark} Featherstone",
        "sender": f"Studio Canary{mark}",
        "prompt": f"canary{mark} walks along the quay",
    }
    assets = tuple(
        AssetRequest(
            name=f"canary-{mark}-{n}",
            url=SecretStr(f"{stage.upstream}/portraits/{path}-{mark}.jpg"),
        )
        for n, path in enumerate(run.assets, start=1)
    )
    prompt = SecretStr(f"Image 1 {stage.canaries['prompt']}")
    order = OnboardingInput(
        request=OnboardingRequest(
            onboarding=stage.onboarding,
            person=stage.person,
            display_name=SecretStr(stage.canaries["display name"]),
            sender=SecretStr(stage.canaries["sender"]),
            assets=assets,
            min_usable=run.min_usable,
            video=VideoRequest(prompt=prompt) if run.video else None,
        ),
        policy=stage.policy,
    )
    # Twice is the same as once, also when the server dies in between.
    for _ in range(2):
        await _until_answered(stage, order)


async def _until_answered(stage: Stage, order: OnboardingInput) -> None:
    while True:
        with contextlib.suppress(TemporalAwayError):
            await start_onboarding(stage.client, order, task_queue=stage.queue)
            return
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _worker(stage: Stage) -> AsyncIterator[Child | None]:
    """Host the run in this process, or where it is to be killed in one of its own."""
    if stage.run.kill is None:
        async with _hosted_here(stage):
            yield None
        return
    name = f"worker-{stage.run.number}"
    worker = stage.house.worker(name, stage.settings)
    stage.notes["worker_log"] = worker.log_path
    worker.start()
    try:
        await until_working(worker)
        yield worker
    finally:
        worker.kill()


@asynccontextmanager
async def _hosted_here(stage: Stage) -> AsyncIterator[None]:
    settings = WorkerSettings.model_validate(
        {name.lower(): value for name, value in stage.settings.items()}
    )
    stopping = asyncio.Event()
    hosting = workers(
        settings,
        stage.client,
        sealer=stage.house.sealer,
        signed=receipts_signed_by(ReceiptSigner.of(stage.house.link_keys)),
    )
    async with hosting as hosted:
        working = asyncio.create_task(work(hosted, stopping))
        try:
            yield
        finally:
            stopping.set()
            await working


async def _kill(stage: Stage, worker: Child) -> None:
    """Stop the world at the planned call, kill the worker there, and have another one go on."""
    assert stage.run.kill is not None
    hold = stage.world.hold(stage.run.kill)
    await hold.arrived.wait()
    worker.kill()
    hold.released.set()
    stage.notes["killed"] = True
    await asyncio.sleep(stage.run.away_s)
    worker.start()
    await until_working(worker)


async def _blow(stage: Stage) -> None:
    blow = stage.run.blow
    assert blow is not None
    await until_noted(stage.world, blow.after)
    await asyncio.sleep(blow.wait_s)
    async with stage.house.one_blow_at_a_time:
        stage.notes["blown"] = True
        if blow.what is Storm.TEMPORAL:
            stage.house.server.kill()
            await asyncio.sleep(blow.away_s)
            await stage.house.server.restart()
        else:
            web = stage.house.processes.child("web")
            web.kill()
            await asyncio.sleep(blow.away_s)
            web.start()


async def _rested(
    stage: Stage, operator: Operator, acts: dict[str, asyncio.Task[None]]
) -> OnboardingStatus | None:
    """Wait until the run has ended, or is held and nobody is about to do anything.

    Returns what it tells of itself then, or of a run that never rests when patience is over.
    """
    give_up_at = time.monotonic() + stage.run.deadline_s + GRACE_S
    held_since: float | None = None
    while time.monotonic() < give_up_at:
        glance = await _glance(stage)
        if glance is None or (glance.hold is None and not glance.closed):
            held_since = None
        elif held_since is None:
            held_since = time.monotonic()
        if held_since is not None and not _is_away(stage, acts):
            is_stable = time.monotonic() - held_since > HELD_FOR_S and acts["guest"].done()
            if glance is not None and (glance.closed or is_stable):
                if not glance.closed and await operator.answers(glance):
                    held_since = None
                    continue
                status = await _status(stage)
                # Some holds go by themselves at this very moment.
                if status is None or status.stage.is_end or status.hold is not None:
                    return status
                held_since = None
        await asyncio.sleep(LOOK_EVERY_S)
    return await _status(stage)


def _is_away(stage: Stage, acts: dict[str, asyncio.Task[None]]) -> bool:
    """Tell whether what was killed has not come back yet."""
    deaths = {"kill": "killed", "blow": "blown"}
    return any(
        bool(stage.notes.get(word)) and not acts[name].done()
        for name, word in deaths.items()
        if name in acts
    )


async def _glance(stage: Stage) -> OnboardingGlance | None:
    try:
        return await describe_onboarding(stage.client, "default", stage.onboarding)
    except TemporalAwayError:
        return None


async def _status(stage: Stage) -> OnboardingStatus | None:
    for _ in range(20):
        with contextlib.suppress(TemporalAwayError):
            status = await onboarding_status(stage.client, "default", stage.onboarding)
            if status is not None:
                return status
        await asyncio.sleep(LOOK_EVERY_S)
    return None


async def _evidence(
    stage: Stage, operator: Operator, status: OnboardingStatus | None, offsets: dict[Path, int]
) -> Evidence:
    own = stage.handle.id
    ids = (own, video_workflow_id(own), person_workflow_id("default", stage.person))
    found = await _kept(stage, ids)
    places = {"what Temporal keeps": found.raw} | {
        f"log {path.name}": _since(path, offset) for path, offset in offsets.items()
    }
    if isinstance(path := stage.notes.get("worker_log"), Path):
        places[f"log {path.name}"] = path.read_bytes()
    secrets_sought = _secrets(stage)
    await _forgotten(stage, ids)
    stage.world.settle()
    if operator.refusals:
        stage.notes["refused"] = operator.refusals
    return Evidence(
        policy=stage.policy,
        assets=len(stage.run.assets),
        status=status,
        entries=tuple(stage.world.ledger.entries),
        histories=tuple(found.histories),
        foreign_tokens=frozenset(stage.foreign_tokens),
        callbacks_received=stage.house.received(stage.onboarding, offsets[stage.house.web_log]),
        proven=stage.run.proven,
        resubmitted=operator.resubmitted,
        replaced=operator.replaced,
        stands_on_for=operator.stands_on_for,
        secrets=len(secrets_sought),
        leaks=tuple(_leaks(secrets_sought, places)),
        notes=stage.notes,
    )


async def _kept(stage: Stage, workflow_ids: tuple[str, ...]) -> Kept:
    """Read what the server keeps; another run's blow may have taken it away for a while."""
    give_up_at = time.monotonic() + READ_WITHIN_S
    while True:
        try:
            return await kept(stage.client, workflow_ids, stage.house.payload_keys)
        except RPCError:
            if time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(LOOK_EVERY_S)


async def _forgotten(stage: Stage, workflow_ids: tuple[str, ...]) -> None:
    """End what is still open: its worker leaves with this run."""
    for workflow_id in workflow_ids:
        with contextlib.suppress(RPCError):
            await stage.client.get_workflow_handle(workflow_id).terminate()


def _since(path: Path, offset: int) -> bytes:
    with path.open("rb") as log:
        log.seek(offset)
        return log.read()


def _secrets(stage: Stage) -> list[tuple[str, str]]:
    told = stage.world.vault.secrets.items()
    upstream = [(kind, each) for kind, all_of in told for each in all_of]
    return [*upstream, *stage.canaries.items(), ("API key", SIMULATOR_KEY)]


def _leaks(secret: list[tuple[str, str]], places: dict[str, bytes]) -> list[str]:
    return sorted(
        {
            f"{kind} in {place}"
            for place, content in places.items()
            for kind, each in secret
            if each.encode() in content or base64.b64encode(each.encode())[:-4] in content
        }
    )
