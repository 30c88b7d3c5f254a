import asyncio

import pytest

from tests.integration.starter.conftest import Operator

pytestmark = [pytest.mark.server, pytest.mark.processes]

RUNS = 50
AT_ONCE = 4


class TestTheEndOfTheProcess:
    # More of them than cores: the SDK's abort at exit comes when a thread is late.
    # https://github.com/temporalio/sdk-python/issues/300
    @pytest.mark.timeout(300)
    async def test_is_clean_in_every_one_of_fifty_runs(self, operator: Operator) -> None:
        await operator.starts("one")
        turn = asyncio.Semaphore(AT_ONCE)

        async def status() -> tuple[int | None, str]:
            async with turn:
                ended = await operator.runs("status", "one", "-o", "json")
                return ended.code, ended.err

        ends = await asyncio.gather(*(status() for _ in range(RUNS)))

        assert [(0, "")] * RUNS == ends
