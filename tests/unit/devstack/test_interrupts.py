"""A signal ends the program once; while it cleans up, another one only makes it hurry."""

import contextlib
import os
import signal
import time

import pytest

import devstack.interrupts
from devstack.interrupts import InterruptedBySignalError, interrupts


class TestInterrupts:
    @pytest.mark.parametrize(
        ("signum", "exit_code"),
        [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    )
    def test_the_first_signal_raises_with_the_shells_exit_code(
        self, signum: signal.Signals, exit_code: int
    ) -> None:
        with interrupts(), pytest.raises(InterruptedBySignalError) as ended:
            os.kill(os.getpid(), signum)

        assert exit_code == ended.value.exit_code

    def test_a_second_signal_only_asks_for_haste_and_an_echo_for_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with interrupts() as state:
            with pytest.raises(InterruptedBySignalError):
                os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            passed_on = state.hurry
            monkeypatch.setattr(devstack.interrupts, "SAME_S", -1.0)
            os.kill(os.getpid(), signal.SIGINT)

        assert not passed_on
        assert state.hurry

    def test_a_signal_during_the_clean_up_does_not_break_it(self) -> None:
        with interrupts() as state:
            state.close()
            os.kill(os.getpid(), signal.SIGTERM)

        assert state.hurry

    def test_one_that_came_to_nothing_is_raised_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Python drops what is raised inside a destructor."""
        monkeypatch.setattr(devstack.interrupts, "INSIST_S", 0.05)
        with interrupts() as state:
            state.insist()
            with contextlib.suppress(InterruptedBySignalError):
                os.kill(os.getpid(), signal.SIGINT)

            with pytest.raises(InterruptedBySignalError) as ended:
                time.sleep(10)
            state.close()

        assert 130 == ended.value.exit_code

    def test_the_handlers_of_before_are_put_back(self) -> None:
        before = signal.getsignal(signal.SIGTERM)

        with interrupts():
            pass

        assert before == signal.getsignal(signal.SIGTERM)

    def test_it_is_no_ordinary_failure_that_a_handler_could_swallow(self) -> None:
        assert not issubclass(InterruptedBySignalError, Exception)
