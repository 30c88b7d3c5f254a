"""The balance, whose failures come as HTTP 200."""

import json

import pytest
from pydantic import JsonValue

from apimart import Balance, Unauthorized, Unavailable
from apimart.protocol import Answer, read_balance


def read(body: JsonValue, status: int = 200) -> Balance:
    return read_balance(Answer(status, {}, json.dumps(body).encode(), received_at=0))


class TestBalance:
    def test_it_is_read_without_an_envelope(self) -> None:
        body: JsonValue = {"success": True, "remain_balance": 12.5, "used_balance": 3}

        assert Balance(remain_usd=12.5, used_usd=3.0) == read(body)

    def test_it_is_read_within_one_too(self) -> None:
        assert Balance(remain_usd=1.0) == read({"code": 200, "data": {"remain_balance": "1"}})

    @pytest.mark.parametrize(
        "body", [{"remain_balance": -1}, {"remain_balance": 0, "unlimited_quota": True}]
    )
    def test_no_limit_is_no_number(self, body: JsonValue) -> None:
        assert Balance(unlimited=True) == read(body)

    def test_success_false_is_a_failure_in_spite_of_its_status(self) -> None:
        with pytest.raises(Unavailable):
            read({"success": False, "message": "database busy", "remain_balance": 0})

    def test_a_bad_key_is_told_by_the_words(self) -> None:
        with pytest.raises(Unauthorized):
            read({"success": False, "message": "Invalid token"})

    def test_a_bad_key_is_told_by_the_status(self) -> None:
        with pytest.raises(Unauthorized):
            read({"error": {"type": "apimart_error"}}, 401)
