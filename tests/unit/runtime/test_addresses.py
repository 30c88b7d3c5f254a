"""Plain http stays on this machine, and in a private network only where that is asked for."""

import pytest
from pydantic_settings import BaseSettings

from runtime.addresses import AddressError, base_url, is_private, origin
from runtime.settings import SettingsError, StarterSettings, WebSettings, WorkerSettings, load

PRIVATE = (
    "10.0.0.7",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.178.20",
    "169.254.3.4",
    "fd12:3456::1",
    "fe80::1",
)
PUBLIC = (
    "172.32.0.1",
    "192.169.0.1",
    "100.64.0.1",
    "192.0.2.7",
    "8.8.8.8",
    "0.0.0.0",  # noqa: S104 - refused
    "2001:db8::1",
    "::ffff:8.8.8.8",
    "printer.example",
    "printer.local",
    "192.168.178.20.example",
)
READERS: tuple[type[BaseSettings], ...] = (WorkerSettings, WebSettings, StarterSettings)


def http(host: str) -> str:
    return f"http://[{host}]:8000" if ":" in host else f"http://{host}:8000"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APIMART_API_KEY", "sk-canary-0123456789")


class TestABaseUrl:
    @pytest.mark.parametrize("path", ["", "/avatars", "/a/b-1_2.3~4"])
    def test_may_have_a_plain_path(self, path: str) -> None:
        assert f"https://a.example{path}" == base_url(f"https://a.example{path}/")

    @pytest.mark.parametrize("path", ["/a;b", "/a%2fb", "/a b", "//a", "/a/../b", '/a"', "/\u00e9"])
    def test_has_no_path_that_would_need_quoting(self, path: str) -> None:
        with pytest.raises(AddressError, match="a path is letters"):
            base_url(f"https://a.example{path}")

    @pytest.mark.parametrize("host", ["a" * 64, "a..example", f"{'a' * 64}.example"])
    def test_has_no_name_that_no_server_can_have(self, host: str) -> None:
        with pytest.raises(AddressError, match="with a host is wanted"):
            base_url(f"https://{host}")


class TestAPrivateAddress:
    @pytest.mark.parametrize("host", PRIVATE)
    def test_is_known_and_takes_plain_http_only_where_it_is_allowed(self, host: str) -> None:
        assert is_private(host)
        assert http(host) == base_url(http(host), private_http=True)
        assert http(host) == origin(http(host), private_http=True)
        with pytest.raises(AddressError, match="plain http"):
            base_url(http(host))
        with pytest.raises(AddressError, match="plain http"):
            origin(http(host))

    @pytest.mark.parametrize("host", PUBLIC)
    def test_is_no_other_and_no_name(self, host: str) -> None:
        assert not is_private(host)
        with pytest.raises(AddressError, match="plain http"):
            base_url(http(host), private_http=True)


class TestAllowPlainHttp:
    @pytest.mark.parametrize("settings", READERS)
    def test_is_needed_for_a_public_address_without_tls(
        self, monkeypatch: pytest.MonkeyPatch, settings: type[BaseSettings]
    ) -> None:
        monkeypatch.setenv("PUBLIC_BASE_URL", "http://192.168.178.20:8000")
        with pytest.raises(SettingsError, match="PUBLIC_BASE_URL is wrong"):
            load(settings)
        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "0")
        with pytest.raises(SettingsError, match="PUBLIC_BASE_URL is wrong"):
            load(settings)

        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "1")

        told = load(settings).model_dump()
        assert "http://192.168.178.20:8000" == told["public_base_url"]

    def test_reaches_the_hosts_of_the_scan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("H5_HOSTS", "h5.example, http://192.168.178.20:9001")
        with pytest.raises(SettingsError, match="H5_HOSTS is wrong"):
            load(WebSettings)

        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "1")

        assert ("https://h5.example", "http://192.168.178.20:9001") == load(WebSettings).h5_hosts

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PUBLIC_BASE_URL", "http://192.0.2.7:8000"),
            ("PUBLIC_BASE_URL", "http://invites.example"),
            ("H5_HOSTS", "http://h5.example"),
            ("APIMART_BASE_URL", "http://192.168.178.20:9000"),
        ],
    )
    def test_reaches_neither_the_public_network_nor_the_key(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "1")
        monkeypatch.setenv(name, value)

        with pytest.raises(SettingsError, match=f"{name} is wrong"):
            load(WorkerSettings)

    def test_reaches_no_origin_of_the_ui(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "1")
        monkeypatch.setenv("UI_ORIGINS", "http://192.168.178.20:8233")

        with pytest.raises(SettingsError, match="UI_ORIGINS is wrong"):
            load(WebSettings)

    def test_that_is_neither_yes_nor_no_stops_with_its_name(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALLOW_PLAIN_HTTP", "canary")

        with pytest.raises(SettingsError, match="ALLOW_PLAIN_HTTP is wrong") as caught:
            load(StarterSettings)

        assert "canary" not in str(caught.value)
