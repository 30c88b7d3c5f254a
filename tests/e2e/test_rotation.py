"""Keys are rotated under people who are in the middle of it, and nobody notices."""

from http import HTTPStatus
from typing import Self

import pytest
from temporalio.client import Client

from likeness.messages.conversation import OnboardingStatus
from likeness.stages import Stage, VideoState
from likeness.temporal.codec import KEY_ID_FIELD
from runtime.keys import drop_key, load_key_file
from tests.e2e.conftest import House
from tests.e2e.guests import VIDEO, Desk, Guest

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]

UNDER_WAY_S = 30


def rotated(house: House, *, write: bool) -> None:
    """Take one step of a rotation and restart every process with the changed files."""
    house.starter.rotate_keys(write=write)
    for name in ("worker", "web"):
        house.processes.restart(name)


def payload_keys(house: House) -> list[str]:
    return list(load_key_file(house.stack.directory / "keys" / "payload.keys").read)


async def keys_of(house: House, guest: Guest) -> set[str]:
    """Name the keys under which a run's history is written, as anybody sees them."""
    client = await Client.connect(house.stack.temporal_address, namespace=house.stack.namespace)
    handle = client.get_workflow_handle(guest.workflow_id)
    history = b"".join([e.SerializeToString() async for e in handle.fetch_history_events()])
    assert KEY_ID_FIELD.encode() in history
    return {key for key in payload_keys(house) if key.encode() in history}


async def ended(house: House, name: str) -> OnboardingStatus:
    """Wait for a run's end, with the keys as they are now."""
    async with Desk.opened(house.stack) as desk:
        return await Guest(desk, name).until(lambda s: s.stage.is_end)


class Middle:
    """People whom a rotation meets in the middle of it."""

    def __init__(self, invited: Guest, at_the_check: Guest, in_review: Guest) -> None:
        self.link = invited.invite_url
        self.at_the_check = at_the_check
        self.names = [each.name for each in (invited, at_the_check, in_review)]

    @classmethod
    async def of(cls, house: House) -> Self:
        async with Desk.opened(house.stack) as desk:
            at_the_check = await desk.guest("at-the-check", video=VIDEO)
            await at_the_check.scans()
            house.change(review_seconds=UNDER_WAY_S)
            in_review = await desk.guest("in-review")
            await in_review.passes()
            await in_review.until(lambda s: s.stage is Stage.IN_REVIEW)
            house.change(review_seconds=1)
            return cls(await desk.guest("invited"), at_the_check, in_review)


class TestRotation:
    async def test_takes_nobody_out_of_the_middle_of_it(self, house: House) -> None:
        middle = await Middle.of(house)
        [old] = payload_keys(house)

        rotated(house, write=False)
        async with Desk.opened(house.stack) as desk:
            await (await desk.guest("between")).passes()
        rotated(house, write=True)

        # Sealed under the old link key: the way back from the check, and the link that was sent.
        async with Desk.opened(house.stack) as desk:
            back = await desk.http.get(middle.at_the_check.way_back)
        house.invite_url = middle.link
        person = house.person()
        ends = [await ended(house, name) for name in (*middle.names, "between")]

        assert back.status_code == HTTPStatus.SEE_OTHER
        assert {(Stage.COMPLETED, 1)} == {(end.stage, end.attempts) for end in ends}
        assert [VideoState.DONE] == [end.video.state for end in ends if end.video]
        assert (4, 4, 1) == tuple(
            house.count(it) for it in ("session_created", "assets_submitted", "video_charged")
        )
        assert person.wait(60)
        assert 0 == person.exit_code
        new, *_ = payload_keys(house)
        assert {old, new} == await keys_of(house, middle.at_the_check)


class TestAnOldKey:
    async def test_that_a_run_needs_is_missed_before_anything_is_harmed(self, house: House) -> None:
        async with Desk.opened(house.stack) as desk:
            guest = await desk.guest("invited")
        house.invite_url = guest.invite_url
        [old] = payload_keys(house)
        rotated(house, write=False)
        house.starter.rotate_keys(write=True)
        file = house.stack.directory / "keys" / "payload.keys"
        whole = file.read_text()

        drop_key(file, old)
        house.processes.stop("worker")
        worker = house.processes.spawn(house.stack.worker())
        stopped = worker.wait(60)
        file.write_text(whole)
        house.processes.restart("worker")
        person = house.person()
        end = await ended(house, "invited")

        assert stopped
        assert f"lacks the key {old}" in house.logs()
        assert Stage.COMPLETED == end.stage
        assert person.wait(60)
