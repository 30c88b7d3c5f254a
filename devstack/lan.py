"""Finds the address at which a phone in the same network reaches this machine."""

import ipaddress
import socket

from runtime.addresses import is_private

AUTO = "auto"
ELSEWHERE = ("192.0.2.1", 9)
"""Of RFC 5737, so it is nobody's: nothing is sent, the kernel only says which way it would go."""


class HostError(ValueError):
    """HOST names no address that a phone could use; one sentence."""


def lan_address(wanted: str) -> str:
    """Give the IPv4 address that ``wanted`` names, or this machine's own one for ``auto``.

    Raises:
        HostError: It is no private address, or none of this machine.

    """
    if wanted == AUTO:
        return _on_the_way_out()
    try:
        address = str(ipaddress.IPv4Address(wanted))
    except ValueError:
        raise HostError(
            "HOST must be an IPv4 address of this machine, such as 192.168.1.20, or auto."
        ) from None
    if not is_private(address):
        raise HostError(
            "HOST must be an address of a private network (10.*, 172.16-31.*, 192.168.*, "
            "169.254.*): over plain http nothing may be reachable from further away."
        )
    if not _is_ours(address):
        raise HostError("HOST is no address of this machine; `make up HOST=auto` finds one.")
    return address


def _on_the_way_out() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            raise HostError(
                "This machine is in no network that leads on; name its address yourself: HOST=…"
            ) from None
        address = str(probe.getsockname()[0])
    if not is_private(address):
        raise HostError(
            "This machine's first address is in no private network; if it has one that is, name "
            "it yourself: HOST=…"
        )
    return address


def _is_ours(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
