import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.api_key_file import add_api_key, revoke_api_key
from runtime.api_keys import (
    ApiKeys,
    ExpiredKeyError,
    NewApiKey,
    Scope,
    UnknownKeyError,
    load_api_keys,
)
from runtime.owned_files import KeyFileError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "api.keys"


def made(path: Path, *, expires_at: datetime | None = None) -> NewApiKey:
    new = NewApiKey.made(name="shop", created_at=NOW, expires_at=expires_at)
    add_api_key(path, new.key)
    return new


def text_of(new: NewApiKey) -> str:
    return new.secret.get_secret_value()


class TestScopes:
    @pytest.mark.parametrize(
        ("scope", "included"),
        [
            (Scope.READ, [Scope.READ]),
            (Scope.START, [Scope.READ, Scope.START]),
            (Scope.OPERATE, [Scope.READ, Scope.START, Scope.OPERATE]),
        ],
    )
    def test_each_includes_the_ones_before_it(self, scope: Scope, included: list[Scope]) -> None:
        assert included == [other for other in Scope if scope.includes(other)]


class TestAKey:
    def test_shows_its_id_and_hides_256_random_bits(self, path: Path) -> None:
        one, other = made(path), made(path)

        assert re.fullmatch(rf"lk_{one.key.id}_[A-Za-z0-9_-]{{43}}", text_of(one))
        assert text_of(one)[12:] != text_of(other)[12:]
        assert text_of(one)[12:] not in repr(one) + repr(one.key)

    def test_may_least_unless_said(self, path: Path) -> None:
        assert Scope.READ is made(path).key.scope


class TestTheFile:
    def test_is_read_anew_when_a_key_is_added(self, path: Path) -> None:
        first = made(path)
        keys = ApiKeys(path)
        keys.holder(text_of(first), now=NOW)

        second = made(path)

        assert second.key == keys.holder(text_of(second), now=NOW)

    def test_loses_a_key_at_once_and_one_only(self, path: Path) -> None:
        first, second = made(path), made(path)
        keys = ApiKeys(path)

        assert first.key == revoke_api_key(path, first.key.id)

        with pytest.raises(UnknownKeyError):
            keys.holder(text_of(first), now=NOW)
        assert second.key == keys.holder(text_of(second), now=NOW)

    def test_keeps_keys_that_are_added_at_the_same_time(self, path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            added = list(pool.map(lambda _: made(path).key.id, range(24)))

        assert sorted(added) == sorted(key.id for key in load_api_keys(path))

    def test_opens_for_nobody_while_others_may_read_it(self, path: Path) -> None:
        new = made(path)
        keys = ApiKeys(path)
        path.chmod(0o644)

        with capture_logs() as lines, pytest.raises(UnknownKeyError):
            keys.holder(text_of(new), now=NOW)

        assert [f"chmod 600 {path}"] == [re.findall(r"chmod 600 \S+keys", lines[0]["because"])[0]]

    def test_opens_again_once_it_is_mended_and_complains_anew_after_that(self, path: Path) -> None:
        new = made(path)
        whole = path.read_text()
        keys = ApiKeys(path)

        with capture_logs() as lines:
            for text in ("canary\n", "canary\n", whole, "canary\n"):
                path.write_text(text)
                if text == whole:
                    assert new.key == keys.holder(text_of(new), now=NOW)
                else:
                    with pytest.raises(UnknownKeyError):
                        keys.holder(text_of(new), now=NOW)

        assert ["no_api_key_is_taken"] * 2 == [line["event"] for line in lines]
        assert "canary" not in repr(lines)

    @pytest.mark.parametrize(
        "line", ["canary", "{}", '{"id": "canary"}', "[]", '{"canary": ' + "[" * 9000]
    )
    def test_names_the_line_that_is_no_key_and_never_what_it_says(
        self, path: Path, line: str
    ) -> None:
        made(path)
        path.write_text(f"{path.read_text()}\n{line}\n")

        with pytest.raises(KeyFileError, match=r"Line 3 of .* is no API key") as caught:
            load_api_keys(path)

        assert "canary" not in str(caught.value)


class TestHolder:
    @pytest.mark.parametrize(
        "presented", ["", "lk_", "nonsense", "lk_00000000_" + "A" * 43, "lk_00000000_" + "A" * 42]
    )
    def test_of_no_key_there_is_none(self, path: Path, presented: str) -> None:
        made(path)

        with pytest.raises(UnknownKeyError):
            ApiKeys(path).holder(presented, now=NOW)

    def test_is_known_by_the_whole_of_the_key(self, path: Path) -> None:
        text = text_of(made(path))
        other = "A" if text[-1] != "A" else "B"

        for wrong in (text + "A", text[:-1], text[:-1] + other, text.upper(), f" {text}"):
            with pytest.raises(UnknownKeyError):
                ApiKeys(path).holder(wrong, now=NOW)

    def test_has_expired_from_the_moment_on(self, path: Path) -> None:
        new = made(path, expires_at=NOW)
        keys = ApiKeys(path)

        assert new.key == keys.holder(text_of(new), now=NOW - timedelta(seconds=1))
        with pytest.raises(ExpiredKeyError):
            keys.holder(text_of(new), now=NOW)

    def test_of_an_expired_key_with_another_secret_is_unknown(self, path: Path) -> None:
        new = made(path, expires_at=NOW)

        with pytest.raises(UnknownKeyError):
            ApiKeys(path).holder(f"lk_{new.key.id}_{'A' * 43}", now=NOW)
