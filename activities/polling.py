"""One question on behalf of all steps whose tasks are due to be looked at."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import structlog

from apimart import (
    MAX_TASKS_PER_QUESTION,
    ApimartError,
    BadRequest,
    Forbidden,
    NotFound,
    RateLimited,
    TaskState,
    Unavailable,
)

FAULTS_BEFORE_ALONE = 3
"""So many rounds in a row with a question that failed must not hide what plain ones would tell."""

NO_ROUTE_FOR_S = 600.0
"""How long all are read one by one where the route is missing, or one task's id spoils it."""

EARLY_SHARE = 0.5
"""Of its pause a task must have had before it is asked about because others are."""

log = structlog.get_logger("polling")

AskMany = Callable[[Sequence[str]], Awaitable[Mapping[str, TaskState]]]


@dataclass(eq=False, slots=True)
class _Turn:
    """One task waiting for its look; times are the loop's.

    ``news`` becomes True where the task is worth reading, False where it still works, or the
    error with which the question came back.
    """

    task_id: str
    ready_at: float
    due_at: float
    news: asyncio.Future[bool | ApimartError]


class TaskPoller:
    """Tells watchers which of their tasks are worth reading; one per client, shared by all of them.

    A task that is due alone is worth reading. Where several are, one question tells which of them
    have ended; with it go those that would be due soon. Whoever leaves disturbs nobody, and with
    nobody waiting nothing runs. An upstream without the route is read task by task, and asked
    again after ten minutes: it may only have disliked one task's id.
    """

    def __init__(self, ask_many: AskMany) -> None:
        self._ask_many = ask_many
        self._no_route_until = -inf
        self._faults = 0
        self._turns: set[_Turn] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._asking: set[asyncio.Task[None]] = set()

    async def worth_reading(self, task_ids: Collection[str], *, after_s: float) -> frozenset[str]:
        """Wait until they are due, ``after_s`` from now at the latest; give those to be read.

        Raises:
            ApimartError: `Unavailable` or `RateLimited`, to be met like a failed read.

        """
        loop = asyncio.get_running_loop()
        pause_s = max(after_s, 0)
        due_at = loop.time() + pause_s
        ready_at = due_at - pause_s * EARLY_SHARE
        turns = [_Turn(task_id, ready_at, due_at, loop.create_future()) for task_id in task_ids]
        self._turns.update(turns)
        self._wake_at(due_at)
        try:
            await asyncio.wait([turn.news for turn in turns])
        finally:
            self._turns.difference_update(turns)
            self._rest_when_idle()
        told = {turn.task_id: turn.news.result() for turn in turns}
        for news in told.values():
            if isinstance(news, ApimartError):
                raise news
        return frozenset(task_id for task_id, news in told.items() if news)

    def _wake_at(self, due_at: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= due_at:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due_at, self._look_round)

    def _rest_when_idle(self) -> None:
        if self._timer is not None and not self._turns:
            self._timer.cancel()
            self._timer = None

    def _look_round(self) -> None:
        """Take out whoever is due, and say or ask what is to be done about them."""
        self._timer = None
        # A timer may ring a clock's tick early.
        now = asyncio.get_running_loop().time() + 0.001
        due = [turn for turn in self._turns if turn.due_at <= now]
        if due and self._has_route:
            due = [turn for turn in self._turns if turn.ready_at <= now]
        self._turns.difference_update(due)
        if self._turns:
            self._wake_at(min(turn.due_at for turn in self._turns))
        if not self._has_route or len({turn.task_id for turn in due}) == 1:
            _tell(due, news=True)
            return
        asking = asyncio.create_task(self._ask_round(due))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    @property
    def _has_route(self) -> bool:
        return asyncio.get_running_loop().time() >= self._no_route_until

    async def _ask_round(self, due: list[_Turn]) -> None:
        due.sort(key=lambda turn: turn.due_at)
        starts = range(0, len(due), MAX_TASKS_PER_QUESTION)
        chunks = [due[start : start + MAX_TASKS_PER_QUESTION] for start in starts]
        answered = await asyncio.gather(*(self._ask_about(chunk) for chunk in chunks))
        # By rounds: the questions of one are asked in the same moment and fail together.
        self._faults = 0 if all(answered) else self._faults + 1

    async def _ask_about(self, turns: Sequence[_Turn]) -> bool:
        """Ask, and tell all turns something; False where the upstream was not there to answer."""
        try:
            states = await self._ask_many(list(dict.fromkeys(turn.task_id for turn in turns)))
        except (BadRequest, NotFound, Forbidden) as error:
            self._go_without(error)
        except RateLimited as error:
            # Plain questions would come to the same door, and be fifty times as many.
            _tell(turns, news=error)
        except Unavailable as error:
            if self._faults + 1 < FAULTS_BEFORE_ALONE:
                _tell(turns, news=error)
            return False
        except ApimartError as error:
            # About the account: each plain question will say so to its own step.
            log.info("tasks_not_told", code=error.code, status=error.status)
        else:
            for turn in turns:
                state = states.get(turn.task_id)
                _tell([turn], news=state is None or state.finished)
        finally:
            # Whatever happened: a plain question is always an answer to it.
            _tell(turns, news=True)
        return True

    def _go_without(self, error: ApimartError) -> None:
        if self._has_route:
            log.warning("tasks_read_one_by_one", code=error.code, status=error.status)
        self._no_route_until = asyncio.get_running_loop().time() + NO_ROUTE_FOR_S


def _tell(turns: Sequence[_Turn], *, news: bool | ApimartError) -> None:
    for turn in turns:
        if not turn.news.done():
            turn.news.set_result(news)
