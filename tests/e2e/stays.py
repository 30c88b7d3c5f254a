"""Guests who are somewhere when Temporal goes away: one story for every stage and every hold.

A story yields its guest three times: before the outage, during it, and when no more is to be done
for the guest than to wait.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from pydantic import SecretStr

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import OperatorOrder, ReplaceAssets, Resolution, Resolve
from likeness.messages.onboarding import AssetRequest
from likeness.stages import Stage
from tests.e2e.guests import HASTY, VIDEO, Desk, Guest, Outcome

AWAY_S = 30
QUICK_S, LONG_S = 0.3, 10_000
AWAY = 503

Stay = AsyncGenerator[Guest, None]


async def invited(desk: Desk) -> Stay:
    guest = await desk.guest("invited")
    phone = guest.phone()
    yield guest

    page = await phone.opens_the_invitation()
    assert AWAY == page.status
    yield guest

    await phone.follows(page)
    await guest.passes()
    yield guest


async def about_to_tap(desk: Desk) -> Stay:
    guest = await desk.guest("about-to-tap")
    phone = guest.phone()
    invitation = await phone.opens_the_invitation()
    yield guest

    page = await phone.taps(invitation)
    assert AWAY == page.status
    yield guest

    check = await phone.taps(await phone.follows(page))
    await phone.taps(check, button="pass")
    yield guest


async def at_the_check(desk: Desk) -> Stay:
    """The callback falls into the outage; the page it leads to brings it again by itself."""
    guest = await desk.guest("at-the-check")
    phone = guest.phone()
    check = await phone.taps(await phone.opens_the_invitation())
    yield guest

    page = await phone.taps(check, button="pass")
    assert AWAY == page.status
    assert page.refresh is not None
    assert page.url == page.refresh.url
    yield guest

    await phone.follows(page)
    yield guest


async def looked_at(desk: Desk) -> Stay:
    """The callback has come; the looks that it causes fall into the outage."""
    late = (AWAY_S / 2, AWAY_S, 2 * AWAY_S)
    guest = await desk.guest("looked-at", policy=HASTY.model_copy(update={"look_delays_s": late}))
    await guest.passes()
    yield guest
    yield guest
    yield guest


async def submitting(desk: Desk) -> Stay:
    """The upstream takes its time to answer, and the worker cannot say that it still waits."""
    guest = await desk.guest("submitting")
    hold = await desk.upstream.hold("submit_assets", "after_effect")
    await guest.passes()
    assert await desk.upstream.arrived(hold)
    yield guest
    yield guest

    await desk.upstream.release(hold)
    yield guest


async def in_review(desk: Desk) -> Stay:
    await desk.upstream.scenario(review_seconds=LONG_S)
    guest = await desk.guest("in-review")
    await guest.passes()
    await guest.until(lambda s: s.stage is Stage.IN_REVIEW)
    await desk.upstream.scenario(review_seconds=QUICK_S)
    yield guest
    yield guest
    yield guest


async def ordering(desk: Desk) -> Stay:
    """The paid order is at the upstream, and the worker cannot say that it still waits."""
    guest = await desk.guest("ordering", video=VIDEO)
    hold = await desk.upstream.hold("generate_video", "after_effect")
    await guest.passes()
    assert await desk.upstream.arrived(hold)
    yield guest
    yield guest

    await desk.upstream.release(hold)
    yield guest


async def generating(desk: Desk) -> Stay:
    await desk.upstream.scenario(video_seconds=LONG_S)
    guest = await desk.guest("generating", video=VIDEO)
    await guest.passes()
    await desk.until_counted("video_charged", 1)
    await desk.upstream.scenario(video_seconds=QUICK_S)
    yield guest
    yield guest
    yield guest


async def archiving(desk: Desk) -> Stay:
    guest = await desk.guest("archiving", video=VIDEO)
    hold = await desk.upstream.hold("download", "after_effect")
    await guest.passes()
    assert await desk.upstream.arrived(hold)
    yield guest
    yield guest

    await desk.upstream.release(hold)
    yield guest


async def needs_assets(desk: Desk) -> Stay:
    guest = await desk.guest("needs-assets", assets=("a", "refused"))
    await guest.passes()
    await guest.is_held_by(FailureCode.TOO_FEW_USABLE_ASSETS)
    yield guest
    yield guest

    other = AssetRequest(
        name="refused", url=SecretStr(f"{desk.stack.simulator_url}/portraits/b.jpg")
    )
    await guest.is_held_by(FailureCode.TOO_FEW_USABLE_ASSETS)
    await guest.is_told(names.REPLACE_ASSETS, ReplaceAssets(assets=(other,)))
    yield guest


async def needs_a_decision(desk: Desk) -> Stay:
    await desk.upstream.fault("submit_assets", "drop_after_effect")
    guest = await desk.guest("needs-a-decision")
    await guest.passes()
    await guest.is_held_by(FailureCode.SUBMISSION_UNCONFIRMED)
    yield guest
    yield guest

    status = await guest.is_held_by(FailureCode.SUBMISSION_UNCONFIRMED)
    [task_id] = (await desk.tally()).reviews(status.group_id)
    await guest.is_told(names.RESOLVE, Resolve(resolution=Resolution.ADOPT, task_id=task_id))
    yield guest


async def out_of_attempts(desk: Desk) -> Stay:
    await desk.upstream.fault("create_session", "drop_after_effect")
    guest = await desk.guest("out-of-attempts", policy=HASTY.model_copy(update={"max_attempts": 1}))
    await guest.tap()
    await guest.is_held_by(FailureCode.ATTEMPTS_EXHAUSTED)
    yield guest
    yield guest

    await guest.is_held_by(FailureCode.ATTEMPTS_EXHAUSTED)
    await guest.is_told(names.RESET_ATTEMPTS, OperatorOrder())
    await guest.passes()
    yield guest


async def out_of_money(desk: Desk) -> Stay:
    """The account is empty; it goes on by itself when there is money again."""
    await desk.upstream.fault("submit_assets", "402")
    await desk.upstream.fault("balance", "402", times=None)
    guest = await desk.guest("out-of-money")
    await guest.passes()
    await guest.is_held_by(FailureCode.UPSTREAM_BALANCE)
    yield guest
    yield guest

    await guest.is_held_by(FailureCode.UPSTREAM_BALANCE)
    await desk.upstream.clear_faults()
    await guest.until(lambda s: s.hold is None)
    yield guest


DONE = Outcome()
FILMED = Outcome(charges=1, files=2)
SUBMISSION_UNCONFIRMED = replace(
    DONE, stage=Stage.IN_REVIEW, held_by=FailureCode.SUBMISSION_UNCONFIRMED
)
ORDER_UNCONFIRMED = replace(
    DONE, stage=Stage.GENERATING, held_by=FailureCode.GENERATION_UNCONFIRMED, charges=1
)

STAYS: dict[Callable[[Desk], Stay], set[Outcome]] = {
    out_of_money: {DONE},
    needs_a_decision: {DONE},
    needs_assets: {Outcome(submissions=3)},
    out_of_attempts: {Outcome(attempts=2, sessions=2)},
    in_review: {DONE},
    generating: {FILMED},
    invited: {DONE},
    about_to_tap: {DONE},
    at_the_check: {DONE},
    looked_at: {DONE},
    archiving: {FILMED},
    # A worker that could not be heard for so long counts as lost, with the answer it waited for.
    submitting: {DONE, SUBMISSION_UNCONFIRMED},
    ordering: {FILMED, ORDER_UNCONFIRMED},
}
"""Each story with the outcomes it may have; those that the upstream lets wait come last."""
