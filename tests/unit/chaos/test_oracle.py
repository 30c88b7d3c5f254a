"""The oracle is silent about a good run and speaks of every bad one: each check is seen to fail."""

from dataclasses import replace
from typing import Any

import pytest

from likeness.failures import FailureCode
from likeness.messages.conversation import Failure, OnboardingStatus, VideoStatus
from likeness.messages.onboarding import OnboardingPolicy
from likeness.stages import Hold, Stage, VideoState, WaitingFor
from simulator.ledger import Entry, EntryKind
from tests.chaos.evidence import Evidence, History, Told
from tests.chaos.oracle import broken

KEY = {"idempotency_key": "k1", "body": "b1"}
ENDED = OnboardingStatus(
    onboarding_id="o-1",
    tenant="default",
    stage=Stage.COMPLETED,
    waiting_for=WaitingFor.NOBODY,
    deadline=1000,
    group_id="group-1",
)


def entry(kind: EntryKind, name: str, at: float, **detail: Any) -> Entry:
    return Entry(n=1, at=at, kind=kind, name=name, task_id="task_1", detail=detail)


def call(name: str, at: float = 50, **detail: Any) -> Entry:
    return entry(EntryKind.CALL, name, at, **{"answer": 200, **detail})


def effect(name: str, at: float = 50, **detail: Any) -> Entry:
    return entry(EntryKind.EFFECT, name, at, **detail)


SESSION = effect("session_created", 11, token="t1", callback="c1")
LOOK = call("query_group", 21, token="t1")
LEDGER = (
    SESSION,
    effect("group_made", 19, group_id="group-1", token="t1"),
    LOOK,
    call("submit_assets", 30, group_id="group-1"),
    effect("assets_submitted", 30, group_id="group-1", asset_ids=["asset-1"]),
    call("generate_video", 40, **KEY),
    effect("video_charged", 40, usd=1.0),
)
TOLD = (
    Told(name="open_session", at=10, has_consent=True),
    Told(name="signal:verification_callback", at=20, attempt=1),
)
HISTORY = History(workflow_id="likeness/default/o-1", events=60, told=TOLD)
GOOD = Evidence(
    policy=OnboardingPolicy(),
    assets=1,
    status=ENDED,
    entries=LEDGER,
    histories=(HISTORY,),
    callbacks_received=1,
)


def held(hold: Hold, code: FailureCode, waiting_for: WaitingFor) -> OnboardingStatus:
    changes = {"stage": Stage.IN_REVIEW, "hold": hold, "waiting_for": waiting_for}
    return ENDED.model_copy(update={**changes, "failure": Failure.of(code)})


def with_status(**changes: object) -> Evidence:
    return replace(GOOD, status=ENDED.model_copy(update=changes))


def with_entries(*more: Entry, without: str = "") -> Evidence:
    return replace(GOOD, entries=(*(e for e in LEDGER if e.name != without), *more))


def with_history(**changes: Any) -> Evidence:
    return replace(GOOD, histories=(replace(HISTORY, **changes),))


def spoken(evidence: Evidence) -> list[str]:
    return [each.invariant for each in broken(evidence)]


