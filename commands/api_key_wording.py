"""The words of ``keys api …`` for people."""

from commands.api_key_answers import ApiKeyAnswer, ApiKeyRevokedAnswer, NewApiKeyAnswer
from commands.wording import moment, words


@words.register
def made(answer: NewApiKeyAnswer) -> list[str]:
    """Say what the key may do, and show it this once."""
    until = "until it is revoked"
    if answer.expires_at is not None:
        until = f"until {moment(answer.expires_at)} UTC"
    return [
        f"API key {answer.key_id} of tenant {answer.tenant} is good {until}; scope {answer.scope}.",
        "Give it to the service, and to nobody else; it is not shown again:",
        answer.key,
        "Next: a web process takes it at once where it reads this file, else copy the file to it.",
    ]


@words.register
def revoked(answer: ApiKeyRevokedAnswer) -> list[str]:
    """Say that the key is no more."""
    return [
        f"API key {answer.key_id} ({answer.name}) is revoked.",
        "Next: nothing where web reads this file, else copy the file to it.",
    ]


def row(answer: ApiKeyAnswer) -> dict[str, str | None]:
    """Give one line of the table."""
    return {
        "key": answer.key_id,
        "name": answer.name,
        "tenant": answer.tenant,
        "account": answer.account,
        "scope": answer.scope,
        "a minute": str(answer.per_minute),
        "made": moment(answer.created_at),
        "expires": moment(answer.expires_at),
    }
