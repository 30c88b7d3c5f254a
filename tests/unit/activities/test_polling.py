"""One question for all tasks that are due: what it spares, and whom its failures reach."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence

import pytest
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.polling import FAULTS_BEFORE_ALONE, NO_ROUTE_FOR_S, TaskPoller
from activities.watching import BELIEVED_S, Watch
from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    NotFound,
    PaymentRequired,
    RateLimited,
    TaskState,
    TaskStatus,
    Unauthorized,
    Unavailable,
)
from likeness.failures import FailureCode
from tests.unit.activities.virtual_time import VirtualClock

WORKING = TaskState(status=TaskStatus.WORKING)
DONE = TaskState(status=TaskStatus.COMPLETED)
NO_ROUTE = [NotFound(), BadRequest(status=405), BadRequest(status=400), Forbidden()]


class Upstream:
    """Tasks that end at a second of the clock, and a route for many that may fail first."""

    def __init__(self, clock: VirtualClock, **ends_at: float) -> None:
        self.questions: list[tuple[float, list[str]]] = []
        self.reads: list[tuple[float, str]] = []
        self.faults: list[ApimartError | Exception] = []
        self.silent_about: set[str] = set()
        self.takes_s = 0.0
        self.refuses_reads: ApimartError | None = None
        self._clock = clock
        self._ends_at = ends_at

    async def ask_many(self, task_ids: Sequence[str]) -> Mapping[str, TaskState]:
        self.questions.append((self._clock.rounded_s, sorted(task_ids)))
        await asyncio.sleep(self.takes_s)
        if self.faults:
            raise self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]
        told = [task_id for task_id in task_ids if task_id not in self.silent_about]
        return {task_id: self._state(task_id) for task_id in told}

    async def read(self, task_id: str) -> TaskState:
        self.reads.append((self._clock.rounded_s, task_id))
        if self.refuses_reads is not None:
            raise self.refuses_reads
        return self._state(task_id)

    def _state(self, task_id: str) -> TaskState:
        return DONE if self._clock.elapsed_s >= self._ends_at[task_id] else WORKING


class Watchers:
    """Steps that share one poller, each with a task of its own."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.ended_at: dict[str, float] = {}

    async def watch(
        self, upstream: Upstream, poller: TaskPoller, environment: ActivityEnvironment, *ids: str
    ) -> None:
        watch = Watch(ids, upstream.read, is_finished=lambda task: task.finished, poller=poller)

        async def step() -> None:
            await watch.to_the_end(poll_interval_s=5, estimated_time_s=None)

        await environment.run(step)
        self.ended_at["+".join(ids)] = self.clock.rounded_s

    def all(self, upstream: Upstream, environment: ActivityEnvironment, *watches: str) -> None:
        poller = TaskPoller(upstream.ask_many)

        async def together() -> None:
            await asyncio.gather(
                *(self.watch(upstream, poller, environment, *ids.split("+")) for ids in watches)
            )

        self.clock.run(together())


@pytest.fixture
def watchers(clock: VirtualClock) -> Watchers:
    return Watchers(clock)


