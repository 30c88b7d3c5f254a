"""Waiting for the upstream account: one question on behalf of all who wait for its answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from temporalio import activity

from activities.waiting import beating_rarely, unless_leaving
from apimart import ApimartError, Balance
from likeness.messages.steps import AccountReady, AwaitAccount
from likeness.steps import AWAIT_ACCOUNT

log = structlog.get_logger("account")


class AccountProbe:
    """Asks for the balance at most once in ``every_s`` seconds, however many wait for it.

    The first who waits after a quiet time asks at once. An answer counts for those who were
    waiting when it came; whoever comes later was refused after it, and waits for the next one.
    One per client: it is bound to one API key, hence to one account.
    """

    def __init__(self, balance: Callable[[], Awaitable[Balance]], *, every_s: float) -> None:
        self._read = balance
        self._every_s = every_s
        self._turn = asyncio.Lock()
        self._asked_at: float | None = None
        self._answers = 0
        self._balance: Balance | None = None

    async def until(self, is_good: Callable[[Balance], bool]) -> Balance:
        """Wait for an answer that is good; one that is none at all is not."""
        seen = self._answers
        while True:
            async with self._turn:
                if self._answers == seen:
                    await self._ask()
                seen, balance = self._answers, self._balance
            if balance is not None and is_good(balance):
                return balance

    async def _ask(self) -> None:
        """Ask when the time has come. Who leaves meanwhile passes the turn on to the next one."""
        if self._asked_at is not None:
            await asyncio.sleep(max(self._asked_at + self._every_s - time.monotonic(), 0))
        self._asked_at = time.monotonic()
        self._balance = None
        try:
            self._balance = await self._read()
        except ApimartError as error:
            log.warning("account_not_good", code=error.code, status=error.status)
        self._answers += 1


class AccountSteps:
    """``await_account``."""

    def __init__(self, probe: AccountProbe) -> None:
        self._probe = probe

    @activity.defn(name=AWAIT_ACCOUNT.name)
    async def await_account(self, order: AwaitAccount) -> AccountReady:
        """Wait until the account answers and has a balance, or more than it had."""

        def is_good(balance: Balance) -> bool:
            left = balance.remain_usd
            return left is None or left > order.more_than_usd

        async with beating_rarely():
            balance = await unless_leaving(self._probe.until(is_good))
        return AccountReady(remain_usd=balance.remain_usd)
