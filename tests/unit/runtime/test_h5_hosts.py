import pytest

from runtime.h5_hosts import H5Hosts

HOSTS = H5Hosts.of(["Scan.example", "http://127.0.0.1:9000", "https://other.example:443"])


class TestH5Hosts:
    @pytest.mark.parametrize(
        "url",
        [
            "https://scan.example/a?token=1",
            "https://SCAN.example:443/",
            "http://127.0.0.1:9000/h5",
            "https://other.example",
        ],
    )
    def test_allow_their_origins(self, url: str) -> None:
        assert HOSTS.allows(url)
        assert HOSTS.unlisted(url) is None

    @pytest.mark.parametrize(
        "url",
        [
            "http://scan.example/",
            "https://scan.example:8443/",
            "https://scan.example.evil.example/",
            "https://evil.example/scan.example",
            "https://scan.example@evil.example/",
            "https://user@scan.example/",
            "https:\\\\scan.example/",
            "https://evil.example\\@scan.example/",
            "//scan.example/",
            "https:///scan.example",
            "javascript:alert(1)//scan.example",
            "https://scan.example\t/",
            " https://scan.example/",
            "https://scan.example/\r\nSet-Cookie: a=b",
            "https://sc\u0430n.example/",
            "http://127.0.0.1:9001/",
            "https://[::1/",
            "",
        ],
    )
    def test_allow_nothing_else(self, url: str) -> None:
        assert not HOSTS.allows(url)
        assert HOSTS.unlisted(url) is not None

    def test_name_the_unlisted_host_and_nothing_more_of_the_link(self) -> None:
        assert HOSTS.unlisted("https://new.example/x?token=canary") == "new.example"

    def test_become_the_sources_of_form_action(self) -> None:
        assert HOSTS.form_action() == (
            "https://scan.example http://127.0.0.1:9000 https://other.example"
        )
