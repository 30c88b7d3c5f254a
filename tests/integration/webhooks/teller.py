"""A run that delivers one webhook as the real ones do, and does nothing else."""

from datetime import timedelta

from temporalio import workflow

from likeness.ids import webhook_queue
from likeness.messages.telling import DeliverWebhook, WebhookDelivered
from likeness.steps import DELIVER_WEBHOOK


@workflow.defn
class Teller:
    @workflow.run
    async def run(self, order: DeliverWebhook) -> WebhookDelivered:
        delivered: WebhookDelivered = await workflow.execute_activity(
            DELIVER_WEBHOOK.name,
            order,
            task_queue=webhook_queue(workflow.info().task_queue),
            start_to_close_timeout=timedelta(seconds=20),
            result_type=WebhookDelivered,
        )
        return delivered
