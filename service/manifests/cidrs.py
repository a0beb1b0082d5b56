"""Addresses and CIDR blocks as the API server reads them.

Its old fields accept more than a plain notation: leading zeros (read as decimal), host bits
(dropped), IPv4-mapped IPv6 (meaning IPv4). Kubernetes 1.36 refuses these three in new objects
(StrictIPCIDRValidation); what is stored stays valid. Rules: k8s.io/utils/net ParseCIDRSloppy,
apimachinery pkg/util/validation/ip.go.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}", re.ASCII)
_IPV6 = re.compile(r"[0-9a-fA-F:]+(?::[0-9.]+)?", re.ASCII)
_PREFIX = re.compile(r"[0-9]+", re.ASCII)
_LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F])0+(?=[0-9a-fA-F])")
#: Far beyond what leading zeros make of an address; keeps what is remembered short.
_LONGEST = 512
_SINCE = "Kubernetes 1.36 and newer refuse this in new objects"


@dataclass(frozen=True, slots=True)
class Block:
    """A CIDR block; `oddities` are the codes and details of a sloppy notation."""

    network: Network
    prefix_length: int
    """As written: that of an IPv4-mapped block counts from 128 bits."""
    text: str
    """As written, or a plain notation where that one is none."""
    oddities: tuple[tuple[str, str], ...] = ()

    def strictly_contains(self, other: Block) -> bool:
        """Whether the other block lies inside and is smaller, as the API server compares."""
        mine, theirs = self.network, other.network
        return (
            mine.version == theirs.version
            and theirs.network_address in mine
            and self.prefix_length < other.prefix_length
        )


def parse_address(text: str) -> tuple[Address, bool] | None:
    """An address and whether its notation was plain; None where it is no address."""
    plain = _LEADING_ZEROS.sub("", text)
    if _IPV4.fullmatch(text) is None and _IPV6.fullmatch(text) is None:
        return None
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return None
    # Up to four digits of an IPv6 group are plain with their zeros.
    return address, plain == text or (address.version == 6 and _is_plain_ipv6(text))


def plain_address(text: str) -> str | None:
    """An address in plain notation; None where it is no address."""
    if _PLAIN_IPV4.fullmatch(text) is not None:
        return text
    found = parse_address(text)
    return None if found is None else str(found[0])


def parse_block(text: str) -> Block | None:
    """A CIDR block, or None where the text is none."""
    return _parse_block(text) if len(text) <= _LONGEST else None


@lru_cache(1 << 14)
def _parse_block(text: str) -> Block | None:
    address_text, slash, prefix_text = text.partition("/")
    found = parse_address(address_text)
    if not slash or found is None or _PREFIX.fullmatch(prefix_text) is None:
        return None
    address, is_plain = found
    prefix = int(prefix_text)
    if prefix > address.max_prefixlen:
        return None
    oddities = []
    if not is_plain or prefix_text != str(prefix):
        oddities.append(("CidrLeadingZeros", f"leading zeros are read as decimal; {_SINCE}"))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None:
        oddities.append(("CidrIPv4Mapped", f"an IPv4-mapped IPv6 block is read as IPv4; {_SINCE}"))
    if mapped is not None and prefix >= 96:
        network: Network = ipaddress.IPv4Network((int(mapped), prefix - 96), strict=False)
        has_host_bits = network.network_address != mapped
    elif isinstance(address, ipaddress.IPv6Address):
        network = ipaddress.IPv6Network((int(address), prefix), strict=False)
        has_host_bits = network.network_address != address
    else:
        network = ipaddress.IPv4Network((int(address), prefix), strict=False)
        has_host_bits = network.network_address != address
    if has_host_bits:
        oddities.append(("CidrHostBits", f"host bits are dropped, this is {network}; {_SINCE}"))
    # Engines differ in what they make of leading zeros, so IPv4 keeps them.
    is_kept = mapped is None and (is_plain or address.version == 4)
    return Block(network, prefix, text if is_kept else str(network), tuple(oddities))


def _is_plain_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
