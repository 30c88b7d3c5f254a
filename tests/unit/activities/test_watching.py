"""Watching upstream tasks: each until it has ended, none for longer, and at the pace asked for."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import inf

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.polling import AskMany, TaskPoller
from activities.watching import Watch
from apimart import (
    ApimartError,
    NotFound,
    RateLimited,
    TaskState,
    TaskStatus,
    Unauthorized,
    Unavailable,
)
from likeness.failures import FailureCode
from tests.unit.activities.virtual_time import VirtualClock

WORKING, DONE = "working", "done"


class Tasks:
    """Every task tells its words in turn, the last one again and again."""

    def __init__(self, clock: VirtualClock, **words: list[str | ApimartError]) -> None:
        self.read_at: dict[str, list[float]] = defaultdict(list)
        self.on_read: Callable[[], None] = lambda: None
        self._clock = clock
        self._words = words

    async def read(self, task_id: str) -> str:
        self.read_at[task_id].append(self._clock.rounded_s)
        self.on_read()
        words = self._words[task_id]
        word = words.pop(0) if len(words) > 1 else words[0]
        if isinstance(word, ApimartError):
            raise word
        return word


async def no_such_route(_: Sequence[str]) -> dict[str, TaskState]:
    raise NotFound


async def all_still_work(task_ids: Sequence[str]) -> dict[str, TaskState]:
    return dict.fromkeys(task_ids, TaskState(status=TaskStatus.WORKING))


async def too_soon(_: Sequence[str]) -> dict[str, TaskState]:
    raise RateLimited(retry_after_s=30)


class Watching:
    """Watches in a step's surroundings."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def the(
        self,
        tasks: Tasks,
        *task_ids: str,
        estimated_time_s: float | None = None,
        poll_interval_s: float = 5,
        look_at_once: bool = False,
        within_s: float = inf,
        ask_many: AskMany = no_such_route,
    ) -> dict[str, str | None]:
        watch = Watch(
            task_ids,
            tasks.read,
            is_finished=lambda word: word == DONE,
            poller=TaskPoller(ask_many),
        )

        async def step() -> None:
            await watch.to_the_end(
                poll_interval_s=poll_interval_s,
                estimated_time_s=estimated_time_s,
                look_at_once=look_at_once,
                within_s=within_s,
            )

        self.clock.run(self.environment.run(step))
        return watch.answers


@pytest.fixture
def watch(clock: VirtualClock, environment: ActivityEnvironment) -> Watching:
    return Watching(clock, environment)


class TestTheEnd:
    def test_a_task_is_read_until_it_has_ended(self, watch: Watching, clock: VirtualClock) -> None:
        tasks = Tasks(clock, a=[WORKING, WORKING, DONE])

        assert {"a": DONE} == watch.the(tasks, "a")
        assert [5, 15, 45] == tasks.read_at["a"]

    def test_one_that_has_ended_is_not_read_again(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[DONE], b=[WORKING, WORKING, DONE])

        assert {"a": DONE, "b": DONE} == watch.the(tasks, "a", "b")
        assert 1 == len(tasks.read_at["a"])
        assert 3 == len(tasks.read_at["b"])

    def test_an_id_given_twice_is_read_once(self, watch: Watching, clock: VirtualClock) -> None:
        tasks = Tasks(clock, a=[DONE])

        assert {"a": DONE} == watch.the(tasks, "a", "a")
        assert 1 == len(tasks.read_at["a"])

    def test_nothing_to_watch_ends_at_once(self, watch: Watching, clock: VirtualClock) -> None:
        assert {} == watch.the(Tasks(clock))
        assert 0 == clock.elapsed_s


class TestLimit:
    def test_a_task_that_has_not_ended_has_no_answer(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[WORKING])

        assert {} == watch.the(tasks, "a", within_s=20)
        assert [5, 15, 20] == tasks.read_at["a"]

    def test_the_last_look_still_counts(self, watch: Watching, clock: VirtualClock) -> None:
        tasks = Tasks(clock, a=[WORKING, WORKING, DONE])

        assert {"a": DONE} == watch.the(tasks, "a", within_s=20)

    @pytest.mark.parametrize("ask_many", [all_still_work, too_soon])
    def test_at_the_last_look_each_is_read_whatever_the_batch_says(
        self, watch: Watching, clock: VirtualClock, ask_many: AskMany
    ) -> None:
        tasks = Tasks(clock, a=[DONE], b=[DONE])

        assert {"a": DONE, "b": DONE} == watch.the(tasks, "a", "b", within_s=20, ask_many=ask_many)

    def test_one_that_is_over_before_the_step_begins_allows_one_look(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[DONE])

        assert {"a": DONE} == watch.the(tasks, "a", within_s=0)


class TestPace:
    def test_the_first_read_waits_for_the_estimate(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[WORKING, DONE])

        watch.the(tasks, "a", estimated_time_s=25)

        assert [25, 30] == tasks.read_at["a"]

    def test_one_asked_for_at_once_does_not_wait(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[WORKING, WORKING, DONE])

        watch.the(tasks, "a", look_at_once=True)

        assert [0, 5, 15] == tasks.read_at["a"]

    def test_a_wait_the_upstream_asks_for_is_kept(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[RateLimited(retry_after_s=30), DONE])

        watch.the(tasks, "a")
        first, second = tasks.read_at["a"]

        assert second - first >= 30


class TestTrouble:
    def test_a_task_missed_five_times_in_a_row_is_lost(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[NotFound()])

        assert {"a": None} == watch.the(tasks, "a")
        assert 5 == len(tasks.read_at["a"])

    def test_one_that_turns_up_again_starts_anew(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        missed: list[str | ApimartError] = [NotFound()] * 4
        tasks = Tasks(clock, a=[*missed, WORKING, *missed, DONE])

        assert {"a": DONE} == watch.the(tasks, "a")

    def test_a_lost_task_does_not_take_the_others_with_it(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[NotFound()], b=[*([WORKING] * 7), DONE])

        assert {"a": None, "b": DONE} == watch.the(tasks, "a", "b")

    @pytest.mark.parametrize("hiccup", [Unavailable(), RateLimited()], ids=["away", "busy"])
    def test_an_upstream_that_is_away_is_asked_again_for_ever(
        self, watch: Watching, clock: VirtualClock, hiccup: ApimartError
    ) -> None:
        tasks = Tasks(clock, a=[*([hiccup] * 50), DONE])

        assert {"a": DONE} == watch.the(tasks, "a")

    def test_a_key_that_is_refused_needs_an_operator(
        self, watch: Watching, clock: VirtualClock
    ) -> None:
        tasks = Tasks(clock, a=[Unauthorized()])

        with pytest.raises(ApplicationError) as failure:
            watch.the(tasks, "a")

        assert FailureCode.UPSTREAM_KEY_REFUSED == failure.value.type
        assert failure.value.non_retryable

    def test_a_worker_that_leaves_does_not_keep_the_watch(
        self, watch: Watching, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        def leave_soon() -> None:
            asyncio.get_running_loop().call_later(1, environment.worker_shutdown)

        tasks = Tasks(clock, a=[WORKING])
        tasks.on_read = leave_soon

        with pytest.raises(ApplicationError) as left:
            watch.the(tasks, "a")

        assert FailureCode.WORKER_LEAVING == left.value.type
        assert 6 == clock.rounded_s
