"""Makes, shows and exchanges the secrets that sign a tenant's webhooks."""

from collections.abc import Sequence

from pydantic import SecretStr

from commands.answers import WebhookFileAnswer
from commands.outcomes import CommandError, ExitCode, Problem, refused
from commands.webhook_key_answers import (
    WebhookSecretAnswer,
    WebhookSecretRetiredAnswer,
    WebhookSecretRotatedAnswer,
    WebhookSecretsAnswer,
)
from likeness.failures import Actor
from likeness.ids import DEFAULT_TENANT
from runtime.owned_files import alone_with
from runtime.settings import WebhookKeysSettings
from runtime.webhook_keys import (
    MOST_SECRETS,
    WebhookSecrets,
    load_webhook_keys,
    new_secret,
    store_webhook_keys,
)


def made_for_default(settings: WebhookKeysSettings) -> WebhookFileAnswer:
    """Make the file with a secret for the default tenant; one that is there stays as it is.

    Raises:
        KeyFileError: It cannot be made, or is no file of webhook secrets.

    """
    path = settings.webhook_keys_file
    with alone_with(path):
        made = not path.exists()
        if made:
            store_webhook_keys(path, {DEFAULT_TENANT: [new_secret()]})
        tenants = tuple(load_webhook_keys(path))
    return WebhookFileAnswer(file=str(path), tenants=tenants, made=made)


def make_secret(settings: WebhookKeysSettings, tenant: str) -> WebhookSecretAnswer:
    """Make the first secret of a tenant, and the file where there is none.

    Raises:
        CommandError: The tenant has one.
        KeyFileError: The file cannot be read or changed.

    """
    path = settings.webhook_keys_file
    with alone_with(path):
        tenants = load_webhook_keys(path) if path.exists() else {}
        if tenant in tenants:
            raise refused(
                f"Tenant {tenant} has a webhook secret already.",
                f"See it with {_command('show', tenant)}, or exchange it with "
                f"{_command('rotate', tenant)}.",
            )
        secret = new_secret()
        store_webhook_keys(path, {**tenants, tenant: [secret]})
    return WebhookSecretAnswer(tenant=tenant, secret=secret.get_secret_value())


def show_secrets(settings: WebhookKeysSettings, tenant: str) -> WebhookSecretsAnswer:
    """Give a tenant's secrets, newest first.

    Raises:
        CommandError: The tenant has none.
        KeyFileError: The file cannot be read.

    """
    secrets = _secrets_of(load_webhook_keys(settings.webhook_keys_file), tenant)
    return WebhookSecretsAnswer(
        tenant=tenant, secrets=tuple(secret.get_secret_value() for secret in secrets)
    )


def rotate_secret(settings: WebhookKeysSettings, tenant: str) -> WebhookSecretRotatedAnswer:
    """Let a new secret sign beside the one there is.

    Raises:
        CommandError: The tenant has none, or two.
        KeyFileError: The file cannot be read or changed.

    """
    path = settings.webhook_keys_file
    with alone_with(path):
        tenants = load_webhook_keys(path)
        old = _secrets_of(tenants, tenant)
        if len(old) == MOST_SECRETS:
            raise refused(
                f"Two webhook secrets of tenant {tenant} sign already.",
                f"Retire the older one first, with {_command('retire', tenant)}.",
            )
        secret = new_secret()
        store_webhook_keys(path, {**tenants, tenant: [secret, *old]})
    return WebhookSecretRotatedAnswer(tenant=tenant, secret=secret.get_secret_value())


def retire_secret(settings: WebhookKeysSettings, tenant: str) -> WebhookSecretRetiredAnswer:
    """Let the older of two secrets sign no more.

    Raises:
        CommandError: The tenant has none, or one only.
        KeyFileError: The file cannot be read or changed.

    """
    path = settings.webhook_keys_file
    with alone_with(path):
        tenants = load_webhook_keys(path)
        newest, *old = _secrets_of(tenants, tenant)
        if not old:
            raise refused(
                f"Tenant {tenant} has one webhook secret only, and it signs.",
                f"Make another one first, with {_command('rotate', tenant)}.",
            )
        store_webhook_keys(path, {**tenants, tenant: [newest]})
    return WebhookSecretRetiredAnswer(tenant=tenant)


def _secrets_of(tenants: WebhookSecrets, tenant: str) -> Sequence[SecretStr]:
    if tenant not in tenants:
        raise CommandError(
            f"Tenant {tenant} has no webhook secret.",
            code=Problem.NOT_FOUND,
            exit_code=ExitCode.NOT_FOUND,
            who=Actor.OPERATOR,
            next_step=f"Make one with {_command('new', tenant)}.",
        )
    return tenants[tenant]


def _command(verb: str, tenant: str) -> str:
    return f"`python starter.py keys webhook {verb} --tenant {tenant}`"
