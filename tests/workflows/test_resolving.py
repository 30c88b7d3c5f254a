"""What nobody can know is decided by an operator, and the run goes on from there."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from apimart import ApimartClient
from likeness import names
from likeness.asset_reasons import AssetReason
from likeness.failures import FailureCode
from likeness.messages.conversation import OnboardingStatus, Resolution, Resolve
from likeness.messages.onboarding import VideoRequest
from likeness.stages import AssetState, Hold, Stage, WaitingFor
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))
RESUBMIT = Resolve(resolution=Resolution.RESUBMIT, actor="night", reason="looked")
GIVE_UP = Resolve(resolution=Resolution.GIVE_UP)


def adopt(task_id: str | None, asset: str | None = None) -> Resolve:
    return Resolve(resolution=Resolution.ADOPT, task_id=task_id or "", asset=asset)


async def unconfirmed(journey: Journey, *paths: str, lost: int = 1, **start: Any) -> None:
    """Bring a run to where ``lost`` answers to submissions never came."""
    journey.fault("submit_assets", "drop_after_effect", times=lost)
    await journey.start(*paths, **start)
    await journey.pass_the_scan()
    await journey.until(
        lambda s: (
            s.hold is Hold.NEEDS_DECISION
            and lost == states(s).count(AssetState.UNKNOWN)
            and AssetState.WAITING not in states(s)
        )
    )


def states(status: OnboardingStatus) -> list[AssetState]:
    return [asset.state for asset in status.assets]


def tasks_of(journey: Journey) -> dict[str, str]:
    """Name the upstream's review task by asset, as its console shows."""
    return {
        journey.world.assets[asset_id].name: entry.task_id or ""
        for entry in journey.world.ledger.entries
        if entry.name == "assets_submitted"
        for asset_id in entry.detail["asset_ids"]  # type: ignore[union-attr]  # a list of ids
        if isinstance(asset_id, str)
    }


class TestUnconfirmedSubmission:
    async def test_the_task_found_at_the_upstream_is_adopted(self, journey: Journey) -> None:
        await unconfirmed(journey, "a")

        told = await journey.order(names.RESOLVE, adopt(tasks_of(journey)["asset-1"]))
        status = await journey.result()

        assert (None, WaitingFor.UPSTREAM) == (told.hold, told.waiting_for)
        assert Stage.COMPLETED == status.stage
        assert [AssetState.USABLE] == states(status)
        assert 1 == journey.count("submit_assets")

    async def test_it_is_submitted_again_where_the_operator_says_so(self, journey: Journey) -> None:
        await unconfirmed(journey, "a", "b")

        await journey.order(names.RESOLVE, RESUBMIT)
        status = await journey.result()

        assert [AssetState.USABLE] * 2 == states(status)
        assert 3 == journey.count("submit_assets")
        assert [(names.RESOLVE, "night", "looked")] == [
            (order.verb, order.actor, order.reason) for order in status.orders
        ]

    async def test_given_up_it_counts_as_refused(self, journey: Journey) -> None:
        await unconfirmed(journey, "a", "b", min_usable=1)

        await journey.order(names.RESOLVE, GIVE_UP)
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        (given_up,) = [a for a in status.assets if a.state is AssetState.REFUSED]
        assert AssetReason.GIVEN_UP == given_up.reason
        assert given_up.advice is not None

    async def test_given_up_and_too_few_it_waits_for_others(self, journey: Journey) -> None:
        await unconfirmed(journey, "a")

        await journey.order(names.RESOLVE, GIVE_UP)
        status = await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)

        assert [AssetState.REFUSED] == states(status)
        assert 1 == journey.count("submit_assets")

    async def test_of_several_the_one_that_is_meant_must_be_named(self, journey: Journey) -> None:
        await unconfirmed(journey, "a", "b", lost=2)
        tasks = tasks_of(journey)

        code, sentence = await journey.refusal(names.RESOLVE, adopt(tasks["asset-1"]))
        await journey.order(names.RESOLVE, adopt(tasks["asset-1"], "asset-1"))
        await journey.until(lambda s: AssetState.USABLE in states(s))
        await journey.order(names.RESOLVE, adopt(tasks["asset-2"]))
        status = await journey.result()

        assert FailureCode.NOTHING_TO_RESOLVE == code
        assert sentence.startswith("Several requests stand still")
        assert [AssetState.USABLE] * 2 == states(status)
        assert 2 == journey.count("submit_assets")

    async def test_one_task_cannot_stand_for_two_assets(self, journey: Journey) -> None:
        await unconfirmed(journey, "a", "b", lost=2)
        task_id = tasks_of(journey)["asset-1"]
        await journey.order(names.RESOLVE, adopt(task_id, "asset-1"))

        code, sentence = await journey.refusal(names.RESOLVE, adopt(task_id, "asset-2"))

        assert FailureCode.NOTHING_TO_RESOLVE == code
        assert "This task already stands for another asset of this onboarding." == sentence

    async def test_the_hold_of_another_that_rests_stays(self, journey: Journey) -> None:
        journey.fault("submit_assets", "drop_after_effect")
        journey.fault("submit_assets", "403", times=9)
        await journey.start("a", "b")
        await journey.pass_the_scan()
        # Refused again by an account that answers, it rests for half a minute.
        await journey.until_counted("submit_assets", 3)
        await journey.until(lambda s: s.hold is not None)

        told = await journey.order(names.RESOLVE, GIVE_UP)

        assert {AssetState.REFUSED, AssetState.WAITING} == set(states(told))
        assert told.failure is not None
        assert FailureCode.UPSTREAM_FORBIDDEN == told.failure.code

    async def test_the_hold_shows_while_the_others_are_still_in_review(
        self, journey: Journey
    ) -> None:
        journey.change(review="stuck")
        await unconfirmed(journey, "a", "b")

        status = await journey.status()

        assert {AssetState.UNKNOWN, AssetState.SUBMITTED} == set(states(status))
        assert Hold.NEEDS_DECISION == status.hold

    async def test_a_task_the_upstream_does_not_know_holds_again(self, journey: Journey) -> None:
        await unconfirmed(journey, "a")

        await journey.order(names.RESOLVE, adopt("task_of-nobody"))
        status = await journey.until(lambda s: s.hold is Hold.NEEDS_OPERATOR)

        assert status.failure is not None
        assert FailureCode.UPSTREAM_LOST_TASK == status.failure.code
        assert "task_of-nobody" == status.failure.detail


