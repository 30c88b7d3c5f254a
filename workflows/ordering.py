"""How a run takes orders: refused with one sentence before anything is written, noted after."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from likeness.failures import FAILURES, FailureCode
from likeness.messages.conversation import Cancel, OperatorOrder, OrderGiven, Resolve

KEPT = 20
"""How many orders a run remembers; all of them stand in its history."""


def refuse_if(refused: object, code: FailureCode, sentence: str | None = None) -> None:
    """Refuse an Update from its validator, so that nothing of it reaches the history."""
    if refused:
        raise ApplicationError(sentence or FAILURES[code].sentence, type=code, non_retryable=True)


class Orders:
    """The orders that a run has obeyed, the latest last."""

    def __init__(self) -> None:
        self.given: tuple[OrderGiven, ...] = ()

    def note(self, verb: str, order: OperatorOrder | Cancel) -> None:
        """Remember who has ordered what, and why."""
        given = OrderGiven(
            verb=verb,
            choice=_choice(order),
            actor=order.actor,
            reason=order.reason,
            at=workflow.time(),
        )
        self.given = (*self.given, given)[-KEPT:]


def _choice(order: OperatorOrder | Cancel) -> str | None:
    if not isinstance(order, Resolve):
        return None
    return " ".join(part for part in (order.resolution, order.task_id, order.asset) if part)
