"""Plays a schedule on one contender: an open loop of people who each have a phone.

No arrival waits for another person, however late the contender is, and every latency counts from
the moment that was planned: what a slow contender delays is never left out of its figures.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from benchmarks.contender import Caller
from benchmarks.schedule import Visit
from simulator.control import NO_CERTIFICATES
from simulator.ledger import fingerprint

BACK_AFTER_S = 0.2
"""From the end of the check until the browser is back: the moment is planned, so it is met."""

PHONE_TIMEOUT_S = 60.0
CONNECTIONS = httpx.Limits(max_connections=None, max_keepalive_connections=20)


@dataclass(kw_only=True)
class Journey:
    """What became of one visit; moments are unix seconds, which the simulator's are as well.

    ``token`` is the fingerprint under which the ledger knows the person's session.
    """

    visit: Visit
    planned_at: float
    begun_at: float | None = None
    tap_planned_at: float | None = None
    link_at: float | None = None
    back_planned_at: float | None = None
    back_sent_at: float | None = None
    ended_at: float | None = None
    usable: bool = False
    token: str | None = None
    trouble: str | None = None
    """Kind of the error that ended it on the driver's side."""


@dataclass(frozen=True, kw_only=True)
class Drive:
    """A schedule that was played; ``began_at`` and ``took_s`` are of the driver's clock."""

    began_at: float
    took_s: float
    journeys: tuple[Journey, ...]

    @property
    def per_s(self) -> float:
        """How many onboardings ended well each second, until the last one had."""
        ends = [journey.ended_at for journey in self.journeys if journey.usable]
        whole = max((end for end in ends if end), default=self.began_at) - self.began_at
        return len(ends) / whole if whole > 0 else 0.0


async def drive(caller: Caller, visits: Iterable[Visit], *, patience_s: float) -> Drive:
    """Play every visit, each for at most ``patience_s`` seconds after its arrival."""
    began_at, began = time.time(), time.monotonic()
    journeys = [Journey(visit=visit, planned_at=began_at + visit.arrives_at_s) for visit in visits]
    async with (
        httpx.AsyncClient(
            trust_env=False, verify=NO_CERTIFICATES, timeout=PHONE_TIMEOUT_S, limits=CONNECTIONS
        ) as phone,
        asyncio.TaskGroup() as crowd,
    ):
        for journey in journeys:
            crowd.create_task(_play(caller, journey, phone=phone, patience_s=patience_s))
    return Drive(began_at=began_at, took_s=time.monotonic() - began, journeys=tuple(journeys))


async def _play(
    caller: Caller, journey: Journey, *, phone: httpx.AsyncClient, patience_s: float
) -> None:
    await _until(journey.planned_at)
    try:
        async with asyncio.timeout(patience_s):
            await _onboard(caller, journey, phone)
    except Exception as error:  # noqa: BLE001  # a contender may fail in any way; it is counted
        journey.trouble = type(error).__name__


async def _onboard(caller: Caller, journey: Journey, phone: httpx.AsyncClient) -> None:
    visit = journey.visit
    await caller.begin(visit.person)
    journey.begun_at = time.time()
    journey.tap_planned_at = journey.planned_at + visit.tap_after_s
    await _until(journey.tap_planned_at)
    link = await caller.link(visit.person)
    journey.link_at = time.time()
    await _until(journey.link_at + visit.check_s)
    journey.token = await passed_check(phone, link)
    # An answer that took longer is the simulator's delay and not the contender's.
    back_at = max(journey.link_at + visit.check_s + BACK_AFTER_S, time.time())
    journey.back_planned_at = back_at
    await _until(back_at)
    journey.back_sent_at = time.time()
    await caller.came_back(visit.person)
    journey.usable = await caller.ended(visit.person)
    journey.ended_at = time.time()


async def passed_check(phone: httpx.AsyncClient, link: str) -> str:
    """Open the link and pass; give the session's fingerprint as the ledger has it.

    Raises:
        RuntimeError: The link was dead.

    """
    (await phone.get(link)).raise_for_status()
    done = await phone.post(link.partition("?")[0], data={"outcome": "pass"})
    if not done.has_redirect_location:
        raise RuntimeError("The link was dead.")
    tokens = parse_qs(urlsplit(done.headers["location"]).query)["bytedToken"]
    return fingerprint(tokens[0])


async def _until(moment: float) -> None:
    if (left := moment - time.time()) > 0:
        await asyncio.sleep(left)
