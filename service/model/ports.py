"""Protocols and ports as points on one line of integers.

A point is `protocol number << 16 | port`. For ICMP and ICMPv6 the lower half is
`type << 8 | code`; for protocols without ports it is 0. A set of protocols and ports is an
`Intervals` over that line, so "TCP 80-90 and all of UDP" is one value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from service.model.intervals import Intervals

LOWEST_PORT = 1
HIGHEST_PORT = 65535


class Protocol(IntEnum):
    """IANA protocol numbers of the protocols that policies name."""

    ICMP = 1
    TCP = 6
    UDP = 17
    ICMPv6 = 58
    SCTP = 132
    UDPLite = 136


#: The protocols that NetworkPolicy knows and that a connectivity map lists.
PORT_PROTOCOLS = (Protocol.TCP, Protocol.UDP, Protocol.SCTP)

ALL_TRAFFIC = Intervals(((0, (256 << 16) - 1),))


def point_of(protocol: int, port: int) -> int:
    """The point of a protocol number and a port (or ICMP type and code)."""
    return protocol << 16 | port


def ports_of(protocol: int, low: int = LOWEST_PORT, high: int = HIGHEST_PORT) -> Intervals:
    """A range of ports of one protocol; without bounds, every port."""
    return Intervals(((point_of(protocol, low), point_of(protocol, high)),))


def whole_protocol(protocol: int) -> Intervals:
    """Everything that travels under one protocol number, ports or not."""
    return Intervals(((protocol << 16, protocol << 16 | 0xFFFF),))


ALL_PORTS = Intervals.of(span for each in PORT_PROTOCOLS for span in ports_of(each).spans)


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A port that is asked for by name; `protocol` None means whatever protocol bears the name."""

    name: str
    protocol: int | None


def format_ports(spans: Iterable[tuple[int, int]]) -> str:
    """`80,443,8000-9000` for plain port ranges (without the protocol half)."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def split_by_protocol(traffic: Intervals) -> dict[Protocol, tuple[tuple[int, int], ...]]:
    """The port ranges of TCP, UDP and SCTP in a set; protocols without any are left out."""
    found: dict[Protocol, tuple[tuple[int, int], ...]] = {}
    for protocol in PORT_PROTOCOLS:
        shared = traffic & ports_of(protocol)
        if shared:
            found[protocol] = tuple((low & 0xFFFF, high & 0xFFFF) for low, high in shared.spans)
    return found


def describe_traffic(traffic: Intervals) -> str:
    """`TCP 80,443; UDP 53` for messages; `any protocol` for everything."""
    if traffic.covers(ALL_TRAFFIC):
        return "any protocol and port"
    parts: list[str] = []
    for protocol, spans in split_by_protocol(traffic).items():
        whole = spans == ((LOWEST_PORT, HIGHEST_PORT),)
        ports = "any port" if whole else format_ports(spans)
        parts.append(f"{protocol.name} {ports}")
    parts.extend(
        each.name
        for each in (Protocol.ICMP, Protocol.ICMPv6)
        if traffic.overlaps(whole_protocol(each))
    )
    return "; ".join(parts) or "no port"
