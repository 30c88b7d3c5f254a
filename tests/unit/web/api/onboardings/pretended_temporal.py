"""A Temporal client that keeps runs in memory: only what creating and describing asks of one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import TypedSearchAttributes
from temporalio.converter import DataConverter
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from likeness import search


@dataclass
class PretendedRun:
    """What ``describe`` gives."""

    id: str
    memo: Mapping[str, Any]
    typed_search_attributes: TypedSearchAttributes
    run_id: str = "run-1"
    workflow_type: str = "OnboardPerson"
    history_length: int = 2
    start_time: datetime = datetime(2026, 11, 27, 9, tzinfo=UTC)
    close_time: datetime | None = None
    status: WorkflowExecutionStatus = WorkflowExecutionStatus.RUNNING
    raw_description: DescribeWorkflowExecutionResponse = field(
        default_factory=DescribeWorkflowExecutionResponse
    )

    async def memo_value(self, key: str, default: object, *, type_hint: type) -> Any:
        del default, type_hint
        return self.memo[key]


@dataclass
class PretendedHandle:
    """The way to one run, which is there or is not."""

    temporal: "PretendedTemporal"
    workflow_id: str

    async def describe(self, **_: object) -> PretendedRun:
        self.temporal.fail_if_away("describe")
        run = self.temporal.runs.get(self.workflow_id)
        if run is None:
            raise RPCError("no such run", RPCStatusCode.NOT_FOUND, b"")
        return run

    async def fetch_history_events(self, **_: object) -> AsyncIterator[HistoryEvent]:
        none: tuple[HistoryEvent, ...] = ()
        for event in none:
            yield event

    async def query(self, *_: object, **__: object) -> None:
        raise RPCError("nobody polls", RPCStatusCode.FAILED_PRECONDITION, b"")


@dataclass
class PretendedTemporal:
    """``away`` names calls that the server does not answer; ``lost`` those it does all the same."""

    runs: dict[str, PretendedRun] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    data_converter: DataConverter = DataConverter.default

    def fail_if_away(self, call: str) -> None:
        self.calls.append(call)
        if call in self.away:
            raise RPCError("try later", RPCStatusCode.UNAVAILABLE, b"")

    def get_workflow_handle(self, workflow_id: str, **_: object) -> PretendedHandle:
        return PretendedHandle(self, workflow_id)

    async def start_workflow(self, *_: object, **told: Any) -> None:
        self.fail_if_away("start")
        await asyncio.sleep(0)
        workflow_id = told["id"]
        if workflow_id in self.runs:
            raise WorkflowAlreadyStartedError(workflow_id, "OnboardPerson")
        self.runs[workflow_id] = PretendedRun(
            id=workflow_id,
            memo={search.MEMO: told["memo"][search.MEMO]},
            typed_search_attributes=told["search_attributes"],
        )
        if "start" in self.lost:
            self.lost.discard("start")
            raise RPCError("too late", RPCStatusCode.DEADLINE_EXCEEDED, b"")

    async def client(self, within_s: float) -> Client:
        del within_s
        return cast("Client", self)
