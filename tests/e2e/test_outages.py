"""Temporal goes away for half a minute: everybody goes on, and nothing is doubled."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.e2e.conftest import House, housed
from tests.e2e.guests import Desk, Guest, Outcome
from tests.e2e.stays import AWAY_S, LONG_S, QUICK_S, STAYS, Stay
from tests.reliability.figures import record

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(400)]

NEVER_S = 1_000_000


async def rested(house: House, desk: Desk) -> dict[str, Outcome]:
    """Tell every story around one outage, and what has become of each."""
    await desk.upstream.scenario(
        link_ttl_s=NEVER_S, token_ttl_s=NEVER_S, review_seconds=QUICK_S, video_seconds=QUICK_S
    )
    stays = [story(desk) for story in STAYS]
    for stay in stays:
        await anext(stay)
    house.server.kill()
    await asyncio.gather(asyncio.sleep(AWAY_S), moved_on(stays))
    await house.server.restart()
    await desk.upstream.advance(LONG_S)
    guests = await moved_on(stays)
    statuses = await asyncio.gather(*(guest.rests() for guest in guests))
    for stay in stays:
        await stay.aclose()
    tally = await desk.tally()
    return {
        story.__name__: guest.outcome(status, tally)
        for story, guest, status in zip(STAYS, guests, statuses, strict=True)
    }


async def moved_on(stays: Iterable[Stay]) -> list[Guest]:
    return await asyncio.gather(*(anext(stay) for stay in stays))


@pytest.fixture(scope="module")
def outcomes(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    async def run(house: House) -> dict[str, Outcome]:
        async with Desk.opened(house.stack) as desk:
            return await rested(house, desk)

    with housed(temporal_cli, tmp_path_factory.mktemp("outage")) as house:
        worker = house.stack.worker()
        hasty = {**worker.environment, "UPSTREAM_RPS": "200", "ACCOUNT_PROBE_S": "1"}
        for spec in (
            house.stack.simulator(),
            house.stack.web(),
            worker.model_copy(update={"environment": hasty}),
        ):
            house.processes.start(spec)
        outcomes = asyncio.run(run(house))
    record("temporal-away", "RECORD=1 pytest tests/e2e/test_outages.py", figures(outcomes))
    return outcomes


def figures(outcomes: dict[str, Outcome]) -> dict[str, int]:
    held = sum(found.held_by is not None for found in outcomes.values())
    allowed = (outcomes[story.__name__] in ends for story, ends in STAYS.items())
    return {
        "stages and holds, each with a person in it": len(STAYS),
        "gone on to their end": len(STAYS) - held,
        "standing in a declared hold": held,
        "otherwise than declared": len(STAYS) - sum(allowed),
        "videos paid twice": sum(found.charges > 1 for found in outcomes.values()),
    }


class TestTemporalAway:
    @pytest.mark.parametrize("stage", [story.__name__ for story in STAYS])
    def test_for_half_a_minute_loses_and_doubles_nothing(
        self, outcomes: dict[str, Outcome], stage: str
    ) -> None:
        [allowed] = [ends for story, ends in STAYS.items() if story.__name__ == stage]

        assert outcomes[stage] in allowed
