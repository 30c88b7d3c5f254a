"""The hold of a person whose check the upstream account stands in the way of."""

import asyncio

from temporalio import workflow

from likeness.messages.conversation import Failure
from likeness.stages import WaitingFor
from likeness.summaries import Summary
from workflows.persisting import OF_THE_ACCOUNT, account_is_good
from workflows.standing import Standing


class AccountHold:
    """Nothing is asked of the upstream for a person while its account is refused."""

    def __init__(self, account: str, standing: Standing) -> None:
        self.failure: Failure | None = None
        self._account = account
        self._standing = standing
        self._waiting: asyncio.Task[None] | None = None

    def begins(self, failure: Failure) -> None:
        """Hold, and wait in the background for the account to be good again."""
        self._standing.holds(failure)
        self.failure = failure
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._until_good(failure))

    async def _until_good(self, failure: Failure) -> None:
        await account_is_good(self._account, failure.code)
        self.failure = self._waiting = None
        held = self._standing.failure
        if held is not None and held.code in OF_THE_ACCOUNT:
            self._standing.released(WaitingFor.PERSON)

    async def is_over(self, *, within_s: float) -> bool:
        """Wait for its end; tell whether that came in time."""
        if self.failure is None or within_s <= 0:
            return self.failure is None
        try:
            await workflow.wait_condition(
                lambda: self.failure is None, timeout=within_s, timeout_summary=Summary.NEXT_LOOK
            )
        except TimeoutError:
            return False
        return True

    def leaves(self) -> None:
        """Wait no more: the person is past what needed it."""
        if self._waiting is not None:
            self._waiting.cancel()
