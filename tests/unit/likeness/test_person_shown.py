"""A person as the API shows them."""

from datetime import UTC, datetime

import pytest

from likeness.messages.conversation import VideoStatus
from likeness.messages.person import KnownVideo, PersonState
from likeness.rest.details import Video
from likeness.rest.people import PersonShown, PersonsVideo
from likeness.stages import PersonStands, VideoState

OWNER = "likeness/default/person/p-1"
MADE = VideoStatus(
    state=VideoState.DONE,
    workflow_id=f"{OWNER}/video/1",
    task_id="task_01J",
    key="default/person/p-1/video-1.mp4",
    size_bytes=4,
    sha256="0" * 64,
    cost_usd=0.75,
)


def video_of(stands: PersonStands) -> PersonsVideo:
    person = PersonShown(
        person="p-1", stands=stands, verified_at=datetime(2026, 3, 1, 12, tzinfo=UTC)
    )
    known = KnownVideo(workflow_id=MADE.workflow_id, status=MADE)
    state = PersonState(tenant="default", person="p-1")
    (shown,) = person.knowing(state, (known,), owner=OWNER).videos
    return shown


class TestTheVideosOf:
    @pytest.mark.parametrize("stands", [PersonStands.VERIFIED, PersonStands.WITHDRAWN])
    def test_somebody_known_are_told_with_the_file(self, stands: PersonStands) -> None:
        assert Video.of(MADE) == video_of(stands).status

    def test_an_erased_person_are_told_without_file_and_task(self) -> None:
        status = video_of(PersonStands.ERASED).status

        assert status is not None
        assert (VideoState.DONE, 0.75) == (status.state, status.cost_usd)
        assert (None, None, None, None) == (
            status.key,
            status.size_bytes,
            status.sha256,
            status.task_id,
        )
