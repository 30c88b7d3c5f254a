"""Steps outside of any worker: their surroundings, their heartbeats, and an upstream to call."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from apimart import ApimartClient
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.server import serve
from simulator.world import World
from tests.unit.activities.pretended import KEY
from tests.unit.activities.virtual_time import VirtualClock


@pytest.fixture
def environment() -> ActivityEnvironment:
    """The surroundings of a step that was scheduled just now."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, scheduled_time=datetime.now(UTC))
    return environment


@pytest.fixture
def beats(environment: ActivityEnvironment) -> list[Any]:
    """The first word of every heartbeat so far, None for one without words."""
    heard: list[Any] = []
    environment.on_heartbeat = lambda *words: heard.append(words[0] if words else None)
    return heard


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, environment: ActivityEnvironment) -> VirtualClock:
    """Virtual time, by which the step was scheduled at 0."""
    clock = VirtualClock()
    clock.rule(monkeypatch)
    environment.info = dataclasses.replace(environment.info, scheduled_time=clock.now())
    return clock


class Simulated:
    """A simulator over HTTP and a client for it."""

    def __init__(self, world: World, base_url: str, client: ApimartClient) -> None:
        self.world = world
        self.base_url = base_url
        self.client = client

    def fault(self, route: str, kind: str, **fields: Any) -> None:
        self.world.faults.add(Fault.model_validate({"route": route, "kind": kind, **fields}))

    def change(self, **fields: Any) -> None:
        changed = {**self.world.scenario.model_dump(), **fields}
        self.world.scenario = Scenario.model_validate(changed)

    def count(self, name: str) -> int:
        return self.world.ledger.counts().get(name, 0)


@pytest.fixture
async def simulated() -> AsyncIterator[Simulated]:
    world = World(Scenario(session_s=0, review_seconds=0, video_seconds=0))
    async with (
        serve(world) as base_url,
        ApimartClient(
            api_key=SecretStr(KEY), base_url=base_url, requests_per_second=1000
        ) as client,
    ):
        yield Simulated(world, base_url, client)


def everything_said(failure: ApplicationError) -> str:
    """All that Temporal would write down of it."""
    words = []
    error: BaseException | None = failure
    while error is not None:
        words += [str(error), repr(error)]
        if isinstance(error, ApplicationError):
            words += [error.message, repr(error.details), str(error.type)]
        error = error.__cause__
    return " ".join(words)
