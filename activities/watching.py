"""Watching upstream tasks: polls that cost nothing in history, however long a task takes."""

from collections.abc import Awaitable, Callable, Iterable
from math import inf
from typing import Generic, TypeVar

from activities.outcomes import step_failure
from activities.polling import TaskPoller
from activities.waiting import (
    asked_to_wait_s,
    poll_pause_s,
    rest,
    unless_leaving,
    waited_s,
)
from apimart import ApimartError, NotFound, RateLimited, Unavailable
from likeness.failures import FailureCode

MISSED_BEFORE_LOST = 5
"""A task just made may be unknown to another node for a moment; five misses in a row are not."""

BELIEVED_S = 300.0
"""How long a task is taken at a batch's word that it still works, before it is read itself."""

AnswerT = TypeVar("AnswerT")


class Watch(Generic[AnswerT]):
    """Reads tasks until each has finished; None stands for one the upstream no longer knows.

    When to read which is asked of the ``poller``, which all watches share. It does not heartbeat:
    its step does, with whatever else it does.
    """

    def __init__(
        self,
        task_ids: tuple[str, ...],
        read: Callable[[str], Awaitable[AnswerT]],
        is_finished: Callable[[AnswerT], bool],
        *,
        poller: TaskPoller,
    ) -> None:
        self._poller = poller
        self._task_ids = tuple(dict.fromkeys(task_ids))
        self._read = read
        self._is_finished = is_finished
        self._missed = dict.fromkeys(self._task_ids, 0)
        self._read_at = dict.fromkeys(self._task_ids, 0.0)
        self.answers: dict[str, AnswerT | None] = {}

    async def to_the_end(
        self,
        *,
        poll_interval_s: float,
        estimated_time_s: float | None,
        look_at_once: bool = False,
        within_s: float = inf,
    ) -> None:
        """Poll until every task has an answer, or ``within_s`` after the step was scheduled.

        What is open then is read once more.

        ``look_at_once`` spares the pause before the first look.

        Raises:
            ApplicationError: where an operator must act; ``worker_leaving`` when shut down.

        """
        if look_at_once:
            await self._look_at(self._open())
        while self._open():
            waited = waited_s()
            pause_s = poll_pause_s(poll_interval_s, waited=waited, estimated_s=estimated_time_s)
            if waited + pause_s >= within_s:
                # Nothing would come after it to correct what a batch or an error hides.
                await rest(within_s - waited)
                await self._look_at(self._open())
                return
            await self._look(after_s=pause_s)

    def _open(self) -> tuple[str, ...]:
        return tuple(task_id for task_id in self._task_ids if task_id not in self.answers)

    async def _look(self, *, after_s: float) -> None:
        told: frozenset[str] = frozenset()
        try:
            told = await unless_leaving(self._poller.worth_reading(self._open(), after_s=after_s))
        except (Unavailable, RateLimited) as error:
            await rest(asked_to_wait_s(error))
        long_ago = waited_s() - BELIEVED_S
        await self._look_at(
            task_id
            for task_id in self._open()
            if task_id in told or self._read_at[task_id] <= long_ago
        )

    async def _look_at(self, task_ids: Iterable[str]) -> None:
        for task_id in tuple(task_ids):
            await self._look_at_one(task_id)

    async def _look_at_one(self, task_id: str) -> None:
        self._read_at[task_id] = waited_s()
        try:
            answer = await self._read(task_id)
        except NotFound:
            self._missed[task_id] += 1
            if self._missed[task_id] >= MISSED_BEFORE_LOST:
                self.answers[task_id] = None
        except (Unavailable, RateLimited) as error:
            await rest(asked_to_wait_s(error))
        except ApimartError as error:
            raise step_failure(error, unknown=FailureCode.BUG) from error
        else:
            self._missed[task_id] = 0
            if self._is_finished(answer):
                self.answers[task_id] = answer
