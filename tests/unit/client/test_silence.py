"""The API key, and what is sent, stay where they belong."""

import logging
import traceback

import httpx
import pytest
from pydantic import SecretStr

from likeness.client import Likeness, LikenessError
from likeness.failures import FailureCode
from tests.unit.client.pretended import ASSETS, CREATED, KEY, Pretended, problem

CANARIES = (KEY, "canary")
ANSWERS = [
    httpx.ConnectError("canary"),
    httpx.ReadTimeout("canary"),
    httpx.Response(200, text="canary"),
    httpx.Response(500, text="canary"),
    problem(FailureCode.KEY_REFUSED, 401),
]


def everything_of(error: BaseException) -> str:
    """The traceback with every chained error, and what the errors carry."""
    told = "".join(traceback.format_exception(error))
    carried: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        carried += [repr(seen), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return told + "".join(carried)


class TestSilence:
    @pytest.mark.parametrize("answer", ANSWERS, ids=lambda it: type(it).__name__)
    async def test_no_error_carries_the_key_or_what_was_sent(
        self, answer: httpx.Response | Exception
    ) -> None:
        likeness = Pretended(answer)

        with pytest.raises(LikenessError) as told:
            await likeness.client(tries=1).onboardings.create(person="m", assets=ASSETS)

        assert [] == [word for word in CANARIES if word in everything_of(told.value)]

    async def test_no_log_line_holds_them(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        likeness = Pretended(httpx.ReadError("canary"), CREATED)

        await likeness.client().onboardings.create(person="m", assets=ASSETS)

        assert [] == [word for word in CANARIES if word in caplog.text]

    async def test_no_repr_holds_the_key(self) -> None:
        likeness = Likeness("https://api.example", api_key=KEY)
        parts = [likeness, likeness.onboardings, likeness.people, likeness._transport]
        await likeness.aclose()

        assert [] == [part for part in parts if KEY in repr(part) or KEY in repr(vars(part))]

    @pytest.mark.parametrize("key", ["", "a b", "ä", "line\nline", "x" * 1025])
    def test_a_key_that_cannot_be_sent_is_refused_without_being_repeated(self, key: str) -> None:
        with pytest.raises(ValueError, match="visible ASCII characters") as refused:
            Likeness("https://api.example", api_key=SecretStr(key))

        assert key == "" or key not in str(refused.value)

    async def test_no_proxy_of_the_environment_is_used_unasked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://canary.example:3128")
        likeness = Likeness("https://api.example", api_key=KEY)
        await likeness.aclose()

        assert not likeness._transport._http._mounts

    async def test_a_client_that_was_given_stays_open(self) -> None:
        likeness = Pretended()
        client = likeness.client()
        async with client:
            pass

        assert not client._transport._http.is_closed

    async def test_one_of_its_own_is_closed(self) -> None:
        async with Likeness("https://api.example", api_key=KEY) as client:
            pass

        assert client._transport._http.is_closed
