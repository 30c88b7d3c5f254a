"""Changes the file of API keys: whole or not at all, one change at a time."""

from collections.abc import Sequence
from pathlib import Path

from runtime.api_keys import ApiKey, load_api_keys
from runtime.owned_files import alone_with, create_owned, replace_owned


def add_api_key(path: Path, key: ApiKey) -> None:
    """Add a key; the file is made where there is none.

    Raises:
        KeyFileError: It cannot be made or changed, or is no file of API keys.

    """
    with alone_with(path):
        try:
            create_owned(path, _text([key]))
        except FileExistsError:
            replace_owned(path, _text([*load_api_keys(path), key]))


def revoke_api_key(path: Path, key_id: str) -> ApiKey | None:
    """Take a key out, and give it; None where there is none of that id.

    Raises:
        KeyFileError: The file is missing, no file of API keys, or cannot be changed.

    """
    with alone_with(path):
        keys = load_api_keys(path)
        found = next((key for key in keys if key.id == key_id), None)
        if found is not None:
            replace_owned(path, _text([key for key in keys if key.id != key_id]))
        return found


def _text(keys: Sequence[ApiKey]) -> str:
    return "".join(f"{key.model_dump_json()}\n" for key in keys)
