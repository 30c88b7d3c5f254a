"""Whatever person, upstream and operator do, I3, I4 and I8 hold; `make hostile` tries far more."""

from itertools import islice

import pytest

from tests.hostile.callback_orders import Order, every_order, play
from tests.hostile.runs import MAX_ATTEMPTS, Runs
from tests.hostile.sequences import sequences


class TestSequences:
    def test_of_what_anybody_may_do_break_no_invariant(self) -> None:
        """`make hostile` tries two thousand, and shortens what breaks one."""
        assert 60 <= sequences(60, in_brief=True)


class TestCallbackOrders:
    def test_are_all_there_are(self) -> None:
        every = list(every_order())

        assert 14_995 == len(every) == len(set(every))
        assert Order((1, None, 1, None, 2, 1), passing=2) in every

    def test_never_change_whose_pass_counts(self) -> None:
        """One in forty; `make hostile` plays all of them."""
        for order in islice(every_order(), 0, None, 40):
            play(order)


class TestTheStage:
    def test_plays_an_onboarding_to_its_end(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            run = runs.start("ob-1")
            runs.tap(run)
            [session] = runs.upstream.sessions
            runs.upstream.scan(session, passes=True)
            runs.come_back(session)
            runs.stage.pass_time(3)
            runs.check()
            runs.stage.close()

        assert ("group-0", [2.0]) == (run.group, [at - session.minted_at for at in session.asked])
        assert [(run.id, "group-0")] == runs.upstream.submitted

    def test_takes_a_session_up_whose_worker_was_killed(self) -> None:
        runs = Runs()
        runs.upstream.reading_s = 2
        with runs.stage.set_up():
            run = runs.start("ob-1")
            runs.tap(run)
            runs.stage.pass_time(1)
            runs.stage.kill_worker()
            runs.stage.pass_time(20)
            runs.check()
            runs.stage.close()

        assert 1 == len(runs.upstream.sessions)
        assert "verifying" == run.workflow.status().stage

    def test_looks_six_times_at_most_however_often_somebody_asks(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            run = runs.start("ob-1")
            runs.tap(run)
            [session] = runs.upstream.sessions
            for _ in range(9):
                runs.say_finished(run, 1)
                runs.stage.pass_time(1)
            runs.stage.pass_time(2000)
            runs.stage.close()

        assert 6 == len(session.asked)

    def test_opens_no_more_sessions_than_are_granted(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            run = runs.start("ob-1")
            for _ in range(9):
                runs.tap(run)
                runs.stage.pass_time(1)
            runs.stage.close()

        assert MAX_ATTEMPTS == len(runs.upstream.sessions) == run.taps

    def test_counts_the_looks_of_a_killed_worker(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            run = runs.start("ob-1")
            runs.tap(run)
            [session] = runs.upstream.sessions
            for _ in range(6):
                runs.say_finished(run, 1)
                runs.stage.pass_time(0.1)
                runs.stage.kill_worker()
                runs.stage.pass_time(20)
            runs.stage.pass_time(2000)
            runs.check()
            runs.stage.close()

        assert 0 < len(session.asked) <= 6

    def test_finds_out_a_look_without_a_cause_and_one_too_many(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            runs.tap(runs.start("ob-1"))
            [session] = runs.upstream.sessions
            session.asked.append(runs.stage.now)
            with pytest.raises(AssertionError):
                runs.check()
            session.causes.append(runs.stage.now)
            runs.check()
            session.asked *= 7
            with pytest.raises(AssertionError):
                runs.check()
            runs.stage.close()

    def test_finds_out_a_group_that_is_another_persons(self) -> None:
        runs = Runs()
        with runs.stage.set_up():
            mine, other = runs.start("mine"), runs.start("other")
            runs.tap(other)
            [session] = runs.upstream.sessions
            runs.upstream.scan(session, passes=True)
            mine.workflow.verification.looks.group_id = session.group
            with pytest.raises(AssertionError):
                runs.check()
            runs.stage.close()
