"""An operator sees which webhooks did not arrive, and sends them again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from simulator.scenario import PRESETS
from tests.integration.starter.conftest import Operator
from tests.workflows.conftest import Journey, journey_through, upstream

pytestmark = pytest.mark.server

PROGRAM = "python starter.py "


@pytest.fixture
async def journey(client: Client, tmp_path: Path) -> AsyncIterator[Journey]:
    """A person's way with the real steps, under the operator's keys."""
    async with (
        upstream(PRESETS["quick"]) as (world, base_url),
        journey_through(client, world, base_url, tmp_path) as walked,
    ):
        yield walked


@pytest.fixture
def operator(operator: Operator) -> Operator:
    return operator.whose(TASK_QUEUE="likeness")


async def log_until(operator: Operator, which: str, state: str) -> dict[str, Any]:
    """Ask until every webhook is so; the test's own timeout is the limit."""
    while True:
        ended = await operator.runs("status", which, "-o", "json")
        assert 0 == ended.code, ended.err
        answer: dict[str, Any] = ended.answer
        if {state} == {line["state"] for line in answer["deliveries"]}:
            return answer
        await asyncio.sleep(0.1)


async def missed(operator: Operator, journey: Journey) -> dict[str, Any]:
    """Go through an onboarding whose receiver is down for longer than anybody tries."""
    await journey.restart_worker(webhook_retries_s=(0.1,))
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True, link_ttl_s=600)
    await journey.pass_the_scan()
    await journey.result()
    return await log_until(operator, journey.onboarding, "undelivered")


class TestWebhooksThatDidNotArrive:
    async def test_are_sent_again_by_the_command_that_status_prints(
        self, operator: Operator, journey: Journey
    ) -> None:
        told = await missed(operator, journey)
        (command,) = told["next_commands"]
        journey.receiver.answer = lambda _: 204

        ended = await operator.runs(*command.removeprefix(PROGRAM).split(), "-o", "json")

        assert 0 == ended.code, ended.err
        assert (3, 0, True) == tuple(ended.answer[key] for key in ("events", "left", "is_new"))
        after = await log_until(operator, journey.onboarding, "delivered")
        assert [1, 2, 3] == [told.sequence for told in journey.receiver.got]
        assert [] == after["next_commands"]

    async def test_are_shown_and_ordered_again_with_no_worker(
        self, operator: Operator, journey: Journey
    ) -> None:
        told = await missed(operator, journey)
        await journey.stop_worker()
        journey.receiver.answer = lambda _: 204

        again = await operator.runs("status", journey.onboarding, "-o", "json")
        ended = await operator.runs("redrive", journey.onboarding, "--since", "2")
        await journey.start_worker()
        await journey.receiver.until_got("onboarding.completed")
        await journey.receiver.until_got("onboarding.in_review")

        assert told["deliveries"] == again.answer["deliveries"]
        assert ended.out.startswith(f"2 events of onboarding {journey.onboarding} are sent again.")
        assert [2, 3] == [told.sequence for told in journey.receiver.got]

    async def test_are_told_without_the_address(self, operator: Operator, journey: Journey) -> None:
        await missed(operator, journey)
        journey.receiver.answer = lambda _: 204
        onboarding = journey.onboarding

        ended = [
            await operator.runs(*command)
            for command in (
                ("status", onboarding, "-o", "json"),
                ("redrive", onboarding, "--event", "1", "-o", "json"),
                ("redrive", onboarding, "--event", "7", "-o", "json"),
            )
        ]

        assert [] == [one for one in ended if "canary" in one.out + one.err]
        assert [0, 0, 1] == [one.code for one in ended]
        assert "nothing_to_redrive" == ended[-1].error["code"]

    async def test_of_no_onboarding_are_not_found(self, operator: Operator) -> None:
        ended = await operator.runs("redrive", "nobody", "-o", "json")

        assert (3, "not_found") == (ended.code, ended.error["code"])


class TestARedriveThatMakesNoSense:
    async def test_is_refused_before_anything_is_asked(self, operator: Operator) -> None:
        away = operator.whose(TEMPORAL_ADDRESS="127.0.0.1:1")

        ended = await away.runs("redrive", "one", "--event", "1", "--since", "1", "-o", "json")

        assert (2, "bad_input") == (ended.code, ended.error["code"])