class TestGoodRuns:
    def test_of_one_that_has_ended_it_says_nothing(self) -> None:
        assert [] == broken(GOOD)

    @pytest.mark.parametrize(
        ("hold", "code", "waiting_for"),
        [
            (Hold.NEEDS_ASSETS, FailureCode.TOO_FEW_USABLE_ASSETS, WaitingFor.CALLER),
            (Hold.NEEDS_DECISION, FailureCode.SUBMISSION_UNCONFIRMED, WaitingFor.OPERATOR),
            (Hold.NEEDS_OPERATOR, FailureCode.UPSTREAM_BALANCE, WaitingFor.OPERATOR),
        ],
    )
    def test_nor_of_one_in_a_declared_hold(
        self, hold: Hold, code: FailureCode, waiting_for: WaitingFor
    ) -> None:
        history = replace(HISTORY, is_open=True, ended_as="running")

        assert [] == broken(
            replace(GOOD, status=held(hold, code, waiting_for), histories=(history,))
        )

    def test_nor_of_a_second_charge_that_an_operator_has_ordered(self) -> None:
        more = (call("generate_video", 60, **KEY), effect("video_charged", 60))

        assert [] == broken(replace(with_entries(*more), resubmitted=1))

    def test_nor_of_a_strangers_session_that_is_left_alone(self) -> None:
        stranger = effect("session_created", 5, token="t9", callback="c9")

        assert [] == broken(replace(with_entries(stranger), foreign_tokens=frozenset({"t9"})))

    def test_nor_of_a_look_that_an_operator_has_asked_for(self) -> None:
        asked = replace(HISTORY, told=(*TOLD, Told(name="check_now", at=14)))
        early = with_entries(call("query_group", 15, token="t1"))

        assert [] == broken(replace(early, histories=(asked,)))

    def test_nor_of_a_key_proven_to_be_honoured_that_is_sent_again(self) -> None:
        lost = call("generate_video", 39, **KEY, answer="cut")

        assert [] == broken(
            replace(with_entries(*(lost,) * 2, LEDGER[5], without="generate_video"), proven=True)
        )


class TestNothingLost:
    def test_a_run_that_stands_without_a_hold(self) -> None:
        bad = with_status(stage=Stage.IN_REVIEW, waiting_for=WaitingFor.UPSTREAM)

        assert ["I1"] == spoken(bad)

    def test_a_run_that_tells_nothing(self) -> None:
        assert "I1" in spoken(replace(GOOD, status=None))

    def test_an_end_that_still_waits(self) -> None:
        assert ["I1"] == spoken(with_status(waiting_for=WaitingFor.OPERATOR))

    def test_an_end_told_by_a_run_that_goes_on(self) -> None:
        assert ["I1"] == spoken(with_history(is_open=True))

    def test_a_hold_that_waits_for_the_wrong_one(self) -> None:
        status = held(Hold.NEEDS_ASSETS, FailureCode.TOO_FEW_USABLE_ASSETS, WaitingFor.OPERATOR)

        assert ["I1"] == spoken(replace(GOOD, status=status))

    def test_a_hold_that_its_code_does_not_declare(self) -> None:
        status = held(Hold.NEEDS_ASSETS, FailureCode.UPSTREAM_BALANCE, WaitingFor.CALLER)

        assert ["I1"] == spoken(replace(GOOD, status=status))

    def test_a_callback_that_the_relay_took_and_the_history_has_not(self) -> None:
        assert ["I1"] == spoken(replace(GOOD, callbacks_received=2))

    def test_a_hold_that_outlasts_its_cause(self) -> None:
        assert ["I1"] == spoken(replace(GOOD, stands_on_for=FailureCode.UPSTREAM_BALANCE))


class TestNothingChargedTwice:
    def test_two_charges(self) -> None:
        assert ["I2"] == spoken(with_entries(effect("video_charged")))

    def test_more_assets_than_were_to_be_sent(self) -> None:
        again = effect("assets_submitted", group_id="group-1", asset_ids=["asset-2"])

        assert ["I2"] == spoken(with_entries(again))

    def test_another_body_under_the_same_key(self) -> None:
        other = call("generate_video", 60, idempotency_key="k1", body="b2", answer=409)

        assert "I2" in spoken(with_entries(other))

    def test_a_paid_order_without_a_key(self) -> None:
        bare = call("generate_video", 40, idempotency_key=None, body="b1")

        assert ["I2"] == spoken(with_entries(bare, without="generate_video"))

    def test_an_order_of_unknown_outcome_that_is_followed_by_another(self) -> None:
        lost = call("generate_video", 39, **KEY, answer="cut")
        again = call("generate_video", 40, **KEY)

        assert ["I2"] == spoken(with_entries(lost, again, without="generate_video"))

    def test_a_proven_key_that_is_sent_for_ever(self) -> None:
        lost = call("generate_video", 39, **KEY, answer="cut")
        bad = with_entries(*(lost,) * 4, without="generate_video")

        assert ["I2"] == spoken(replace(bad, proven=True))


