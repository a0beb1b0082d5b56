"""Calls of a loopback address, which every network namespace has for itself.

A packet to 127.0.0.0/8 or ::1 never leaves the network namespace that it was sent in (RFC 1122
3.2.1.3, RFC 4291 2.5.3), so it is what a pod or a node sends to itself, whatever the policies say:
https://kubernetes.io/docs/concepts/services-networking/network-policies/ ("a Pod cannot block
access to itself").
"""

from __future__ import annotations

from collections.abc import Sequence

from service.analysis.alike import Party
from service.analysis.attempts import Attempt, echo, no_such_port, point_at
from service.analysis.resolving import LOOPBACK, Resolver, UnresolvedEnd
from service.model.addresses import family_of, parse_address
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd, Flow
from service.model.ports import Protocol


def is_loopback(end: DestinationEnd) -> bool:
    """Whether a destination is an address that never leaves its sender."""
    if not isinstance(end, AddressEnd):
        return False
    try:
        return parse_address(end.address) in LOOPBACK
    except ValueError:
        return False


def loopback_attempts(
    flow: Flow, protocol: Protocol, sources: Sequence[Endpoint], resolver: Resolver
) -> list[Attempt]:
    """Each source with itself; raises `UnresolvedEnd` for an address outside, which has no self."""
    assert isinstance(flow.destination, AddressEnd)
    address = flow.destination.address
    if any(each.kind is EndpointKind.EXTERNAL for each in sources):
        raise UnresolvedEnd(
            "destination",
            "LoopbackAddress",
            f"{address} is a loopback address: from {sources[0]} it leads nowhere in the cluster",
        )
    family = family_of(parse_address(address))
    by_point: dict[int, list[Endpoint]] = {}
    for each in sources:
        point = point_at(flow, protocol, each, resolver)
        if point is not None:
            by_point.setdefault(point, []).append(each)
    if not by_point:
        raise no_such_port(flow, sources)
    return [
        Attempt(party, party, echo(point, family), family, connections=len(party.members))
        for point, members in by_point.items()
        for party in (Party(tuple(members)),)
    ]
