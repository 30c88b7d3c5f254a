"""What a caller can tell apart when likeness says no, and what it is told."""

import httpx
import pytest

from likeness.client import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ProblemError,
    StrangeAnswerError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from likeness.failures import FAILURES, Actor, FailureCode
from likeness.rest.problems import FieldError, Problem
from tests.unit.client.pretended import Pretended, problem

KINDS = [
    (FailureCode.KEY_MISSING, 401, UnauthorizedError),
    (FailureCode.SCOPE_TOO_LOW, 403, ForbiddenError),
    (FailureCode.NO_SUCH_ONBOARDING, 404, NotFoundError),
    (FailureCode.PERSON_ERASED, 410, NotFoundError),
    (FailureCode.DIFFERENT_REQUEST, 409, ConflictError),
    (FailureCode.BAD_INPUT, 400, InvalidError),
    (FailureCode.BODY_TOO_LARGE, 413, InvalidError),
    (FailureCode.BAD_INPUT, 422, InvalidError),
    (FailureCode.TOO_MANY_REQUESTS, 429, TooManyRequestsError),
    (FailureCode.BUG, 500, UnavailableError),
    (FailureCode.TEMPORAL_AWAY, 503, UnavailableError),
]


async def refused(answer: httpx.Response) -> ProblemError:
    with pytest.raises(ProblemError) as told:
        await Pretended(answer).client(tries=1).onboardings.get("o-1")
    return told.value


class TestKinds:
    @pytest.mark.parametrize(("code", "status", "kind"), KINDS)
    async def test_each_has_a_class_and_the_whole_problem(
        self, code: FailureCode, status: int, kind: type[ProblemError]
    ) -> None:
        error = await refused(problem(code, status))

        assert kind is type(error)
        assert Problem.of(code, status) == error.problem

    async def test_the_sentence_says_what_who_and_what_next(self) -> None:
        error = await refused(problem(FailureCode.SCOPE_TOO_LOW, 403))

        assert (
            "The API key may not do this. Use a key with the scope that the detail names. "
            "(scope_too_low, HTTP 403, for the caller)"
        ) == str(error)

    async def test_the_fields_that_do_not_fit_are_named(self) -> None:
        errors = (
            FieldError(field="assets.0.url", problem="must be an http address"),
            FieldError(field="assets.1.url", problem="gone: this address is dead."),
        )
        body = Problem.of(FailureCode.BAD_INPUT, 422, errors=errors).model_dump_json()

        error = await refused(httpx.Response(422, content=body))

        assert errors == error.problem.errors
        assert str(error).startswith(
            "The input does not fit its shape. assets.0.url: must be an http address. "
            "assets.1.url: gone: this address is dead. Correct what `errors` names"
        )


class TestOthersAnswers:
    async def test_a_code_of_a_newer_likeness_keeps_its_sentences(self) -> None:
        newer = Problem.of(FailureCode.BAD_INPUT, 409).model_dump(mode="json")
        newer |= {"code": "moon_too_full", "who": "astronomer", "detail": "Wait a week."}

        error = await refused(httpx.Response(409, json=newer))

        assert ConflictError is type(error)
        assert FailureCode.BUG == error.problem.code
        assert "Wait a week." == error.problem.detail

    @pytest.mark.parametrize(
        "body", ["<html>canary</html>", "", "[]", "{}", "null", "[" * 100_000, '{"status": "x"}']
    )
    async def test_a_gateways_is_a_problem_too_but_nothing_of_it_is_repeated(
        self, body: str
    ) -> None:
        error = await refused(httpx.Response(504, text=body))

        assert UnavailableError is type(error)
        assert 504 == error.problem.status
        assert Actor.OPERATOR == error.problem.who
        assert "something between may have given it" in str(error)
        assert "canary" not in str(error)

    @pytest.mark.parametrize("status", [404, 410])
    @pytest.mark.parametrize("body", ["<html>canary</html>", "", '{"detail": "Not Found"}'])
    async def test_that_there_is_nothing_is_believed_of_likeness_alone(
        self, status: int, body: str
    ) -> None:
        elsewhere = Pretended(httpx.Response(status, text=body)).client(tries=1)

        with pytest.raises(StrangeAnswerError, match="see that base_url leads there") as told:
            await elsewhere.onboardings.get("o-1")

        assert status == told.value.status
        assert "canary" not in str(told.value)

    async def test_a_status_without_a_name_is_one_too(self) -> None:
        error = await refused(httpx.Response(599))

        assert "HTTP 599" == error.problem.title

    async def test_the_status_is_that_of_http(self) -> None:
        said = Problem.of(FailureCode.KEY_REFUSED, 200).model_dump_json()

        error = await refused(httpx.Response(401, content=said))

        assert UnauthorizedError is type(error)
        assert 401 == error.problem.status

    def test_every_code_of_the_catalogue_is_known(self) -> None:
        assert set(FailureCode) == set(FAILURES)