class TestNoIdentitySwap:
    def test_assets_in_a_group_that_no_token_of_this_run_made(self) -> None:
        strange = call("submit_assets", group_id="group-9")

        assert "I3" in spoken(with_entries(strange, without="submit_assets"))

    def test_a_group_that_a_strangers_token_made(self) -> None:
        assert "I3" in spoken(replace(GOOD, foreign_tokens=frozenset({"t1"})))

    def test_a_group_of_nowhere_that_the_run_believes_in(self) -> None:
        assert ["I3"] == spoken(with_status(group_id="group-9"))

    def test_a_strangers_token_that_is_looked_up(self) -> None:
        bad = with_entries(call("query_group", 25, token="t9"))

        assert ["I3"] == spoken(replace(bad, foreign_tokens=frozenset({"t9"})))

    def test_assets_in_two_groups(self) -> None:
        second = effect("group_made", 19, group_id="group-2", token="t2")
        bad = with_entries(second, call("submit_assets", group_id="group-2"))

        assert ["I3"] == spoken(bad)


class TestFrugality:
    def test_a_seventh_look_at_an_attempt(self) -> None:
        assert ["I4"] == spoken(with_entries(*(LOOK,) * 6))

    def test_a_look_before_anything_gave_a_reason(self) -> None:
        assert ["I4"] == spoken(with_entries(call("query_group", 15, token="t1")))

    def test_a_look_after_forged_callbacks_only(self) -> None:
        nothing_came = replace(HISTORY, told=TOLD[:1])

        assert ["I4"] == spoken(replace(GOOD, histories=(nothing_came,), callbacks_received=0))


class TestClearError:
    def test_an_end_without_a_reason(self) -> None:
        assert ["I5"] == spoken(with_status(stage=Stage.FAILED))

    def test_a_failure_that_says_not_what_next(self) -> None:
        mute = Failure.of(FailureCode.DEADLINE_PASSED).model_copy(update={"next_step": ""})

        assert ["I5"] == spoken(with_status(stage=Stage.EXPIRED, failure=mute))

    def test_a_failure_that_nobody_foresaw(self) -> None:
        bad = with_status(stage=Stage.FAILED, failure=Failure.of(FailureCode.BUG))

        assert ["I5"] == spoken(bad)

    def test_a_video_that_failed_without_a_reason(self) -> None:
        video = VideoStatus(state=VideoState.FAILED, workflow_id="v")

        assert ["I5"] == spoken(with_status(video=video))

    def test_a_workflow_that_fails_instead_of_telling_an_end(self) -> None:
        assert ["I5"] == spoken(with_history(ended_as="failed"))


class TestTheRest:
    def test_a_secret_where_others_read(self) -> None:
        assert ["I6"] == spoken(replace(GOOD, leaks=("prompts in log web.log",)))

    def test_a_history_too_long(self) -> None:
        assert ["I7"] == spoken(with_history(events=2000))

    def test_a_payload_too_large(self) -> None:
        assert ["I7"] == spoken(with_history(largest_payload=256 * 1024))

    def test_signals_too_many(self) -> None:
        assert ["I7"] == spoken(with_history(told=(*TOLD, *(TOLD[1],) * 99)))

    def test_a_session_that_nobody_agreed_to(self) -> None:
        late = replace(TOLD[0], at=12)

        assert ["I8"] == spoken(with_history(told=(late, TOLD[1])))

    def test_a_tap_without_a_consent_in_it(self) -> None:
        bare = replace(TOLD[0], has_consent=False)

        assert ["I8"] == spoken(with_history(told=(bare, TOLD[1])))

    def test_a_history_that_does_not_replay(self) -> None:
        assert ["I9"] == spoken(with_history(replay_error="NondeterminismError: x"))

    def test_a_workflow_task_that_failed(self) -> None:
        assert ["I9"] == spoken(with_history(broken_tasks=1))
