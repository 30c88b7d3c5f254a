"""Waits that end: whatever does not come in time is named in one sentence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class DidNotComeError(RuntimeError):
    """Something that a figure waits for did not come; one sentence names it."""


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Leave the block after so many seconds at the latest.

    Args:
        seconds: How long at most.
        what: What comes with the block's end, as the beginning of a sentence.

    Raises:
        DidNotComeError: It did not come.

    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DidNotComeError(f"{what} did not come within {seconds:g} s.") from None
