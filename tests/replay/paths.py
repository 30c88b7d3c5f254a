"""Every path that a released run may have taken: each is played on the real server and kept."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from temporalio.client import WorkflowFailureError, WorkflowHandle

from likeness import names
from likeness.ids import MAX_PART_LENGTH, notify_workflow_id, video_workflow_id
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    CheckNow,
    Decline,
    ExtendDeadline,
    Finished,
    GenerationChanged,
    OnboardingStatus,
    OperatorOrder,
    ReplaceAssets,
    Resolution,
    Resolve,
    VideoStatus,
    Withdraw,
)
from likeness.messages.onboarding import AssetRequest, VideoRequest
from likeness.messages.person import Erase, Erased, Generate, PersonState, Renew, VideoOrdered
from likeness.messages.telling import NotifyStatus
from likeness.stages import AssetState, Hold, QueryPolicy, Stage
from tests.workflows.conftest import Journey
from tests.workflows.test_resolving import tasks_of

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))
LONG_S = 600
"""No timed look comes in, however slow the machine."""

Play = Callable[[Journey], Awaitable[None]]


@dataclass(frozen=True)
class Path:
    """One way through the runs; ``steady`` when its commands come in the same order each time."""

    name: str
    play: Play
    steady: bool = False

    async def played_by(self, journey: Journey) -> None:
        """Play it under an onboarding id made from its name."""
        journey.onboarding = self.name.replace("_", "-")[:MAX_PART_LENGTH]
        await self.play(journey)


PATHS: dict[str, Path] = {}


def path(*, steady: bool = False) -> Callable[[Play], Play]:
    """Add a path under the name of the function that plays it."""

    def add(play: Play) -> Play:
        PATHS[play.__name__] = Path(play.__name__, play, steady)
        return play

    return add


# Straight through.


@path(steady=True)
async def one_asset(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.status()
    await journey.pass_the_scan()
    await journey.result()


@path(steady=True)
async def video(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.status()
    await journey.pass_the_scan()
    await journey.result()


@path()
async def three_assets_one_refused(journey: Journey) -> None:
    await journey.start("a", "refused", "c", min_usable=2)
    await journey.pass_the_scan()
    await journey.result()


@path(steady=True)
async def foreign_start(journey: Journey) -> None:
    await journey.start_foreign("a", link_ttl_s=LONG_S)
    await journey.status()
    await journey.pass_the_scan()
    await journey.result()


# The person takes their time.


@path(steady=True)
async def parked_before_the_first_tap(journey: Journey) -> None:
    await journey.start("a")
    await journey.status()


@path()
async def failed_and_tried_again(journey: Journey) -> None:
    await journey.start("a")
    opened = await journey.tap()
    await journey.scan(opened, "fail")
    await journey.come_back(1, -1003)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def link_never_used(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=0.5, scan_grace_s=0.5, token_ttl_s=3)
    await journey.tap()
    await journey.until(lambda s: all(each.state != "open" for each in s.attempt_log))


@path()
async def callback_lost_and_person_says_finished(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=LONG_S)
    opened = await journey.tap()
    await journey.scan(opened)
    await journey.handle.execute_update(
        names.FINISHED, Finished(attempt=1), result_type=OnboardingStatus
    )
    await journey.result()


@path()
async def polled(journey: Journey) -> None:
    await journey.start("a", query_policy=QueryPolicy.POLL, link_ttl_s=LONG_S)
    await journey.scan(await journey.tap())
    await journey.result()


@path()
async def two_devices(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.tap(device="a" * 64)
    opened = await journey.tap(device="b" * 64, take_over=True)
    await journey.scan(opened)
    await journey.come_back(2)
    await journey.result()


# Ends before the end.


@path()
async def declined(journey: Journey) -> None:
    await journey.start("a")
    await journey.handle.execute_update(names.DECLINE, Decline(), result_type=OnboardingStatus)
    await journey.result()


@path()
async def canceled_in_review(journey: Journey) -> None:
    journey.change(review="stuck")
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
    await journey.cancel()
    await journey.result()


@path()
async def canceled_from_outside(journey: Journey) -> None:
    await journey.start("a")
    await journey.status()
    await journey.handle.cancel()
    with contextlib.suppress(WorkflowFailureError):
        await journey.result()


@path(steady=True)
async def expired(journey: Journey) -> None:
    # Long enough that the first task of a busy machine does not find it passed.
    await journey.start("a", deadline_s=5)
    await journey.result()


@path()
async def withdrawn_while_the_video_is_made(journey: Journey) -> None:
    journey.change(video_seconds=3)
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await journey.until(lambda s: s.stage is Stage.GENERATING)
    await journey.until_counted("video_charged")
    await journey.person.execute_update(names.WITHDRAW, Withdraw(), result_type=PersonState)
    await journey.result()
    await journey.video_result()


# An operator helps.


@path()
async def link_revoked_and_device_released(journey: Journey) -> None:
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.tap(device="a" * 64)
    for order in (names.RELEASE_DEVICE, names.REVOKE_LINK, names.RESET_ATTEMPTS):
        await journey.handle.execute_update(order, OperatorOrder(), result_type=OnboardingStatus)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def parked_with_a_lost_submission(journey: Journey) -> None:
    journey.fault("submit_assets", "drop_after_effect")
    await journey.start("a", "b", link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.until(lambda s: s.hold is not None)


@path()
async def parked_with_too_few_assets(journey: Journey) -> None:
    await journey.start("a", "refused", link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.until(lambda s: s.hold is not None)


@path()
async def parked_with_an_unconfirmed_video(journey: Journey) -> None:
    journey.fault("generate_video", "drop_after_effect")
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await _video_until(journey, lambda s: s.hold is not None)


@path()
async def unconfirmed_video_given_up_by_cancel(journey: Journey) -> None:
    await parked_with_an_unconfirmed_video(journey)
    await _video(journey).execute_update(names.CANCEL, Cancel(), result_type=VideoStatus)
    await journey.result()


@path()
async def video_failed(journey: Journey) -> None:
    journey.change(video="failed")
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def adopted_after_a_reset(journey: Journey) -> None:
    await video(journey)
    await journey.reset_before("START_CHILD_WORKFLOW_EXECUTION_INITIATED")
    await journey.result()


# A caller is told.


@path()
async def told_happy(journey: Journey) -> None:
    await journey.start("a", told=True, link_ttl_s=LONG_S)
    await journey.status()
    await journey.pass_the_scan()
    await journey.result()


@path()
async def told_gone(journey: Journey) -> None:
    journey.receiver.answer = lambda kind: 503 if kind == "onboarding.verifying" else 410
    journey.change(review_seconds=2)
    await journey.start("a", told=True, link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def told_of_a_held_video(journey: Journey) -> None:
    journey.fault("generate_video", "drop_after_effect")
    await journey.start("a", told=True, link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await journey.receiver.until_got("onboarding.held")
    await _decide_the_video(journey, Resolve(resolution=Resolution.RESUBMIT))
    await journey.result()


@path()
async def told_late_by_notify(journey: Journey) -> None:
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True, link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.result()
    journey.receiver.answer = lambda _: 204
    await _notify(journey).result()


@path()
async def told_never(journey: Journey) -> None:
    await journey.restart_worker(webhook_retries_s=(0.1,))
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True, deadline_s=1)
    await journey.result()
    await _notify(journey).result()


@path()
async def told_by_notify_until_gone(journey: Journey) -> None:
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True, link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.result()
    journey.receiver.answer = lambda _: 410
    await _notify(journey).result()


@path()
async def parked_while_notify_tries(journey: Journey) -> None:
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True, link_ttl_s=LONG_S)
    await journey.tap()
    await journey.receiver.until_tried("onboarding.verifying", 2)
    await journey.order(names.DECLINE, Decline())
    await journey.result()
    await journey.receiver.until_tried("onboarding.declined", 2)


@path()
async def told_after_a_cancel_from_outside(journey: Journey) -> None:
    journey.receiver.answer = lambda _: 503
    await journey.start("a", told=True)
    await journey.status()
    await journey.handle.cancel()
    with contextlib.suppress(WorkflowFailureError):
        await journey.result()
    journey.receiver.answer = lambda _: 204
    await _notify(journey).result()


def _notify(journey: Journey) -> WorkflowHandle[Any, NotifyStatus]:
    return journey.client.get_workflow_handle(
        notify_workflow_id(journey.handle.id), result_type=NotifyStatus
    )


# What stood still goes on.


@path()
async def refused_asset_replaced(journey: Journey) -> None:
    await parked_with_too_few_assets(journey)
    other = AssetRequest(name="asset-2", url=SecretStr(f"{journey.base_url}/portraits/b.jpg"))
    await journey.order(names.REPLACE_ASSETS, ReplaceAssets(assets=(other,)))
    await journey.result()


@path()
async def fewer_assets_accepted(journey: Journey) -> None:
    await parked_with_too_few_assets(journey)
    await journey.order(names.ACCEPT_PARTIAL, AcceptPartial())
    await journey.result()


@path()
async def lost_submission_adopted(journey: Journey) -> None:
    await parked_with_a_lost_submission(journey)
    unknown = next(a for a in (await journey.status()).assets if a.state is AssetState.UNKNOWN)
    task_id = tasks_of(journey)[unknown.name or ""]
    await journey.order(
        names.RESOLVE,
        Resolve(resolution=Resolution.ADOPT, task_id=task_id, asset=unknown.name),
    )
    await journey.result()


@path()
async def lost_submission_sent_again(journey: Journey) -> None:
    await parked_with_a_lost_submission(journey)
    await journey.order(names.RESOLVE, Resolve(resolution=Resolution.RESUBMIT))
    await journey.result()


@path()
async def lost_submission_given_up(journey: Journey) -> None:
    await parked_with_a_lost_submission(journey)
    await journey.order(names.RESOLVE, Resolve(resolution=Resolution.GIVE_UP))
    await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)
    await journey.order(names.ACCEPT_PARTIAL, AcceptPartial())
    await journey.result()


@path()
async def deadline_extended_and_review_checked(journey: Journey) -> None:
    journey.change(review_seconds=2)
    await journey.start("a", link_ttl_s=LONG_S, poll_interval_s=LONG_S)
    await journey.order(names.EXTEND_DEADLINE, ExtendDeadline(by_s=60))
    await journey.pass_the_scan()
    await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
    await asyncio.sleep(3)
    await journey.order(names.CHECK_NOW, CheckNow())
    await journey.result()


@path()
async def account_without_balance(journey: Journey) -> None:
    for route in ("submit_assets", "balance"):
        journey.fault(route, "402")
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def account_refused_at_the_tap(journey: Journey) -> None:
    for route in ("create_session", "balance"):
        journey.fault(route, "401_live")
    await journey.start("a", link_ttl_s=LONG_S)
    await journey.tap()
    await journey.until(lambda s: s.hold is None)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def unconfirmed_video_adopted(journey: Journey) -> None:
    await parked_with_an_unconfirmed_video(journey)
    (task_id,) = {
        entry.task_id for entry in journey.world.ledger.entries if entry.name == "video_charged"
    }
    await _decide_the_video(journey, Resolve(resolution=Resolution.ADOPT, task_id=task_id))
    await journey.result()


@path()
async def unconfirmed_video_ordered_again(journey: Journey) -> None:
    await parked_with_an_unconfirmed_video(journey)
    await _decide_the_video(journey, Resolve(resolution=Resolution.RESUBMIT))
    await journey.result()


@path()
async def unconfirmed_video_given_up(journey: Journey) -> None:
    await parked_with_an_unconfirmed_video(journey)
    await _decide_the_video(journey, Resolve(resolution=Resolution.GIVE_UP))
    await journey.result()


@path()
async def stalled_video_that_came_after_all(journey: Journey) -> None:
    journey.change(video_seconds=4)
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO, stalled_after_s=1)
    await journey.pass_the_scan()
    await _video_until(journey, lambda s: s.stalled)
    await _video(journey).execute_update(names.CHECK_NOW, CheckNow(), result_type=VideoStatus)
    await journey.result()


@path()
async def video_archived_by_a_step_of_its_own(journey: Journey) -> None:
    journey.fault("download", "cut_midway")
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await journey.result()


@path()
async def video_hinted_and_withdrawn(journey: Journey) -> None:
    journey.change(video_seconds=3, estimated_time=False)
    await journey.start("a", link_ttl_s=LONG_S, video=VIDEO)
    await journey.pass_the_scan()
    await _video_until(journey, lambda s: s.task_id is not None)
    await _video(journey).signal(names.GENERATION_CHANGED, GenerationChanged())
    await journey.until_counted("get_task")
    await _video(journey).signal(names.WITHDRAW, Withdraw())
    await journey.result()


async def _decide_the_video(journey: Journey, decision: Resolve) -> None:
    await _video(journey).execute_update(names.RESOLVE, decision, result_type=VideoStatus)


# The person, later.


@path()
async def further_video_and_erased(journey: Journey) -> None:
    await one_asset(journey)
    ordered = await journey.person.execute_update(
        names.GENERATE, Generate(video=VIDEO), result_type=VideoOrdered
    )
    await journey.client.get_workflow_handle(ordered.workflow_id).result()
    await journey.person.execute_update(names.ERASE, Erase(), result_type=Erased)
    await journey.person.result()


@path()
async def person_renewed(journey: Journey) -> None:
    await one_asset(journey)
    await journey.person_until(lambda state: bool(state.assets))
    await journey.person.signal(names.RENEW, Renew())
    while await _runs_of_the_person(journey) < 2:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.1)
    await journey.person_until(lambda state: bool(state.assets))


async def _runs_of_the_person(journey: Journey) -> int:
    found = journey.client.list_workflows(f"WorkflowId = '{journey.person.id}'")
    return len([run async for run in found])


def _video(journey: Journey) -> WorkflowHandle[Any, VideoStatus]:
    return journey.client.get_workflow_handle(
        video_workflow_id(journey.handle.id), result_type=VideoStatus
    )


async def _video_until(journey: Journey, told: Callable[[VideoStatus], bool]) -> VideoStatus:
    while True:
        with contextlib.suppress(Exception):
            status: VideoStatus = await _video(journey).query(names.STATUS, result_type=VideoStatus)
            if told(status):
                return status
        await asyncio.sleep(0.05)
