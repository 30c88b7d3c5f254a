"""Has webhooks sent again."""

import re
from typing import NamedTuple

from temporalio.client import Client

from commands.asking import ask
from commands.order_answers import RedrivenAnswer
from commands.outcomes import bad_input
from commands.subjects import Subject, Who
from likeness.temporal.glance import describe_onboarding
from likeness.temporal.redriving import redrive as redriven
from runtime.settings import StarterSettings

_EVENT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Selection(NamedTuple):
    """Which events: one, those since a number, or, where neither is said, all that is owed."""

    event_id: str | None = None
    since_sequence: int | None = None


def selection_of(event: str | None, since: int | None) -> Selection:
    """Read which events are meant.

    Raises:
        CommandError: Said twice, or what cannot be an event.

    """
    if event is not None and since is not None:
        raise bad_input("--event and --since both say which events; give one of them.")
    if event is not None and not _EVENT.fullmatch(event):
        raise bad_input("--event must be an event's number, or its id as `status -o json` tells.")
    return Selection(event, since)


def redrive(
    settings: StarterSettings, subject: Subject, chosen: Selection, who: Who
) -> RedrivenAnswer:
    """Send them again; saying it twice in a moment is the same as once. Needs no worker."""

    async def question(client: Client) -> RedrivenAnswer:
        glance = await describe_onboarding(client, *subject)
        done = await redriven(
            client,
            *subject,
            **chosen._asdict(),
            task_queue=settings.task_queue,
            actor=who.actor,
            reason=who.reason or None,
        )
        return RedrivenAnswer(
            onboarding_id=subject.onboarding,
            tenant=subject.tenant,
            workflow_id=subject.workflow_id,
            stage=glance.stage,
            events=done.events,
            left=done.left,
            sender=done.workflow_id,
            is_new=done.is_new,
        )

    return ask(settings, question)
