"""IP addresses as points on one line of integers, and CIDR blocks as ranges of it.

IPv4 takes 0 .. 2^32-1. IPv6 begins at 2^64, far enough away that a range never spans both
families. A set of addresses is an `Intervals` over that line.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from service.model.intervals import Intervals

IPV6_BASE = 1 << 64
IPV4 = Intervals(((0, (1 << 32) - 1),))
IPV6 = Intervals(((IPV6_BASE, IPV6_BASE + (1 << 128) - 1),))
EVERY_ADDRESS = Intervals((*IPV4.spans, *IPV6.spans))


# A cluster's policies name the same few blocks again and again.
_REMEMBERED = 16_384
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+([0-9])")


class Family(StrEnum):
    """The two address families; a connection uses exactly one."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


def family_of(point: int) -> Family:
    """The family of a point on the address line."""
    return Family.IPV6 if point >= IPV6_BASE else Family.IPV4


def addresses_of(family: Family) -> Intervals:
    """Every address of a family."""
    return IPV6 if family is Family.IPV6 else IPV4


def parse_address(text: str) -> int:
    """The point of an address in text form.

    Raises `ValueError` for anything but a plain IPv4 or IPv6 address. An IPv4-mapped IPv6
    address is the IPv4 address: that is what a packet carries.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return int(mapped) if mapped is not None else IPV6_BASE + int(address)
    return int(address)


def has_leading_zeros(cidr: str) -> bool:
    """Whether an IPv4 CIDR is written with legacy leading zeros, such as `010.0.0.0/8`."""
    return _LEADING_ZEROS.search(cidr.partition("/")[0]) is not None and ":" not in cidr


@lru_cache(_REMEMBERED)
def parse_cidr(text: str) -> tuple[int, int]:
    """The first and last point of a CIDR block, read as the API server's sloppy parser does.

    Host bits are ignored and leading zeros of an octet do not make it octal (Kubernetes
    `k8s.io/utils/net.ParseCIDRSloppy`); an IPv4-mapped IPv6 block is the IPv4 block.
    Raises `ValueError` where the text is no CIDR. Which spellings are *accepted* from an upload
    is the concern of `service.manifests`.
    """
    if has_leading_zeros(text):
        text = _LEADING_ZEROS.sub(r"\1", text)
    network = ipaddress.ip_network(text, strict=False)
    if (
        network.version == 6
        and network.network_address.ipv4_mapped is not None
        and network.prefixlen >= 96
    ):
        mapped = f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}"
        network = ipaddress.ip_network(mapped, strict=False)
    base = IPV6_BASE if network.version == 6 else 0
    return base + int(network.network_address), base + int(network.broadcast_address)


def blocks(cidrs: Iterable[str], excluded: Iterable[str] = ()) -> Intervals:
    """The addresses of some CIDR blocks without those of others."""
    return Intervals.of(map(parse_cidr, cidrs)) - Intervals.of(map(parse_cidr, excluded))


def format_address(point: int) -> str:
    """A point of the address line in its usual text form."""
    if point >= IPV6_BASE:
        return str(ipaddress.IPv6Address(point - IPV6_BASE))
    return str(ipaddress.IPv4Address(point))


def format_range(low: int, high: int) -> str:
    """`first-last`, or the address alone where both are the same."""
    if low == high:
        return format_address(low)
    return f"{format_address(low)}-{format_address(high)}"
