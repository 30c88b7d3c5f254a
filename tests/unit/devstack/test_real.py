"""The user's own servers are taken only when asked for, word for word."""

from pathlib import Path

import pytest

from devstack.real import environment, is_asked_for, is_reachable, processes


class TestAskedFor:
    @pytest.mark.parametrize("value", ["", "0", "no", "true", "yes"])
    def test_nothing_but_a_one_asks_for_it(self, value: str) -> None:
        assert not is_asked_for({"UP_REAL": value})

    def test_a_one_asks_for_it(self) -> None:
        assert is_asked_for({"UP_REAL": "1"})

    def test_without_the_variable_nobody_asks(self) -> None:
        assert not is_asked_for({})


class TestEnvironment:
    def test_what_the_user_set_is_kept(self, tmp_path: Path) -> None:
        given = environment(
            {"TEMPORAL_ADDRESS": "temporal.example.com:7233", "LINK_KEYS_FILE": "/keys/link"},
            tmp_path,
        )

        assert "temporal.example.com:7233" == given["TEMPORAL_ADDRESS"]
        assert "/keys/link" == given["LINK_KEYS_FILE"]

    def test_what_she_left_open_lies_apart_from_the_simulated_stack(self, tmp_path: Path) -> None:
        given = environment({}, tmp_path)

        assert str(tmp_path / "real" / "keys" / "payload.keys") == given["PAYLOAD_KEYS_FILE"]


class TestProcesses:
    def test_there_is_no_simulator_among_them(self, tmp_path: Path) -> None:
        assert ["web", "worker"] == [spec.name for spec in processes({}, tmp_path)]


class TestReachable:
    @pytest.mark.parametrize(
        "url", ["https://avatars.example.com", "https://avatars.example.com:443/likeness"]
    )
    def test_is_a_public_https_address_on_the_usual_port(self, url: str) -> None:
        assert is_reachable(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8000",
            "https://localhost",
            "https://192.168.1.20",
            "http://avatars.example.com",
            "https://avatars.example.com:8443",
        ],
    )
    def test_is_nothing_else(self, url: str) -> None:
        assert not is_reachable(url)
