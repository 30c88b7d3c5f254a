"""Stops a message with the wrong number or kind of arguments before it can wedge a run.

The SDK drops the type hints when the count differs, hands plain dicts to the handler, and the
handler's ``TypeError`` then fails the workflow task for ever.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)
from typing_extensions import override

from likeness.temporal.converter import bad_input, fits


class ArgumentGuard(Interceptor):
    """Puts ``_GuardedInbound`` before every workflow of a worker."""

    @override
    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,
    ) -> type[WorkflowInboundInterceptor]:
        """Give the class that guards a run."""
        return _GuardedInbound


class _GuardedInbound(WorkflowInboundInterceptor):
    @override
    async def handle_signal(self, input: HandleSignalInput) -> None:
        handler = workflow.get_signal_handler(input.signal)
        if handler is not None and not _accepts(handler, input.args):
            # As the SDK does with a signal it cannot decode; it has nobody to answer.
            workflow.logger.warning("signal_dropped_for_bad_input", extra={"signal": input.signal})
            return
        await super().handle_signal(input)

    @override
    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        handler = workflow.get_update_handler(input.update)
        if handler is not None and not _accepts(handler, input.args):
            raise bad_input(f"The Update takes {_wanted(handler)}.")
        return await super().handle_update_handler(input)


def _accepts(function: Callable[..., Any], arguments: Sequence[Any]) -> bool:
    try:
        bound = inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    hints = get_type_hints(_bare(function))
    return all(fits(value, hints.get(name)) for name, value in bound.arguments.items())


def _wanted(function: Callable[..., Any]) -> str:
    hints = get_type_hints(_bare(function))
    names = [hint.__name__ for name, hint in hints.items() if name != "return"]
    return f"exactly one argument for each of: {', '.join(names) or 'nothing'}"


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the function of a handler, which the SDK binds to its run by ``partial``."""
    return function.func if isinstance(function, functools.partial) else function
