"""Nobody's answer, and our own wish to stop: the SDK calls both CANCELLED."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from temporalio.service import RPCError, RPCStatusCode

from likeness.temporal.glance import is_silence, temporal_away


def told(status: RPCStatusCode) -> RPCError:
    return RPCError("told", status, b"")


@asynccontextmanager
async def ctrl_c() -> AsyncIterator[None]:
    """A cancel of this task that was turned into a failed call on the way."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    yield
    task.uncancel()


class TestSilence:
    async def test_the_sdks_own_time_out_is_nobodys_answer(self) -> None:
        assert is_silence(told(RPCStatusCode.CANCELLED))

    async def test_a_ctrl_c_is_no_silence(self) -> None:
        """Taken for one, it would be dropped, and a command would go on for ever."""
        async with ctrl_c():
            with pytest.raises(asyncio.CancelledError):
                is_silence(told(RPCStatusCode.CANCELLED))


class TestAway:
    async def test_a_server_that_gives_up_is_away(self) -> None:
        assert "(cancelled)" in str(temporal_away(told(RPCStatusCode.CANCELLED)))

    @pytest.mark.parametrize("status", [RPCStatusCode.CANCELLED, RPCStatusCode.UNKNOWN])
    async def test_a_ctrl_c_is_no_absence(self, status: RPCStatusCode) -> None:
        """Taken for one, `watch` would wait for the server to come back."""
        async with ctrl_c():
            with pytest.raises(asyncio.CancelledError):
                temporal_away(told(status))
