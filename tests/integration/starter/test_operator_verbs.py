"""An operator goes on from where a run stands with nothing but what `status` prints."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from likeness.messages.onboarding import VideoRequest
from likeness.stages import AssetState, Hold, Stage, VideoState
from simulator.faults import Hold as Held
from simulator.faults import HoldRequest
from simulator.scenario import PRESETS
from tests.integration.starter.conftest import Ended, Operator
from tests.workflows.conftest import Journey, journey_through, upstream

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("canary of a prompt"), duration_s=4, resolution="480p")
PROGRAM = "python starter.py "


@pytest.fixture
async def journey(client: Client, tmp_path: Path) -> AsyncIterator[Journey]:
    """A person's way with the real steps, under the operator's keys."""
    async with (
        upstream(PRESETS["quick"]) as (world, base_url),
        journey_through(client, world, base_url, tmp_path) as walked,
    ):
        yield walked


async def shown(operator: Operator, which: str) -> dict[str, Any]:
    ended = await operator.runs("status", which, "-o", "json")
    assert 0 == ended.code, ended.err
    answer: dict[str, Any] = ended.answer
    return answer


async def copied(operator: Operator, command: str, **filled: str) -> Ended:
    """Type a command as `status` printed it, its capitals filled."""
    for word, filling in filled.items():
        command = command.replace(word, filling)
    return await operator.runs(
        *command.removeprefix(PROGRAM).split(), "--actor", "anna", "-o", "json"
    )


class TestRefusedAssets:
    async def test_are_replaced_by_the_command_that_status_prints(
        self, operator: Operator, journey: Journey
    ) -> None:
        await journey.start("a", "refused")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)
        held = await shown(operator, journey.onboarding)

        replace, *_ = held["next_commands"]
        ended = await copied(operator, replace, URL=f"{journey.base_url}/portraits/b.jpg")
        status = await journey.result()

        assert f"{PROGRAM}replace-assets {journey.onboarding} --asset asset-2=URL" == replace
        assert 0 == ended.code, ended.err
        assert (Stage.COMPLETED, {AssetState.USABLE}) == (
            status.stage,
            {asset.state for asset in status.assets},
        )
        told = await shown(operator, journey.onboarding)
        assert [("replace_assets", "anna")] == [
            (order["verb"], order["actor"]) for order in told["orders"]
        ]

    async def test_are_done_without_by_the_command_that_status_prints(
        self, operator: Operator, journey: Journey
    ) -> None:
        await journey.start("a", "refused")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)
        _, accept, _ = (await shown(operator, journey.onboarding))["next_commands"]

        ended = await copied(operator, accept)

        assert 0 == ended.code, ended.err
        assert Stage.COMPLETED == (await journey.result()).stage


class TestAnUnconfirmedSubmission:
    async def test_is_sent_again_once_however_often_it_is_ordered_at_once(
        self, operator: Operator, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "drop_after_effect")
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_DECISION)
        _, resubmit, _ = (await shown(operator, journey.onboarding))["next_commands"]

        ended = await asyncio.gather(*(copied(operator, resubmit) for _ in range(3)))
        await journey.result()

        assert 0 in {one.code for one in ended}
        assert {"nothing_to_resolve", "already_ended"} >= {
            one.error["code"] for one in ended if one.code
        }
        assert 2 == journey.count("submit_assets")


class TestTheVideosHold:
    async def test_shows_as_the_onboardings_and_is_resolved_by_the_onboardings_id(
        self, operator: Operator, journey: Journey
    ) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.GENERATING)
        held: dict[str, Any] = {}
        while held.get("hold") != Hold.NEEDS_DECISION:
            held = await shown(operator, journey.onboarding)
        give_up = held["next_commands"][-1]

        ended = await copied(operator, give_up)
        status = await journey.result()

        assert f"{PROGRAM}resolve {journey.onboarding} give_up" == give_up
        assert 0 == ended.code, ended.err
        assert status.video is not None
        assert (Stage.COMPLETED, VideoState.FAILED) == (status.stage, status.video.state)
        told = await shown(operator, f"{journey.handle.id}/video/1")
        assert ("generation_unconfirmed", []) == (told["failure"]["code"], told["next_commands"])
        assert [("resolve", "anna")] == [
            (order["verb"], order["actor"]) for order in told["orders"]
        ]


class TestCancelDuringAPost:
    async def test_says_at_once_how_it_ends_and_watch_shows_it(
        self, operator: Operator, journey: Journey
    ) -> None:
        hold = Held(id="post", asked=HoldRequest(route="submit_assets"))
        journey.world.holds[hold.id] = hold
        await journey.start("a", post_timeout_s=45)
        await journey.pass_the_scan()
        await hold.arrived.wait()
        watching = await operator.begins("watch", journey.onboarding, "-o", "json")

        ended = await operator.runs("cancel", journey.onboarding, "-o", "json")
        told = await shown(operator, journey.onboarding)
        hold.released.set()
        status = await journey.result()
        out, _ = await watching.communicate()

        assert (0, "canceled") == (ended.code, ended.answer["ending"]), ended.err
        assert ("submitting_assets", "canceled") == (told["stage"], told["ending"])
        assert [f"{PROGRAM}watch {journey.onboarding}"] == told["next_commands"]
        lines = [json.loads(line) for line in out.splitlines()]
        assert "canceled" in {line["ending"] for line in lines}
        assert (Stage.CANCELED, "canceled") == (status.stage, lines[-1]["stage"])
        assert 1 == journey.count("assets_submitted")


class TestOrdersOfTime:
    async def test_move_the_deadline_that_everybody_sees(
        self, operator: Operator, journey: Journey
    ) -> None:
        await journey.start("a")
        before = await journey.status()

        ended = await operator.runs(
            "extend-deadline", journey.onboarding, "--by", "1d12h", "-o", "json"
        )

        after = await journey.status()
        assert 0 == ended.code, ended.err
        assert 36 * 3600 == round(after.deadline - before.deadline)

    async def test_cannot_hurry_what_is_not_under_way(
        self, operator: Operator, journey: Journey
    ) -> None:
        await journey.start("a")

        ended = await operator.runs("check-now", journey.onboarding, "-o", "json")

        assert (1, "nothing_to_check") == (ended.code, ended.error["code"])
