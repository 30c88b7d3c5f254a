"""A refused account holds the run, burns nothing, and is asked for on behalf of all who wait."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import PendingActivityState

from likeness.failures import FailureCode
from likeness.ids import video_workflow_id
from likeness.messages.conversation import OnboardingStatus, OpenOutcome
from likeness.messages.onboarding import VideoRequest
from likeness.stages import AttemptState, Hold, Stage, VideoState, WaitingFor
from likeness.temporal.onboardings import onboarding_status
from simulator.faults import HoldRequest
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

NEW_API_KEY = "sk-test-rotated"
VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))
REFUSALS = [
    ("401_documented", FailureCode.UPSTREAM_KEY_REFUSED),
    ("401_live", FailureCode.UPSTREAM_KEY_REFUSED),
    ("402", FailureCode.UPSTREAM_BALANCE),
    ("403", FailureCode.UPSTREAM_FORBIDDEN),
]
every_refusal = pytest.mark.parametrize(("kind", "code"), REFUSALS)


def refused(journey: Journey, route: str, kind: str) -> None:
    """Let the account be refused on a route, and its balance with it, until it is mended."""
    for each in (route, "balance"):
        journey.fault(each, kind, times=None)


async def mended(journey: Journey, probes: int = 2) -> None:
    """Mend the account, but only after its balance was asked for so many times more."""
    await journey.until_counted("balance", journey.count("balance") + probes)
    journey.world.faults.clear()


async def until_begun(journey: Journey, step: str, times: int) -> None:
    """Wait until workers have taken up so many of the run's steps of a kind."""

    async def begun() -> int:
        pending = (await journey.handle.describe()).raw_description.pending_activities
        begun = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        return sum(it.activity_type.name == step and it.state == begun for it in pending)

    while await begun() < times:  # noqa: ASYNC110  # the server tells nobody
        await asyncio.sleep(0.05)


async def until_verified(journey: Journey) -> None:
    """Be a person who taps until a session opens, and passes it."""
    while (opened := await journey.tap()).outcome is not OpenOutcome.OPENED:
        await journey.until(lambda s: s.hold is None)
    await journey.scan(opened)
    await journey.come_back(opened.attempt or 0)


async def until_held(journey: Journey) -> OnboardingStatus:
    """Wait for a hold of the onboarding, or of its video, which shows as the onboarding's."""
    while True:
        status = await onboarding_status(journey.client, "default", journey.onboarding)
        if status is not None and status.hold is not None:
            return status
        await asyncio.sleep(0.05)


def is_held_for(code: FailureCode) -> Callable[[OnboardingStatus], bool]:
    return lambda s: s.failure is not None and s.failure.code is code


class TestAssets:
    @every_refusal
    async def test_a_refused_account_holds_with_its_reason_and_goes_on_by_itself(
        self, journey: Journey, kind: str, code: FailureCode
    ) -> None:
        refused(journey, "submit_assets", kind)
        await journey.start("a")
        await journey.pass_the_scan()

        held = await journey.until(is_held_for(code))
        await mended(journey)
        status = await journey.result()

        assert (Hold.NEEDS_OPERATOR, WaitingFor.OPERATOR) == (held.hold, held.waiting_for)
        assert Stage.COMPLETED == status.stage
        assert 2 == journey.count("submit_assets")
        assert 1 == journey.count("assets_submitted")

    async def test_however_long_it_lasts_it_costs_no_event(self, journey: Journey) -> None:
        refused(journey, "submit_assets", "402")
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("balance", 2)
        before = await journey.events()

        await journey.until_counted("balance", 12)
        after = await journey.events()

        assert before == after
        assert 1 == journey.count("submit_assets")

    async def test_all_parts_of_a_run_wait_for_one_answer(self, journey: Journey) -> None:
        hold = journey.world.hold(HoldRequest(route="balance"))
        journey.fault("submit_assets", "402", times=4)
        await journey.start("a", "b", "c", "d")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets", 4)
        await until_begun(journey, "await_account", 4)

        hold.released.set()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 4 > journey.count("balance")
        assert 4 == journey.count("assets_submitted")

    async def test_one_endpoint_that_stays_forbidden_is_not_tried_at_the_probes_pace(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "403", times=None)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets", 2)

        await asyncio.sleep(5 * journey.settings.account_probe_s)

        assert 2 == journey.count("submit_assets")
        assert 1 == journey.count("balance")

    async def test_a_cancel_ends_the_wait(self, journey: Journey) -> None:
        refused(journey, "submit_assets", "402")
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("balance", 2)

        status = await journey.cancel()

        assert Stage.CANCELED == status.stage
        assert 0 == journey.count("assets_submitted")


