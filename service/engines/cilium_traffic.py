"""The ports and ICMP types of Cilium's rules.

Source: cilium/cilium pkg/policy/api/{l4,icmp}.go and pkg/policy (an ANY entry stands for TCP, UDP
and SCTP, so never for ICMP).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.engines.cilium_port_names import CERTAIN, Doubts, PortNames
from service.engines.cilium_versions import CiliumFeatures
from service.engines.network_policy import union
from service.model.cilium import CiliumPort, IcmpField
from service.model.intervals import Intervals
from service.model.pipeline import NO_TRAFFIC, Direction, Traffic
from service.model.ports import (
    PORT_PROTOCOLS,
    NamedPort,
    Protocol,
    point_of,
    ports_of,
    whole_protocol,
)

#: Protocol numbers of what `protocol` may say beside ANY.
PROTOCOL_NUMBERS = {
    "TCP": Protocol.TCP,
    "UDP": Protocol.UDP,
    "SCTP": Protocol.SCTP,
    "ICMP": Protocol.ICMP,
    "ICMPV6": Protocol.ICMPv6,
    "IGMP": 2,
    "VRRP": 112,
}
_ICMP = {"IPv4": Protocol.ICMP, "IPv6": Protocol.ICMPv6}


def ports_traffic(
    ports: Iterable[CiliumPort],
    direction: Direction,
    features: CiliumFeatures,
    names: PortNames,
    doubts: Doubts = CERTAIN,
) -> Traffic:
    """The elements of one `ports` list that rest on just these doubts; none are no traffic."""
    return union(
        names.traffic(NamedPort(port.port, number), direction, doubts)
        if isinstance(port.port, str)
        else (NO_TRAFFIC if doubts else _port(port, port.port, number, features))
        for port in ports
        for number in _protocols(port)
    )


def icmp_traffic(fields: Iterable[IcmpField]) -> Traffic:
    """The elements of `icmps`, each with every code of its type."""
    return Traffic(Intervals.of(_icmp_type(_ICMP[each.family], each.icmp_type) for each in fields))


def _protocols(port: CiliumPort) -> Iterator[int]:
    if port.protocol == "ANY":
        yield from PORT_PROTOCOLS
    else:
        yield PROTOCOL_NUMBERS[port.protocol]


def _port(port: CiliumPort, first: int, protocol: int, features: CiliumFeatures) -> Traffic:
    if protocol not in PORT_PROTOCOLS:
        if first == 0 or protocol not in {Protocol.ICMP, Protocol.ICMPv6}:
            return Traffic(whole_protocol(protocol))
        return Traffic(Intervals((_icmp_type(protocol, first),)))
    if first == 0:
        return Traffic(ports_of(protocol))
    last = first
    if port.end_port is not None and port.end_port > first and features.honours_own_end_port:
        last = port.end_port
    return Traffic(ports_of(protocol, first, last))


def _icmp_type(protocol: int, icmp_type: int) -> tuple[int, int]:
    return point_of(protocol, icmp_type << 8), point_of(protocol, icmp_type << 8 | 0xFF)
