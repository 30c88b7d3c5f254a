import json
from datetime import timedelta

import pytest

from commands.answers import StatusAnswer
from likeness.messages.conversation import OnboardingStatus, VideoStatus
from likeness.stages import Stage, VideoState, WaitingFor

# Others script against these.
STATUS_KEYS = {
    "onboarding_id",
    "stage",
    "hold",
    "waiting_for",
    "attempts",
    "group_id",
    "assets",
    "video",
    "failure",
    "details",
}


class TestTheStatus:
    def test_without_a_worker_has_every_key_and_null_for_what_only_the_run_knows(
        self, at_a_glance: StatusAnswer
    ) -> None:
        printed = json.loads(at_a_glance.model_dump_json())

        unknown = {key for key in STATUS_KEYS if printed[key] is None}
        assert unknown == {"hold", "attempts", "group_id", "assets", "video", "failure"}
        assert printed["details"] == "worker away"
        assert printed["deadline"] == "2026-03-01T12:00:00Z"

    def test_with_a_worker_holds_what_the_run_tells(
        self, at_a_glance: StatusAnswer, told: OnboardingStatus
    ) -> None:
        printed = json.loads(at_a_glance.knowing(told).model_dump_json())

        assert printed["stage"] == "generating"
        assert printed["waiting_for"] == "upstream"
        assert printed["attempts"] == 2
        assert printed["details"] is None
        assert printed["deadline"] == "2026-03-01T12:01:00Z"
        assert [set(asset) for asset in printed["assets"]] == [
            {"name", "kind", "asset_id", "state", "reason", "advice"}
        ] * 2

    def test_of_a_run_ended_from_outside_keeps_the_end_that_the_run_never_saw(
        self, at_a_glance: StatusAnswer, told: OnboardingStatus
    ) -> None:
        ended = at_a_glance.model_copy(
            update={
                "stage": Stage.CANCELED,
                "waiting_for": WaitingFor.NOBODY,
                "closed_at": at_a_glance.started_at + timedelta(hours=1),
            }
        )

        known = ended.knowing(told)

        assert (known.stage, known.waiting_for) == (Stage.CANCELED, WaitingFor.NOBODY)
        assert known.attempts == 2


class TestWhatWasAskedFor:
    @pytest.mark.parametrize(
        ("stage", "video", "wanted", "expected"),
        [
            (Stage.COMPLETED, None, False, True),
            (Stage.COMPLETED, VideoState.DONE, True, True),
            (Stage.COMPLETED, VideoState.FAILED, True, False),
            (Stage.COMPLETED, None, True, False),
            (Stage.DECLINED, None, False, False),
            (Stage.CANCELED, VideoState.DONE, True, False),
        ],
    )
    def test_is_there_only_when_completed_and_the_video_done(
        self,
        at_a_glance: StatusAnswer,
        *,
        stage: Stage,
        video: VideoState | None,
        wanted: bool,
        expected: bool,
    ) -> None:
        shown = None if video is None else VideoStatus(state=video, workflow_id="w")
        ended = at_a_glance.model_copy(update={"stage": stage, "video": shown})

        assert expected == ended.gives(video_wanted=wanted)
