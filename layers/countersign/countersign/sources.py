"""The source address of a caller, as limits see it."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

type Network = IPv4Network | IPv6Network

UNREADABLE = "unreadable"  # one account for every caller whose address cannot be read: limited, not free
_ONE_HOUSEHOLD = 64  # bits of an IPv6 address; the rest of it is its holder's to choose


def account_of(address: str) -> str:
    """What a source address is counted under: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNREADABLE
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is None:
            return str(ip_network((int(parsed), _ONE_HOUSEHOLD), strict=False))
        parsed = mapped
    return str(parsed)


def is_within(address: str, *, networks: tuple[Network, ...]) -> bool:
    """Is the address one of these networks'?"""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)
