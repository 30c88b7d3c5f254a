"""Many onboardings at once, started by impatient clients while web and worker die in turns."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from temporalio.client import (
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)

from likeness import names
from likeness.stages import Stage
from likeness.temporal.errors import OnboardingError
from tests.e2e.conftest import House
from tests.e2e.guests import Desk, Guest, eventually
from tests.e2e.receiving import Receiver

CLIENTS = 10
PEOPLE_AT_ONCE = 15
LOOKS_OF_A_PERSON = 3
LIVES_S = (1.5, 4.0)
"""How long a process lives before the other one is killed, so that some work gets done."""

_TRANSIENT = (
    httpx.HTTPError,
    OnboardingError,
    RPCError,
    TimeoutError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)


@dataclass
class Crowd:
    """One crowd: how many, from what seed, and what came of it."""

    house: House
    desk: Desk
    receiver: Receiver
    api_key: str
    count: int
    deaths: int
    """How often each of both is killed; without end nobody watched a review to its own end."""
    seed: int = 1
    answers: dict[int, set[str]] = field(default_factory=dict)
    posts: int = 0
    kills: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})
    decisions: int = 0

    def __post_init__(self) -> None:
        self._is_over = asyncio.Event()

    async def goes_through(self) -> None:
        """Start all of them and wait until every one has ended.

        A process that does not come back ends the wait: nobody else would start it again.
        """
        async with asyncio.TaskGroup() as both:
            killing = both.create_task(self._kills())
            places = asyncio.Semaphore(PEOPLE_AT_ONCE)
            async with asyncio.TaskGroup() as everybody:
                for client in range(CLIENTS):
                    everybody.create_task(self._client(client, places))
            self._is_over.set()
            await killing

    async def under_way(self) -> list[str]:
        """Tell where each run stands that has not ended, for whoever waited in vain."""
        running = f"WorkflowType = '{names.ONBOARD_PERSON}' AND ExecutionStatus = 'Running'"
        runs = self.desk.client.list_workflows(running)
        return [f"{run.id}: {dict(run.search_attributes)}" async for run in runs]

    async def _client(self, client: int, places: asyncio.Semaphore) -> None:
        """Be one service that starts its share of the onboardings and waits for their ends."""
        chance = random.Random(f"{self.seed}/{client}")  # noqa: S311  # a plan, no secret
        async with self._http() as http, asyncio.TaskGroup() as started:
            for number in range(client, self.count, CLIENTS):
                await places.acquire()
                onboarding = await self._is_started(http, number, chance)
                walking = started.create_task(self._walks(http, onboarding))
                walking.add_done_callback(lambda _: places.release())

    async def _is_started(self, http: httpx.AsyncClient, number: int, chance: random.Random) -> str:
        """Post until there is an answer; some post twice at once, some again after the answer."""
        first = [self._post(http, number) for _ in range(1 + (chance.random() < 1 / 3))]
        answers = await asyncio.gather(*first)
        if chance.random() < 1 / 3:
            answers.append(await self._post(http, number))
        self.answers[number] = {answer["onboarding_id"] for answer in answers}
        onboarding: str = answers[0]["onboarding_id"]
        return onboarding

    async def _post(self, http: httpx.AsyncClient, number: int) -> dict[str, Any]:
        portrait = f"{self.house.stack.simulator_url}/portraits/p{number}.jpg"
        body = {
            "person": f"p-{number}",
            "assets": [{"name": "front", "url": portrait}],
            "webhook_url": self.receiver.url,
        }
        answer = await self._asked(
            http, "POST", "/v1/onboardings", body, {"Idempotency-Key": f"crowd-{number}"}
        )
        assert httpx.codes.ACCEPTED == answer.status_code, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def _asked(
        self,
        http: httpx.AsyncClient,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Ask until there is an answer that says more than "not now"."""
        while True:
            self.posts += method == "POST"
            with suppress(httpx.TransportError):
                answer = await http.request(method, path, json=body, headers=headers)
                if answer.status_code not in (429, 502, 503):
                    return answer
            await asyncio.sleep(0.3)

    async def _walks(self, http: httpx.AsyncClient, onboarding: str) -> None:
        """Be the person until they are verified, then the operator until the end."""

        async def passed() -> bool | None:
            return await self._passes(onboarding) or None

        async def ended() -> bool | None:
            return await self._has_ended(http, onboarding) or None

        await eventually(passed)
        await eventually(ended)

    async def _passes(self, onboarding: str) -> bool:
        """Tap and pass; where that leads nowhere within moments, reload and come back anew."""
        # Anew each time: of a tap that failed nothing is to be kept.
        guest = Guest(self.desk, onboarding)
        with suppress(*_TRANSIENT):
            async with asyncio.timeout(20):
                # A late look may have told the group meanwhile, and then no tap is taken any more.
                if await self._is_verified(guest):
                    return True
                attempt = await guest.scans()
                for _ in range(LOOKS_OF_A_PERSON):
                    await guest.comes_back(attempt)
                    for _ in range(6):
                        await asyncio.sleep(0.5)
                        if await self._is_verified(guest):
                            return True
        return False

    async def _is_verified(self, guest: Guest) -> bool:
        status = await guest.status()
        return status is not None and status.group_id is not None

    async def _has_ended(self, http: httpx.AsyncClient, onboarding: str) -> bool:
        """Decide what only a person can: a submission whose answer died with the worker."""
        seen = (await self._asked(http, "GET", f"/v1/onboardings/{onboarding}")).json()
        if seen["hold"] == "needs_decision":
            self.decisions += 1
            order = {"resolution": "resubmit", "reason": "the worker was killed"}
            await self._asked(http, "POST", f"/v1/onboardings/{onboarding}/resolve", order)
        return Stage(seen["stage"]).is_end

    async def _kills(self) -> None:
        """Kill web and worker in turns, until each has died often enough or all is over."""
        chance = random.Random(self.seed)  # noqa: S311  # a plan, no secret
        while self.kills["worker"] < self.deaths:
            for name in ("web", "worker"):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._is_over.wait(), chance.uniform(*LIVES_S))
                if self._is_over.is_set():
                    return
                self.house.processes.kill(name)
                self.kills[name] += 1
                # In this thread: the kernel ends a child with the thread that started it.
                self.house.processes.child(name).start()
                await asyncio.to_thread(self.house.processes.wait_ready, name)

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.house.stack.admin_url,
            headers={"Authorization": f"Bearer {self.api_key}"},
            trust_env=False,
            timeout=30,
        )