class TestLostTask:
    async def test_one_that_turns_up_again_is_adopted(self, journey: Journey) -> None:
        journey.fault("get_task", "404", task_kind="review", times=5)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_OPERATOR)

        await journey.order(names.RESOLVE, adopt(tasks_of(journey)["asset-1"]))
        status = await journey.result()

        assert [AssetState.USABLE] == states(status)
        assert 1 == journey.count("submit_assets")

    async def test_one_of_another_asset_is_not_adopted(self, journey: Journey) -> None:
        journey.fault("get_task", "404", task_kind="review", times=10)
        await journey.start("a", "b")
        await journey.pass_the_scan()
        await journey.until(
            lambda s: s.hold is not None and 2 == states(s).count(AssetState.UNKNOWN)
        )
        tasks = tasks_of(journey)

        code, sentence = await journey.refusal(names.RESOLVE, adopt(tasks["asset-2"], "asset-1"))

        assert FailureCode.NOTHING_TO_RESOLVE == code
        assert "This task already stands for another asset of this onboarding." == sentence


def once_broken(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let the next call of a client's method fail in a way this program does not know."""
    whole: Callable[..., Any] = getattr(ApimartClient, method)

    async def broken(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(ApimartClient, method, whole)
        raise RuntimeError("nobody has foreseen this")

    monkeypatch.setattr(ApimartClient, method, broken)


class TestBug:
    async def test_in_a_submission_it_parks_the_run_until_the_step_is_repeated(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once_broken(monkeypatch, "submit_assets")
        await journey.start("a")
        await journey.pass_the_scan()
        held = await journey.until(lambda s: s.hold is not None)

        await journey.order(names.RESOLVE, RESUBMIT)
        status = await journey.result()

        assert held.failure is not None
        assert (Hold.NEEDS_OPERATOR, FailureCode.BUG) == (held.hold, held.failure.code)
        assert [AssetState.USABLE] == states(status)
        assert 1 == journey.count("submit_assets")

    async def test_in_the_watch_it_parks_the_run_and_nothing_is_submitted_again(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once_broken(monkeypatch, "get_review")
        await journey.start("a", "b")
        await journey.pass_the_scan()
        held = await journey.until(lambda s: s.hold is not None)

        await journey.order(names.RESOLVE, RESUBMIT)
        status = await journey.result()

        assert held.failure is not None
        assert (Hold.NEEDS_OPERATOR, FailureCode.BUG) == (held.hold, held.failure.code)
        assert [AssetState.USABLE] * 2 == states(status)
        assert 2 == journey.count("submit_assets")

    async def test_in_the_watch_one_asset_can_be_given_up(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once_broken(monkeypatch, "get_review")
        await journey.start("a", "b", min_usable=1)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is not None)

        await journey.order(names.RESOLVE, GIVE_UP.model_copy(update={"asset": "asset-1"}))
        status = await journey.result()

        assert [AssetState.REFUSED, AssetState.USABLE] == states(status)

    async def test_in_a_look_at_the_scan_it_is_looked_again(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once_broken(monkeypatch, "query_group")
        await journey.start("a", look_delays_s=(0.1,), link_ttl_s=600)
        await journey.pass_the_scan()
        held = await journey.until(lambda s: s.hold is not None)

        await journey.order(names.RESOLVE, RESUBMIT)
        status = await journey.result()

        assert held.failure is not None
        assert FailureCode.BUG == held.failure.code
        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("create_session")


class TestNothingToResolve:
    async def test_a_run_that_waits_for_the_person_needs_no_decision(
        self, journey: Journey
    ) -> None:
        await journey.start("a")

        code, _ = await journey.refusal(names.RESOLVE, RESUBMIT)

        assert FailureCode.NOTHING_TO_RESOLVE == code

    async def test_refused_assets_need_other_files_and_no_decision(self, journey: Journey) -> None:
        await journey.start("refused")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)

        code, _ = await journey.refusal(names.RESOLVE, GIVE_UP)

        assert FailureCode.NOTHING_TO_RESOLVE == code

    async def test_a_hold_of_the_video_is_resolved_at_the_video(self, journey: Journey) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.GENERATING)

        code, sentence = await journey.refusal(names.RESOLVE, GIVE_UP)

        assert FailureCode.NOTHING_TO_RESOLVE == code
        assert f"{journey.handle.id}/video/1" in sentence
