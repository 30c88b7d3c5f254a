"""A phone is let in only from this machine's own private network."""

import socket
from typing import Self

import pytest

from devstack import lan
from devstack.lan import AUTO, HostError, lan_address


class Probe:
    """A socket of a machine whose way out begins at ``address``; None where there is no way."""

    def __init__(self, address: str | None) -> None:
        self.address = address

    def __call__(self, *_: object) -> "Probe":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def connect(self, _: object) -> None:
        if self.address is None:
            raise OSError(101, "Network is unreachable")

    def bind(self, address: tuple[str, int]) -> None:
        if address[0] != self.address:
            raise OSError(99, "Cannot assign requested address")

    def getsockname(self) -> tuple[str | None, int]:
        return self.address, 1


class TestAuto:
    def test_is_where_the_way_out_begins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "socket", Probe("192.168.1.20"))

        assert "192.168.1.20" == lan_address(AUTO)

    @pytest.mark.parametrize("address", [None, "203.0.113.9", "127.0.0.1"])
    def test_asks_for_an_address_where_that_is_none(
        self, monkeypatch: pytest.MonkeyPatch, address: str | None
    ) -> None:
        monkeypatch.setattr(socket, "socket", Probe(address))

        with pytest.raises(HostError, match="HOST="):
            lan_address(AUTO)

    def test_asks_nobody_who_exists(self) -> None:
        assert lan.ELSEWHERE[0].startswith("192.0.2.")


class TestAnAddress:
    def test_of_this_machine_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "socket", Probe("10.1.2.3"))

        assert "10.1.2.3" == lan_address("10.1.2.3")

    def test_of_another_machine_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "socket", Probe("10.1.2.3"))

        with pytest.raises(HostError, match="no address of this machine"):
            lan_address("10.1.2.4")

    @pytest.mark.parametrize(
        "wanted",
        ["0.0.0.0", "127.0.0.1", "203.0.113.9", "172.32.0.1"],  # noqa: S104 - refused
    )
    def test_outside_a_private_network_is_refused(self, wanted: str) -> None:
        with pytest.raises(HostError, match="private network"):
            lan_address(wanted)

    @pytest.mark.parametrize("wanted", ["", "1", "laptop.local", "::1", "192.168.1.20:8000"])
    def test_is_an_ipv4_address_and_nothing_else(self, wanted: str) -> None:
        with pytest.raises(HostError, match="an IPv4 address"):
            lan_address(wanted)
