"""What ``keys api …`` prints with ``-o json``; fields may be added, never renamed or removed."""

from datetime import datetime

from pydantic import Field

from commands.answers import Answer
from runtime.api_keys import ApiKey, NewApiKey, Scope


class ApiKeyAnswer(Answer):
    """One line of ``keys api list``: what is known of a key; the key itself is not."""

    key_id: str
    name: str
    tenant: str
    account: str
    scope: Scope
    per_minute: int
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyAnswer":
        """Show a key."""
        return cls(key_id=key.id, **key.model_dump(exclude={"id", "sha256"}))


class NewApiKeyAnswer(ApiKeyAnswer):
    """``keys api new``: ``key`` is a credential, and is never shown again."""

    key: str = Field(repr=False)

    @classmethod
    def made(cls, new: NewApiKey) -> "NewApiKeyAnswer":
        """Show a key that was just made."""
        told = ApiKeyAnswer.of(new.key).model_dump()
        return cls(**told, key=new.secret.get_secret_value())


class ApiKeyRevokedAnswer(ApiKeyAnswer):
    """``keys api revoke``."""
