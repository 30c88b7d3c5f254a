"""What the web process says of its settings before it serves."""

import pytest

from runtime.settings import WebSettings
from web.__main__ import nobody_decodes

BEYOND = "192.0.2.1"


class TestTheCodec:
    @pytest.mark.parametrize(
        ("host", "token", "expected"),
        [
            ("127.0.0.1", None, False),
            (BEYOND, None, True),
            (BEYOND, "canary-codec-token", False),
        ],
    )
    def test_lets_nobody_in_beyond_loopback_without_a_token(
        self, host: str, token: str | None, *, expected: bool
    ) -> None:
        settings = WebSettings.model_validate({"admin_host": host, "codec_token": token})

        assert expected is nobody_decodes(settings)
