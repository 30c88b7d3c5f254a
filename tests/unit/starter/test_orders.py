import io
import sys
from pathlib import Path
from typing import Any

import pytest

from commands.orders import SHAPES, prompt_of, request_of
from commands.outcomes import CommandError, ExitCode
from likeness.messages.onboarding import AssetKind, OnboardingRequest, VideoRequest

CANARY = "canary-of-what-was-typed"
PICTURE = "https://files.example/front.jpg"


def typed(
    *assets: str, prompt: str | None = None, video: dict[str, Any] | None = None, **fields: Any
) -> OnboardingRequest:
    return request_of(
        {"person": "p-1", **fields}, assets or (PICTURE,), prompt=prompt, video=video or {}
    )


def refusal(*assets: str, **typed_words: Any) -> str:
    with pytest.raises(CommandError) as caught:
        typed(*assets, **typed_words)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return str(caught.value)


class TestAssets:
    def test_are_pictures_unless_it_is_said_otherwise(self) -> None:
        request = typed(PICTURE, f"image={PICTURE}", "video=https://files.example/turn.mp4")

        kinds = [asset.kind for asset in request.assets]
        assert kinds == [AssetKind.IMAGE, AssetKind.IMAGE, AssetKind.VIDEO]

    def test_are_named_by_position(self) -> None:
        request = typed(PICTURE, PICTURE)

        assert [asset.name for asset in request.assets] == ["asset-1", "asset-2"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://files.example/a.jpg?kind=video&video=x",
            "https://files.example/image=a.jpg",
            "http://127.0.0.1:9000/a.jpg?sig=a==",
        ],
    )
    def test_may_have_equal_signs_in_their_address(self, url: str) -> None:
        for spelled in (url, f"image={url}"):
            asset = typed(spelled).assets[0]

            assert asset.url.get_secret_value() == url
            assert asset.kind is AssetKind.IMAGE

    def test_of_an_unknown_kind_are_refused_by_their_number(self) -> None:
        sentence = refusal(PICTURE, f"audio=https://files.example/{CANARY}")

        assert sentence == "--asset 2: there are image= and video=, and no other kinds."

    @pytest.mark.parametrize(
        "url",
        ["", "image=", f"ftp://{CANARY}/a.jpg", f"https://u:p@{CANARY}/", f"http://{CANARY} /"],
    )
    def test_at_no_address_are_refused_by_their_number(self, url: str) -> None:
        sentence = refusal(PICTURE, url)

        assert sentence.startswith("--asset 2: an asset URL must be an http or https address")
        assert CANARY not in sentence

    def test_are_at_most_twenty(self) -> None:
        assert refusal(*[PICTURE] * 21) == "--asset must be given 1 to 20 times."


class TestTheRequest:
    def test_gets_a_fresh_id_when_none_was_typed(self) -> None:
        first, second = typed().onboarding, typed().onboarding

        assert first != second
        assert len(first) == 12

    def test_is_the_same_for_the_same_words(self) -> None:
        first = typed(onboarding="one", min_usable=1, prompt="Wave.", video={"seed": 7})
        second = typed(onboarding="one", min_usable=1, prompt="Wave.", video={"seed": 7})

        assert first.fingerprint() == second.fingerprint()

    @pytest.mark.parametrize(
        ("fields", "option"),
        [
            ({"person": "Anna@example.com"}, "--person"),
            ({"person": "Anna"}, "--person"),
            ({"onboarding": "a/b"}, "--id"),
            ({"onboarding": "a@b"}, "--id"),
            ({"tenant": ""}, "--tenant"),
            ({"min_usable": 0}, "--min-usable"),
        ],
    )
    def test_names_the_option_that_does_not_fit(self, fields: dict[str, Any], option: str) -> None:
        sentence = refusal(**fields)

        assert sentence.startswith(option)
        assert "an id part" not in sentence

    def test_cannot_need_more_assets_than_there_are(self) -> None:
        assert "--min-usable is 2, but there is 1 asset." in refusal(min_usable=2)


