"""A wait that is missed says what did not come; what else went wrong inside stays what it was."""

import asyncio

import pytest

from benchmarks.waiting import DidNotComeError, within


class TestWithin:
    async def test_what_did_not_come_is_named(self) -> None:
        with pytest.raises(DidNotComeError, match=r"^Rest did not come within 0\.01 s\.$"):
            async with within(0.01, "Rest"):
                await asyncio.Event().wait()

    async def test_a_timeout_of_something_inside_is_not_its_own(self) -> None:
        with pytest.raises(TimeoutError, match="a call"):
            async with within(60, "Rest"):
                raise TimeoutError("a call")

    async def test_what_comes_in_time_goes_on(self) -> None:
        came = False
        async with within(60, "Rest"):
            came = True

        assert came
