"""Fixing what a paid order says before its first try, so that every later one says the same."""

from collections.abc import Callable

from pydantic import SecretStr
from temporalio import activity

from likeness.messages.steps import GenerationPrepared, PrepareGeneration
from likeness.steps import PREPARE_GENERATION


class PreparationSteps:
    """``prepare_generation``, on the queue of the workflows: it is run as a local activity."""

    def __init__(self, *, webhook_url: Callable[[str], str | None], resend_proven: bool) -> None:
        """Take what gives the webhook's address of a video's run, None for no webhook."""
        self._webhook_url = webhook_url
        self._resend_proven = resend_proven

    @activity.defn(name=PREPARE_GENERATION.name)
    async def prepare_generation(self, order: PrepareGeneration) -> GenerationPrepared:
        """Give what the settings of this moment say; the run keeps it, whatever they say later."""
        url = self._webhook_url(order.workflow_id)
        return GenerationPrepared(
            webhook_url=None if url is None else SecretStr(url), resend_proven=self._resend_proven
        )
