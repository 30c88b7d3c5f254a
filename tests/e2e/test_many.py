"""A crowd of onboardings over the API, while web and worker are killed in turns.

``CROWD=1000 pytest tests/e2e/test_many.py`` plays a larger one.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from likeness import names
from tests.e2e.conftest import House, housed
from tests.e2e.crowd import Crowd
from tests.e2e.guests import Desk, eventually
from tests.e2e.receiving import Receiver
from tests.reliability.figures import record

COUNT = int(os.environ.get("CROWD", "100"))

PATIENCE_S = 150 + 6 * COUNT
"""Only for what never comes: a hundred take less than two minutes on two idle cores."""

pytestmark = [
    pytest.mark.server,
    pytest.mark.processes,
    pytest.mark.timeout(PATIENCE_S + 300),
]

TYPES = ["onboarding.verifying", "onboarding.in_review", "onboarding.completed"]


class Outcome:
    """What was found when all was over."""

    def __init__(self, crowd: Crowd, runs: list[str]) -> None:
        self.crowd = crowd
        self.runs = runs
        self.told: dict[str, list[dict[str, Any]]] = crowd.receiver.by_onboarding()

    @property
    def ends(self) -> list[str]:
        """Name the onboarding of each event that tells of an end."""
        return [
            onboarding
            for onboarding, events in self.told.items()
            for event in events
            if event["type"] == TYPES[-1]
        ]


async def played(house: House) -> Outcome:
    receiver = Receiver(house.starter.webhook_secret())
    web, worker = house.stack.web(), house.stack.worker()
    hasty = {
        "SCAN_GRACE_S": "1",
        "POLL_INTERVAL_S": "1",
        "LOOK_DELAYS_S": "0.2,1,3",
        "LINK_TTL_S": "20",
        "MAX_ATTEMPTS": "50",
        "WEBHOOK_ALLOW": receiver.origin,
    }
    allowed = {"WEBHOOK_ALLOW": receiver.origin, "WEBHOOK_RETRIES_S": "1,2,3,5,5,5,10,10,10,10"}
    house.processes.start(house.stack.simulator())
    house.processes.start(web.model_copy(update={"environment": {**web.environment, **hasty}}))
    house.processes.start(
        worker.model_copy(
            update={"environment": {**worker.environment, "UPSTREAM_RPS": "50", **allowed}}
        )
    )
    key = house.starter.new_api_key("crowd", "--scope", "operate", "--per-minute", "60000")
    async with receiver.listening(), Desk.opened(house.stack) as desk:
        await desk.upstream.scenario("quick")
        crowd = Crowd(house, desk, receiver, key, COUNT, deaths=max(3, COUNT // 25))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await crowd.goes_through()
        except TimeoutError:
            raise AssertionError(f"still under way: {await crowd.under_way()}") from None

        async def all_ends_told() -> bool | None:
            return len(Outcome(crowd, []).ends) >= COUNT or None

        async with asyncio.timeout(120):
            await eventually(all_ends_told)
        query = f"WorkflowType = '{names.ONBOARD_PERSON}'"
        runs = [run.id async for run in desk.client.list_workflows(query)]
        return Outcome(crowd, runs)


@pytest.fixture(scope="module")
def outcome(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with housed(temporal_cli, tmp_path_factory.mktemp("many")) as house:
        outcome = asyncio.run(played(house))
    crowd = outcome.crowd
    record(
        "crowd",
        f"RECORD=1 CROWD={COUNT} pytest tests/e2e/test_many.py",
        {
            "onboardings": COUNT,
            "runs": len(outcome.runs),
            "POSTs": crowd.posts,
            "kills of web": crowd.kills["web"],
            "kills of the worker": crowd.kills["worker"],
            "deliveries": crowd.receiver.deliveries,
            "events": len(crowd.receiver.events),
            "ends told": len(outcome.ends),
        },
    )
    return outcome


class TestCrowd:
    def test_each_key_has_one_run_whatever_was_repeated(self, outcome: Outcome) -> None:
        assert COUNT == len(set(outcome.runs)) == len(outcome.runs)
        assert [1] * COUNT == [len(ids) for ids in outcome.crowd.answers.values()]

    def test_each_end_is_told_once_per_event_id(self, outcome: Outcome) -> None:
        assert COUNT == len(set(outcome.ends)) == len(outcome.ends)

    def test_no_event_of_any_onboarding_is_lost(self, outcome: Outcome) -> None:
        for events in outcome.told.values():
            sequences = [event["data"]["sequence"] for event in events]
            assert list(range(1, len(events) + 1)) == sequences
            assert set(TYPES) <= {event["type"] for event in events}

    def test_every_delivery_was_genuine(self, outcome: Outcome) -> None:
        assert 0 == outcome.crowd.receiver.refused

    def test_web_and_worker_were_really_killed(self, outcome: Outcome) -> None:
        assert min(outcome.crowd.kills.values()) >= 3
