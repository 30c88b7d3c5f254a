"""Forged tokens open nothing and ask nobody; `make hostile` tries a million of them."""

import base64
from collections import Counter

from cryptography.fernet import Fernet, InvalidToken

from runtime.links import LinkSealer
from tests.hostile.knocking import PATHS, knock
from tests.hostile.tokens import DOORS, READ_KEYS, Forger, Forgery, accepted

SEALER = LinkSealer.of(READ_KEYS)


def forged(count: int, seed: int = 5) -> list[Forgery]:
    return list(Forger(seed, SEALER).some(count))


class TestForgedTokens:
    def test_none_of_twenty_thousand_opens_a_door(self) -> None:
        assert [] == accepted(20_000, seed=5)

    async def test_at_the_pages_all_get_one_answer_and_nobody_is_asked(self) -> None:
        knocks = await knock(forged(1_500))

        assert [1_500] == list(knocks.answers.values())
        assert [404] == [status for status, _ in knocks.answers]
        assert [] == knocks.calls


class TestTheForger:
    def test_forges_in_eighteen_ways_about_as_often_each(self) -> None:
        ways = Counter(forgery.way for forgery in forged(1_800))

        assert 18 == len(ways)
        assert min(ways.values()) > 60

    def test_of_one_seed_goes_the_same_ways(self) -> None:
        assert [f.way for f in forged(500)] == [f.way for f in forged(500)]

    def test_hands_out_no_token_of_its_own_making_as_forged(self) -> None:
        sound = [f for f in forged(5_000) for d in DOORS if d.open(SEALER, f.text) is not None]

        assert {"for another purpose"} == {forgery.way for forgery in sound}

    def test_cuts_tokens_where_fernet_joins_them(self) -> None:
        """Version, time, IV, two blocks and HMAC: https://github.com/fernet/spec."""
        raw = base64.urlsafe_b64decode(Fernet(Fernet.generate_key()).encrypt(b"x" * 20))

        assert (0x80, 1 + 8 + 16 + 2 * 16 + 32) == (raw[0], len(raw))

    def test_knows_every_door_and_a_path_to_it(self) -> None:
        openers = {name for name in vars(LinkSealer) if name.startswith("open_")}

        assert {f"open_{door.name}" for door in DOORS} == openers
        assert {door.name for door in DOORS} == set(PATHS)

    def test_finds_out_a_door_that_looks_at_the_seal_alone(self) -> None:
        def careless(sealer: LinkSealer, text: str) -> bytes | None:
            try:
                return sealer._fernet.decrypt(text.rstrip("=") + "=" * (-len(text) % 4))
            except (InvalidToken, ValueError):
                return None

        doors = tuple(door._replace(open=careless) for door in DOORS)
        found = {forgery.way for forgery in accepted(2_000, seed=5, doors=doors)}

        assert {"for another purpose", "padded", "spelled in other base64"} <= found
