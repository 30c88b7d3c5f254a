"""Reads a list of runs page by page, so that none comes twice and none is missed.

Visibility gives runs that are open first, by their start, then the ended ones by their end, the
latest first. One that ends while somebody turns the pages would move behind the place reached, and
come twice. So a walk holds on to the moment it began: what was open then comes first, by its start,
also what has ended since; then comes what had ended by then, by its end. Neither ever changes.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from likeness.messages.base import Message
from likeness.temporal.glance import RPC_TIMEOUT, temporal_away

_SETTLED = timedelta(seconds=10)
"""Longer than a list lags behind the runs, and than clocks differ."""

_LEAST = timedelta(microseconds=1)
_OPEN = "ExecutionStatus = 'Running'"


class Place(Message):
    """Where a walk stands: the last run shown, and of which part; all times in UTC.

    ``at`` is its start, or its end where ``ended``. ``began_at`` parts those that were open when
    the walk began from those that had ended.
    """

    began_at: datetime
    ended: bool = False
    at: datetime | None = None
    run_id: str = ""


class RunsPage(NamedTuple):
    """A page of runs, and the place to go on from; None where it is the last one."""

    runs: list[WorkflowExecution]
    place: Place | None


async def page_of_runs(
    client: Client,
    query: str,
    *,
    limit: int,
    place: Place | None = None,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> RunsPage:
    """Give the first runs that ``query`` finds, or those that follow on ``place``.

    Open ones come first, the newest first; then those that have ended, the latest end first.

    Raises:
        TemporalAwayError: The server did not answer.

    """
    walk = _Walk(client, query, place or Place(began_at=datetime.now(UTC) - _SETTLED), rpc_timeout)
    try:
        found = [] if walk.place.ended else await walk.open_then(limit + 1)
        if len(found) <= limit:
            found += await walk.ended_then(limit + 1 - len(found))
    except RPCError as error:
        raise temporal_away(error) from error
    shown = found[:limit]
    goes_on = len(found) > limit
    return RunsPage(shown, walk.place_of(shown[-1]) if goes_on else None)


class _Walk:
    def __init__(self, client: Client, query: str, place: Place, rpc_timeout: timedelta) -> None:
        self._client = client
        self._query = query
        self.place = place
        self._rpc_timeout = rpc_timeout
        self._began = moment(place.began_at)

    async def open_then(self, enough: int) -> list[WorkflowExecution]:
        """Give the runs that were open when the walk began and follow on its place."""
        after = _earlier("StartTime", self.place.at)
        still = await self._read(f"{_OPEN}{after}", _start, enough)
        # Asked for after the open ones: what ends in between is in both, and in neither otherwise.
        since = await self._read(f"CloseTime > '{self._began}'{after}", _start, None)
        return _in_order({run.run_id: run for run in (*still, *since)}.values(), _start)[:enough]

    async def ended_then(self, enough: int) -> list[WorkflowExecution]:
        """Give the runs that had ended by then, and follow on its place where it is among them."""
        after = _earlier("CloseTime", self.place.at) if self.place.ended else ""
        found = await self._read(f"CloseTime <= '{self._began}'{after}", _end, enough)
        return _in_order(found, _end)[:enough]

    def place_of(self, run: WorkflowExecution) -> Place:
        """Give the place to go on from when ``run`` was the last one shown."""
        ended = _end(run) <= self.place.began_at
        at = _end(run) if ended else _start(run)
        return Place(began_at=self.place.began_at, ended=ended, at=at, run_id=run.run_id)

    async def _read(
        self, part: str, time_of: "_TimeOf", enough: int | None
    ) -> list[WorkflowExecution]:
        """Read what follows on the place; past ``enough`` up to the next other time.

        The order among runs of one time is the server's affair, so all of them are read.
        """
        found: list[WorkflowExecution] = []
        is_passed = self._passed(time_of)
        query = f"{self._query} AND {part}"
        size = 1000 if enough is None else enough + 1
        async for run in self._client.list_workflows(
            query, page_size=size, rpc_timeout=self._rpc_timeout
        ):
            if is_passed(run):
                continue
            if enough is not None and len(found) >= enough and time_of(run) < time_of(found[-1]):
                break
            found.append(run)
        return found

    def _passed(self, time_of: "_TimeOf") -> Callable[[WorkflowExecution], bool]:
        place = self.place
        if place.at is None or place.ended is not (time_of is _end):
            return lambda _: False
        reached = (-_micros(place.at), place.run_id)
        return lambda run: (-_micros(time_of(run)), run.run_id) <= reached


_TimeOf = Callable[[WorkflowExecution], datetime]


def moment(at: datetime) -> str:
    """Give a time as a list's query spells it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _earlier(attribute: str, at: datetime | None) -> str:
    # The server may keep finer parts of a second than a datetime does.
    return "" if at is None else f" AND {attribute} <= '{moment(at + _LEAST)}'"


def _in_order(runs: Iterable[WorkflowExecution], time_of: _TimeOf) -> list[WorkflowExecution]:
    return sorted(runs, key=lambda run: (-_micros(time_of(run)), run.run_id))


def _micros(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // _LEAST


def _start(run: WorkflowExecution) -> datetime:
    return run.start_time


def _end(run: WorkflowExecution) -> datetime:
    return run.close_time or datetime.max.replace(tzinfo=UTC)
