"""A flood of invalid callbacks and slow senders at a real web process, and good callbacks in it.

Loopback only. What is counted is what must arrive; how long it took is printed, nothing more.
"""

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from likeness.ids import onboarding_workflow_id
from likeness.messages.onboarding import AssetRequest, OnboardingInput, OnboardingRequest
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.links import CallbackToken, LinkSealer
from tests.hostile.tokens import READ_KEYS, Forger

ROOT = Path(__file__).parents[2]
PAYLOAD_KEYS = KeyRing.of(Key.of(b"k" * 32))
GOOD = 50
CONNECTIONS = 20
_TRICKLE_S = 0.5


@dataclass
class Flooded:
    """What came of it; ``good`` are answers to good callbacks, ``bad`` those to forged ones."""

    good: Counter[int] = field(default_factory=Counter)
    bad: Counter[int] = field(default_factory=Counter)
    delivered: int = 0
    healthy: int = 0
    slow_closed: int = 0
    took_s: float = 0
    memory_kb: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """A web process and the onboardings behind it."""

    child: Child
    port: int
    client: Client

    @property
    def url(self) -> str:
        """Where the public side listens."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def target(address: str, namespace: str, folder: Path) -> AsyncIterator[Target]:
    """Start the process and as many onboardings as there will be good callbacks; no worker."""
    plugin = likeness_plugin(PAYLOAD_KEYS, namespace=namespace)
    client = await Client.connect(address, namespace=namespace, plugins=[plugin])
    for number in range(GOOD):
        await start_onboarding(client, _order(number), task_queue="likeness-flood")
    port = free_port()
    variables = {
        "WEB_PORT": str(port),
        "ADMIN_PORT": str(free_port()),
        "PAYLOAD_KEYS_FILE": _key_file(folder / "payload.keys", PAYLOAD_KEYS),
        "LINK_KEYS_FILE": _key_file(folder / "link.keys", READ_KEYS),
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_NAMESPACE": namespace,
    }
    child = Child(
        "web",
        [sys.executable, "-m", "web"],
        environment=child_environment(folder, variables),
        log_path=folder / "web.log",
        directory=ROOT,
    )
    child.start()
    try:
        found = Target(child, port, client)
        await _serving(found)
        yield found
    finally:
        child.stop()


async def flood(at: Target, *, invalid: int, slow: int) -> Flooded:
    """Send ``invalid`` forged callbacks past ``slow`` senders that never end, good ones between."""
    result, began = Flooded(), time.monotonic()
    result.memory_kb.append(_memory_kb(at.child.pid))
    stopping = asyncio.Event()
    slow_ones = [asyncio.create_task(_slowly(at, stopping, result)) for _ in range(slow)]
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=at.url, limits=limits, timeout=60) as http:
        forged = _forged(invalid)
        shares = [forged[share::CONNECTIONS] for share in range(CONNECTIONS)]
        await asyncio.gather(
            *(_invalid(http, share, result) for share in shares), _good(http, result)
        )
        result.healthy = (await http.get("/healthz")).status_code
    result.took_s = time.monotonic() - began
    result.memory_kb.append(_memory_kb(at.child.pid))
    await _until_given_up(slow_ones, stopping)
    result.delivered = sum([await _signals(at.client, number) for number in range(GOOD)])
    return result


def _forged(count: int) -> list[str]:
    """Give tokens that are no callback tokens; one in sixty that are made are one."""
    made = Forger(9, LinkSealer.of(READ_KEYS)).some(2 * count)
    return [forgery.text for forgery in made if forgery.good_at != "callback"][:count]


async def _invalid(http: httpx.AsyncClient, texts: Sequence[str], result: Flooded) -> None:
    for number, text in enumerate(texts):
        path = f"/callback/{quote(text, safe='')}"
        if number % 4:
            answer = await http.get(f"{path}?resultCode=10000")
        else:
            answer = await http.post(path, content=b"x" * 4096)
        result.bad[answer.status_code] += 1


async def _good(http: httpx.AsyncClient, result: Flooded) -> None:
    for number in range(GOOD):
        answer = await http.get(f"/callback/{_token(number)}?resultCode=10000&bytedToken=x")
        result.good[answer.status_code] += 1
        await asyncio.sleep(0.01)


async def _slowly(at: Target, stopping: asyncio.Event, result: Flooded) -> None:
    """Send the head of a request byte by byte and never end it, until closed or told to stop."""
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        while not stopping.is_set() and not reader.at_eof():
            writer.write(b"a")
            await writer.drain()
            await _read_for_a_moment(reader)
        result.slow_closed += reader.at_eof()
    except ConnectionError:
        result.slow_closed += 1
    finally:
        writer.close()


async def _read_for_a_moment(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TRICKLE_S):
            await reader.read(1)


async def _until_given_up(slow_ones: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Wait for the process to close them all; it has a deadline, and so has this."""
    if slow_ones:
        await asyncio.wait(slow_ones, timeout=40)
    stopping.set()
    await asyncio.gather(*slow_ones)


async def _signals(client: Client, number: int) -> int:
    handle = client.get_workflow_handle(onboarding_workflow_id("default", f"ob-{number}"))
    history = await handle.fetch_history()
    kinds = [event.event_type for event in history.events]
    return kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)


async def _serving(at: Target) -> None:
    """Wait until it serves and has reached Temporal: an invite page then knows its run."""
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=at.url) as http:
        while True:
            assert at.child.alive, at.child.log_path.read_text()
            with contextlib.suppress(httpx.TransportError):
                answer = await http.get(f"/callback/{_token(0)}", headers={"Purpose": "prefetch"})
                page = await http.get(answer.headers["location"])
                if page.status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)


def _order(number: int) -> OnboardingInput:
    asset = AssetRequest(name="one", url=SecretStr("https://assets.example/1.jpg"))
    request = OnboardingRequest(onboarding=f"ob-{number}", person="p-1", assets=(asset,))
    return OnboardingInput(request=request)


def _token(number: int) -> str:
    token = CallbackToken(
        tenant="default",
        onboarding=f"ob-{number}",
        person="p-1",
        link=1,
        attempt=1,
        minted_at=int(time.time()),
    )
    return LinkSealer.of(READ_KEYS).seal_callback(token)


def _key_file(path: Path, keys: KeyRing) -> str:
    path.write_text(keys.to_text())
    path.chmod(0o600)
    return str(path)


def _memory_kb(pid: int | None) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
