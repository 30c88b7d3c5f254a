"""Nobody's answer, and our own wish to stop: the SDK calls both CANCELLED."""

import asyncio

import pytest
from temporalio.service import RPCError, RPCStatusCode

from likeness.temporal.glance import is_silence


def told(status: RPCStatusCode) -> RPCError:
    return RPCError("told", status, b"")


class TestSilence:
    async def test_the_sdks_own_time_out_is_nobodys_answer(self) -> None:
        assert is_silence(told(RPCStatusCode.CANCELLED))

    async def test_a_ctrl_c_is_no_silence(self) -> None:
        """Taken for one, it would be dropped, and a command would go on for ever."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            is_silence(told(RPCStatusCode.CANCELLED))
        task.uncancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
