"""What `starter.py person …` prints, and when it asks first."""

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

import starter
from commands import people
from commands.outcomes import ExitCode
from commands.people_answers import (
    ErasedAnswer,
    ImportedPersonAnswer,
    ListedPersonAnswer,
    OrderedVideoAnswer,
    PersonShownAnswer,
    WithdrawnAnswer,
)
from commands.subjects import Somebody
from likeness.failures import FailureCode
from likeness.messages.conversation import Consent, Failure, VideoStatus
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.messages.person import ConsentReceipt, PersonState, UsableAsset
from likeness.rest.people import ImportPerson
from likeness.stages import Hold, Stage, VideoState
from likeness.temporal.people import KnownVideo, PersonGlance, PersonStands

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WHO = {"person": "p-1", "tenant": "default", "workflow_id": "likeness/default/person/p-1"}
VIDEO_ID = "likeness/default/person/p-1/video/1"
STATE = PersonState(
    tenant="default",
    person="p-1",
    group_id="group-9",
    receipts=(
        ConsentReceipt(
            onboarding="o1",
            link=2,
            consent=Consent(text_version="2", sha256="0" * 64, locale="zh-Hans"),
            consent_at=AT.timestamp(),
        ),
    ),
    assets=(UsableAsset(asset_id="a-1", kind=AssetKind.IMAGE, name="front"),),
    onboardings={"o1": Stage.COMPLETED},
    video_ids=(VIDEO_ID,),
)
HELD = VideoStatus(
    state=VideoState.GENERATING,
    workflow_id=VIDEO_ID,
    sealed=True,
    hold=Hold.NEEDS_DECISION,
    failure=Failure.of(FailureCode.GENERATION_UNCONFIRMED),
)


def a_glance(stands: PersonStands = PersonStands.VERIFIED, **changes: Any) -> PersonShownAnswer:
    return PersonShownAnswer.model_validate(
        {
            **WHO,
            "stands": stands,
            "details": "worker away",
            "started_at": AT,
            "closed_at": None,
            **changes,
        }
    )


@pytest.fixture
def erased(monkeypatch: pytest.MonkeyPatch) -> list[Somebody]:
    """Who was erased, with nothing but words in the way."""
    gone: list[Somebody] = []

    def erase(_settings: object, somebody: Somebody, *, reason: str) -> ErasedAnswer:
        assert isinstance(reason, str)
        gone.append(somebody)
        return ErasedAnswer.model_validate(
            {**WHO, "files_deleted": 1, "remains": ("the history", "the group")}
        )

    monkeypatch.setattr(people, "erase", erase)
    return gone


