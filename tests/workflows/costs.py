"""What runs cost: events and billed actions, counted from their histories.

https://docs.temporal.io/cloud/actions has the rules.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from benchmarks.histories import actions
from likeness import names


class Cost(NamedTuple):
    """Events in the history and actions on the bill, heartbeats not included."""

    events: int
    actions: int

    def and_those_of(self, others: Iterable["Cost"]) -> "Cost":
        """Add up."""
        every = (self, *others)
        return Cost(sum(each.events for each in every), sum(each.actions for each in every))

    def beyond(self, other: "Cost") -> "Cost":
        """Give what this one has more."""
        return Cost(self.events - other.events, self.actions - other.actions)


def cost_of(history: Sequence[HistoryEvent]) -> Cost:
    """Count one run's history."""
    return Cost(len(history), actions(history))


async def costs_of_all_runs(client: Client) -> dict[str, Cost]:
    """Count every run of the client's namespace, by the type of its workflow."""
    costs: dict[str, Cost] = {}
    async for run in client.list_workflows():
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        known = costs.get(run.workflow_type, Cost(0, 0))
        costs[run.workflow_type] = known.and_those_of([cost_of(history.events)])
    return costs


def in_all(costs: dict[str, Cost]) -> Cost:
    """Add the runs up, without the one that checks keys: it is started once a namespace."""
    return Cost(0, 0).and_those_of(
        cost for workflow_type, cost in costs.items() if workflow_type != names.KEY_CHECK
    )
