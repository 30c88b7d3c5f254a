"""The words of ``keys webhook …`` for people."""

from commands.webhook_key_answers import (
    WebhookSecretAnswer,
    WebhookSecretRetiredAnswer,
    WebhookSecretRotatedAnswer,
    WebhookSecretsAnswer,
)
from commands.wording import words

_COPY = "Next: copy the file to every worker, which reads it by itself."


@words.register
def made(answer: WebhookSecretAnswer) -> list[str]:
    """Say whom to give the secret."""
    return [
        f"Webhooks of tenant {answer.tenant} are signed with this secret.",
        "Give it to whoever receives them, and to nobody else:",
        answer.secret,
        f"{_COPY} docs/webhooks.md shows how a receiver verifies.",
    ]


@words.register
def rotated(answer: WebhookSecretRotatedAnswer) -> list[str]:
    """Say what to do before the old secret goes."""
    retire = f"python starter.py keys webhook retire --tenant {answer.tenant}"
    return [
        f"Webhooks of tenant {answer.tenant} are signed with this secret and the old one.",
        "Give the new one to whoever receives them, and to nobody else:",
        answer.secret,
        f"{_COPY} Once each receiver knows the new secret: `{retire}`",
    ]


@words.register
def shown(answer: WebhookSecretsAnswer) -> list[str]:
    """Say nothing beside the secrets, which are copied or read by a script."""
    return list(answer.secrets)


@words.register
def retired(answer: WebhookSecretRetiredAnswer) -> list[str]:
    """Say what signs now."""
    return [
        f"Webhooks of tenant {answer.tenant} are signed with the newest secret only.",
        _COPY,
    ]