class TestShow:
    def test_is_one_object_of_all_that_is_known(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        known = a_glance().knowing(STATE, (KnownVideo(workflow_id=VIDEO_ID, status=HELD),))
        monkeypatch.setattr(people, "show", lambda *_: known)

        assert starter.run(["person", "show", "p-1", "-o", "json"]) is ExitCode.OK

        answer = json.loads(capsys.readouterr().out)
        assert ("p-1", "verified", "group-9", None) == tuple(
            answer[key] for key in ("person", "stands", "group_id", "details")
        )
        assert [{"onboarding_id": "o1", "stage": "completed"}] == answer["onboardings"]
        assert ("2", "zh-Hans", "2026-03-01T12:00:00Z") == tuple(
            answer["consents"][0][key] for key in ("text_version", "locale", "consented_at")
        )
        assert ("generating", True, "needs_decision", "generation_unconfirmed") == tuple(
            answer["videos"][0][key] for key in ("state", "sealed", "hold", "reason")
        )

    def test_in_words_says_how_to_make_another_video(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        known = a_glance().knowing(STATE, (KnownVideo(workflow_id=VIDEO_ID, status=HELD),))
        monkeypatch.setattr(people, "show", lambda *_: known)

        starter.run(["person", "show", "p-1"])

        words = " ".join(capsys.readouterr().out.split())
        for expected in (
            "stands verified",
            "onboarding o1, last heard of as completed",
            "consent text 2 in zh-Hans, 2026-03-01 12:00 UTC",
            "asset front image a-1",
            f"video {VIDEO_ID} generating sealed hold needs_decision",
            "Next: another video: python starter.py person generate p-1 --prompt …",
        ):
            assert expected in words

    @pytest.mark.parametrize(
        ("known", "expected"),
        [
            (a_glance(), "a worker runs"),
            (a_glance(PersonStands.WITHDRAWN), "nothing may be made or used"),
            (a_glance(PersonStands.ERASED, erased_at=AT), "known anew"),
            (a_glance(PersonStands.LOST), "ended from outside"),
            (a_glance().knowing(STATE.model_copy(update={"assets": ()}), ()), "review"),
        ],
    )
    def test_in_words_says_what_can_be_done_of_every_standing(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        known: PersonShownAnswer,
        expected: str,
    ) -> None:
        monkeypatch.setattr(people, "show", lambda *_: known)

        starter.run(["person", "show", "p-1"])

        assert expected in capsys.readouterr().out.splitlines()[-1]

    def test_of_a_video_nobody_tells_of_names_it_all_the_same(self) -> None:
        known = a_glance().knowing(STATE, (KnownVideo(workflow_id=VIDEO_ID),))

        assert known.videos is not None
        assert (VIDEO_ID, None) == (known.videos[0].workflow_id, known.videos[0].state)


class TestList:
    def test_holds_references_words_and_times_only(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        glance = PersonGlance.model_validate(
            {**WHO, "stands": PersonStands.WITHDRAWN, "since": AT, "started_at": AT}
        )
        line = ListedPersonAnswer.of(glance)
        monkeypatch.setattr(people, "listed", lambda *_, **__: [line, line])

        assert starter.run(["person", "list", "-o", "json"]) is ExitCode.OK
        answers = json.loads(capsys.readouterr().out)
        starter.run(["person", "list", "--limit", "2"])
        words = capsys.readouterr().out

        assert 2 == len(answers)
        assert {**WHO, "stands": "withdrawn", "started_at": "2026-03-01T12:00:00Z"} == answers[0]
        assert "p-1" in words
        assert "withdrawn" in words
        assert "--limit shows more" in words

    def test_of_nobody_says_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(people, "listed", lambda *_, **__: [])

        starter.run(["person", "list"])

        assert "There is none.\n" == capsys.readouterr().out


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[ImportPerson]:
    """What would be imported."""
    known: list[ImportPerson] = []

    def import_(
        _settings: object, _somebody: Somebody, wanted: ImportPerson
    ) -> ImportedPersonAnswer:
        known.append(wanted)
        return ImportedPersonAnswer.model_validate({**WHO, "is_new": True})

    monkeypatch.setattr(people, "import_", import_)
    return known


class TestImport:
    def test_takes_group_and_assets_and_says_whose_the_consent_is(
        self, capsys: pytest.CaptureFixture[str], imported: list[ImportPerson]
    ) -> None:
        words = ["person", "import", "p-1", "--group", "group-9", "--project", "town"]

        code = starter.run([*words, "--asset", "a-1", "--asset", "video=a-2", "--anew"])

        assert ExitCode.OK is code
        assert ("p-1", "group-9", "town", True) == (
            imported[0].person,
            imported[0].group_id,
            imported[0].project_name,
            imported[0].anew,
        )
        assert [("a-1", AssetKind.IMAGE), ("a-2", AssetKind.VIDEO)] == [
            (asset.asset_id, asset.kind) for asset in imported[0].assets
        ]
        assert "consent is yours to keep" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["--group", "canary one", "--asset", "a-1"], "--group must be"),
            (["--group", "g", "--asset", "canary/one"], "--asset 1 must be"),
            (["--group", "g", "--asset", "canary=a-1"], "--asset 1: there are image="),
            (["--group", "g", "--asset", "a-1", "--asset", "a-1"], "named once"),
            (["--group", "g", "--asset", "a-1", "--project", "canary one"], "--project must be"),
            (["--group", "g", *(["--asset", "a-1"] * 101)], "given 1 to 100 times"),
        ],
    )
    def test_refuses_what_does_not_fit_and_repeats_none_of_it(
        self,
        capsys: pytest.CaptureFixture[str],
        imported: list[ImportPerson],
        words: list[str],
        expected: str,
    ) -> None:
        code = starter.run(["person", "import", "p-1", *words])

        told = capsys.readouterr().err
        assert ExitCode.BAD_INPUT is code
        assert expected in told
        assert "canary" not in told
        assert [] == imported


