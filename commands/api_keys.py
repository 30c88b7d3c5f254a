"""Makes, lists and revokes the keys of the REST API."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from commands.api_key_answers import ApiKeyAnswer, ApiKeyRevokedAnswer, NewApiKeyAnswer
from commands.decisions import span_s
from commands.outcomes import CommandError, ExitCode, Problem, bad_input
from commands.subjects import about
from likeness.failures import Actor
from runtime.api_key_file import add_api_key, revoke_api_key
from runtime.api_keys import NewApiKey, load_api_keys
from runtime.settings import ApiKeySettings

_OPTIONS = {
    "name": "--name",
    "tenant": "--tenant",
    "account": "--account",
    "per_minute": "--per-minute",
}


def make_api_key(
    settings: ApiKeySettings, fields: Mapping[str, object], *, expires_in: str | None
) -> NewApiKeyAnswer:
    """Make a key, and the file where there is none; ``fields`` are those of ``ApiKey``.

    Raises:
        CommandError: One of the fields does not fit.
        KeyFileError: The file cannot be read or changed.

    """
    now = datetime.now(UTC).replace(microsecond=0)
    expires_at = None if expires_in is None else now + _span(expires_in)
    try:
        new = NewApiKey.made(**fields, created_at=now, expires_at=expires_at)
    except ValidationError as error:
        raise _unfit(error) from None
    add_api_key(settings.api_keys_file, new.key)
    return NewApiKeyAnswer.made(new)


def list_api_keys(settings: ApiKeySettings) -> list[ApiKeyAnswer]:
    """Give every key that is not revoked, the oldest first.

    Raises:
        KeyFileError: The file cannot be read.

    """
    return [ApiKeyAnswer.of(key) for key in load_api_keys(settings.api_keys_file)]


def take_back_api_key(settings: ApiKeySettings, key_id: str) -> ApiKeyRevokedAnswer:
    """Revoke a key.

    Raises:
        CommandError: There is none of that id.
        KeyFileError: The file cannot be read or changed.

    """
    revoked = revoke_api_key(settings.api_keys_file, key_id)
    if revoked is None:
        raise CommandError(
            "There is no API key of that id.",
            code=Problem.NOT_FOUND,
            exit_code=ExitCode.NOT_FOUND,
            who=Actor.OPERATOR,
            next_step="See the ids with `python starter.py keys api list`.",
        )
    return ApiKeyRevokedAnswer(**ApiKeyAnswer.of(revoked).model_dump())


def _span(typed: str) -> timedelta:
    seconds = span_s(typed)
    if seconds is None:
        raise bad_input(
            "--expires-in must be days, hours, minutes, as 90d, 12h or 1d12h, and at most 3650d."
        )
    return timedelta(seconds=seconds)


def _unfit(error: ValidationError) -> CommandError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    return bad_input(about(_OPTIONS[str(first["loc"][0])], message))
