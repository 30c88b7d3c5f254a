"""The secrets that sign webhooks: for each tenant one, or two while they are exchanged.

The file is JSON, ``{"default": ["whsec_…"]}``, the newest first; a secret is written as
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md says.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, TypeAdapter, ValidationError

from likeness.messages.base import IdPart
from runtime.owned_files import (
    KeyFileError,
    Rereading,
    check_mode,
    create_owned,
    read_owned,
    replace_owned,
)

PREFIX = "whsec_"
SECRET_BYTES = 32
MOST_SECRETS = 2
MADE_BY = "keys webhook new"


def _well_formed(secret: SecretStr) -> SecretStr:
    if not 24 <= len(_bytes_of(secret)) <= 64:  # noqa: PLR2004  # the specification's own bounds
        raise ValueError("24 to 64 bytes are wanted")
    return secret


def _bytes_of(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if not text.startswith(PREFIX):
        raise ValueError("a secret begins with whsec_")
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is base64 behind whsec_") from None


_Secrets = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_well_formed)], ...],
    Field(min_length=1, max_length=MOST_SECRETS),
]
WebhookSecrets = Mapping[str, Sequence[SecretStr]]
"""A tenant's secrets by its name, newest first."""

_FILE = TypeAdapter(dict[IdPart, _Secrets])


class WebhookKeys:
    """Gives what a delivery is signed with, from the file as it is now."""

    def __init__(self, path: Path) -> None:
        self._file = Rereading(path, load_webhook_keys)

    def signing(self, tenant: str) -> Sequence[bytes]:
        """Give the tenant's secrets as bytes, newest first; none where it has none.

        Raises:
            KeyFileError: The file is missing, open to others, or not in the format.

        """
        return tuple(_bytes_of(secret) for secret in self._file.now().get(tenant, ()))


def new_secret() -> SecretStr:
    """Make a secret."""
    return SecretStr(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii"))


def load_webhook_keys(path: Path) -> WebhookSecrets:
    """Read the file.

    Raises:
        KeyFileError: Missing, readable by others than its owner, or not in the format.

    """
    found = read_owned(path, made_by=MADE_BY)
    try:
        tenants = _FILE.validate_json(found.text)
    except ValidationError:
        raise KeyFileError(
            f"{path} is no file of webhook secrets: it must be JSON that names for each tenant one "
            'or two of them, such as {"default": ["whsec_…"]}.'
        ) from None
    check_mode(path, found.mode)
    return tenants


def store_webhook_keys(path: Path, tenants: WebhookSecrets) -> None:
    """Write the file, in the place of the one that is there.

    Raises:
        KeyFileError: It cannot be made or changed.

    """
    shown = {name: [each.get_secret_value() for each in tenants[name]] for name in sorted(tenants)}
    text = json.dumps(shown, indent=2) + "\n"
    try:
        create_owned(path, text)
    except FileExistsError:
        replace_owned(path, text)
