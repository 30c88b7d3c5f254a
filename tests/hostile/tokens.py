"""Forges link tokens from a seed, every way we could think of; none may open any door."""

import base64
import itertools
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

from likeness.temporal.keyring import Key, KeyRing
from runtime.links import CallbackToken, InviteToken, LinkSealer, VideoToken

READ_KEYS = KeyRing.of(Key.of(b"n" * 32), Key.of(b"o" * 32))
_REMOVED_KEY, _FOREIGN_KEY = Key.of(b"r" * 32), Key.of(b"f" * 32)
_SPELLING = string.ascii_letters + string.digits + "-_"
_LOOKALIKES = str.maketrans(
    {"a": "\N{CYRILLIC SMALL LETTER A}", "-": "\N{EN DASH}", "_": "\N{FULLWIDTH LOW LINE}"}
    | {digit: chr(ord("\N{FULLWIDTH DIGIT ZERO}") + int(digit)) for digit in string.digits}
)
_BLOCK = 16
_HEAD = 1 + 8
"""Version and time of a Fernet token; its IV, blocks and 32 bytes of HMAC follow."""


class Door(NamedTuple):
    """One kind of token: how it is sealed for a person, and what opens it."""

    name: str
    seal: Callable[[LinkSealer, str, int], str]
    open: Callable[[LinkSealer, str], object | None]


class Forgery(NamedTuple):
    """A token that is good nowhere, or only at the door ``good_at``."""

    text: str
    way: str
    good_at: str | None = None


def _invite(sealer: LinkSealer, tenant: str, number: int) -> str:
    token = InviteToken(tenant=tenant, onboarding=f"ob-{number}", person="p-1", link=1)
    return sealer.seal_invite(token)


def _callback(sealer: LinkSealer, tenant: str, number: int) -> str:
    token = CallbackToken(
        tenant=tenant,
        onboarding=f"ob-{number}",
        person="p-1",
        link=1,
        attempt=1 + number % 3,
        minted_at=1_800_000_000 + number,
    )
    return sealer.seal_callback(token)


def _video(sealer: LinkSealer, tenant: str, number: int) -> str:
    owner, of_person = f"ob-{number}", bool(number % 2)
    token = VideoToken(tenant=tenant, owner=owner, number=1, of_person=of_person)
    return sealer.seal_video(token)


def _cursor(sealer: LinkSealer, tenant: str, number: int) -> str:
    return sealer.seal_cursor(f"onboardings/{tenant}", f'{{"run_id":"run-{number}"}}')


def _place(sealer: LinkSealer, text: str) -> str | None:
    return sealer.open_cursor("onboardings/default", text)


DOORS = (
    Door("invite", _invite, LinkSealer.open_invite),
    Door("callback", _callback, LinkSealer.open_callback),
    Door("video", _video, LinkSealer.open_video),
    Door("cursor", _cursor, _place),
)


