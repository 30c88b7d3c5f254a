"""No worker for a while: what waits for one goes on by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from likeness.stages import Stage
from tests.e2e.conftest import House
from tests.e2e.guests import Desk, Guest, Outcome
from tests.reliability.figures import record

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]

CROWD = 15


def at_the_desk(house: House, story: Callable[[House, Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with Desk.opened(house.stack) as desk:
            await desk.upstream.scenario("quick")
            await story(house, desk)

    asyncio.run(told())


class TestNoWorker:
    def test_starts_and_callbacks_wait_for_one(self, house: House) -> None:
        at_the_desk(house, self.told)

    @staticmethod
    async def told(house: House, desk: Desk) -> None:
        checked = [await desk.guest(f"checked-{n}") for n in range(CROWD)]
        await asyncio.gather(*(guest.scans() for guest in checked))
        house.processes.kill("worker")

        answers = await asyncio.gather(*(desk.http.get(guest.way_back) for guest in checked))
        invited = [await desk.guest(f"invited-{n}") for n in range(CROWD)]
        impatient = invited[0].phone()
        page = await impatient.taps(await impatient.opens_the_invitation())
        house.processes.restart("worker")
        check = await impatient.taps(await impatient.follows(page))
        await impatient.taps(check, button="pass")
        gone_on = [*checked, invited[0]]
        outcomes = await asyncio.gather(*map(outcome, gone_on))
        waiting = await asyncio.gather(*(guest.until(lambda _: True) for guest in invited[1:]))

        assert {303} == {answer.status_code for answer in answers}
        assert {Outcome()} == set(outcomes)
        assert {Stage.INVITED} == {status.stage for status in waiting}
        record(
            "no-worker",
            "RECORD=1 pytest tests/e2e/test_no_worker.py",
            {
                "callbacks that came while no worker ran": len(answers),
                "onboardings started meanwhile": len(invited),
                "lost or doubled": sum(each != Outcome() for each in outcomes),
            },
        )


async def outcome(guest: Guest) -> Outcome:
    status = await guest.rests()
    return guest.outcome(status, await guest.desk.tally())
