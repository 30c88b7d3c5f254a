"""Telling what was undelivered when a run had ended, or what is to be told again."""

from temporalio import workflow

from likeness import names
from likeness.messages.telling import NotifyInput, NotifyStatus
from likeness.stages import WaitingFor
from workflows.delivering import Deliveries
from workflows.showing import show, tell_deliveries


@workflow.defn(name=names.NOTIFY)
class Notify:
    """One run for all of it: days at most, a few events however often the receiver is tried."""

    @workflow.init
    def __init__(self, asked: NotifyInput) -> None:
        self.deliveries = Deliveries(asked.tenant, asked.url, on_change=self._tell)

    @workflow.run
    async def run(self, asked: NotifyInput) -> NotifyStatus:
        """Deliver side by side; when the receiver wants no more, the rest is left."""
        for event in asked.events:
            self.deliveries.begins(event)
        await self.deliveries.is_over()
        stage = asked.events[-1].snapshot.stage
        show(stage, WaitingFor.NOBODY, reason=self.deliveries.reason)
        return self.status()

    @workflow.query(name=names.STATUS, description="What became of each event")
    def status(self) -> NotifyStatus:
        """Give the log."""
        return NotifyStatus(deliveries=self.deliveries.log)

    def _tell(self) -> None:
        tell_deliveries(self.deliveries.log)
