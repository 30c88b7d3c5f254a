"""The fingerprint by which a repeated start is told from a different one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from likeness.messages.onboarding import (
    AssetKind,
    AssetRequest,
    OnboardingInput,
    OnboardingRequest,
    VideoRequest,
)
from tests.unit.likeness.examples import POLICY, REQUEST, VIDEO

MINIMAL: dict[str, Any] = {
    "onboarding": "o-1",
    "person": "p-1",
    "assets": [{"name": "a", "url": "https://portraits.example/a.jpg"}],
}

NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
ASSETS = st.lists(
    st.builds(
        AssetRequest,
        name=NAMES,
        url=NAMES.map(lambda path: SecretStr(f"https://portraits.example/{path}")),
        kind=st.sampled_from(AssetKind),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda asset: asset.name,
).map(tuple)
VIDEOS = st.builds(
    VideoRequest,
    prompt=NAMES.map(SecretStr),
    duration_s=st.integers(4, 6),
    seed=st.none() | st.integers(0, 2),
)
REQUESTS = st.builds(
    OnboardingRequest,
    tenant=st.sampled_from(["default", "studio"]),
    onboarding=st.just("o-1"),
    person=NAMES,
    account=st.sampled_from(["default", "second"]),
    display_name=st.none() | NAMES.map(SecretStr),
    sender=st.none() | NAMES.map(SecretStr),
    assets=ASSETS,
    min_usable=st.sampled_from([None, 1]),
    video=st.none() | VIDEOS,
)


class TestFingerprint:
    @given(one=REQUESTS, other=REQUESTS)
    def test_two_requests_share_one_only_if_they_are_equal(
        self, one: OnboardingRequest, other: OnboardingRequest
    ) -> None:
        assert (one == other) is (one.fingerprint() == other.fingerprint())

    @given(request=REQUESTS)
    def test_it_is_the_same_after_the_wire(self, request: OnboardingRequest) -> None:
        received = OnboardingRequest.model_validate_json(request.model_dump_json())

        assert request.fingerprint() == received.fingerprint()

    @pytest.mark.parametrize(
        "changed",
        [
            {"person": "p-2"},
            {"tenant": "another"},
            {"account": "another"},
            {"display_name": SecretStr("Another")},
            {"sender": None},
            {"min_usable": 2},
            {"video": None},
            {"video": VIDEO.model_copy(update={"prompt": SecretStr("another")})},
            {"video": VIDEO.model_copy(update={"duration_s": 9})},
            {"assets": REQUEST.assets[::-1]},
            {"assets": REQUEST.assets[:1]},
        ],
    )
    def test_whatever_the_caller_gave_differently_makes_another(
        self, changed: dict[str, Any]
    ) -> None:
        assert REQUEST.fingerprint() != REQUEST.model_copy(update=changed).fingerprint()

    def test_a_default_said_aloud_changes_nothing(self) -> None:
        aloud = {**MINIMAL, "tenant": "default", "account": "default", "video": None}

        assert (
            OnboardingRequest.model_validate(MINIMAL).fingerprint()
            == OnboardingRequest.model_validate(aloud).fingerprint()
        )

    def test_the_settings_of_whoever_starts_it_change_nothing(self) -> None:
        given = OnboardingInput(request=REQUEST)
        elsewhere = OnboardingInput(request=REQUEST, policy=POLICY)

        assert given != elsewhere
        assert given.request.fingerprint() == elsewhere.request.fingerprint()

    def test_one_of_an_earlier_release_is_still_known(self) -> None:
        """A start repeated after an upgrade must find its run: this figure never changes."""
        request = OnboardingRequest.model_validate(MINIMAL)

        assert (
            "467b6792604df332f6acf3ba2367e501ee155eadcfa98eff57f7df470ba30843"
            == request.fingerprint()
        )

    def test_it_tells_nothing_of_the_request(self) -> None:
        assert 64 == len(REQUEST.fingerprint())
        assert "canary" not in REQUEST.fingerprint()
