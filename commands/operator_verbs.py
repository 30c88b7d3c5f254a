"""Declares the verbs of an operator: orders to a run under way, in the words of its Updates."""

from typing import TYPE_CHECKING

import typer

from commands.lazily import lazily
from commands.options import (
    Actor,
    By,
    Decision,
    Event,
    Form,
    Id,
    OneAsset,
    Reason,
    Replacements,
    Since,
    Target,
    TaskId,
    Tenant,
    example,
)
from commands.outcomes import Output
from likeness.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from commands import decisions, ordering, printing, redriving, subjects
    from commands.answers import Answer
    from runtime import settings
else:
    decisions = lazily("commands.decisions")
    ordering = lazily("commands.ordering")
    printing = lazily("commands.printing")
    redriving = lazily("commands.redriving")
    settings = lazily("runtime.settings")
    subjects = lazily("commands.subjects")

OPERATOR = "operator"

operators = typer.Typer()
_PANEL = "Orders to an onboarding or video under way"


@operators.command(
    rich_help_panel=_PANEL, epilog=example('cancel 3f9c01d2ab77 --reason "asked by the customer"')
)
def cancel(
    which: Target,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """End an onboarding; what was paid for already is awaited and recorded."""
    target, who = subjects.target_of(which, tenant), subjects.who_of(actor, reason)
    printing.Printer(output).answer(ordering.cancel(_settings(), target, who))


@operators.command(
    "replace-assets",
    rich_help_panel=_PANEL,
    epilog=example("replace-assets 3f9c01d2ab77 --asset asset-2=https://example.com/new.jpg"),
)
def replace_assets(
    *,
    onboarding: Id,
    asset: Replacements,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Give other files in the place of refused ones; only they are submitted."""
    subject = subjects.subject_of(onboarding, tenant)
    order = decisions.replacement_of(asset, subjects.who_of(actor, reason))
    printing.Printer(output).answer(ordering.replace_assets(_settings(), subject, order))


@operators.command(
    "extend-deadline",
    rich_help_panel=_PANEL,
    epilog=example("extend-deadline 3f9c01d2ab77 --by 3d"),
)
def extend_deadline(
    *,
    onboarding: Id,
    by: By,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """End the onboarding later than it would."""
    subject = subjects.subject_of(onboarding, tenant)
    order = decisions.extension_of(by, subjects.who_of(actor, reason))
    printing.Printer(output).answer(ordering.extend_deadline(_settings(), subject, order))


@operators.command("check-now", rich_help_panel=_PANEL, epilog=example("check-now 3f9c01d2ab77"))
def check_now(
    which: Target,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Ask the upstream at once instead of at the next time planned."""
    target, who = subjects.target_of(which, tenant), subjects.who_of(actor, reason)
    printing.Printer(output).answer(ordering.check_now(_settings(), target, who))


@operators.command(
    rich_help_panel=_PANEL,
    epilog=example('resolve 3f9c01d2ab77 adopt task_01J --reason "found in the console"'),
)
def resolve(
    *,
    which: Target,
    decision: Decision,
    task_id: TaskId = None,
    asset: OneAsset = None,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Decide what the run cannot know: adopt TASK_ID, resubmit (may be charged twice), give_up.

    Typed twice in a moment it is carried out once.
    """
    target, who = subjects.target_of(which, tenant), subjects.who_of(actor, reason)
    order = decisions.resolution_of(decision, task_id, asset, who)
    printing.Printer(output).answer(ordering.resolve(_settings(), target, order))


@operators.command(epilog=example("redrive 3f9c01d2ab77 --since 2"))
def redrive(
    *,
    onboarding: Id,
    event: Event = None,
    since: Since = None,
    reason: Reason = "",
    actor: Actor = OPERATOR,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Send webhooks again: one event, those since one, or else all that did not arrive.

    Also after the onboarding has ended. Each event keeps its id, so that the receiver can tell.
    """
    subject, who = subjects.subject_of(onboarding, tenant), subjects.who_of(actor, reason)
    chosen = redriving.selection_of(event, since)
    printing.Printer(output).answer(redriving.redrive(_settings(), subject, chosen, who))


def _declare(verb: str, tells: str) -> None:
    """Declare a verb that says nothing beside whom it is about, who orders and why."""

    @operators.command(
        verb, help=tells, rich_help_panel=_PANEL, epilog=example(f"{verb} 3f9c01d2ab77")
    )
    def _(
        onboarding: Id,
        reason: Reason = "",
        actor: Actor = OPERATOR,
        tenant: Tenant = DEFAULT_TENANT,
        output: Form = Output.TEXT,
    ) -> None:
        subject, who = subjects.subject_of(onboarding, tenant), subjects.who_of(actor, reason)
        obeyed: Answer = getattr(ordering, verb.replace("-", "_"))(_settings(), subject, who)
        printing.Printer(output).answer(obeyed)


_declare(
    "accept-partial",
    "Go on with the assets that are usable by now.",
)
_declare(
    "reset-attempts",
    "Grant the person as many attempts as in the beginning.",
)
_declare(
    "release-device",
    "Let the person go on with any device, also while another one holds the check.",
)
_declare(
    "revoke-link",
    "Make every invite link handed out so far worthless; `link` then gives the new one.",
)


def _settings() -> "settings.StarterSettings":
    return settings.load(settings.StarterSettings)