class TestOneQuestion:
    def test_a_task_that_is_due_alone_is_read(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=8)

        watchers.all(upstream, environment, "a")

        assert [] == upstream.questions
        assert [(5, "a"), (15, "a")] == upstream.reads

    def test_of_several_only_those_that_have_ended_are_read(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=8, c=8)

        watchers.all(upstream, environment, "a", "b", "c")

        assert [(5, ["a", "b", "c"]), (15, ["b", "c"])] == upstream.questions
        assert [(5, "a"), (15, "b"), (15, "c")] == sorted(upstream.reads)

    def test_the_tasks_of_one_step_share_a_question_too(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=8)

        watchers.all(upstream, environment, "a+b")

        assert [(5, ["a", "b"])] == upstream.questions
        assert [(5, "a"), (15, "b")] == upstream.reads

    def test_one_that_would_be_due_soon_is_asked_about_with_the_others(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, early=100, late=100)
        poller = TaskPoller(upstream.ask_many)

        async def apart() -> None:
            first = asyncio.create_task(watchers.watch(upstream, poller, environment, "early"))
            await asyncio.sleep(2)
            second = asyncio.create_task(watchers.watch(upstream, poller, environment, "late"))
            await asyncio.gather(first, second)

        watchers.clock.run(apart())

        assert (5, ["early", "late"]) == upstream.questions[0]

    def test_a_question_holds_fifty_tasks_at_most(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        names = [f"t{n}" for n in range(120)]
        upstream = Upstream(watchers.clock, **dict.fromkeys(names, 1.0))

        watchers.all(upstream, environment, *names)

        assert [20, 50, 50] == sorted(len(ids) for _, ids in upstream.questions)
        assert 120 == len(upstream.reads)

    def test_a_task_it_does_not_tell_of_is_read(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)
        upstream.silent_about = {"a"}

        watchers.all(upstream, environment, "a", "b")

        assert {"a": 5, "b": 5} == watchers.ended_at

    def test_its_word_that_tasks_still_work_is_not_believed_for_ever(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)

        async def stale(task_ids: Sequence[str]) -> Mapping[str, TaskState]:
            return dict.fromkeys(task_ids, WORKING)

        upstream.ask_many = stale  # type: ignore[method-assign]  # an upstream that lies
        watchers.all(upstream, environment, "a", "b")

        assert all(BELIEVED_S <= at < BELIEVED_S + 60 for at in watchers.ended_at.values())

    def test_nothing_runs_when_nobody_waits(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)
        poller = TaskPoller(upstream.ask_many)

        async def afterwards() -> int:
            await watchers.watch(upstream, poller, environment, "a", "b")
            await asyncio.sleep(0)
            return len(asyncio.all_tasks())

        assert 1 == watchers.clock.run(afterwards())
        # Nothing waits: virtual time can't go on without a timer.
        assert 5 == watchers.clock.rounded_s


class TestWithoutTheRoute:
    @pytest.mark.parametrize("refusal", NO_ROUTE, ids=["404", "405", "400", "403"])
    def test_it_is_asked_once_and_then_all_are_read_one_by_one(
        self, watchers: Watchers, environment: ActivityEnvironment, refusal: ApimartError
    ) -> None:
        upstream = Upstream(watchers.clock, a=8, b=50)
        upstream.faults = [refusal]

        with capture_logs() as logs:
            watchers.all(upstream, environment, "a", "b")

        assert [(5, ["a", "b"])] == upstream.questions
        assert [(5, "a"), (15, "a")] == [read for read in upstream.reads if read[1] == "a"]
        assert ["tasks_read_one_by_one"] == [entry["event"] for entry in logs]

    def test_after_ten_minutes_it_is_asked_again(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        """What it disliked may have been one id, whose task is gone by then."""
        upstream = Upstream(watchers.clock, a=900, b=900)
        refusals: list[ApimartError] = [BadRequest(status=400)]

        async def refuses_once(task_ids: Sequence[str]) -> Mapping[str, TaskState]:
            told = await upstream.ask_many(task_ids)
            if refusals:
                raise refusals.pop()
            return told

        poller = TaskPoller(refuses_once)

        async def together() -> None:
            await asyncio.gather(
                *(watchers.watch(upstream, poller, environment, one) for one in ("a", "b"))
            )

        watchers.clock.run(together())
        asked_at = [at for at, _ in upstream.questions]

        assert 5 == asked_at[0]
        assert NO_ROUTE_FOR_S <= asked_at[1] - asked_at[0] < NO_ROUTE_FOR_S + 60

    def test_nobody_is_then_read_early_for_company(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=8, b=8, c=8)
        upstream.faults = [NotFound()]
        poller = TaskPoller(upstream.ask_many)

        async def apart() -> None:
            both = [
                asyncio.create_task(watchers.watch(upstream, poller, environment, one))
                for one in ("a", "b")
            ]
            await asyncio.sleep(6)
            later = ActivityEnvironment()
            later.info = dataclasses.replace(environment.info, scheduled_time=watchers.clock.now())
            last = asyncio.create_task(watchers.watch(upstream, poller, later, "c"))
            await asyncio.gather(*both, last)

        watchers.clock.run(apart())

        assert 15 == watchers.ended_at["a"]
        assert [11] == [at for at, task_id in upstream.reads if task_id == "c"]


class TestFaults:
    @pytest.mark.parametrize("fault", [Unavailable(), RateLimited(retry_after_s=7)])
    def test_a_question_that_failed_is_asked_again_and_nobody_is_lost(
        self, watchers: Watchers, environment: ActivityEnvironment, fault: ApimartError
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)

        faults = [fault]

        async def fails_once(task_ids: Sequence[str]) -> Mapping[str, TaskState]:
            if faults:
                raise faults.pop()
            return await upstream.ask_many(task_ids)

        poller = TaskPoller(fails_once)

        async def together() -> None:
            await asyncio.gather(
                *(watchers.watch(upstream, poller, environment, one) for one in ("a", "b"))
            )

        watchers.clock.run(together())

        assert 1 == len(upstream.questions)
        assert {"a", "b"} == set(watchers.ended_at)
        assert all(at >= 5 + (fault.retry_after_s or 0) for at in watchers.ended_at.values())

    def test_one_that_never_works_hides_nothing_that_plain_questions_tell(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)
        upstream.faults = [Unavailable()]

        watchers.all(upstream, environment, "a", "b")

        assert FAULTS_BEFORE_ALONE == len(upstream.questions)
        assert {"a", "b"} == set(watchers.ended_at)

    def test_the_questions_of_one_round_are_one_fault(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        """However many tasks there are, an outage of a moment is not met by as many reads."""
        names = [f"t{n}" for n in range(50 * FAULTS_BEFORE_ALONE)]
        upstream = Upstream(watchers.clock, **dict.fromkeys(names, 100.0))
        upstream.faults = [Unavailable()]
        poller = TaskPoller(upstream.ask_many)

        async def until_after_the_first_round() -> None:
            steps = [
                asyncio.create_task(watchers.watch(upstream, poller, environment, name))
                for name in names
            ]
            await asyncio.sleep(6)
            for step in steps:
                step.cancel()
            await asyncio.gather(*steps, return_exceptions=True)

        watchers.clock.run(until_after_the_first_round())

        assert [5] * FAULTS_BEFORE_ALONE == [at for at, _ in upstream.questions]
        assert [] == upstream.reads

    def test_one_that_comes_too_soon_every_time_is_not_met_by_a_read_of_each_task(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        """Reads would be as many as the tasks, where one question was too much already."""
        upstream = Upstream(watchers.clock, a=1, b=1)
        upstream.faults = [RateLimited()]

        watchers.all(upstream, environment, "a", "b")

        assert ["a", "b"] == sorted(task_id for _, task_id in upstream.reads)
        assert all(BELIEVED_S <= at < BELIEVED_S + 60 for at, _ in upstream.reads)

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (Unauthorized(), FailureCode.UPSTREAM_KEY_REFUSED),
            (PaymentRequired(), FailureCode.UPSTREAM_BALANCE),
        ],
    )
    def test_what_concerns_the_account_reaches_every_step(
        self,
        watchers: Watchers,
        environment: ActivityEnvironment,
        fault: ApimartError,
        code: FailureCode,
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)
        upstream.faults, upstream.refuses_reads = [fault], fault
        poller = TaskPoller(upstream.ask_many)

        async def together() -> list[BaseException | None]:
            return await asyncio.gather(
                *(watchers.watch(upstream, poller, environment, one) for one in ("a", "b")),
                return_exceptions=True,
            )

        failures = watchers.clock.run(together())

        assert [code, code] == [
            failure.type for failure in failures if isinstance(failure, ApplicationError)
        ]

    def test_a_bug_in_the_question_loses_nobody(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1)
        upstream.faults = [LookupError()]

        watchers.all(upstream, environment, "a", "b")

        assert {"a": 5, "b": 5} == watchers.ended_at


class TestLeaving:
    @pytest.mark.parametrize("after_s", [3.0, 5.5], ids=["while waiting", "while asking"])
    def test_one_that_is_cancelled_disturbs_nobody(
        self, watchers: Watchers, environment: ActivityEnvironment, after_s: float
    ) -> None:
        upstream = Upstream(watchers.clock, a=1, b=1, c=1)
        upstream.takes_s = 1
        poller = TaskPoller(upstream.ask_many)

        async def one_leaves() -> None:
            steps = [
                asyncio.create_task(watchers.watch(upstream, poller, environment, one))
                for one in ("a", "b", "c")
            ]
            await asyncio.sleep(after_s)
            steps[0].cancel()
            await asyncio.gather(*steps, return_exceptions=True)
            assert steps[0].cancelled()

        watchers.clock.run(one_leaves())

        assert {"b": 6, "c": 6} == watchers.ended_at
        assert ["b", "c"] == sorted(task_id for _, task_id in upstream.reads)

    def test_a_worker_that_leaves_is_left_at_once_by_all(
        self, watchers: Watchers, environment: ActivityEnvironment
    ) -> None:
        upstream = Upstream(watchers.clock, a=100, b=100)
        upstream.takes_s = 60
        poller = TaskPoller(upstream.ask_many)

        async def shut_down() -> list[BaseException | None]:
            asyncio.get_running_loop().call_later(7, environment.worker_shutdown)
            return await asyncio.gather(
                *(watchers.watch(upstream, poller, environment, one) for one in ("a", "b")),
                return_exceptions=True,
            )

        left = watchers.clock.run(shut_down())

        assert 7 == watchers.clock.rounded_s
        assert [FailureCode.WORKER_LEAVING] * 2 == [
            failure.type for failure in left if isinstance(failure, ApplicationError)
        ]
