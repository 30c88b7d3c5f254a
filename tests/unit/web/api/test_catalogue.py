from pathlib import Path

import httpx
import pytest

from likeness.failures import FAILURES, FailureCode
from likeness.rest.problems import Problem
from web.api.app import PREFIX
from web.api.catalogue import catalogue

COMMITTED = Path(__file__).parents[4] / "docs" / "problems.md"


class TestTheCatalogue:
    def test_is_committed_as_it_is(self) -> None:
        assert catalogue() == COMMITTED.read_text(), "make it anew: make api"

    @pytest.mark.parametrize("code", FailureCode)
    async def test_has_the_page_that_a_problems_type_names(
        self, api: httpx.AsyncClient, code: FailureCode
    ) -> None:
        address = Problem.of(code, 400).type

        response = await api.get(address.removeprefix(PREFIX))

        assert (200, "text/html; charset=utf-8") == (
            response.status_code,
            response.headers["content-type"],
        )
        text = FAILURES[code]
        for told in (code, text.sentence, text.who, text.next_step):
            assert str(told) in response.text.replace("&#x27;", "'")

    @pytest.mark.parametrize("code", ["nothing", "BUG", "%3Cscript%3E", "bug%00"])
    async def test_has_none_for_what_is_no_code(self, api: httpx.AsyncClient, code: str) -> None:
        response = await api.get(f"/problems/{code}")

        assert (404, "no_such_page") == (response.status_code, response.json()["code"])
        assert "script" not in response.text