class Forger:
    """Makes forgeries of real tokens; the same seed gives the same ones, but for the sealing."""

    def __init__(self, seed: int, sealer: LinkSealer) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a repeatable sample, not a secret
        self._sealer = sealer
        self._removed = LinkSealer([_REMOVED_KEY.line()])
        self._foreign = LinkSealer([_FOREIGN_KEY.line()])
        self._genuine = {
            door.name: [
                door.seal(sealer, tenant, number)
                for number, tenant in enumerate(("default", "default", "studio", "other"))
            ]
            for door in DOORS
        }
        self._ours = {text for texts in self._genuine.values() for text in texts}
        self._ways: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("a letter changed", self._letter),
            ("a bit flipped", self._bit),
            ("cut short", self._cut),
            ("made longer", self._longer),
            ("padded", lambda text: text + "=" * self._chance.randint(1, 4)),
            ("two tokens spliced", self._spliced),
            ("another tenant's blocks put in", self._blocks),
            ("blocks swapped", self._swapped),
            ("spelled in other base64", self._respelled),
            ("time or version changed", self._head),
            ("letters' case changed", self._case),
            ("letters that look alike", lambda text: text.translate(_LOOKALIKES)),
            ("something put around it", self._around),
            ("no HMAC worth the name", self._unsigned),
            ("any letters", self._any),
        )

    def some(self, count: int) -> Iterator[Forgery]:
        """Forge ``count`` tokens, all ways in turn."""
        return itertools.islice(self._endless(), count)

    def _endless(self) -> Iterator[Forgery]:
        while True:
            for forgery in self._round():
                if forgery.good_at is None and forgery.text in self._ours:
                    # By chance a real token, which must open: a letter more makes it none.
                    yield forgery._replace(text=forgery.text + "A")
                else:
                    yield forgery

    def _round(self) -> Iterator[Forgery]:
        for door in DOORS:
            genuine = self._chance.choice(self._genuine[door.name])
            for way, forge in self._ways:
                yield Forgery(forge(genuine), way)
            number = self._chance.randrange(10**6)
            yield Forgery(door.seal(self._removed, "default", number), "under a removed key")
            yield Forgery(door.seal(self._foreign, "default", number), "under a foreign key")
            yield Forgery(genuine, "for another purpose", good_at=door.name)

    def _place(self, text: str) -> int:
        return self._chance.randrange(len(text))

    def _letter(self, text: str) -> str:
        at = self._place(text)
        other = self._chance.choice([letter for letter in _SPELLING if letter != text[at]])
        return text[:at] + other + text[at + 1 :]

    def _bit(self, text: str) -> str:
        raw = bytearray(_raw(text))
        raw[self._chance.randrange(len(raw))] ^= 1 << self._chance.randrange(8)
        return _text(bytes(raw))

    def _cut(self, text: str) -> str:
        start, end = sorted(self._chance.sample(range(len(text)), 2))
        return self._chance.choice((text[:end], text[end:], text[:start] + text[end:]))

    def _longer(self, text: str) -> str:
        more = "".join(self._chance.choices(_SPELLING, k=self._chance.randint(1, 9)))
        return self._chance.choice((text + more, more + text, text + text))

    def _spliced(self, text: str) -> str:
        at = self._place(text)
        return text[:at] + self._other()[at:]

    def _blocks(self, text: str) -> str:
        raw, other = _raw(text), _raw(self._other())
        start = _HEAD + _BLOCK * self._chance.randint(0, 2)
        end = start + _BLOCK * self._chance.randint(1, 3)
        return _text(raw[:start] + other[start:end] + raw[end:])

    def _swapped(self, text: str) -> str:
        raw = _raw(text)
        head, first, second, rest = raw[:_HEAD], raw[9:25], raw[25:41], raw[41:]
        return _text(head + second + first + rest)

    def _respelled(self, text: str) -> str:
        spare = _SPELLING[(_SPELLING.index(text[-1]) + 1) % len(_SPELLING)]
        at = self._place(text)
        return self._chance.choice(
            (
                base64.b64encode(_raw(text)).decode(),
                base64.b32encode(_raw(text)).decode(),
                _raw(text).hex(),
                _text(text.encode()),
                text[:-1] + spare,
                text[:at] + self._chance.choice(" \n\t\r.~%") + text[at:],
                f"{text[:at]}%{ord(text[at]):02x}{text[at + 1 :]}",
            )
        )

    def _head(self, text: str) -> str:
        raw = _raw(text)
        version, moment = raw[:1], self._chance.randbytes(8)
        return _text(self._chance.choice((version + moment, self._chance.randbytes(9))) + raw[9:])

    def _case(self, text: str) -> str:
        return self._chance.choice((text.swapcase(), text.upper(), text.lower(), text.title()))

    def _around(self, text: str) -> str:
        return self._chance.choice(
            (f" {text}", f"{text}\n", f"{text}\0", f"/{text}", f"{text}/", f"{text}?a", f"./{text}")
        )

    def _unsigned(self, text: str) -> str:
        raw = _raw(text)
        hmac = self._chance.choice((bytes(32), b"", raw[:32], self._chance.randbytes(32)))
        return _text(raw[:-32] + hmac)

    def _any(self, text: str) -> str:
        return "".join(self._chance.choices(_SPELLING, k=self._chance.randint(0, 2 * len(text))))

    def _other(self) -> str:
        door = self._chance.choice(DOORS)
        return self._chance.choice(self._genuine[door.name])


def accepted(count: int, *, seed: int, doors: tuple[Door, ...] = DOORS) -> list[Forgery]:
    """Try ``count`` forgeries at every door that they are not good at; give those that opened."""
    sealer = LinkSealer.of(READ_KEYS)
    return [
        forgery
        for forgery in Forger(seed, sealer).some(count)
        for door in doors
        if door.name != forgery.good_at and door.open(sealer, forgery.text) is not None
    ]


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
