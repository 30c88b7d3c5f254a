"""Watching upstream tasks: polls that cost nothing in history, however long a task takes."""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Generic, TypeVar

from activities.outcomes import step_failure
from activities.waiting import (
    WATCH_BEAT_AFTER_S,
    asked_to_wait_s,
    beating,
    poll_pause_s,
    rest,
    waited_s,
)
from apimart import ApimartError, NotFound, RateLimited, Unavailable
from likeness.failures import FailureCode

MISSED_BEFORE_LOST = 5
"""A task just made may be unknown to another node for a moment; five misses in a row are not."""

AnswerT = TypeVar("AnswerT")


class Watch(Generic[AnswerT]):
    """Reads tasks until each has finished; None stands for one the upstream no longer knows."""

    def __init__(
        self,
        task_ids: tuple[str, ...],
        read: Callable[[str], Awaitable[AnswerT]],
        is_finished: Callable[[AnswerT], bool],
    ) -> None:
        self._task_ids = tuple(dict.fromkeys(task_ids))
        self._read = read
        self._is_finished = is_finished
        self._missed = dict.fromkeys(self._task_ids, 0)
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

        ``look_at_once`` spares the pause before the first look.

        Raises:
            ApplicationError: where an operator must act; ``worker_leaving`` when shut down.

        """
        async with beating(lambda: None, after_s=WATCH_BEAT_AFTER_S):
            if look_at_once:
                await self._look()
            while len(self.answers) < len(self._task_ids):
                waited = waited_s()
                pause_s = poll_pause_s(poll_interval_s, waited=waited, estimated_s=estimated_time_s)
                await rest(min(pause_s, within_s - waited))
                await self._look()
                if waited_s() >= within_s:
                    return

    async def _look(self) -> None:
        for task_id in self._task_ids:
            if task_id not in self.answers:
                await self._look_at(task_id)

    async def _look_at(self, task_id: str) -> None:
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