class TestTheWebhook:
    def test_is_told_where_one_was_typed(self) -> None:
        hook = "https://shop.example/hooks?token=one=two"

        request = typed(webhook_url=hook)

        assert request.webhook_url is not None
        assert hook == request.webhook_url.get_secret_value()
        assert typed().webhook_url is None

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("", "must be an https address with a host"),
            (f"ftp://{CANARY}/hooks", "must be an https address with a host"),
            (f"https://u:{CANARY}@shop.example/", "without user name or spaces"),
            (f"https://shop.example/{CANARY} x", "without user name or spaces"),
            (f"https://{CANARY}\udcff.example/", "must be an https address with a host"),
            (f"https://shop.example/#{CANARY}", "has no fragment"),
            (f"https://shop.example/{CANARY}{'x' * 2000}", "is at most 2000 characters"),
        ],
    )
    def test_at_no_address_is_refused_without_repeating_it(self, url: str, told: str) -> None:
        sentence = refusal(webhook_url=url)

        assert sentence.startswith("--webhook: a webhook URL ")
        assert told in sentence
        assert CANARY not in sentence


class TestTheVideo:
    def test_is_asked_for_by_a_prompt_alone(self) -> None:
        assert typed(prompt="Wave.").video == VideoRequest(prompt="Wave.")
        assert typed().video is None

    @pytest.mark.parametrize(
        ("video", "sentence"),
        [
            ({"duration_s": 3}, "--duration-s must be a whole number of seconds from 4 to 15."),
            ({"resolution": "8k"}, "--resolution must be 480p, 720p or 1080p."),
            ({"size": "2:1"}, "--size must be 16:9, 9:16, 1:1, 4:3, 3:4, 21:9 or adaptive."),
            ({"model": "No Model"}, "--model must be a model's name out of a-z, 0-9, '.' and '-'."),
        ],
    )
    def test_names_the_option_that_does_not_fit(self, video: dict[str, Any], sentence: str) -> None:
        assert refusal(prompt=CANARY, video=video) == sentence

    def test_of_a_fast_model_has_no_1080p(self) -> None:
        video = {"model": "seedance-fast", "resolution": "1080p"}

        assert "the fast models make no 1080p" in refusal(prompt=CANARY, video=video)

    @pytest.mark.parametrize("prompt", ["", "x" * 4001])
    def test_needs_a_prompt_of_a_bearable_length(self, prompt: str) -> None:
        assert refusal(prompt=prompt) == "--prompt must be a text of 1 to 4000 characters."

    def test_options_without_a_prompt_are_refused(self) -> None:
        sentence = refusal(video={"duration_s": 5, "seed": None, "generate_audio": True})

        assert sentence == "--duration-s, --audio: a video needs --prompt or --prompt-file, too."

    def test_and_request_have_a_shape_for_each_field(self) -> None:
        fields = {*OnboardingRequest.model_fields, *VideoRequest.model_fields}

        assert fields - {"account", "video"} == set(SHAPES)


class TestThePrompt:
    def test_may_come_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "prompt.txt"
        file.write_text("Er winkt. 挥手\n", encoding="utf-8")

        assert prompt_of(None, str(file)) == "Er winkt. 挥手"

    def test_may_come_from_stdin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Wave.\n")))

        assert prompt_of(None, "-") == "Wave."

    def test_is_given_once(self) -> None:
        with pytest.raises(CommandError, match="give one of them"):
            prompt_of("Wave.", "prompt.txt")

    def test_is_none_when_nothing_was_typed(self) -> None:
        assert prompt_of(None, None) is None

    def test_in_no_readable_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            prompt_of(None, str(tmp_path / "nothing"))
        with pytest.raises(CommandError, match="cannot be read: Is a directory"):
            prompt_of(None, str(tmp_path))

    def test_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "picture.jpg"
        file.write_bytes(b"\xff\xd8\xff")

        with pytest.raises(CommandError, match="is not UTF-8 text"):
            prompt_of(None, str(file))
