import base64
import random
import string

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from likeness.temporal.keyring import Key, KeyRing
from runtime.links import (
    MAX_TOKEN_LENGTH,
    CallbackToken,
    InviteToken,
    LinkSealer,
    VideoToken,
    callback_url,
    invite_url,
    webhook_url,
)

OLD, NEW = Key.of(b"o" * 32), Key.of(b"n" * 32)
SEALER = LinkSealer.of(KeyRing.of(NEW, OLD))
INVITE = InviteToken(tenant="default", onboarding="o1", person="ref-1", link=1)
CALLBACK = CallbackToken(
    tenant="default", onboarding="o1", person="ref-1", link=1, attempt=2, minted_at=1790000000
)
VIDEO = VideoToken(tenant="default", owner="o1", number=1)
PERSONS_VIDEO = VideoToken(tenant="default", owner="o1", number=1, of_person=True)
PARTS = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True)
NUMBERS = st.integers(min_value=0, max_value=10**12 - 1)


class TestATokenWeSealed:
    @given(PARTS, PARTS, PARTS, NUMBERS)
    def test_opens_as_the_invite_it_was(
        self, tenant: str, onboarding: str, person: str, link: int
    ) -> None:
        token = InviteToken(tenant=tenant, onboarding=onboarding, person=person, link=link)

        sealed = SEALER.seal_invite(token)

        assert SEALER.open_invite(sealed) == token
        assert len(sealed) <= MAX_TOKEN_LENGTH

    @given(PARTS, NUMBERS, NUMBERS)
    def test_opens_as_the_callback_it_was(self, part: str, attempt: int, minted_at: int) -> None:
        token = CallbackToken(
            tenant=part,
            onboarding=part,
            person=part,
            link=attempt,
            attempt=attempt,
            minted_at=minted_at,
        )

        sealed = SEALER.seal_callback(token)

        assert SEALER.open_callback(sealed) == token
        assert len(sealed) <= MAX_TOKEN_LENGTH

    @given(PARTS, PARTS, st.integers(min_value=1, max_value=10**9 - 1), st.booleans())
    def test_opens_as_the_video_it_was(
        self, tenant: str, owner: str, number: int, of_person: bool
    ) -> None:
        token = VideoToken(tenant=tenant, owner=owner, number=number, of_person=of_person)

        sealed = SEALER.seal_video(token)

        assert SEALER.open_video(sealed) == token
        assert len(sealed) <= MAX_TOKEN_LENGTH

    @pytest.mark.parametrize(
        "workflow_id", ["likeness/default/o1/video/1", "likeness/default/person/p1/video/12"]
    )
    def test_names_the_run_of_its_video(self, workflow_id: str) -> None:
        assert workflow_id == VideoToken.of(workflow_id).workflow_id

    @pytest.mark.parametrize(
        "workflow_id", ["likeness/default/o1", "video/1", "likeness/default/o1/video/x", ""]
    )
    def test_is_made_for_no_other_run(self, workflow_id: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            VideoToken.of(workflow_id)

    def test_is_never_taken_for_another_kind(self) -> None:
        sealed = {
            "invite": SEALER.seal_invite(INVITE),
            "callback": SEALER.seal_callback(CALLBACK),
            "video": SEALER.seal_video(VIDEO),
            "persons_video": SEALER.seal_video(PERSONS_VIDEO),
        }
        opened = {
            kind: (
                SEALER.open_invite(token),
                SEALER.open_callback(token),
                SEALER.open_video(token),
            )
            for kind, token in sealed.items()
        }

        assert {
            "invite": (INVITE, None, None),
            "callback": (None, CALLBACK, None),
            "video": (None, None, VIDEO),
            "persons_video": (None, None, PERSONS_VIDEO),
        } == opened

    def test_shows_nothing_of_what_it_says(self) -> None:
        sealed = SEALER.seal_invite(INVITE)

        assert b"ref-1" not in base64.urlsafe_b64decode(sealed + "==")
        assert set(sealed) <= set(string.ascii_letters + string.digits + "-_")

    def test_of_an_old_key_opens_and_of_a_foreign_one_does_not(self) -> None:
        old = LinkSealer.of(KeyRing.of(OLD)).seal_invite(INVITE)
        foreign = LinkSealer([Fernet.generate_key()]).seal_invite(INVITE)

        assert SEALER.open_invite(old) == INVITE
        assert SEALER.open_invite(foreign) is None

    def test_is_sealed_with_the_first_key(self) -> None:
        assert LinkSealer.of(KeyRing.of(NEW)).open_invite(SEALER.seal_invite(INVITE)) == INVITE

    def test_stands_in_its_path(self) -> None:
        assert invite_url("https://a.example", "T") == "https://a.example/i/T"
        assert callback_url("https://a.example", "T") == "https://a.example/callback/T"
        assert webhook_url("https://a.example", "T") == "https://a.example/webhook/T"

    def test_is_not_made_of_parts_that_no_id_may_hold(self) -> None:
        for person in ("a/b", "a@b.example", "", "x" * 41):
            with pytest.raises(ValueError, match="id part"):
                SEALER.seal_invite(INVITE.model_copy(update={"person": person}))
        with pytest.raises(ValueError, match="0 or more"):
            SEALER.seal_invite(INVITE.model_copy(update={"link": -1}))


class TestATokenWeDidNotSeal:
    def test_by_one_changed_letter_opens_nothing(self) -> None:
        alphabet = string.ascii_letters + string.digits + "-_"
        for sealed in (SEALER.seal_invite(INVITE), SEALER.seal_callback(CALLBACK)):
            for place, kept in enumerate(sealed):
                for letter in set(alphabet) - {kept}:
                    changed = sealed[:place] + letter + sealed[place + 1 :]
                    assert SEALER.open_invite(changed) is None
                    assert SEALER.open_callback(changed) is None

    def test_by_cutting_repeating_swapping_or_joining_opens_nothing(self) -> None:
        chance = random.Random(7)  # noqa: S311 - a repeatable sample, not a secret
        whole = SEALER.seal_invite(INVITE)
        other = SEALER.seal_invite(INVITE)
        for _ in range(20_000):
            start, end = sorted(chance.sample(range(len(whole) + 1), 2))
            piece = whole[start:end]
            for mutated in (
                whole[:start] + whole[end:],
                whole[:end] + piece + whole[end:],
                whole[:start] + piece[::-1] + whole[end:],
                whole[:start] + other[start:],
            ):
                if mutated not in (whole, other):
                    assert SEALER.open_invite(mutated) is None

    @given(st.text(max_size=500))
    def test_is_any_text(self, text: str) -> None:
        assert SEALER.open_invite(text) is None
        assert SEALER.open_callback(text) is None

    @pytest.mark.parametrize("tail", ["=", "==", " ", "\n", "\x00", "/", "?a=1"])
    def test_is_ours_with_something_behind_it(self, tail: str) -> None:
        assert SEALER.open_invite(SEALER.seal_invite(INVITE) + tail) is None

    def test_is_too_long_to_be_looked_at(self) -> None:
        assert SEALER.open_invite("A" * 1_000_000) is None

    def test_holds_other_fields_under_our_key(self) -> None:
        fernet = Fernet(NEW.line())
        for content in ("", "i", "i/a/b/c", "i/a/b/c/1/2", "x/a/b/c/1", "I/a/b/c/1"):
            sealed = fernet.encrypt(content.encode()).decode().rstrip("=")
            assert SEALER.open_invite(sealed) is None
