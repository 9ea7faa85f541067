"""Which addresses a webhook may go to: those of the public internet, and none that hides another."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# What Python's own word (`is_global`) lets through, and no receiver of a client's can have: protocol
# assignments, whose anycast addresses count as global, and relays of 6to4.
_NO_RECEIVERS_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# Of IPv6 only these are given out; the rest is link-local, unique-local, multicast or reserved. What is
# special among them stands in IANA's registry of special-purpose addresses; the library's has exceptions.
_GIVEN_OUT_6 = IPv6Network("2000::/3")
_NO_RECEIVERS_6 = (
    IPv6Network("2001::/23"),  # protocol assignments: Teredo, benchmarking, ORCHID
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4, which carries any address of IPv4
    IPv6Network("3fff::/20"),  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: what DNS64 makes of an address of IPv4


def is_public(address: str) -> bool:
    """Whether a literal address, as `getaddrinfo` gives it, is one of the public internet.

    False for private, loopback, link-local (the metadata services), shared (100.64.0.0/10), multicast,
    documentation, reserved and unspecified ones, for those of IPv4 within IPv6 that are such, and for
    what is no address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_4(parsed) if isinstance(parsed, IPv4Address) else _is_public_6(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NO_RECEIVERS_4)
    )


def _is_public_6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _is_public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_4(IPv4Address(address.packed[-4:]))
    return (
        address.scope_id is None
        and address in _GIVEN_OUT_6
        and not any(address in network for network in _NO_RECEIVERS_6)
    )
