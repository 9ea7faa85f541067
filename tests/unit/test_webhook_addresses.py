"""Where a webhook may go, by the address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.webhooks.addresses import is_public

PUBLIC = (
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",  # what DNS64 makes of 8.8.8.8
)
HOSTILE = (
    # this machine, and this network
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    "::",
    "::1",
    # private
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fec0::1",
    # link-local, and the metadata services of the clouds
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    # shared by carriers
    "100.64.0.1",
    "100.127.255.255",
    # multicast, broadcast, reserved
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "ff0e::1",
    # documentation, benchmarking, protocol assignments
    "192.0.0.9",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "100::1",
    "2001:db8::1",
    "2001:20::1",
    "2001:4:112::1",
    "2001:2::1",
    "3fff::1",
    # an address of IPv4 within one of IPv6
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "5f00::1",
    "4000::1",
    "2606:4700::1111%eth0",
    # no address
    "",
    "localhost",
    "2130706433",
    "0x7f.1",
    "127.1",
    "010.0.0.1",
    "8.8.8.8.",
    "8.8.8.8/32",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_no_disguise_of_an_address_of_ipv4_is_more_public_than_the_address(address: object) -> None:
    plain = str(address)
    for disguise in (f"::ffff:{plain}", f"64:ff9b::{plain}"):
        assert is_public(disguise) == is_public(plain)
    assert not is_public(f"::{plain}")


@given(st.ip_addresses())
def test_what_python_holds_for_anything_special_is_refused(address: object) -> None:
    special = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
    if getattr(address, "ipv4_mapped", None) is None and str(address)[:8] != "64:ff9b:":
        assert not (is_public(str(address)) and any(getattr(address, f"is_{kind}") for kind in special))