class TestWorkers:
    async def test_a_run_that_waits_goes_on_with_another_worker(self, journey: Journey) -> None:
        refused(journey, "submit_assets", "401_live")
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("balance", 2)

        await journey.stop_worker()
        journey.world.faults.clear()
        await journey.start_worker()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("assets_submitted")


class TestApiKey:
    @pytest.mark.parametrize(
        ("route", "task_kind"),
        [
            ("create_session", None),
            ("get_task", "session"),
            ("query_group", None),
            ("submit_assets", None),
            ("get_task", "review"),
            ("generate_video", None),
            ("get_task", "video"),
        ],
    )
    async def test_its_rotation_in_the_middle_fails_no_run(
        self, journey: Journey, route: Any, task_kind: Any
    ) -> None:
        """The old key dies with one call under way; the worker gets the new one later."""
        last = journey.world.hold(HoldRequest(route=route, task_kind=task_kind))
        await journey.start("a", video=VIDEO, link_ttl_s=60, token_ttl_s=600)
        person = asyncio.create_task(until_verified(journey))
        await last.arrived.wait()
        journey.change(api_key=NEW_API_KEY)
        last.released.set()
        held = await until_held(journey)
        await journey.until_counted("balance")

        await journey.stop_worker()
        key = SecretStr(NEW_API_KEY)
        journey.settings = journey.settings.model_copy(update={"apimart_api_key": key})
        await journey.start_worker()
        await person
        status = await journey.result()

        assert is_held_for(FailureCode.UPSTREAM_KEY_REFUSED)(held)
        assert Stage.COMPLETED == status.stage
        assert status.video is not None
        assert VideoState.DONE == status.video.state
        assert (1, 1) == (journey.count("assets_submitted"), journey.count("video_charged"))


class TestVideo:
    async def test_an_empty_account_is_waited_for_and_charged_once(self, journey: Journey) -> None:
        journey.change(balance_usd=0)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("balance", 3)
        held = await onboarding_status(journey.client, "default", journey.onboarding)

        journey.change(balance_usd=100)
        status = await journey.result()

        assert held is not None
        assert is_held_for(FailureCode.UPSTREAM_BALANCE)(held)
        assert status.video is not None
        assert VideoState.DONE == status.video.state
        assert 2 == journey.count("generate_video")
        assert 1 == journey.count("video_charged")

    async def test_a_balance_that_cannot_be_told_is_no_good_one(self, journey: Journey) -> None:
        journey.change(balance_usd=0, balance_fails=True)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("balance", 3)

        before = len(await journey.events(video_workflow_id(journey.handle.id)))
        await journey.until_counted("balance", 8)

        assert before == len(await journey.events(video_workflow_id(journey.handle.id)))
        assert 1 == journey.count("generate_video")

    async def test_a_cancel_gives_up_what_is_not_paid_for(self, journey: Journey) -> None:
        journey.change(balance_usd=0)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("balance", 2)

        await journey.cancel()
        video = await journey.video_result()

        assert VideoState.CANCELED == video.state
        assert 0 == journey.count("video_charged")


