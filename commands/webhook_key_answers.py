"""What ``keys webhook …`` prints with ``-o json``; fields may be added, never renamed."""

from pydantic import Field

from commands.answers import Answer


class WebhookSecretAnswer(Answer):
    """``keys webhook new``: ``secret`` is a credential, shared with the receivers."""

    tenant: str
    secret: str = Field(repr=False)


class WebhookSecretRotatedAnswer(WebhookSecretAnswer):
    """``keys webhook rotate``: the new one, which signs beside the old one."""


class WebhookSecretsAnswer(Answer):
    """``keys webhook show``: one, or two while they are exchanged, newest first."""

    tenant: str
    secrets: tuple[str, ...] = Field(repr=False)


class WebhookSecretRetiredAnswer(Answer):
    """``keys webhook retire``."""

    tenant: str
