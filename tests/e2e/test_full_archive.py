"""No room in the archive: the video waits for it in a hold, and then goes on by itself."""

import asyncio
import resource

import pytest

from likeness.failures import FailureCode
from tests.e2e.conftest import House
from tests.e2e.guests import VIDEO, Desk, Outcome

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]

ROOM_BYTES = 200_000
"""Less than the simulator's video has, more than a worker's log takes."""


class TestFullArchive:
    def test_holds_the_video_until_there_is_room(self, house: House) -> None:
        files_while_held, found = asyncio.run(self.story(house))

        assert 1 == files_while_held
        assert Outcome(charges=1, files=2) == found

    @staticmethod
    async def story(house: House) -> tuple[int, Outcome]:
        async with Desk.opened(house.stack) as desk:
            await desk.upstream.scenario("quick")
            guest = await desk.guest("filmed", video=VIDEO)
            room_for(house, ROOM_BYTES)
            await guest.passes()
            await guest.is_held_by(FailureCode.ARCHIVE_FAILED)
            files_while_held = guest.files()

            room_for(house, resource.RLIM_INFINITY)
            status = await guest.rests()
            return files_while_held, guest.outcome(status, await desk.tally())


def room_for(house: House, file_bytes: int) -> None:
    """Let the worker write no file beyond that size: to a video, a disk that is full."""
    pid = house.processes.child("worker").pid
    assert pid is not None
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_bytes, most))
