"""SIGKILL of the web process between what it has told a run and its answer to the browser.

Whoever looks again, or sends the form again, finds what was told the first time, and no more.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from likeness import names
from likeness.stages import Stage
from simulator.person.browser import ConnectionLostError
from simulator.person.page import Page
from tests.e2e.conftest import House, housed
from tests.e2e.guests import HASTY, Desk, Guest, Outcome
from tests.e2e.pauses import FOLDER_VARIABLE, Pauses
from tests.e2e.phones import Phone
from tests.reliability.figures import record

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(240)]

QUICK_S, LONG_S = 0.3, 10_000

Story = AsyncGenerator[Guest, None]
"""Yields its guest when the web process stands still, and again when all is said."""


async def callback(desk: Desk, pauses: Pauses) -> Story:
    guest = await desk.guest("callback")
    phone = guest.phone()
    check = await phone.taps(await phone.opens_the_invitation())
    told = pauses.ask(names.VERIFICATION_CALLBACK, "after", guest.workflow_id)
    returning = asyncio.create_task(phone.taps(check, button="pass"))
    await told.until_reached()
    yield guest

    # A browser asks again by itself for a page that did not come.
    assert 200 == (await phone.follows(await returning)).status
    status = await guest.rests()
    assert [1] == [attempt.looks for attempt in status.attempt_log]
    yield guest


async def tap(desk: Desk, pauses: Pauses) -> Story:
    slow = HASTY.model_copy(update={"link_reuse_s": 600})
    guest = await desk.guest("tap", policy=slow)
    phone = guest.phone()
    invitation = await phone.opens_the_invitation()
    told = pauses.ask(names.OPEN_SESSION, "after", guest.workflow_id)
    sending = asyncio.create_task(phone.taps(invitation))
    await told.until_reached()
    yield guest

    check = await sent_again(sending, phone, invitation)
    await phone.follows(await phone.taps(check, button="pass"))
    yield guest


async def decline(desk: Desk, pauses: Pauses) -> Story:
    guest = await desk.guest("decline")
    phone = guest.phone()
    question = await phone.opens_the_invitation("/decline")
    told = pauses.ask(names.DECLINE, "after", guest.workflow_id)
    sending = asyncio.create_task(phone.taps(question, to="/decline"))
    await told.until_reached()
    yield guest

    assert 200 == (await sent_again(sending, phone, question, to="/decline")).status
    yield guest


async def withdraw(desk: Desk, pauses: Pauses) -> Story:
    await desk.upstream.scenario(review_seconds=LONG_S)
    guest = await desk.guest("withdraw")
    await guest.passes()
    await guest.until(lambda s: s.stage is Stage.IN_REVIEW)
    await desk.upstream.scenario(review_seconds=QUICK_S)
    phone = guest.phone()
    question = await phone.opens_the_invitation("/withdraw")
    told = pauses.ask(names.WITHDRAW, "after", guest.person_id)
    sending = asyncio.create_task(phone.taps(question, to="/withdraw"))
    await told.until_reached()
    yield guest

    assert 200 == (await sent_again(sending, phone, question, to="/withdraw")).status
    yield guest


async def sent_again(
    sending: asyncio.Task[Page], phone: Phone, page: Page, *, to: str = ""
) -> Page:
    """Send the same form again, as somebody does who saw no answer."""
    with pytest.raises(ConnectionLostError):
        await sending
    return await phone.taps(page, to=to)


STORIES: dict[Callable[[Desk, Pauses], Story], Outcome] = {
    callback: Outcome(),
    tap: Outcome(),
    decline: Outcome(stage=Stage.DECLINED, attempts=0, sessions=0, submissions=0, files=0),
    withdraw: Outcome(stage=Stage.DECLINED),
}


async def rested(house: House, desk: Desk, pauses: Pauses) -> dict[str, Outcome]:
    """Tell every story around one death, and what has become of each."""
    begun = [story(desk, pauses) for story in STORIES]
    for each in begun:
        await anext(each)
    house.processes.kill("web")
    pauses.lift_all()
    house.processes.restart("web")
    guests = [await anext(each) for each in begun]
    for each in begun:
        await each.aclose()
    outcomes = {}
    for (story, ends), guest in zip(STORIES.items(), guests, strict=True):
        status = await guest.rests(files=ends.files)
        outcomes[story.__name__] = guest.outcome(status, await desk.tally())
    return outcomes


@pytest.fixture(scope="module")
def outcomes(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    directory = tmp_path_factory.mktemp("web-killed")
    pauses = Pauses(directory / "pauses")

    async def run(house: House) -> dict[str, Outcome]:
        async with Desk.opened(house.stack) as desk:
            await desk.upstream.scenario("quick")
            return await rested(house, desk, pauses)

    with housed(temporal_cli, directory) as house:
        web = house.stack.web()
        paused = {
            "argv": (web.argv[0], "-m", "tests.e2e.paused_web"),
            "environment": {**web.environment, FOLDER_VARIABLE: str(pauses.folder)},
        }
        for spec in (
            house.stack.simulator(),
            house.stack.worker(),
            web.model_copy(update=paused),
        ):
            house.processes.start(spec)
        outcomes = asyncio.run(run(house))
    record("web-killed", "RECORD=1 pytest tests/e2e/test_web_killed.py", figures(outcomes))
    return outcomes


def figures(outcomes: dict[str, Outcome]) -> dict[str, int]:
    wrong = sum(outcomes[story.__name__] != ends for story, ends in STORIES.items())
    return {
        "things told a run": len(STORIES),
        "told once in the end": len(STORIES) - wrong,
        "told twice, or lost": wrong,
    }


class TestWebKilled:
    @pytest.mark.parametrize("what", [story.__name__ for story in STORIES])
    def test_between_run_and_browser_what_was_told_counts_once(
        self, outcomes: dict[str, Outcome], what: str
    ) -> None:
        [ends] = [ends for story, ends in STORIES.items() if story.__name__ == what]

        assert ends == outcomes[what]
