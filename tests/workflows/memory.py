"""What a run keeps in memory: a walk over everything its instance in the worker leads to."""

import gc
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from pydantic import SecretStr

_BEYOND = (ModuleType, FunctionType, type)
"""Not of one run; functions lead to the whole program by their globals, so their cells are read."""


def instances_of(workflow_id: str) -> list[object]:
    """Find the worker's instances of a run; it holds the tasks, and what these wait for."""
    return [
        it
        for it in gc.get_objects()
        if type(it).__name__ == "_WorkflowInstanceImpl" and it._info.workflow_id == workflow_id
    ]


def texts_kept(instance: object) -> Iterator[str]:
    """Give every text that the run, its tasks and its waits lead to."""
    own = vars(instance)
    # The rest of it belongs to the worker, which leads to all of its runs.
    todo: list[Any] = [value for name, value in own.items() if name in _OF_THE_RUN]
    seen = {id(instance), id(own)}
    while todo:
        found = todo.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, str):
            yield found
        elif isinstance(found, bytes):
            yield found.decode(errors="replace")
        elif isinstance(found, SecretStr):
            yield found.get_secret_value()
        elif isinstance(found, FunctionType):
            todo += [cell.cell_contents for cell in found.__closure__ or ()]
        elif not isinstance(found, _BEYOND):
            todo += gc.get_referents(found)


_OF_THE_RUN = {
    "_object",
    "_primary_task",
    "_tasks",
    "_ready",
    "_conditions",
    "_pending_timers",
    "_pending_activities",
    "_in_progress_signals",
    "_in_progress_updates",
    "_current_details",
}
