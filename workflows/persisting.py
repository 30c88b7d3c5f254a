"""How a run persists: what surely had no effect is performed again until it is taken."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from temporalio import workflow

from likeness.failures import FailureCode
from likeness.ids import DEFAULT_ACCOUNT, upstream_queue
from likeness.messages.conversation import Failure
from likeness.messages.steps import AccountReady, AwaitAccount
from likeness.steps import AWAIT_ACCOUNT
from likeness.summaries import Summary
from workflows.performing import ResultT, StepFailedError, perform, watching

OF_THE_ACCOUNT = frozenset(
    {
        FailureCode.UPSTREAM_KEY_REFUSED,
        FailureCode.UPSTREAM_BALANCE,
        FailureCode.UPSTREAM_FORBIDDEN,
    }
)
"""Refusals that concern the account, not the request: they hold whoever uses it."""

FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0
LONGEST_PAUSE_OF_OLD_TROUBLE_S = 4 * 3600.0
OLD_TROUBLE_S = 24 * 3600.0
"""What nobody has mended in a day is tried more rarely: two weeks stay a short history."""


@dataclass
class TryNow:
    """How often somebody has asked that what rests after a failure be tried at once."""

    times: int = 0

    def ask(self) -> None:
        """Ask it of all that rests now."""
        self.times += 1


async def perform_until_taken(
    performance: Callable[[], Awaitable[ResultT]],
    *,
    repeatable: Callable[[StepFailedError], bool],
    trouble: Callable[[Failure], None],
    given_up: Callable[[], bool],
    account: str = DEFAULT_ACCOUNT,
    try_now: TryNow | None = None,
) -> ResultT:
    """Perform again for as long as the failure is ``repeatable``.

    Each failure is told to ``trouble``, so that the run shows who must act; it goes on by itself
    once that is done: after a refusal of ``account`` when that is good again, else after a pause.
    Pauses grow from half a minute to an hour, and after a day to four.
    """
    rests = _Rests(account, given_up, try_now or TryNow())
    while True:
        try:
            return await performance()
        except StepFailedError as failed:
            if not repeatable(failed):
                raise
            trouble(failed.failure)
            await rests.after(failed.code)
            if given_up():
                raise


class _Rests:
    """The rests between two tries of one step."""

    def __init__(self, account: str, given_up: Callable[[], bool], try_now: TryNow) -> None:
        self._account = account
        self._given_up = given_up
        self._try_now = try_now
        self._pause_s = FIRST_PAUSE_S
        self._paused_s = 0.0
        self._ready: AccountReady | None = None

    async def after(self, code: FailureCode) -> None:
        """Rest until another try makes sense, somebody asks for one or gives up."""
        asked = self._try_now.times

        def is_over() -> bool:
            return self._given_up() or self._try_now.times != asked

        if code not in OF_THE_ACCOUNT:
            self._ready = None
            await self._pause(is_over)
            return
        if self._ready is not None:
            # It was called good and yet refused again: one endpoint, or too dear for what is left.
            await self._pause(is_over)
        if not is_over():
            too_little = self._ready if code is FailureCode.UPSTREAM_BALANCE else None
            self._ready = await account_is_good(
                self._account, code, too_little=too_little, unless=is_over
            )

    async def _pause(self, is_over: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                is_over, timeout=self._pause_s, timeout_summary=Summary.PAUSE_AFTER_TROUBLE
            )
        self._paused_s += self._pause_s
        is_old = self._paused_s >= OLD_TROUBLE_S
        longest_s = LONGEST_PAUSE_OF_OLD_TROUBLE_S if is_old else LONGEST_PAUSE_S
        self._pause_s = min(2 * self._pause_s, longest_s)


async def account_is_good(
    account: str,
    code: FailureCode,
    *,
    too_little: AccountReady | None = None,
    unless: Callable[[], bool] = lambda: False,
) -> AccountReady:
    """Wait until the account that was refused with ``code`` is good again, or ``unless``.

    Where a balance was ``too_little``, only a larger one is good. It costs six events with its
    workflow task, however long it takes.
    """
    more_than_usd = (too_little.remain_usd if too_little else None) or 0
    waiting = asyncio.create_task(
        perform(
            AWAIT_ACCOUNT,
            AwaitAccount(account=account, code=code, more_than_usd=more_than_usd),
            on=upstream_queue(workflow.info().task_queue, account),
            patience=watching(),
            summary=Summary.AWAIT_ACCOUNT,
        )
    )
    try:
        await workflow.wait_condition(lambda: waiting.done() or unless())
        if waiting.done():
            with suppress(StepFailedError):
                return await waiting
    finally:
        waiting.cancel()
    return AccountReady()
