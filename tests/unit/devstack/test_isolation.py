"""The environment our processes get holds nothing that leads to the user's own accounts."""

import os
from pathlib import Path

import pytest

from devstack.isolation import (
    NAMESPACE_PREFIX,
    NO_PROFILE,
    NotLoopbackError,
    child_environment,
    given_test_address,
    is_foreign,
    is_loopback,
    new_test_namespace,
    scrub,
)

HOSTILE = {
    "TEMPORAL_ADDRESS": "prod.example.com:7233",
    "TEMPORAL_API_KEY": "canary-temporal-key",
    "TEMPORAL_PROFILE": "prod",
    "TEMPORAL_CONFIG_FILE": "/home/somebody/temporal.toml",
    "APIMART_API_KEY": "canary-apimart-key",
    "APIMART_BASE_URL": "https://api.apimart.ai",
    "ARCHIVE_URL": "s3://prod/videos",
    "PAYLOAD_KEYS_FILE": "/home/somebody/keys",
    "https_proxy": "http://proxy.example.com:3128",
    "HTTP_PROXY": "http://proxy.example.com:3128",
    "SECRETS_DIR": "/home/somebody/secrets",
    "PYTHONPATH": "/home/somebody/lib",
}


class TestChildEnvironment:
    def test_takes_nothing_of_the_users_accounts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in HOSTILE.items():
            monkeypatch.setenv(name, value)

        made = child_environment(tmp_path / "home", {"TASK_QUEUE": "likeness"})

        assert set() == set(HOSTILE.values()) & set(made.values())
        assert {
            "PATH",
            "HOME",
            "TMPDIR",
            "LANG",
            "PYTHONUNBUFFERED",
            "TEMPORAL_CONFIG_FILE",
            "SECRETS_DIR",
            "TASK_QUEUE",
        } == set(made)

    def test_has_a_home_without_a_profile_and_without_secrets(self, tmp_path: Path) -> None:
        made = child_environment(tmp_path / "home", {})

        assert str(tmp_path / "home") == made["HOME"]
        assert [tmp_path / "home" / "no-secrets"] == list((tmp_path / "home").rglob("*"))
        assert NO_PROFILE == made["TEMPORAL_CONFIG_FILE"]

    def test_shows_the_process_the_settings_it_is_given(self, tmp_path: Path) -> None:
        made = child_environment(tmp_path / "home", {"APIMART_BASE_URL": "http://127.0.0.1:9000"})

        assert "http://127.0.0.1:9000" == made["APIMART_BASE_URL"]


class TestScrub:
    def test_removes_every_variable_that_leads_out(self) -> None:
        environ = {**HOSTILE, "PATH": "/bin"}

        scrub(environ)

        assert {
            "PATH": "/bin",
            "PYTHONPATH": "/home/somebody/lib",
            "TEMPORAL_CONFIG_FILE": NO_PROFILE,
        } == environ

    def test_it_has_been_done_to_this_very_run(self) -> None:
        assert [] == [
            name for name in os.environ if is_foreign(name) and name != "TEMPORAL_CONFIG_FILE"
        ]
        assert NO_PROFILE == os.environ["TEMPORAL_CONFIG_FILE"]


class TestGivenTestAddress:
    @pytest.mark.parametrize("address", ["127.0.0.1:7233", "localhost:7233", "[::1]:7233"])
    def test_accepts_this_machine(self, address: str) -> None:
        assert address == given_test_address({"TEST_TEMPORAL_ADDRESS": address})

    @pytest.mark.parametrize(
        "address",
        [
            "prod.example.com:7233",
            "10.0.0.5:7233",
            "0.0.0.0:7233",
            "localhost.example.com:7233",
            "127.0.0.1.example.com:7233",
            "127.0.0.1",
        ],
    )
    def test_refuses_anything_else_with_a_sentence(self, address: str) -> None:
        with pytest.raises(NotLoopbackError) as refusal:
            given_test_address({"TEST_TEMPORAL_ADDRESS": address})

        assert str(refusal.value).startswith("TEST_TEMPORAL_ADDRESS must be a loopback address")
        assert "\n" not in str(refusal.value)

    def test_is_the_only_variable_that_is_read(self) -> None:
        assert given_test_address(HOSTILE) is None

    def test_takes_an_empty_value_for_none(self) -> None:
        assert given_test_address({"TEST_TEMPORAL_ADDRESS": " "}) is None


class TestLoopback:
    def test_no_resolver_is_asked_for_a_name(self) -> None:
        assert not is_loopback("some-name-that-may-resolve-to-127.0.0.1:7233")


class TestNamespaceForTests:
    def test_two_never_meet(self) -> None:
        first, second = new_test_namespace(), new_test_namespace()

        assert first != second
        assert first.startswith(NAMESPACE_PREFIX)
        assert len("likeness-test-") + 12 == len(first)
