"""`keys webhook …`: a tenant's secret is made, shown and exchanged."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import starter
from commands.outcomes import ExitCode


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "webhook.keys"
    monkeypatch.setenv("WEBHOOK_KEYS_FILE", str(path))
    return path


@pytest.mark.usefixtures("path")
class TestASecret:
    def test_is_made_for_its_tenant_in_a_file_for_its_owner(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = answer(capsys, "new", "--tenant", "studio")

        assert {"studio": [made["secret"]]} == json.loads(path.read_bytes())
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)

    def test_is_never_made_twice(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        answer(capsys, "new")
        before = path.read_bytes()

        assert ("refused", 1) == refusal(capsys, "new")
        assert before == path.read_bytes()

    def test_is_shown_alone_for_a_script(self, capsys: pytest.CaptureFixture[str]) -> None:
        made = answer(capsys, "new")

        starter.run(["keys", "webhook", "show"])

        assert [made["secret"]] == capsys.readouterr().out.splitlines()

    def test_stands_on_a_line_of_its_own_in_words(self, capsys: pytest.CaptureFixture[str]) -> None:
        for verb in ("new", "rotate"):
            starter.run(["keys", "webhook", verb])
            printed = capsys.readouterr().out.splitlines()
            newest = answer(capsys, "show")["secrets"][0]

            assert [newest] == [line for line in printed if line.startswith("whsec_")]


@pytest.mark.usefixtures("path")
class TestAnExchange:
    def test_lets_both_sign_and_then_the_new_one_alone(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        old = answer(capsys, "new")["secret"]
        new = answer(capsys, "rotate")["secret"]
        both = answer(capsys, "show")["secrets"]

        answer(capsys, "retire")

        assert [new, old] == both
        assert [new] == answer(capsys, "show")["secrets"]

    def test_is_one_at_a_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer(capsys, "new")
        answer(capsys, "rotate")

        assert ("refused", 1) == refusal(capsys, "rotate")

    def test_leaves_other_tenants_as_they_are(self, capsys: pytest.CaptureFixture[str]) -> None:
        other = answer(capsys, "new", "--tenant", "other")["secret"]
        answer(capsys, "new")
        answer(capsys, "rotate")
        answer(capsys, "retire")

        assert [other] == answer(capsys, "show", "--tenant", "other")["secrets"]

    def test_never_ends_without_a_secret(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer(capsys, "new")

        assert ("refused", 1) == refusal(capsys, "retire")

    def test_keeps_a_file_that_a_group_may_read(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer(capsys, "new")
        path.chmod(0o640)

        answer(capsys, "rotate")

        assert 0o640 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("path")
class TestRefusals:
    @pytest.mark.parametrize("verb", ["show", "rotate", "retire"])
    def test_a_tenant_without_a_secret_is_not_found(
        self, verb: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer(capsys, "new")

        assert ("not_found", 3) == refusal(capsys, verb, "--tenant", "studio")

    @pytest.mark.parametrize("verb", ["show", "rotate", "retire"])
    def test_a_missing_file_names_what_makes_one(
        self, verb: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = starter.run(["keys", "webhook", verb])

        assert ExitCode.BAD_INPUT == code
        assert "`starter.py keys webhook new` makes one" in capsys.readouterr().err

    def test_an_address_is_no_tenant(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ("bad_input", 2) == refusal(capsys, "new", "--tenant", "a@canary.example")

    def test_no_error_holds_a_secret(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        answer(capsys, "new")
        path.write_text('{"default": ["whsec_canary"]}')

        refusal(capsys, "show")
        refusal(capsys, "rotate")

        assert "canary" not in capsys.readouterr().err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code = starter.run(["keys", "webhook", *words, "-o", "json"])
    printed = capsys.readouterr()
    assert ExitCode.OK == code, printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, int]:
    code = starter.run(["keys", "webhook", *words, "-o", "json"])
    error = json.loads(capsys.readouterr().err)["error"]
    assert "canary" not in json.dumps(error)
    return error["code"], code
