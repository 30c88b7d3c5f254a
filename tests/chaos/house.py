"""One Temporal server, one web process, and the lanes in which runs are played side by side."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client

from devstack.child import Child
from devstack.isolation import new_test_namespace
from devstack.ports import LOOPBACK, free_port
from devstack.stack import SIMULATOR_KEY, WORKER_READY, Ports, Stack, our_process, temporal_running
from devstack.supervisor import Supervisor
from devstack.temporal_server import DevServer
from likeness.temporal.keyring import KeyRing
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file, make_key_file
from runtime.links import InviteToken, LinkSealer

PATIENT_SDK = {"TEMPORAL_DEBUG": "1"}
"""A workflow that a busy machine lets wait for two seconds is no deadlock of ours."""

READY_WITHIN_S = 60.0
POLL_S = 0.05


@dataclass(frozen=True)
class House:
    """What all runs of one Temporal server share; every run has an upstream and a worker apart."""

    stack: Stack
    server: DevServer
    processes: Supervisor
    lanes: tuple[int, ...]
    payload_keys: KeyRing
    link_keys: KeyRing
    one_blow_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def sealer(self) -> LinkSealer:
        """What seals links as web and worker do."""
        return LinkSealer.of(self.link_keys)

    def invite_url(self, onboarding: str, person: str) -> str:
        """Return the link that this person is sent."""
        token = InviteToken(tenant="default", onboarding=onboarding, person=person, link=1)
        return f"{self.stack.public_url}/i/{self.sealer.seal_invite(token)}"

    async def client(self) -> Client:
        """Connect as any service of ours does; a server that is being killed is waited for."""
        plugin = likeness_plugin(self.payload_keys, namespace=self.stack.namespace)
        async with asyncio.timeout(READY_WITHIN_S):
            while True:
                try:
                    return await Client.connect(
                        self.stack.temporal_address,
                        namespace=self.stack.namespace,
                        plugins=[plugin],
                    )
                except RuntimeError:
                    await asyncio.sleep(POLL_S)

    @property
    def web_log(self) -> Path:
        """The web process's log."""
        return self.processes.child("web").log_path

    def received(self, onboarding: str, since: int) -> int:
        """Count the callbacks of an onboarding that the relay says it has passed on."""
        with self.web_log.open("rb") as log:
            log.seek(since)
            lines = [line for line in log if onboarding.encode() in line]
        events = [json.loads(line).get("event") for line in lines if line.startswith(b"{")]
        return events.count("callback_received")

    def worker_settings(self, *, queue: str, upstream: str) -> dict[str, str]:
        """Return what a worker of one run reads, by variable."""
        return {
            **self.stack.settings(),
            "TASK_QUEUE": queue,
            "APIMART_API_KEY": SIMULATOR_KEY,
            "APIMART_BASE_URL": upstream,
            "ARCHIVE_URL": self.stack.archive.as_uri(),
            "UPSTREAM_RPS": "200",
            "ACCOUNT_PROBE_S": "2",
            "FETCH_ALLOW": upstream,
            # A day's spending is kept on the queue of the first run of all, which ends.
            "SPEND_PER_DAY_USD": "0",
            "UPSTREAM_WEBHOOK": "1",
            "H5_HOSTS": upstream,
            "LOG_LEVEL": "DEBUG",
        }

    def worker(self, name: str, settings: Mapping[str, str]) -> Child:
        """Return a worker process, not yet started."""
        environment = {**self.stack.environment(**settings), **PATIENT_SDK}
        spec = our_process(
            name, "worker.py", environment=environment, directory=self.stack.directory
        )
        return Child(
            name,
            spec.argv,
            environment=environment,
            log_path=spec.log_path,
            directory=spec.directory,
        )


async def until_working(worker: Child) -> None:
    """Wait until a worker process polls.

    Raises:
        RuntimeError: It ended, or kept silent for a minute.

    """
    async with asyncio.timeout(READY_WITHIN_S):
        while WORKER_READY not in worker.log_since_start():
            if not worker.alive:
                raise RuntimeError(f"{worker.name} ended: {worker.log_tail()}")
            await asyncio.sleep(POLL_S)


@contextmanager
def house(cli: Path, directory: Path, *, lanes: int) -> Iterator[House]:
    """Run a server and a web process for the length of the block. Call it outside of any loop."""
    ports = Ports.free({})
    keys = directory / "keys"
    make_key_file(keys / "payload.keys")
    make_key_file(keys / "link.keys")
    running = temporal_running(cli, directory, ports=ports, namespace=new_test_namespace())
    with running as (stack, server), Supervisor() as processes:
        upstreams = tuple(free_port() for _ in range(lanes))
        web = stack.web()
        hosts = ",".join(f"http://{LOOPBACK}:{port}" for port in upstreams)
        environment = {**web.environment, "H5_HOSTS": hosts, "LOG_LEVEL": "DEBUG"}
        processes.start(web.model_copy(update={"environment": environment}))
        yield House(
            stack=stack,
            server=server,
            processes=processes,
            lanes=upstreams,
            payload_keys=load_key_file(keys / "payload.keys"),
            link_keys=load_key_file(keys / "link.keys"),
        )


@asynccontextmanager
async def lane(free: asyncio.Queue[int]) -> AsyncIterator[int]:
    """Take a free port for one run's upstream."""
    port = await free.get()
    try:
        yield port
    finally:
        free.put_nowait(port)
