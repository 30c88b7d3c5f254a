"""Bad input is refused with what is wrong about it, and never repeated."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from likeness.messages.conversation import Cancel, Consent, OpenSession, VerificationCallback
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingPolicy,
    OnboardingRequest,
    VideoRequest,
)
from tests.unit.likeness.examples import REQUEST

MINIMAL: dict[str, Any] = {
    "onboarding": "o-1",
    "person": "p-1",
    "assets": [{"name": "a", "url": "https://portraits.example/a.jpg"}],
}


def refusal(model: type[BaseModel], given: object) -> str:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(given)
    return str(refused.value)


class TestAssetRequest:
    @pytest.mark.parametrize(
        "url",
        [
            "canary",
            "file:///canary.jpg",
            "ftp://portraits.example/canary.jpg",
            "asset://canary",
            "data:image/png;base64,canary",
            "https://",
            "https:///canary.jpg",
            "https://canary:word@portraits.example/a.jpg",
            "https://canary@portraits.example/a.jpg",
            "https://portraits.example/can ary.jpg",
            "https://portraits.example/canary.jpg\n",
            "https://portraits.example/\tcanary.jpg",
            "https://portraits.example:99999/canary.jpg",
            "https://portraits.example:0/canary.jpg",
            "https://[::1/canary.jpg",
            "",
        ],
    )
    def test_an_address_the_upstream_cannot_fetch_is_refused_unrepeated(self, url: str) -> None:
        said = refusal(AssetRequest, {"name": "a", "url": url})

        assert "an asset URL must be an http or https address" in said
        assert "canary" not in said

    @pytest.mark.parametrize(
        "url",
        [
            "https://portraits.example/a.jpg",
            "http://127.0.0.1:9000/a.jpg",
            "HTTPS://portraits.example/a.jpg?signature=x&expires=1",
            "https://[2001:db8::1]:8443/a",
        ],
    )
    def test_one_it_can_fetch_is_taken_as_it_is(self, url: str) -> None:
        asset = AssetRequest.model_validate({"name": "a", "url": url})

        assert url == asset.url.get_secret_value()

    @pytest.mark.parametrize("name", ["", "a" * 65, "canary name", "canary/a", "canary\n", "ä"])
    def test_a_name_that_does_not_fit_is_refused_unrepeated(self, name: str) -> None:
        said = refusal(AssetRequest, {"name": name, "url": "https://portraits.example/a"})

        assert "name" in said
        assert "canary" not in said


class TestVideoRequest:
    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"prompt": ""}, "prompt"),
            ({"prompt": "x" * 4001}, "prompt"),
            ({"prompt": "p", "duration_s": 3}, "duration_s"),
            ({"prompt": "p", "duration_s": 16}, "duration_s"),
            ({"prompt": "p", "duration_s": 5.5}, "duration_s"),
            ({"prompt": "p", "resolution": "720"}, "resolution"),
            ({"prompt": "p", "resolution": "720p\n"}, "resolution"),
            ({"prompt": "p", "size": "2:1"}, "size"),
            ({"prompt": "p", "model": "A model"}, "model"),
            ({"prompt": "p", "seed": "many"}, "seed"),
            ({"prompt": "p", "promt": "p"}, "promt"),
            ({}, "prompt"),
        ],
    )
    def test_what_does_not_fit_is_named(self, given: dict[str, Any], says: str) -> None:
        assert says in refusal(VideoRequest, given)

    @pytest.mark.parametrize("model", ["doubao-seedance-2.0-fast", "seedance-2.0-fast-face"])
    def test_the_fast_models_make_no_1080p(self, model: str) -> None:
        said = refusal(VideoRequest, {"prompt": "canary", "model": model, "resolution": "1080p"})

        assert "the fast models make no 1080p" in said
        assert "canary" not in said

    @pytest.mark.parametrize("length", [1, 4000])
    def test_a_prompt_of_every_length_the_upstream_takes_is_taken(self, length: int) -> None:
        video = VideoRequest.model_validate({"prompt": "x" * length})

        assert length == len(video.prompt.get_secret_value())


class TestOnboardingRequest:
    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"onboarding": "Canary"}, "an id part must be 1 to 40 characters"),
            ({"person": "canary@example.com"}, "looks like an e-mail address"),
            ({"tenant": "canary/x"}, "tenant"),
            ({"account": ""}, "account"),
            ({"assets": []}, "assets"),
            ({"assets": MINIMAL["assets"] * 2}, "every asset needs a name of its own"),
            ({"min_usable": 0}, "min_usable"),
            ({"min_usable": 2}, "min_usable is 2, but there is 1 asset"),
            ({"display_nam": "canary"}, "display_nam"),
            ({"display_name": 7}, "display_name"),
            ({"video": {"prompt": ""}}, "video.prompt"),
            ({"assets": "canary"}, "assets"),
        ],
    )
    def test_what_does_not_fit_is_named_and_not_repeated(
        self, changed: dict[str, Any], says: str
    ) -> None:
        said = refusal(OnboardingRequest, {**MINIMAL, **changed})

        assert says in said
        assert "canary" not in said.lower().replace("canary/x", "")

    def test_more_assets_than_an_onboarding_takes_are_refused(self) -> None:
        url = "https://portraits.example/a.jpg"
        assets = [{"name": f"a{number}", "url": url} for number in range(21)]

        assert "assets" in refusal(OnboardingRequest, {**MINIMAL, "assets": assets})
        assert 20 == OnboardingRequest.model_validate({**MINIMAL, "assets": assets[:20]}).needed

    def test_by_default_all_assets_are_needed(self) -> None:
        assert 2 == REQUEST.model_copy(update={"min_usable": None}).needed
        assert 1 == REQUEST.needed


class TestOtherInput:
    @pytest.mark.parametrize(
        ("model", "given", "says"),
        [
            (OnboardingPolicy, {"deadline_s": 0}, "deadline_s"),
            (OnboardingPolicy, {"poll_interval_s": -1}, "poll_interval_s"),
            (OnboardingPolicy, {"look_delays_s": [2, -1]}, "look_delays_s"),
            (OnboardingPolicy, {"max_attempts": 0}, "max_attempts"),
            (OnboardingPolicy, {"assets_per_request": 21}, "assets_per_request"),
            (OnboardingPolicy, {"query_policy": "canary"}, "query_policy"),
            (OnboardingPolicy, {"link_ttl_s": "canary"}, "link_ttl_s"),
            (Consent, {"text_version": "", "sha256": "0" * 64, "locale": "en"}, "text_version"),
            (Consent, {"text_version": "1", "sha256": "canary", "locale": "en"}, "sha256"),
            (OpenSession, {}, "not_after"),
            (OpenSession, {"not_after": "canary"}, "not_after"),
            (VerificationCallback, {"attempt": "canary"}, "attempt"),
            (Cancel, {"reason": "x" * 501}, "reason"),
        ],
    )
    def test_what_does_not_fit_is_named_and_not_repeated(
        self, model: type[BaseModel], given: dict[str, Any], says: str
    ) -> None:
        said = refusal(model, given)

        assert says in said
        assert "canary" not in said

    def test_a_tap_without_consent_is_read_so_that_it_can_be_refused(self) -> None:
        assert OpenSession(not_after=1).consent is None
