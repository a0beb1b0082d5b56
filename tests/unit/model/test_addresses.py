"""Addresses and blocks on the line of integers, against the standard library."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.model.addresses import (
    EVERY_ADDRESS,
    IPV4,
    IPV6,
    IPV6_BASE,
    Family,
    addresses_of,
    blocks,
    family_of,
    format_address,
    format_range,
    has_leading_zeros,
    parse_address,
    parse_cidr,
)

#: What the standard library says of texts that it does not take.
MESSAGES = "not appear to be an IPv4 or IPv6|Octet|prefix|Expected 4|Only hex"
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(ADDRESSES)
def test_an_address_is_a_point_and_back(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    point = parse_address(str(address))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    assert format_address(point) == str(mapped or address)
    assert point in EVERY_ADDRESS
    family = family_of(point)
    assert family is (Family.IPV6 if address.version == 6 and mapped is None else Family.IPV4)
    assert point in addresses_of(family)


@given(ADDRESSES, st.integers(0, 32))
def test_a_block_has_the_addresses_of_its_network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, shorter: int
) -> None:
    text = f"{address}/{address.max_prefixlen - shorter}"
    network = ipaddress.ip_network(text, strict=False)
    low, high = parse_cidr(text)
    assert high - low + 1 == network.num_addresses
    assert parse_address(str(address)) in blocks([text])
    if address.version == 4:
        assert (low, high) == (int(network[0]), int(network[-1]))


def test_families_do_not_touch() -> None:
    assert not IPV4.overlaps(IPV6)
    assert blocks(["0.0.0.0/0"]) == IPV4
    assert blocks(["::/0"]) == IPV6
    assert len(EVERY_ADDRESS.spans) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5/16", "10.0.0.0-10.0.255.255"),
        ("010.0.0.0/8", "10.0.0.0-10.255.255.255"),
        ("192.168.001.000/24", "192.168.1.0-192.168.1.255"),
        ("10.0.0.1/32", "10.0.0.1"),
        ("fd00::5/126", "fd00::4-fd00::7"),
        ("::ffff:10.0.0.0/104", "10.0.0.0-10.255.255.255"),
        ("::ffff:10.0.0.1/128", "10.0.0.1"),
        ("::ffff:0.0.0.0/96", "0.0.0.0-255.255.255.255"),
        ("::ffff:0:0/95", "::fffe:0:0-::ffff:ffff:ffff"),
        ("2001:DB8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_sloppy_blocks(text: str, expected: str) -> None:
    assert format_range(*parse_cidr(text)) == expected


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.256/8", "fd00::/129", "10.0.0/8", "pods", "", "10.0.0.0/-1"]
)
def test_what_is_no_block(text: str) -> None:
    with pytest.raises(ValueError, match=MESSAGES):
        parse_cidr(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "010.0.0.1", "10.0.0", "fd00::g", "", "localhost"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=MESSAGES):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010.0.0.0/8", True),
        ("10.0.0.01/32", True),
        ("10.00.0.0/8", True),
        ("10.0.0.0/08", False),
        ("100.0.10.20/8", False),
        ("fd00::0010/64", False),
    ],
)
def test_leading_zeros(text: str, expected: bool) -> None:
    assert has_leading_zeros(text) is expected


def test_exceptions_are_cut_out() -> None:
    found = blocks(["10.0.0.0/29", "fd00::/127"], ["10.0.0.2/31", "fd00::1/128"])
    assert [format_range(low, high) for low, high in found] == [
        "10.0.0.0-10.0.0.1",
        "10.0.0.4-10.0.0.7",
        "fd00::",
    ]


def test_ipv6_starts_far_from_ipv4() -> None:
    assert parse_address("::") == IPV6_BASE
    assert parse_address("255.255.255.255") < IPV6_BASE - 1
