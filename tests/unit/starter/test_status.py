"""What `status` and `watch` tell an operator who must act, in words and for programs."""

import json
from datetime import UTC, datetime

import pytest

from commands.answers import OrderGivenAnswer, StatusAnswer, VideoAnswer
from commands.outcomes import Output
from commands.printing import Printer
from commands.status_wording import one_line
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    AssetStatus,
    Failure,
    OnboardingStatus,
    OrderGiven,
    VideoStatus,
)
from likeness.messages.onboarding import AssetKind
from likeness.stages import AssetState, Hold, Stage, VideoState, WaitingFor

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VIDEO = "likeness/default/one/video/1"


def printed(capsys: pytest.CaptureFixture[str], answer: StatusAnswer | VideoAnswer) -> list[str]:
    Printer(Output.TEXT).answer(answer)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def refused(at_a_glance: StatusAnswer, told: OnboardingStatus) -> StatusAnswer:
    """An onboarding that waits for other files."""
    advised = AssetStatus(
        name="asset-2", state=AssetState.REFUSED, reason="blurred", advice="Take a sharp one."
    )
    ordered = OrderGiven(verb="extend_deadline", actor="anna", reason="canary", at=AT.timestamp())
    update = {
        "stage": Stage.IN_REVIEW,
        "hold": Hold.NEEDS_ASSETS,
        "waiting_for": WaitingFor.CALLER,
        "assets": (told.assets[0], advised),
        "video": None,
        "failure": Failure.of(FailureCode.TOO_FEW_USABLE_ASSETS),
        "orders": (ordered,),
    }
    return at_a_glance.knowing(told.model_copy(update=update))


@pytest.fixture
def stalled() -> VideoStatus:
    return VideoStatus(
        state=VideoState.GENERATING,
        workflow_id=VIDEO,
        task_id="task_01J",
        spent_usd=1.2,
        stalled=True,
        hold=Hold.NEEDS_OPERATOR,
        failure=Failure.of(FailureCode.GENERATION_STALLED),
    )


