"""One attempt: which looks it takes and when, never more than six, and what it lets others see."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from likeness.messages.conversation import VerificationCallback
from likeness.messages.onboarding import OnboardingPolicy
from likeness.messages.steps import SessionCreated
from likeness.stages import AttemptState, QueryPolicy
from workflows.attempts import Attempt, Cause

NOW = 1_800_000_000.0
LINK_END = NOW + 120 + 300
TOKEN_END = NOW + 1800
SESSION = SessionCreated(
    task_id="task_1",
    byted_token=SecretStr("canary-token"),
    h5_link=SecretStr("https://h5.example/canary-link"),
    project_name="default",
)
BACK = VerificationCallback(attempt=1, result_code=10000)


def minted(**policy: Any) -> Attempt:
    """An attempt whose session was never handed out."""
    return Attempt(number=1, policy=OnboardingPolicy(**policy))


def opened(**policy: Any) -> Attempt:
    attempt = minted(**policy)
    attempt.opened(SESSION, NOW)
    return attempt


def look(attempt: Attempt, now: float, *, resends: int = 0) -> Cause | None:
    """Take the next cause and everything that is to be looked at for it."""
    cause = attempt.take_cause(now)
    if cause is not None:
        looks = len(attempt.delays_for(cause))
        attempt.looks += looks + (resends if looks else 0)
    return cause


class TestTimedLooks:
    def test_one_comes_after_the_links_end_and_one_at_the_tokens(self) -> None:
        attempt = opened()

        assert [(LINK_END, Cause.LINK_EXPIRY), (TOKEN_END, Cause.TOKEN_END)] == attempt.timed
        assert LINK_END == attempt.next_timed()

    def test_none_is_due_before_its_time(self) -> None:
        attempt = opened()

        assert attempt.take_cause(LINK_END - 0.001) is None
        assert 2 == len(attempt.timed)

    def test_each_is_taken_once_and_in_turn(self) -> None:
        attempt = opened()

        assert Cause.LINK_EXPIRY is attempt.take_cause(LINK_END)
        assert attempt.take_cause(TOKEN_END - 1) is None
        assert Cause.TOKEN_END is attempt.take_cause(TOKEN_END)
        assert attempt.next_timed() is None
        assert attempt.take_cause(TOKEN_END + 1) is None

    def test_a_worker_away_for_long_still_takes_both(self) -> None:
        attempt = opened()

        late = [attempt.take_cause(TOKEN_END + 3600) for _ in range(3)]

        assert [Cause.LINK_EXPIRY, Cause.TOKEN_END, None] == late

    def test_there_is_none_before_the_session(self) -> None:
        assert minted().next_timed() is None

    def test_there_is_none_once_all_looks_are_spent(self) -> None:
        attempt = opened()
        attempt.looks = 6

        assert attempt.next_timed() is None
        assert attempt.take_cause(TOKEN_END) is None


class TestCauses:
    def test_a_callback_is_one(self) -> None:
        attempt = opened()
        attempt.came_back(BACK)

        assert attempt.has_cause()
        assert Cause.CALLBACK is attempt.take_cause(NOW)
        assert not attempt.has_cause()

    def test_copies_of_a_callback_are_none_also_after_it_was_looked_at(self) -> None:
        attempt = opened()
        attempt.came_back(BACK)
        attempt.came_back(BACK)
        attempt.take_cause(NOW)
        attempt.came_back(VerificationCallback(attempt=1, result_code=-1))

        assert not attempt.has_cause()
        assert BACK == attempt.callback

    def test_the_word_of_the_person_is_one_each_time_it_was_looked_at(self) -> None:
        attempt = opened()
        attempt.said_finished()
        attempt.said_finished()

        assert Cause.FINISHED is attempt.take_cause(NOW)
        assert attempt.take_cause(NOW) is None
        attempt.said_finished()
        assert Cause.FINISHED is attempt.take_cause(NOW)

    def test_they_go_before_a_timed_look_that_is_due(self) -> None:
        attempt = opened()
        attempt.said_finished()

        assert Cause.FINISHED is attempt.take_cause(LINK_END)
        assert Cause.LINK_EXPIRY is attempt.take_cause(LINK_END)

    @pytest.mark.parametrize(
        "state", [AttemptState.VERIFIED, AttemptState.NOT_PASSED, AttemptState.LOST]
    )
    def test_an_attempt_that_is_over_has_none(self, state: AttemptState) -> None:
        attempt = opened()
        attempt.state = state
        attempt.came_back(BACK)
        attempt.said_finished()

        assert not attempt.has_cause()

    @pytest.mark.parametrize("code", [10000, -1003, 0, None])
    def test_what_the_callback_says_decides_nothing(self, code: int | None) -> None:
        attempt = opened()
        attempt.came_back(VerificationCallback(attempt=1, result_code=code))

        assert Cause.CALLBACK is attempt.take_cause(NOW)
        assert (2, 7, 25) == attempt.delays_for(Cause.CALLBACK)

    def test_each_names_a_sentence_of_its_own(self) -> None:
        assert len(Cause) == len({cause.summary for cause in Cause})


class TestRoomForLooks:
    def test_a_callback_is_followed_by_the_policys_looks(self) -> None:
        attempt = opened(look_delays_s=(1, 2))

        assert (1, 2) == attempt.delays_for(Cause.CALLBACK)

    def test_looks_people_cause_leave_room_for_the_timed_ones(self) -> None:
        attempt = opened(look_delays_s=(1, 2, 3, 4, 5, 6))

        assert (1, 2, 3, 4) == attempt.delays_for(Cause.CALLBACK)

    def test_a_callback_after_the_links_end_leaves_room_for_the_last_one(self) -> None:
        attempt = opened()
        assert Cause.LINK_EXPIRY is look(attempt, LINK_END)
        attempt.looks = 4

        assert (2,) == attempt.delays_for(Cause.CALLBACK)

    @pytest.mark.parametrize(("looks", "delays"), [(0, (0.0,)), (3, (0.0,)), (4, ()), (6, ())])
    def test_the_word_of_the_person_is_worth_one_look_while_there_is_room(
        self, looks: int, delays: tuple[float, ...]
    ) -> None:
        attempt = opened()
        attempt.looks = looks

        assert delays == attempt.delays_for(Cause.FINISHED)

    @pytest.mark.parametrize(("looks", "delays"), [(0, (0.0,)), (4, (0.0,)), (5, ())])
    def test_a_timed_look_is_one_look_while_one_more_is_left_for_the_last(
        self, looks: int, delays: tuple[float, ...]
    ) -> None:
        attempt = opened()
        attempt.looks = looks
        assert Cause.LINK_EXPIRY is attempt.take_cause(LINK_END)

        assert delays == attempt.delays_for(Cause.LINK_EXPIRY)

    @pytest.mark.parametrize("max_looks", [1, 2])
    def test_where_few_are_allowed_the_timed_ones_have_them(self, max_looks: int) -> None:
        attempt = opened(max_looks=max_looks)

        assert () == attempt.delays_for(Cause.CALLBACK)
        assert () == attempt.delays_for(Cause.FINISHED)
        attempt.timed.clear()
        assert (0.0,) == attempt.delays_for(Cause.TOKEN_END)

    @given(
        events=st.lists(st.sampled_from(["callback", "finished", "later", "look"]), max_size=60),
        delays=st.lists(st.floats(0, 60), min_size=1, max_size=9),
        max_looks=st.integers(1, 6),
    )
    def test_whatever_happens_there_are_never_more_looks_than_allowed(
        self, events: list[str], delays: list[float], max_looks: int
    ) -> None:
        attempt = opened(look_delays_s=tuple(delays), max_looks=max_looks)
        now = NOW
        for event in events:
            match event:
                case "callback":
                    attempt.came_back(BACK)
                case "finished":
                    attempt.said_finished()
                case "later":
                    now += 600
                case _:
                    look(attempt, now)
            assert attempt.looks <= max_looks
        while look(attempt, TOKEN_END) is not None:
            assert attempt.looks <= max_looks

    @given(events=st.lists(st.sampled_from(["callback", "finished", "look"]), max_size=60))
    def test_whatever_the_person_does_both_timed_looks_still_come(self, events: list[str]) -> None:
        attempt = opened()
        for event in events:
            match event:
                case "callback":
                    attempt.came_back(BACK)
                case "finished":
                    attempt.said_finished()
                case _:
                    look(attempt, NOW)
        while attempt.has_cause():
            look(attempt, NOW)
        before = attempt.looks

        assert Cause.LINK_EXPIRY is look(attempt, LINK_END)
        assert Cause.TOKEN_END is look(attempt, TOKEN_END)
        assert before + 2 == attempt.looks <= 6


class TestEarlyAndLate:
    def test_a_callback_before_the_session_is_looked_at_once_it_is_there(self) -> None:
        attempt = minted()
        attempt.came_back(BACK)
        attempt.opened(SESSION, NOW)

        assert Cause.CALLBACK is attempt.take_cause(NOW)
        assert (2, 7, 25) == attempt.delays_for(Cause.CALLBACK)

    def test_an_attempt_stays_open_long_after_its_link(self) -> None:
        attempt = opened()
        look(attempt, LINK_END)
        attempt.came_back(BACK)

        assert attempt.is_open
        assert Cause.CALLBACK is attempt.take_cause(LINK_END + 60)


class TestFreshness:
    @pytest.mark.parametrize(
        ("seconds", "is_fresh"), [(0, True), (15, True), (15.001, False), (3600, False)]
    )
    def test_the_same_link_is_given_again_within_fifteen_seconds(
        self, seconds: float, *, is_fresh: bool
    ) -> None:
        assert is_fresh is opened().is_fresh(NOW + seconds)

    def test_not_after_the_browser_came_back(self) -> None:
        attempt = opened()
        attempt.came_back(BACK)

        assert not attempt.is_fresh(NOW)

    def test_not_before_there_is_a_session(self) -> None:
        assert not minted().is_fresh(NOW)

    @pytest.mark.parametrize("state", [each for each in AttemptState if each != AttemptState.OPEN])
    def test_not_once_it_is_over(self, state: AttemptState) -> None:
        attempt = opened()
        attempt.state = state

        assert not attempt.is_fresh(NOW)


class TestPolling:
    def test_there_is_one_look_that_begins_at_once(self) -> None:
        attempt = opened(query_policy=QueryPolicy.POLL)

        assert NOW == attempt.next_timed()
        assert Cause.POLL is attempt.take_cause(NOW)
        assert (0.0,) == attempt.delays_for(Cause.POLL)
        assert attempt.next_timed() is None

    def test_nothing_else_is_a_cause(self) -> None:
        attempt = opened(query_policy=QueryPolicy.POLL)
        attempt.came_back(BACK)
        attempt.said_finished()

        assert not attempt.has_cause()


class TestStatus:
    def test_it_tells_the_attempt_without_its_credentials(self) -> None:
        attempt = opened()
        attempt.came_back(BACK)
        attempt.looks = 2
        status = attempt.status

        assert (1, AttemptState.OPEN, 2, NOW) == (
            status.number,
            status.state,
            status.looks,
            status.opened_at,
        )
        assert (True, 10000) == (status.came_back, status.result_code)
        assert "canary" not in status.model_dump_json()
        assert "canary" not in repr(attempt)

    def test_one_that_never_opened_has_no_time(self) -> None:
        assert minted().status.opened_at is None
