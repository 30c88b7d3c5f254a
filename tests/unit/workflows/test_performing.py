"""How steps are performed: their patience, and what a failed one tells."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as StepTimeoutError

from activities import sessions, waiting
from apimart.wires import CONNECT_TIMEOUT_S
from likeness.failures import FailureCode
from likeness.messages.conversation import Failure
from likeness.steps import UNSENT_BUDGET_S
from workflows.performing import (
    PERSON_POST_TIMEOUT_S,
    Patience,
    StepFailedError,
    copying,
    looking,
    minting,
    posting,
    watching,
)

POST_TIMEOUTS = st.floats(1, 120)
LONGEST_THROTTLE_S = 60.0
"""What the SDK holds a heartbeat back for at most."""


def exchange_s(post_timeout_s: float) -> float:
    """How long the client takes for one answer: its turn, twice a connection, then the whole."""
    return post_timeout_s + 2 * CONNECT_TIMEOUT_S + post_timeout_s


def throttle_s(patience: Patience) -> float:
    """How long the SDK holds a heartbeat back."""
    assert patience.heartbeat_s is not None
    return min(0.8 * patience.heartbeat_s, LONGEST_THROTTLE_S)


class TestRetries:
    @pytest.mark.parametrize(
        "patience", [posting(45), minting(15, 20), looking(15, (2, 7, 25))], ids=["p", "m", "l"]
    )
    def test_no_post_is_ever_repeated_by_temporal(self, patience: Patience) -> None:
        assert 1 == patience.retry.maximum_attempts

    def test_what_only_reads_goes_on_for_ever(self) -> None:
        assert 0 == watching().retry.maximum_attempts
        assert watching().start_to_close_s > 300 * 24 * 3600

    def test_a_copy_is_tried_a_few_times_before_somebody_is_told(self) -> None:
        assert 3 < copying().retry.maximum_attempts < 10

    @pytest.mark.parametrize("patience", [watching(), copying()], ids=["watching", "copying"])
    def test_pauses_between_tries_grow_up_to_a_minute(self, patience: Patience) -> None:
        assert 1 == patience.retry.initial_interval.total_seconds()
        assert 2 == patience.retry.backoff_coefficient
        assert patience.retry.maximum_interval is not None
        assert 60 == patience.retry.maximum_interval.total_seconds()


class TestPosting:
    @given(post_timeout_s=POST_TIMEOUTS)
    def test_there_is_time_for_every_resend_and_the_longest_answer(
        self, post_timeout_s: float
    ) -> None:
        longest_s = UNSENT_BUDGET_S + exchange_s(post_timeout_s)

        assert posting(post_timeout_s).start_to_close_s > longest_s

    def test_heartbeats_of_a_slow_answer_arrive_in_time(self) -> None:
        patience = posting(45)
        assert patience.heartbeat_s is not None

        assert waiting.BEAT_AFTER_S < patience.heartbeat_s
        assert throttle_s(patience) + waiting.BEAT_EVERY_S < patience.heartbeat_s


class TestMinting:
    def test_a_slow_post_beats_in_time_however_slow_it_is(self) -> None:
        patience = minting(PERSON_POST_TIMEOUT_S, 20)
        assert patience.heartbeat_s is not None

        assert waiting.MINT_BEAT_AFTER_S < patience.heartbeat_s
        assert throttle_s(patience) + waiting.BEAT_EVERY_S < patience.heartbeat_s

    @given(post_timeout_s=POST_TIMEOUTS, ready_within_s=st.floats(1, 60))
    def test_there_is_time_to_post_and_to_read(
        self, post_timeout_s: float, ready_within_s: float
    ) -> None:
        patience = minting(post_timeout_s, ready_within_s)

        assert patience.start_to_close_s > exchange_s(post_timeout_s) + ready_within_s

    @given(post_timeout_s=POST_TIMEOUTS)
    def test_two_reads_of_the_task_are_closer_than_the_heartbeats_limit(
        self, post_timeout_s: float
    ) -> None:
        patience = minting(post_timeout_s, 20)
        assert patience.heartbeat_s is not None

        assert max(sessions.SESSION_POLLS_S) < patience.heartbeat_s

    def test_nobody_waits_for_a_worker_longer_than_a_tap_is_worth(self) -> None:
        assert minting(PERSON_POST_TIMEOUT_S, 20).schedule_to_start_s == 15


class TestLooking:
    @given(
        post_timeout_s=POST_TIMEOUTS,
        delays_s=st.lists(st.floats(0, 600), min_size=1, max_size=6),
    )
    def test_there_is_time_for_the_last_look(
        self, post_timeout_s: float, delays_s: list[float]
    ) -> None:
        patience = looking(post_timeout_s, tuple(delays_s))

        assert patience.start_to_close_s > max(delays_s) + exchange_s(post_timeout_s)

    def test_heartbeats_arrive_in_time(self) -> None:
        patience = looking(15, (2, 7, 25))
        assert patience.heartbeat_s is not None

        assert throttle_s(patience) < patience.heartbeat_s
        assert waiting.BEAT_EVERY_S < patience.heartbeat_s


class TestWatching:
    def test_its_heartbeats_begin_and_go_on_in_time(self) -> None:
        patience = watching()
        assert patience.heartbeat_s is not None

        assert waiting.WATCH_BEAT_AFTER_S + waiting.BEAT_EVERY_S < patience.heartbeat_s
        assert throttle_s(patience) + waiting.BEAT_EVERY_S < patience.heartbeat_s

    def test_so_do_those_of_a_copy(self) -> None:
        patience = copying()
        assert patience.heartbeat_s is not None

        assert waiting.BEAT_AFTER_S < patience.heartbeat_s
        assert throttle_s(patience) + waiting.BEAT_EVERY_S < patience.heartbeat_s


def failed_step(cause: BaseException | None) -> StepFailedError:
    error = ActivityError(
        "activity error",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="submit_assets",
        activity_id="1",
        retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )
    error.__cause__ = cause
    return StepFailedError.of("submit_assets", error)


def timed_out(kind: TimeoutType, *details: Any) -> StepTimeoutError:
    return StepTimeoutError("timed out", type=kind, last_heartbeat_details=details)


class TestStepFailed:
    def test_a_failure_of_ours_keeps_its_code_and_detail(self) -> None:
        failed = failed_step(
            ApplicationError("s", "bad_request, HTTP 400", type="upstream_refused")
        )

        assert FailureCode.UPSTREAM_REFUSED is failed.code
        assert "bad_request, HTTP 400" == failed.detail
        assert (False, False) == (failed.lost, failed.unsent)

    @pytest.mark.parametrize("kind", ["ValueError", "RuntimeError", "", None])
    def test_a_failure_nobody_foresaw_is_a_bug(self, kind: str | None) -> None:
        failed = failed_step(ApplicationError("boom", type=kind))

        assert FailureCode.BUG is failed.code
        assert not failed.lost
        assert not failed.had_no_effect

    def test_a_cause_of_another_kind_is_a_bug(self) -> None:
        assert FailureCode.BUG is failed_step(None).code
        assert FailureCode.BUG is failed_step(RuntimeError()).code

    @pytest.mark.parametrize("kind", [TimeoutType.HEARTBEAT, TimeoutType.START_TO_CLOSE])
    def test_a_worker_that_fell_silent_leaves_its_last_word_and_an_unknown_outcome(
        self, kind: TimeoutType
    ) -> None:
        failed = failed_step(timed_out(kind, "task_1", "older"))

        assert failed.lost
        assert "task_1" == failed.heartbeat
        assert not failed.had_no_effect

    def test_one_that_never_spoke_leaves_none(self) -> None:
        assert failed_step(timed_out(TimeoutType.HEARTBEAT)).heartbeat is None

    def test_a_step_no_worker_took_is_unsent_and_not_lost(self) -> None:
        failed = failed_step(timed_out(TimeoutType.SCHEDULE_TO_START))

        assert (False, True) == (failed.lost, failed.unsent)
        assert failed.had_no_effect
        assert FailureCode.UPSTREAM_UNAVAILABLE is failed.code

    @pytest.mark.parametrize("code", FailureCode)
    def test_only_what_was_turned_away_had_no_effect(self, code: FailureCode) -> None:
        turned_away = {
            FailureCode.SPEND_LIMIT,
            FailureCode.UPSTREAM_UNAVAILABLE,
            FailureCode.UPSTREAM_KEY_REFUSED,
            FailureCode.UPSTREAM_BALANCE,
            FailureCode.UPSTREAM_FORBIDDEN,
            FailureCode.TEMPORAL_AWAY,
        }

        failed = failed_step(ApplicationError("s", type=code.value))

        assert (code in turned_away) is failed.had_no_effect

    def test_it_shows_as_the_failure_every_interface_knows(self) -> None:
        failed = failed_step(ApplicationError("s", "detail", type="upstream_balance"))

        assert (
            Failure.of(FailureCode.UPSTREAM_BALANCE, step="submit_assets", detail="detail")
            == failed.failure
        )

    def test_a_long_detail_is_cut(self) -> None:
        failed = failed_step(ApplicationError("s", "x" * 1000, type="bug"))

        assert "x" * 200 == failed.detail

    def test_the_last_word_does_not_show(self) -> None:
        assert "canary" not in repr(failed_step(timed_out(TimeoutType.HEARTBEAT, "canary")))

    def test_what_it_did_before_it_failed_is_its_last_word(self) -> None:
        word = {"looks": 2, "delays_done": 1}

        failed = failed_step(ApplicationError("s", "detail", word, type="upstream_balance"))

        assert word == failed.heartbeat
