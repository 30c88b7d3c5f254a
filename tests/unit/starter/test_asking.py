from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from commands import asking, onboardings, people
from commands.outcomes import CommandError, ExitCode, Problem
from commands.subjects import Somebody
from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingRequest, VideoRequest
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    NoSuchPersonError,
    NoSuchVideoError,
    OnboardingEndedError,
    OnboardingError,
    PersonErasedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from likeness.temporal.glance import temporal_away
from likeness.temporal.keyring import Key, KeyRing
from runtime.keycheck import KeyCheckError, WrongKeyError
from runtime.settings import StarterSettings
from runtime.temporal import ConnectError, TemporalUnreachableError

KEYS = KeyRing.of(Key.of(b"k" * 32))


async def never(_: Client) -> None:
    raise AssertionError("nothing is to be asked")


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives what becomes of an error that a call ends with."""

    def of(error: BaseException) -> CommandError:
        async def fails(*_: object) -> None:
            raise error

        monkeypatch.setattr(asking, "_ask", fails)
        with pytest.raises(CommandError) as caught:
            asking.ask(StarterSettings(), never, key_ring=KEYS)
        return caught.value

    return of


EXPECTED: dict[type[Exception], tuple[ExitCode, str]] = {
    DifferentRequestError: (ExitCode.FAILED, Problem.DIFFERENT_REQUEST),
    NoSuchOnboardingError: (ExitCode.NOT_FOUND, Problem.NOT_FOUND),
    NoSuchPersonError: (ExitCode.NOT_FOUND, Problem.NOT_FOUND),
    NoSuchVideoError: (ExitCode.NOT_FOUND, Problem.NOT_FOUND),
    PersonErasedError: (ExitCode.FAILED, FailureCode.ALREADY_ENDED),
    OnboardingEndedError: (ExitCode.FAILED, FailureCode.ALREADY_ENDED),
    RefusedError: (ExitCode.FAILED, Problem.REFUSED),
    WorkerAwayError: (ExitCode.AWAY, Problem.WORKER_AWAY),
    TemporalAwayError: (ExitCode.AWAY, Problem.TEMPORAL_AWAY),
    TemporalUnreachableError: (ExitCode.AWAY, Problem.TEMPORAL_AWAY),
    KeyCheckError: (ExitCode.AWAY, Problem.TEMPORAL_AWAY),
    WrongKeyError: (ExitCode.BAD_INPUT, Problem.WRONG_KEY),
    ConnectError: (ExitCode.BAD_INPUT, Problem.SETTINGS),
}


class TestAnErrorOfACall:
    @pytest.mark.parametrize("kind", EXPECTED)
    def test_keeps_its_sentence_and_gets_code_and_exit_code(
        self, outcome: Any, kind: type[Exception]
    ) -> None:
        told = outcome(kind("It is so."))

        assert str(told) == "It is so."
        assert (told.exit_code, told.code) == EXPECTED[kind]
        assert told.next_step.endswith(".")

    def test_is_known_whichever_it_is(self) -> None:
        assert set(OnboardingError.__subclasses__()) <= EXPECTED.keys()

    def test_by_a_run_that_refused_keeps_the_runs_own_code(self, outcome: Any) -> None:
        told = outcome(RefusedError("It is so.", code=FailureCode.NO_USABLE_ASSETS))

        assert FailureCode.NO_USABLE_ASSETS == told.code
        assert "Let the person go through an onboarding" in told.next_step

    def test_tells_an_operator_nothing_that_is_meant_for_the_person(self, outcome: Any) -> None:
        told = outcome(RefusedError("It is so.", code=FailureCode.ALREADY_VERIFIED))

        assert "status ID" in told.next_step

    def test_by_ctrl_c_is_an_interruption(self, outcome: Any) -> None:
        assert outcome(KeyboardInterrupt()).exit_code is ExitCode.INTERRUPTED

    @pytest.mark.parametrize(
        ("status", "message", "expected"),
        [
            (RPCStatusCode.UNAVAILABLE, "", Problem.TEMPORAL_AWAY),
            (RPCStatusCode.PERMISSION_DENIED, "", Problem.TEMPORAL_REFUSED),
            (
                RPCStatusCode.INVALID_ARGUMENT,
                "Namespace default has no mapping defined for search attribute LikenessStage",
                Problem.NAMESPACE_UNPREPARED,
            ),
        ],
    )
    def test_of_the_server_tells_a_no_from_an_absence(
        self, outcome: Any, status: RPCStatusCode, message: str, expected: Problem
    ) -> None:
        cause = RPCError(message, status, b"")
        error = temporal_away(cause)
        error.__cause__ = cause

        assert expected == outcome(error).code

    def test_of_a_namespace_without_search_attributes_says_what_makes_them(
        self, outcome: Any
    ) -> None:
        cause = RPCError(
            "Namespace default has no mapping defined for search attribute LikenessStage",
            RPCStatusCode.INVALID_ARGUMENT,
            b"",
        )
        error = temporal_away(cause)
        error.__cause__ = cause
        told = outcome(error)

        assert told.exit_code is ExitCode.BAD_INPUT
        assert str(told).startswith("The namespace lacks the search attributes of likeness; deploy")
        assert "again" not in told.next_step


class TestAVideoThatNobodyAnswered:
    def test_names_the_id_under_which_a_repeat_pays_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fails(*_: object) -> None:
            raise WorkerAwayError("It is away.")

        monkeypatch.setattr(asking, "_ask", fails)
        monkeypatch.setattr(asking, "load_key_file", lambda _: KEYS)
        video = VideoRequest(prompt=SecretStr("She waves."))

        with pytest.raises(CommandError) as caught:
            people.generate(
                StarterSettings(), Somebody("default", "p-1"), video, order_id="spring-1"
            )

        assert "--id spring-1" in caught.value.next_step


class TestAStartThatNobodyAnswered:
    @pytest.mark.parametrize("error", [TemporalAwayError("It is away."), KeyboardInterrupt()])
    def test_names_the_id_under_which_a_repeat_finds_the_run(
        self, monkeypatch: pytest.MonkeyPatch, error: BaseException
    ) -> None:
        async def fails(*_: object) -> None:
            raise error

        monkeypatch.setattr(asking, "_ask", fails)
        monkeypatch.setattr(asking, "load_key_file", lambda _: KEYS)
        monkeypatch.setattr(onboardings, "load_key_file", lambda _: KEYS)
        request = OnboardingRequest.model_validate(
            {
                "onboarding": "one",
                "person": "p-1",
                "assets": [{"name": "a", "url": "https://files.example/a.jpg"}],
            }
        )

        with pytest.raises(CommandError) as caught:
            onboardings.start(StarterSettings(), request)

        assert "--id one" in caught.value.next_step