class TestTheLastTry:
    def test_offers_more_of_them_while_the_person_is_still_at_it(
        self,
        at_a_glance: StatusAnswer,
        told: OnboardingStatus,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        update = {
            "stage": Stage.VERIFYING,
            "waiting_for": WaitingFor.PERSON,
            "attempts_left": 0,
            "video": None,
            "failure": None,
        }

        lines = printed(capsys, at_a_glance.knowing(told.model_copy(update=update)))

        assert "python starter.py reset-attempts one" in lines
        assert "Next: the person ends the last try; for more of them, reset-attempts:" in lines


class TestAHold:
    def test_is_told_with_who_must_act_and_what_to_type(
        self, refused: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = printed(capsys, refused)

        assert "hold needs_assets" in lines
        assert "waiting for caller" in lines
        assert "asset-2 refused blurred" in lines
        assert "asset-2: Take a sharp one." in lines
        assert "ordered extend_deadline by anna, 2026-03-01 12:00 UTC" in lines
        assert [
            "python starter.py replace-assets one --asset asset-2=URL",
            "python starter.py accept-partial one",
            "python starter.py cancel one",
        ] == lines[-3:]

    def test_with_nothing_usable_offers_only_what_would_be_obeyed(
        self, refused: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clip = AssetStatus(
            name="asset-2", kind=AssetKind.VIDEO, state=AssetState.REFUSED, reason="TooShort"
        )

        lines = printed(capsys, refused.model_copy(update={"assets": (clip,)}))

        assert [
            "Next: Give other files with replace_assets, or cancel. (By the caller.)",
            "python starter.py replace-assets one --asset asset-2=video=URL",
            "python starter.py cancel one",
        ] == lines[-3:]

    def test_is_told_to_programs_in_the_same_words(self, refused: StatusAnswer) -> None:
        answer = json.loads(refused.model_dump_json())

        assert "python starter.py accept-partial one" == answer["next_commands"][1]
        assert ("needs_assets", "caller") == (answer["hold"], answer["failure"]["who"])
        assert [
            {
                "verb": "extend_deadline",
                "choice": None,
                "actor": "anna",
                "at": "2026-03-01T12:00:00Z",
            }
        ] == answer["orders"]

    def test_is_followed_by_what_was_decided_about_it(
        self, refused: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        decided = OrderGivenAnswer(verb="resolve", choice="give_up asset-2", actor="anna", at=AT)

        lines = printed(capsys, refused.model_copy(update={"orders": (decided,)}))

        assert "ordered resolve give_up asset-2 by anna, 2026-03-01 12:00 UTC" in lines

    def test_never_tells_why_something_was_ordered(
        self, refused: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = "\n".join(printed(capsys, refused)) + refused.model_dump_json()

        assert "canary" not in told

    def test_of_the_video_shows_its_task_and_what_it_may_have_cost(
        self,
        at_a_glance: StatusAnswer,
        told: OnboardingStatus,
        stalled: VideoStatus,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        update = {"hold": stalled.hold, "video": stalled, "failure": stalled.failure}
        held = at_a_glance.knowing(told.model_copy(update=update))

        lines = printed(capsys, held)

        assert "video generating, stalled, still watched, charged $1.20 at most" in lines
        assert "task task_01J" in lines
        assert "python starter.py resolve one give_up" == lines[-1]

    def test_in_a_line_of_watch_names_its_reason(self, refused: StatusAnswer) -> None:
        assert "hold needs_assets  too_few_usable_assets  waiting for caller" in one_line(refused)

    def test_tells_what_was_ordered_of_its_video_among_the_rest(
        self, at_a_glance: StatusAnswer, told: OnboardingStatus, stalled: VideoStatus
    ) -> None:
        given = [
            OrderGiven(verb=verb, actor="anna", reason="canary", at=at)
            for at, verb in enumerate(("extend_deadline", "check_now", "cancel"))
        ]
        video = stalled.model_copy(update={"orders": (given[1],)})
        update = {"orders": (given[0], given[2]), "video": video}

        held = at_a_glance.knowing(told.model_copy(update=update))

        assert ["extend_deadline", "check_now", "cancel"] == [
            order.verb for order in held.orders or ()
        ]
        assert "canary" not in held.model_dump_json()


class TestAnEndThatIsWaitedFor:
    def test_is_no_trouble_but_said(
        self,
        at_a_glance: StatusAnswer,
        told: OnboardingStatus,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        update = {"stage": Stage.SUBMITTING_ASSETS, "ending": Stage.CANCELED}
        ending = at_a_glance.knowing(told.model_copy(update=update))

        lines = printed(capsys, ending)

        assert "ending as canceled, once the POST under way has its answer" in lines
        assert "ending as canceled" in one_line(ending)
        assert "python starter.py watch one" == lines[-1]


class TestAVideo:
    @pytest.mark.parametrize(
        ("stage", "state", "expected"),
        [
            (Stage.CANCELED, VideoState.GENERATING, True),
            (Stage.CANCELED, VideoState.REQUESTED, False),
            (Stage.GENERATING, VideoState.GENERATING, False),
        ],
    )
    def test_that_outlives_its_onboarding_is_named_by_its_own_id(
        self,
        at_a_glance: StatusAnswer,
        told: OnboardingStatus,
        capsys: pytest.CaptureFixture[str],
        *,
        stage: Stage,
        state: VideoState,
        expected: bool,
    ) -> None:
        video = VideoStatus(state=state, workflow_id=VIDEO)
        update = {"stage": stage, "video": video, "failure": None}

        lines = printed(capsys, at_a_glance.knowing(told.model_copy(update=update)))

        assert expected == (f"goes on by itself: python starter.py status {VIDEO}" in lines)

    def test_is_told_by_itself(
        self, stalled: VideoStatus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = VideoAnswer(
            workflow_id=VIDEO,
            owner="likeness/default/one",
            number=1,
            hold=stalled.hold,
            video=stalled,
            failure=stalled.failure,
            started_at=AT,
            closed_at=None,
        )

        lines = printed(capsys, answer)

        assert f"video {VIDEO}" == lines[0]
        assert "task task_01J" in lines
        assert f"python starter.py check-now {VIDEO}" in lines

    def test_that_is_done_shows_file_and_bill_and_asks_for_nothing(
        self, stalled: VideoStatus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        update = {
            "state": VideoState.DONE,
            "key": "default/one/video-1.mp4",
            "size_bytes": 7340032,
            "cost_usd": 0.98,
            "hold": None,
            "failure": None,
        }
        answer = VideoAnswer(
            workflow_id=VIDEO,
            owner="likeness/default/one",
            number=1,
            video=stalled.model_copy(update=update),
            started_at=AT,
            closed_at=AT,
        )

        lines = printed(capsys, answer)

        assert "state done, default/one/video-1.mp4 (7.0 MiB), cost $0.98" in lines
        assert "Next: nothing; the video's run has ended." == lines[-1]
