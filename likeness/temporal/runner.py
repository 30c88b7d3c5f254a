"""Lets a start with the wrong number of arguments fail the workflow instead of its task.

Without arguments the payload converter is never asked, and the workflow's constructor raises a
``TypeError`` that the server repeats for ever. So such a start is given arguments which the
converter refuses with its sentence.
"""

import inspect
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails
from typing_extensions import override

_NOTHING = Payload(metadata={"encoding": b"binary/null"})


class CountingRunner(UnsandboxedWorkflowRunner):
    """The runner inside the sandbox: the SDK's own, with the start's arguments counted."""

    @override
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Counted(super().create_instance(det), det)


class _Counted(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, details: WorkflowInstanceDetails) -> None:
        self._inner = inner
        self._defn = details.defn

    @override
    def activate(self, act: Any) -> Any:
        for job in act.jobs:
            if job.HasField("initialize_workflow"):
                self._refuse_wrong_count(job.initialize_workflow.arguments)
        return self._inner.activate(act)

    def _refuse_wrong_count(self, arguments: Any) -> None:  # noqa: ANN401 - protobuf's container
        try:
            inspect.signature(self._defn.run_fn).bind(None, *arguments)
        except TypeError:
            del arguments[:]
            arguments.extend([_NOTHING] * len(self._defn.arg_types or ()))

    @override
    def get_serialization_context(self, command_info: Any) -> Any:
        return self._inner.get_serialization_context(command_info)

    @override
    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    @override
    def get_info(self) -> Any:
        return self._inner.get_info()

    @override
    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
