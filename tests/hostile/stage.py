"""Onboardings in memory: the real workflow class and the real looks, on a clock that jumps.

What the SDK gives a workflow is put in its place by plain asyncio: conditions are looked at after
every turn of the loop, as the SDK does after every activation. There is no server, no replay and
no worker; what can be shown without them can be shown thousands of times.
"""

import asyncio
import contextvars
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

from temporalio import activity, workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutType
from temporalio.exceptions import TimeoutError as StepTimeoutError

from likeness.messages.base import Message
from tests.unit.activities.virtual_time import EPOCH, VirtualClock, VirtualLoop

ResultT = TypeVar("ResultT")
Step = Callable[[Any], Awaitable[Any]]

HEARTBEAT_TIMEOUT_S = 10.0
_RUN: contextvars.ContextVar[str] = contextvars.ContextVar("run")
_BEATS: contextvars.ContextVar[list[Any]] = contextvars.ContextVar("beats")


def run_id() -> str:
    """Name the run whose code or step asks."""
    return _RUN.get()


@dataclass(eq=False)
class _Waiting:
    condition: Callable[[], bool]
    context: contextvars.Context
    met: asyncio.Future[None]


class _StageLoop(VirtualLoop):
    """Looks at the conditions after every turn."""

    waiting: list[_Waiting]

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]  # asyncio's own, and the only place to look from
        for each in self.waiting[:]:
            if each.met.done():
                self.waiting.remove(each)
            elif each.context.copy().run(each.condition):
                each.met.set_result(None)


@dataclass
class Stage:
    """A clock, a loop, and the steps by name; ``faults`` tells what went wrong unheard."""

    steps: dict[str, Step]
    clock: VirtualClock = field(default_factory=VirtualClock)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the loop."""
        self.loop = _StageLoop(self.clock)
        self.loop.waiting = []
        self.loop.set_exception_handler(lambda _, context: self.faults.append(_told(context)))
        self._contexts: dict[str, contextvars.Context] = {}
        self._performing: set[asyncio.Task[Any]] = set()

    @property
    def now(self) -> float:
        """Unix seconds."""
        return EPOCH + self.clock.elapsed_s

    def close(self) -> None:
        """End everything."""
        # A run takes the first cancel as its own end, which it then comes to.
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.settle()
        self.loop.close()

    def on(self, run: str, work: Callable[[], ResultT]) -> ResultT:
        """Call a handler of ``run`` as the SDK would, and let everything come to rest."""
        result = self._within(run, work)
        self.settle()
        return result

    def begun(self, run: str, work: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT]:
        """Begin something of ``run`` that may wait."""
        task = self._within(run, lambda: self.loop.create_task(work, context=self._context(run)))
        self.settle()
        return task

    def _within(self, run: str, work: Callable[[], ResultT]) -> ResultT:
        async def inside() -> ResultT:
            return work()

        return self.loop.run_until_complete(
            self.loop.create_task(inside(), context=self._context(run))
        )

    def _context(self, run: str) -> contextvars.Context:
        if run not in self._contexts:
            context = contextvars.copy_context()
            context.run(_RUN.set, run)
            self._contexts[run] = context
        return self._contexts[run]

    def settle(self) -> None:
        """Let everything happen that needs no time."""
        self.pass_time(0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due meanwhile."""

        async def passing() -> None:
            await asyncio.sleep(seconds)
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(passing())

    def kill_worker(self) -> None:
        """Let every step under way be lost: the run hears of it by the heartbeat timeout."""
        for task in list(self._performing):
            task.cancel("killed")
        self.settle()

    # What the SDK gives a workflow.

    @contextmanager
    def set_up(self) -> Iterator[None]:
        """Put this stage in the place of the SDK's functions and of the steps' clock."""
        clock = SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.clock.elapsed_s)
        given = {
            "info": self._info,
            "time": lambda: self.now,
            "wait_condition": self._wait_condition,
            "sleep": self._sleep,
            "execute_activity": self._execute,
            "execute_local_activity": self._execute,
            "upsert_search_attributes": lambda *_: None,
            "upsert_memo": lambda *_: None,
            "set_current_details": lambda *_: None,
            "all_handlers_finished": lambda: True,
            "patched": lambda _: True,
        }
        with ExitStack() as stack:
            for name, function in given.items():
                stack.enter_context(mock.patch.object(workflow, name, function))
            stack.enter_context(mock.patch.object(activity, "heartbeat", _heartbeat))
            stack.enter_context(mock.patch.object(activity, "wait_for_worker_shutdown", _never))
            stack.enter_context(mock.patch("activities.sessions.time", clock))
            stack.enter_context(mock.patch("activities.waiting.time", clock))
            yield

    def _info(self) -> Any:
        return SimpleNamespace(
            workflow_id=run_id(),
            task_queue="likeness",
            workflow_start_time=datetime.fromtimestamp(EPOCH, tz=UTC),
            raw_memo={},
            typed_search_attributes=TypedSearchAttributes.empty,
        )

    async def _wait_condition(self, condition: Callable[[], bool], **patience: Any) -> None:
        if condition():
            return
        waiting = _Waiting(condition, contextvars.copy_context(), self.loop.create_future())
        self.loop.waiting.append(waiting)
        try:
            async with asyncio.timeout(patience.get("timeout")):
                await waiting.met
        finally:
            waiting.met.cancel()

    async def _sleep(self, seconds: float, **_: Any) -> None:
        await asyncio.sleep(seconds)

    async def _execute(self, name: str, message: Any, **_: Any) -> Any:
        beats: list[Any] = []
        context = contextvars.copy_context()
        context.run(_BEATS.set, beats)
        task = self.loop.create_task(_performed(self.steps[name], message), context=context)
        self._performing.add(task)
        try:
            return await task
        except ApplicationError as error:
            raise _step_failed(name, error) from error
        except asyncio.CancelledError as error:
            if "killed" not in error.args:
                raise
            await asyncio.sleep(HEARTBEAT_TIMEOUT_S)
            lost = StepTimeoutError(
                "lost", type=TimeoutType.HEARTBEAT, last_heartbeat_details=beats[-1:]
            )
            raise _step_failed(name, lost) from lost
        except Exception as error:
            self.faults.append(_told({"exception": error}))
            raise
        finally:
            self._performing.discard(task)
            task.cancel()


async def _never() -> None:
    await asyncio.Event().wait()


def _told(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return repr(context) if error is None else "".join(traceback.format_exception(error))


async def _performed(step: Step, message: Any) -> Any:
    return await step(message)


def _heartbeat(*words: Any) -> None:
    # As JSON has it, for that is how a run reads the last word of a lost step.
    _BEATS.get().extend(
        word.model_dump(mode="json") if isinstance(word, Message) else word for word in words
    )


def _step_failed(name: str, cause: BaseException) -> ActivityError:
    error = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type=name,
        activity_id="1",
        retry_state=None,
    )
    error.__cause__ = cause
    return error
