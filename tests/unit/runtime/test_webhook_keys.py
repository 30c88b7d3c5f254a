"""The file of webhook secrets, as a worker meets it while it is changed."""

import base64
import json
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.owned_files import KeyFileError
from runtime.webhook_keys import (
    WebhookKeys,
    load_webhook_keys,
    new_secret,
    store_webhook_keys,
)

GOOD = "whsec_" + "QUJD" * 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "webhook.keys"


def plain(secret: SecretStr) -> bytes:
    return base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))


class TestSigning:
    def test_is_by_the_tenants_own_secrets_newest_first(self, path: Path) -> None:
        new, old, other = new_secret(), new_secret(), new_secret()
        store_webhook_keys(path, {"studio": [new, old], "other": [other]})

        keys = WebhookKeys(path)

        assert (plain(new), plain(old)) == keys.signing("studio")
        assert () == keys.signing("nobody")

    def test_follows_the_file_without_a_restart(self, path: Path) -> None:
        first, second = new_secret(), new_secret()
        keys = WebhookKeys(path)
        found = []
        for secrets in ([first], [second, first], [second]):
            store_webhook_keys(path, {"studio": secrets})
            found.append(keys.signing("studio"))

        assert [
            (plain(first),),
            (plain(second), plain(first)),
            (plain(second),),
        ] == found

    def test_follows_a_file_that_is_written_in_place(self, path: Path) -> None:
        first, second = new_secret(), new_secret()
        store_webhook_keys(path, {"studio": [first]})
        keys = WebhookKeys(path)
        keys.signing("studio")
        stood = path.stat()

        path.write_text(json.dumps({"studio": [second.get_secret_value()]}, indent=2) + "\n")
        # As after a copy that keeps times.
        os.utime(path, ns=(stood.st_atime_ns, stood.st_mtime_ns))

        assert (plain(second),) == keys.signing("studio")

    def test_waits_for_a_file_that_is_not_there_yet(self, path: Path) -> None:
        keys = WebhookKeys(path)
        with pytest.raises(KeyFileError, match=r"`starter\.py keys webhook new` makes one"):
            keys.signing("studio")

        secret = new_secret()
        store_webhook_keys(path, {"studio": [secret]})

        assert (plain(secret),) == keys.signing("studio")

    def test_a_file_that_went_signs_nothing_any_more(self, path: Path) -> None:
        store_webhook_keys(path, {"studio": [new_secret()]})
        keys = WebhookKeys(path)
        keys.signing("studio")

        path.unlink()

        with pytest.raises(KeyFileError):
            keys.signing("studio")

    def test_an_unchanged_file_is_read_once(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store_webhook_keys(path, {"studio": [new_secret()]})
        keys = WebhookKeys(path)
        before = keys.signing("studio")
        monkeypatch.setattr(Path, "open", None)

        assert before == keys.signing("studio")


class TestLoading:
    @pytest.mark.parametrize(
        "content",
        [
            "",
            "canary",
            "[]",
            '{"studio": []}',
            '{"studio": ["canary"]}',
            '{"studio": ["whsec_canary!"]}',
            '{"studio": ["whsec_Y2FuYXJ5"]}',
            json.dumps({"a@canary.example": [GOOD]}),
            json.dumps({"studio": [GOOD] * 3}),
        ],
    )
    def test_refuses_what_is_none_of_ours_without_quoting_it(
        self, path: Path, content: str
    ) -> None:
        store_webhook_keys(path, {"studio": [new_secret()]})
        path.write_text(content)

        with pytest.raises(KeyFileError, match="is no file of webhook secrets") as caught:
            load_webhook_keys(path)

        assert "canary" not in str(caught.value)
        assert "whsec_Y" not in str(caught.value)

    @pytest.mark.parametrize("mode", [0o604, 0o644, 0o660])
    def test_refuses_a_file_that_is_open_to_others(self, path: Path, mode: int) -> None:
        store_webhook_keys(path, {"studio": [new_secret()]})
        path.chmod(mode)

        with pytest.raises(KeyFileError, match="chmod 600"):
            load_webhook_keys(path)

    def test_a_secret_is_what_the_specification_wants(self) -> None:
        assert 24 <= len(plain(new_secret())) <= 64
