import hashlib

import pytest

from likeness.temporal.keyring import Key, KeyFormatError, KeyRing

ONE, TWO = Key.of(b"1" * 32), Key.of(b"2" * 32)


class TestAKey:
    def test_is_named_by_the_first_8_hex_digits_of_its_hash(self) -> None:
        assert hashlib.sha256(b"1" * 32).hexdigest()[:8] == ONE.id

    def test_does_not_show_its_secret(self) -> None:
        assert f"Key(id='{ONE.id}')" == repr(ONE)
        assert "1111" not in repr(KeyRing.of(ONE, TWO))

    def test_of_another_length_is_refused(self) -> None:
        with pytest.raises(KeyFormatError, match="32 bytes, not 16"):
            Key.of(b"1" * 16)


class TestAKeyFile:
    def test_writes_with_its_first_line_and_reads_with_all(self) -> None:
        ring = KeyRing.from_text(f"# new\n{TWO.line()}\n\n  {ONE.line()}  \n")

        assert ring.write == TWO
        assert dict(ring.read) == {TWO.id: TWO, ONE.id: ONE}

    def test_comes_back_from_its_own_text(self) -> None:
        ring = KeyRing.of(TWO, ONE)

        assert KeyRing.from_text(ring.to_text()) == ring

    def test_may_leave_out_the_padding(self) -> None:
        assert KeyRing.from_text(ONE.line().rstrip("=")).write == ONE

    @pytest.mark.parametrize("text", ["", "# only a comment\n", "\n \n"])
    def test_without_a_key_names_the_remedy(self, text: str) -> None:
        with pytest.raises(KeyFormatError, match=r"no key in it; `starter\.py keys new`"):
            KeyRing.from_text(text)

    @pytest.mark.parametrize("line", ["canary", "c" * 42, "ä" * 43, "canary canary", "c" * 86])
    def test_with_a_bad_line_names_its_number_and_not_the_line(self, line: str) -> None:
        with pytest.raises(KeyFormatError, match="Line 2 is not") as caught:
            KeyRing.from_text(f"{ONE.line()}\n{line}\n")

        assert line not in str(caught.value)
