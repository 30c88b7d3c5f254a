import stat
from pathlib import Path

import pytest

from runtime.keys import (
    KeyFileError,
    load_key_file,
    make_key_file,
    promote_newest,
    rotate_key_file,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "payload.keys"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestANewKeyFile:
    def test_is_for_its_owner_only(self, path: Path) -> None:
        make_key_file(path)

        assert (mode_of(path), mode_of(path.parent)) == (0o600, 0o700)

    def test_reads_as_what_was_made(self, path: Path) -> None:
        assert make_key_file(path) == load_key_file(path)

    def test_is_another_each_time(self, tmp_path: Path) -> None:
        assert make_key_file(tmp_path / "a").write != make_key_file(tmp_path / "b").write

    def test_never_overwrites(self, path: Path) -> None:
        ring = make_key_file(path)

        with pytest.raises(KeyFileError, match="exists and is not overwritten"):
            make_key_file(path)
        assert load_key_file(path) == ring

    def test_says_why_it_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(KeyFileError, match="cannot be made"):
            make_key_file(tmp_path / "file" / "keys")


class TestLoading:
    def test_names_the_remedy_for_a_missing_file(self, path: Path) -> None:
        with pytest.raises(KeyFileError, match=r"`starter\.py keys new` makes one"):
            load_key_file(path)

    @pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o602])
    def test_refuses_a_file_that_is_open_to_others(self, path: Path, mode: int) -> None:
        make_key_file(path)
        path.chmod(mode)

        with pytest.raises(KeyFileError, match="chmod 600"):
            load_key_file(path)

    @pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
    def test_takes_a_file_that_a_group_may_read(self, path: Path, mode: int) -> None:
        ring = make_key_file(path)
        path.chmod(mode)

        assert load_key_file(path) == ring

    @pytest.mark.parametrize("content", [b"", b"canary\n", b"\xff\xfe canary"])
    def test_refuses_what_is_no_key_file_without_quoting_it(
        self, path: Path, content: bytes
    ) -> None:
        make_key_file(path)
        path.write_bytes(content)

        with pytest.raises(KeyFileError, match=str(path)) as caught:
            load_key_file(path)
        assert "canary" not in str(caught.value)

    def test_never_asks_to_change_the_permissions_of_a_foreign_file(self, tmp_path: Path) -> None:
        foreign = tmp_path / "passwd"
        foreign.write_text("root:x:0:0:root:/root:/bin/sh\n")
        foreign.chmod(0o644)

        with pytest.raises(KeyFileError, match="is no key file") as caught:
            load_key_file(foreign)
        assert "chmod" not in str(caught.value)


class TestRotation:
    def test_writes_with_a_new_key_and_reads_with_the_old(self, path: Path) -> None:
        old = make_key_file(path)

        new = rotate_key_file(path, write=True)

        assert new.write != old.write
        assert set(new.read) == {old.write.id, new.write.id}
        assert load_key_file(path) == new
        assert mode_of(path) == 0o600

    def test_in_two_steps_reads_first_and_writes_later(self, path: Path) -> None:
        old = make_key_file(path)

        added = rotate_key_file(path, write=False)
        promoted = promote_newest(path)

        assert added.write == old.write
        assert promoted.write != old.write
        assert dict(promoted.read) == dict(added.read)
        assert load_key_file(path) == promoted

    def test_leaves_nothing_beside_the_file(self, path: Path) -> None:
        make_key_file(path)
        rotate_key_file(path, write=True)

        assert [path] == list(path.parent.iterdir())