class TestTaps:
    @every_refusal
    async def test_taps_mint_nothing_until_the_account_is_good_again_by_itself(
        self, journey: Journey, kind: str, code: FailureCode
    ) -> None:
        refused(journey, "create_session", kind)
        await journey.start("a")

        taps = [await journey.tap() for _ in range(4)]
        held = await journey.status()
        await mended(journey)
        released = await journey.until(lambda s: s.hold is None)
        opened = await journey.tap()

        assert {(OpenOutcome.ON_HOLD, code)} == {(it.outcome, it.code) for it in taps}
        assert (Hold.NEEDS_OPERATOR, 0) == (held.hold, held.attempts)
        assert held.attempts_left == released.attempts_left
        assert WaitingFor.PERSON == released.waiting_for
        assert OpenOutcome.OPENED == opened.outcome
        assert 2 == journey.count("create_session")
        assert 1 == journey.count("session_created")

    async def test_taps_meanwhile_are_kept_few_by_the_cooldown(self, journey: Journey) -> None:
        refused(journey, "create_session", "402")
        await journey.start("a", cooldown_s=600)
        await journey.tap()
        before = await journey.events()

        for _ in range(3):
            with pytest.raises(Exception, match="Workflow update failed"):
                await journey.tap()

        assert before == await journey.events()

    async def test_a_session_minted_before_is_still_handed_out(self, journey: Journey) -> None:
        await journey.start("a")
        first = await journey.tap()
        refused(journey, "any", "402")

        again = await journey.tap()

        assert first == again

    async def test_a_person_who_passes_meanwhile_is_verified(self, journey: Journey) -> None:
        """An older session's scan ends the hold: nothing more is asked of the account."""
        await journey.start("a", link_reuse_s=0)
        opened = await journey.tap()
        await journey.scan(opened)
        refused(journey, "create_session", "403")
        await journey.tap()
        await journey.until(is_held_for(FailureCode.UPSTREAM_FORBIDDEN))

        await journey.come_back()
        await mended(journey)
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("session_created")


class TestLooks:
    @every_refusal
    async def test_a_refused_look_is_taken_again_and_counts_as_none(
        self, journey: Journey, kind: str, code: FailureCode
    ) -> None:
        refused(journey, "query_group", kind)
        await journey.start("a", link_ttl_s=60, token_ttl_s=600)
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back()

        held = await journey.until(is_held_for(code))
        await mended(journey)
        status = await journey.result()

        assert (Hold.NEEDS_OPERATOR, WaitingFor.OPERATOR) == (held.hold, held.waiting_for)
        assert Stage.COMPLETED == status.stage
        assert 1 == status.attempt_log[0].looks
        assert 2 == journey.count("query_group")

    async def test_looks_before_the_refusal_are_counted(self, journey: Journey) -> None:
        journey.fault("query_group", "402", after=2)
        await journey.start("a", link_ttl_s=60, token_ttl_s=600)
        await journey.tap()
        await journey.come_back()

        status = await journey.until(lambda s: s.attempt_log[0].looks >= 4)

        # Two before it, and as many as are left beside the two timed ones.
        assert 4 == status.attempt_log[0].looks
        assert 5 == journey.count("query_group")

    async def test_an_attempt_that_nobody_could_ask_about_counts_as_none(
        self, journey: Journey
    ) -> None:
        refused(journey, "query_group", "402")
        await journey.start("a", link_ttl_s=1, scan_grace_s=0, token_ttl_s=2, max_attempts=1)
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back()

        over = await journey.until(lambda s: s.attempt_log[0].state is not AttemptState.OPEN)
        assert (AttemptState.NOT_PASSED, 1) == (over.attempt_log[0].state, over.attempts_left)
        assert 0 == over.attempt_log[0].looks

        await mended(journey)
        await journey.until(lambda s: s.hold is None)
        await journey.pass_the_scan()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
