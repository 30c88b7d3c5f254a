"""`keys api …`: a key is made, shown once, listed without itself, and revoked."""

import json
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import starter
from commands.outcomes import ExitCode
from runtime.api_keys import ApiKeys, Scope, UnknownKeyError

NOW = datetime.now(UTC)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "api.keys"
    monkeypatch.setenv("API_KEYS_FILE", str(path))
    return path


@pytest.mark.usefixtures("path")
class TestAKey:
    def test_is_made_with_all_that_was_said_of_it(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        options = ["--tenant", "acme", "--account", "two", "--scope", "operate"]
        made = answer(capsys, "new", "--name", "shop", *options, "--per-minute", "7")

        key = ApiKeys(path).holder(made["key"], now=NOW)

        assert ("shop", "acme", "two") == (key.name, key.tenant, key.account)
        assert (Scope.OPERATE, 7, None) == (key.scope, key.per_minute, key.expires_at)
        assert made["key"].startswith(f"lk_{key.id}_")

    def test_starts_onboardings_of_the_default_tenant_unless_said(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = answer(capsys, "new", "--name", "shop")

        assert ("default", "default") == (made["tenant"], made["account"])
        assert ("start", 600, None) == (made["scope"], made["per_minute"], made["expires_at"])

    def test_is_good_for_as_long_as_was_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        made = answer(capsys, "new", "--name", "shop", "--expires-in", "1d12h")

        begun, over = (datetime.fromisoformat(made[it]) for it in ("created_at", "expires_at"))
        assert timedelta(hours=36) == over - begun

    def test_lies_in_its_file_as_a_hash_for_its_owner_alone(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = answer(capsys, "new", "--name", "shop")

        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        assert made["key"].rpartition("_")[2] not in path.read_text()

    def test_stands_on_a_line_of_its_own_in_words(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        starter.run(["keys", "api", "new", "--name", "shop"])

        (line,) = (it for it in capsys.readouterr().out.splitlines() if it.startswith("lk_"))
        assert "shop" == ApiKeys(path).holder(line, now=NOW).name

    def test_leaves_the_ones_before_it_as_they_are(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = [answer(capsys, "new", "--name", name)["key"] for name in ("one", "two")]

        keys = ApiKeys(path)
        assert ["one", "two"] == [keys.holder(key, now=NOW).name for key in made]


@pytest.mark.usefixtures("path")
class TestTheList:
    def test_tells_all_of_a_key_but_itself_and_its_hash(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = answer(capsys, "new", "--name", "shop")
        secret = made.pop("key")

        starter.run(["keys", "api", "list", "-o", "json"])

        printed = capsys.readouterr().out
        assert [made] == json.loads(printed)
        assert secret not in printed
        assert "sha256" not in printed

    def test_in_words_is_a_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        made = answer(capsys, "new", "--name", "shop")

        starter.run(["keys", "api", "list"])

        head, row = capsys.readouterr().out.splitlines()
        assert ["key", "name", "tenant", "account", "scope"] == head.split()[:5]
        assert [made["key_id"], "shop", "default", "default", "start"] == row.split()[:5]

    def test_may_be_empty(self, capsys: pytest.CaptureFixture[str]) -> None:
        made = answer(capsys, "new", "--name", "shop")
        answer(capsys, "revoke", made["key_id"])

        starter.run(["keys", "api", "list"])

        assert "There is none.\n" == capsys.readouterr().out


@pytest.mark.usefixtures("path")
class TestRevoking:
    def test_ends_that_key_and_no_other(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one, two = (answer(capsys, "new", "--name", name) for name in ("one", "two"))
        keys = ApiKeys(path)
        keys.holder(one["key"], now=NOW)

        revoked = answer(capsys, "revoke", one["key_id"])

        assert (one["key_id"], "one") == (revoked["key_id"], revoked["name"])
        with pytest.raises(UnknownKeyError):
            keys.holder(one["key"], now=NOW)
        assert "two" == keys.holder(two["key"], now=NOW).name

    def test_of_a_key_that_is_none_changes_nothing(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer(capsys, "new", "--name", "one")
        before = path.read_bytes()

        assert ("not_found", 3) == refusal(capsys, "revoke", "00000000")
        assert before == path.read_bytes()


@pytest.mark.usefixtures("path")
class TestRefusals:
    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--name", "A Shop"),
            ("--name", "a@canary.example"),
            ("--tenant", "spending"),
            ("--account", "x" * 41),
            ("--per-minute", "0"),
            ("--expires-in", "soon"),
            ("--expires-in", "0d"),
            ("--expires-in", "9999d"),
        ],
    )
    def test_name_the_option_that_does_not_fit_and_make_nothing(
        self, path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = starter.run(["keys", "api", "new", "--name", "shop", option, value])

        printed = capsys.readouterr()
        assert (ExitCode.BAD_INPUT, "") == (code, printed.out)
        assert printed.err.startswith(option)
        assert "canary" not in printed.err
        assert not path.exists()

    @pytest.mark.parametrize("words", [["list"], ["revoke", "00000000"]])
    def test_of_a_missing_file_name_what_makes_one(
        self, words: Sequence[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = starter.run(["keys", "api", *words])

        assert ExitCode.BAD_INPUT == code
        assert "`starter.py keys api new` makes one" in capsys.readouterr().err

    def test_of_a_damaged_file_keep_it_and_tell_nothing_of_it(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer(capsys, "new", "--name", "one")
        damaged = path.read_text() + "canary\n"
        path.write_text(damaged)

        assert ("key_file", 2) == refusal(capsys, "new", "--name", "two")
        assert damaged == path.read_text()


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert ExitCode.OK == starter.run(["keys", "api", *words, "-o", "json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, int]:
    code = starter.run(["keys", "api", *words, "-o", "json"])
    printed = capsys.readouterr().err
    assert "canary" not in printed
    return json.loads(printed)["error"]["code"], code
