import subprocess
import sys
from pathlib import Path

import pytest

from runtime.temporal import ConnectError, configuration


class TestTheConfiguration:
    def test_is_the_dev_servers_without_any(self) -> None:
        assert configuration() == {"target_host": "127.0.0.1:7233", "namespace": "default"}

    def test_comes_from_the_variables_of_the_temporal_cli(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", "ns.acct.tmprl.cloud:7233")
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "ns.acct")
        monkeypatch.setenv("TEMPORAL_API_KEY", "canary")

        found = configuration()

        assert found["target_host"] == "ns.acct.tmprl.cloud:7233"
        assert found["namespace"] == "ns.acct"
        assert found["api_key"] == "canary"
        assert found["tls"] is True

    def test_comes_from_a_profile_too(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "temporal.toml"
        file.write_text('[profile.prod]\naddress = "t.example:7233"\nnamespace = "people"\n')
        monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
        monkeypatch.setenv("TEMPORAL_PROFILE", "prod")

        found = configuration()

        assert (found["target_host"], found["namespace"]) == ("t.example:7233", "people")

    def test_that_is_no_toml_is_not_quoted(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "temporal.toml"
        file.write_text("[profile.default\napi_key = 'canary'")
        monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))

        with pytest.raises(ConnectError, match="cannot be read: check TEMPORAL_PROFILE") as caught:
            configuration()
        assert "canary" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_names_a_certificate_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", "/nowhere/cert.pem")

        with pytest.raises(ConnectError, match=r"/nowhere/cert\.pem .* No such file"):
            configuration()


class TestTheEndOfAProcess:
    def test_waits_for_the_sdks_threads(self) -> None:
        # Whether it helps is a matter of chance; that it is there is not.
        code = (
            "import atexit, time\n"
            "calls = []\n"
            "atexit.register = lambda *call: calls.append(call)\n"
            "import runtime.temporal\n"
            "print((time.sleep, 0.05) in calls)"
        )

        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )

        assert done.stdout == "True\n"
