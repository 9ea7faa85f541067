"""The source address of a caller, as limits see it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from countersign.sources import UNREADABLE, account_of, is_within


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("203.0.113.17", "203.0.113.17"),
        ("203.0.113.18", "203.0.113.18"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002:0:0:0:9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.17", "203.0.113.17"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_ipv4_address_is_counted_by_itself_and_an_ipv6_address_by_its_64(
    address: str, account: str
) -> None:
    assert account_of(address) == account


@pytest.mark.parametrize("address", ["", "unknown", "203.0.113", "203.0.113.17, 198.51.100.1", "[::1]", "1"])
def test_addresses_that_cannot_be_read_share_one_account(address: str) -> None:
    assert account_of(address) == UNREADABLE
    assert not is_within(address, networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("198.51.100.255", True),
        ("198.51.101.0", False),
        ("::ffff:198.51.100.1", True),
        ("2001:db8:7::1", True),
        ("2001:db8:8::1", False),
    ],
)
def test_a_trusted_network_holds_its_addresses_and_no_other(address: str, *, within: bool) -> None:
    networks = ip_network("198.51.100.0/24"), ip_network("2001:db8:7::/48")
    assert is_within(address, networks=networks) is within
    assert not is_within(address, networks=())