class TestGenerate:
    def test_orders_what_was_typed_and_prints_nothing_of_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        orders: list[tuple[VideoRequest, str]] = []

        def generate(
            _settings: object, _somebody: Somebody, video: VideoRequest, *, order_id: str
        ) -> OrderedVideoAnswer:
            orders.append((video, order_id))
            return OrderedVideoAnswer.model_validate(
                {**WHO, "number": 1, "video_workflow_id": VIDEO_ID, "order_id": order_id}
            )

        monkeypatch.setattr(people, "generate", generate)
        words = ["person", "generate", "p-1", "--prompt", "canary", "--duration-s", "7"]

        assert starter.run([*words, "--id", "spring-1", "-o", "json"]) is ExitCode.OK
        told = json.loads(capsys.readouterr().out)
        starter.run(words)
        said = capsys.readouterr().out

        video, order_id = orders[0]
        assert ("canary", 7, "spring-1") == (
            video.prompt.get_secret_value(),
            video.duration_s,
            order_id,
        )
        assert ("spring-1", VIDEO_ID) == (told["order_id"], told["video_workflow_id"])
        assert "canary" not in said + json.dumps(told)
        assert "Next: python starter.py person show p-1" in said
        assert len({order_id for _, order_id in orders}) == 2


class TestWithdraw:
    def test_says_what_ends_and_what_stays(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = WithdrawnAnswer.model_validate({**WHO, "withdrawn_at": AT})
        monkeypatch.setattr(people, "withdraw", lambda *_: answer)

        assert starter.run(["person", "withdraw", "p-1"]) is ExitCode.OK

        said = capsys.readouterr().out
        assert "withdrawn since 2026-03-01 12:00 UTC" in said
        assert "this API cannot delete it" in said


class TestErase:
    def test_goes_on_when_the_reference_is_typed_once_more(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        erased: list[Somebody],
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("p-1\n"))

        assert starter.run(["person", "erase", "p-1"]) is ExitCode.OK

        printed = capsys.readouterr()
        assert [Somebody("default", "p-1")] == erased
        assert "Type the reference once more" in printed.err
        assert "1 file of the archive deleted" in printed.out
        assert "- the history\n- the group\n" in printed.out

    @pytest.mark.parametrize("typed", ["", "\n", "yes\n", "p-2\n"])
    def test_stops_at_anything_else(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        erased: list[Somebody],
        typed: str,
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

        assert starter.run(["person", "erase", "p-1", "-o", "json"]) is ExitCode.BAD_INPUT

        printed = capsys.readouterr()
        assert [] == erased
        assert "" == printed.out
        assert (
            "--yes was not given" in json.loads(printed.err.splitlines()[-1])["error"]["sentence"]
        )

    def test_asks_nothing_where_yes_is_said(
        self, capsys: pytest.CaptureFixture[str], erased: list[Somebody]
    ) -> None:
        words = ["person", "erase", "likeness/acme/person/p-1", "--yes", "-o", "json"]

        assert starter.run(words) is ExitCode.OK

        printed = capsys.readouterr()
        assert [Somebody("acme", "p-1")] == erased
        assert "" == printed.err
        assert ["the history", "the group"] == json.loads(printed.out)["remains"]
