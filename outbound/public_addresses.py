"""Which IP addresses lie on the public network, and nowhere else."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out: https://www.iana.org/assignments/ipv6-address-space

So NAT64 (64:ff9b::/96), mapped and compatible IPv4, site-local, unique local and multicast
addresses are out without being named.
"""

_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them: RFC 2928, RFC 4380
        "2001:db8::/32",  # documentation: RFC 3849
        "2002::/16",  # 6to4, which holds an IPv4 address: RFC 3056
        "3fff::/20",  # documentation: RFC 9637
    )
)

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments: RFC 6890; Python calls some of them global
        "192.88.99.0/24",  # 6to4 relays: RFC 7526
        "168.63.129.16/32",  # the host beneath a virtual machine of Azure: learn.microsoft.com
        "224.0.0.0/3",  # multicast, and reserved ones: RFC 5771, RFC 1112
    )
)


def is_public(text: str) -> bool:
    """Tell whether the address ``text`` is public; anything else than an address is not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    return _is_public_v6(address)


def _is_public_v4(address: IPv4Address) -> bool:
    # is_global alone passes multicast: https://docs.python.org/3/library/ipaddress.html
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_V6)
