from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from likeness.temporal.keyring import Key
from runtime.steady_tokens import SteadySealer

KEY = Key.of(b"k" * 32).line()
SEALER, OTHER = SteadySealer(KEY), SteadySealer(Key.of(b"o" * 32).line())


class TestASteadyToken:
    @given(st.text(max_size=200).filter(lambda text: text.isprintable()))
    def test_opens_as_any_fernet_token(self, text: str) -> None:
        assert text == Fernet(KEY).decrypt(SEALER.token(text)).decode()

    def test_is_the_same_each_time_and_another_for_any_other_text_or_key(self) -> None:
        tokens = [SEALER.token("a"), SEALER.token("b"), OTHER.token("a")]

        assert SEALER.token("a") == tokens[0]
        assert 3 == len(set(tokens))

    def test_of_texts_that_begin_alike_does_not_begin_alike(self) -> None:
        """The vector is of the whole text, so that no block of two texts can be compared."""
        one, other = (SEALER.token("i/default/o-1/p-1/" + end) for end in "12")
        version_and_time = 12

        assert one[:version_and_time] == other[:version_and_time]
        assert not set(range(version_and_time, 30)) <= {
            at for at, (mine, its) in enumerate(zip(one, other, strict=True)) if mine == its
        }
