"""Declares the words of ``starter.py keys webhook …``."""

from typing import TYPE_CHECKING

import typer

from commands.lazily import lazily
from commands.options import Form, Tenant, example
from commands.outcomes import Output
from likeness.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from commands import printing, subjects
    from commands import webhook_keys as secrets
    from runtime import settings
else:
    printing = lazily("commands.printing")
    secrets = lazily("commands.webhook_keys")
    settings = lazily("runtime.settings")
    subjects = lazily("commands.subjects")

webhook_keys = typer.Typer(help="The secrets that sign a tenant's webhooks.")


@webhook_keys.command(epilog=example("keys webhook new --tenant studio"))
def new(tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Make a tenant's secret and print it; it is a credential."""
    made = secrets.make_secret(_settings(), subjects.tenant_of(tenant))
    printing.Printer(output).answer(made)


@webhook_keys.command(epilog=example("keys webhook show --tenant studio"))
def show(tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Print a tenant's secret, or both while they are exchanged, newest first."""
    shown = secrets.show_secrets(_settings(), subjects.tenant_of(tenant))
    printing.Printer(output).answer(shown)


@webhook_keys.command(epilog=example("keys webhook rotate --tenant studio   (then retire)"))
def rotate(tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Let a new secret sign beside the old one, and print it.

    A receiver that knows either of them verifies; retire the old one once all know the new one.
    """
    rotated = secrets.rotate_secret(_settings(), subjects.tenant_of(tenant))
    printing.Printer(output).answer(rotated)


@webhook_keys.command(epilog=example("keys webhook retire --tenant studio"))
def retire(tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Let the older of two secrets sign no more."""
    retired = secrets.retire_secret(_settings(), subjects.tenant_of(tenant))
    printing.Printer(output).answer(retired)


def _settings() -> "settings.WebhookKeysSettings":
    return settings.load(settings.WebhookKeysSettings)
