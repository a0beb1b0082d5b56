"""From a flow to the connections that it may become, one for each choice that nothing settles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from service.analysis.alike import Party, Signatures
from service.analysis.resolving import NoNetwork, Resolver, UnresolvedEnd, no_network
from service.analysis.services import named_container_port
from service.model.addresses import Family, family_of, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, Flow
from service.model.pipeline import Treatment
from service.model.ports import HIGHEST_PORT, LOWEST_PORT, PORT_PROTOCOLS, Protocol, point_of

ECHO_REQUEST = {
    Family.IPV4: point_of(Protocol.ICMP, 8 << 8),
    Family.IPV6: point_of(Protocol.ICMPv6, 128 << 8),
}

PODS_DIFFER = Assumption(
    "PodsDiffer", "the flow names several pods, and they do not share one answer"
)
ADDRESS_FAMILY = Assumption(
    "AddressFamily", "both ends have IPv4 and IPv6 addresses, and the answer depends on the family"
)
OUTSIDE = Assumption(
    "OutsideCluster", "neither end is a pod or a node, so no policy of the cluster is asked"
)


_BOTH = tuple(Family)
_REMEMBERED = 4096


class Attempt(NamedTuple):
    """One connection that a flow may become, for all members of both parties.

    `seen_source` is what the ingress side sees of the source. `treatments` are those that may
    apply there and `assumption` says what decides between them; `choice` names what the attempt
    itself rests on.
    """

    source: Party
    destination: Party
    point: int
    family: Family
    connections: int = 1
    seen_source: Endpoint | None = None
    asks_egress_about: tuple[Endpoint, int] | None = None
    """A destination and point that the egress side sees instead."""
    through: Endpoint | None = None
    """The node that is called, where its own policies may have a say before it forwards."""
    treatments: tuple[Treatment, ...] = (Treatment.AS_SOURCE,)
    reason: str = ""
    assumption: Assumption | None = None
    choice: Assumption | None = None
    proviso: Assumption | None = None
    """What has to hold for the connection to get through, whatever the policies say."""

    @property
    def is_treated(self) -> bool:
        """Whether it is no plain connection; only then is there a treatment with a reason."""
        return bool(self.reason)

    def in_doubt(self, doubt: Assumption) -> Attempt:
        """The same where nothing certain is known of a connection that some policy may stop."""
        return self._replace(treatments=(), reason=doubt.code, assumption=doubt)


def check_protocol(flow: Flow) -> Protocol:
    """The flow's protocol; raises `UnresolvedEnd` for one that no policy API knows."""
    try:
        return Protocol[flow.protocol]
    except KeyError:
        known = ", ".join(Protocol.__members__)
        raise UnresolvedEnd(
            "protocol", "UnknownProtocol", f"{flow.protocol!r} is none of {known}"
        ) from None


def check_port(flow: Flow, protocol: Protocol) -> None:
    """Raise `UnresolvedEnd` where the port is missing, out of range or has no meaning."""
    has_ports = protocol in PORT_PROTOCOLS or protocol is Protocol.UDPLite
    if has_ports and flow.port is None:
        raise UnresolvedEnd("port", "PortRequired", f"{flow.protocol} needs a port")
    if not has_ports and flow.port is not None:
        raise UnresolvedEnd("port", "PortNotAllowed", f"{flow.protocol} has no ports")
    if isinstance(flow.port, int) and not LOWEST_PORT <= flow.port <= HIGHEST_PORT:
        raise UnresolvedEnd("port", "InvalidPort", f"port {flow.port} is not between 1 and 65535")


def point_at(flow: Flow, protocol: Protocol, pod: Endpoint, resolver: Resolver) -> int | None:
    """Protocol and port at a destination; None where it does not declare the named port."""
    if isinstance(flow.port, int):
        return point_of(protocol, flow.port)
    if flow.port is None:
        return point_of(protocol, 0)
    declared = resolver.pods.get((pod.namespace, pod.name))
    number = named_container_port(declared, flow.protocol, flow.port) if declared else None
    return None if number is None else point_of(protocol, number)


def direct_attempts(
    flow: Flow,
    protocol: Protocol,
    sources: list[Endpoint],
    destinations: list[Endpoint],
    resolver: Resolver,
    signatures: Signatures,
) -> list[Attempt]:
    """Connections between endpoints, not through a Service."""
    _refuse_outside(resolver, (*sources, *destinations))
    end = flow.destination
    called = family_of(parse_address(end.address)) if isinstance(end, AddressEnd) else None
    if len(sources) == len(destinations) == 1 and sources[0] is not destinations[0]:
        # Nothing to group, which is what most flows are like.
        only = point_at(flow, protocol, destinations[0], resolver)
        if only is None:
            raise no_such_port(flow, destinations)
        return _between(Party((sources[0],)), Party((destinations[0],)), only, called, apart=False)
    # What uses a node's network is told by its node, and so are the pods that it meets.
    with_node = any(each.is_on_node_network for each in (*sources, *destinations))
    callers = signatures.parties(sources, with_node=with_node)
    meetings: list[tuple[Party, Party, int]] = []
    for callee in signatures.parties(destinations, with_node=with_node):
        by_point: dict[int, list[Endpoint]] = {}
        for member in callee.members:
            point = point_at(flow, protocol, member, resolver)
            if point is not None:
                by_point.setdefault(point, []).append(member)
        for point, members in by_point.items():
            meetings.extend((caller, Party(tuple(members)), point) for caller in callers)
    if not meetings:
        raise no_such_port(flow, destinations)
    # Of several pods the question is about one and another, unless there is no other.
    others = [each for each in meetings if _pairs(each[0], each[1])]
    return [
        attempt
        for caller, callee, point in others or meetings
        for attempt in _between(caller, callee, point, called, apart=bool(others))
    ]


def _refuse_outside(resolver: Resolver, ends: tuple[Endpoint, ...]) -> None:
    """Raise `NoNetwork` where no end is a pod or a node that is known to be one."""
    doubt: Assumption | None = None
    for each in ends:
        if each.kind is not EndpointKind.EXTERNAL:
            doubted = resolver.doubt_about(each)
            if doubted is None:
                return
            doubt = doubt or doubted
    raise NoNetwork(doubt or OUTSIDE)


def no_such_port(flow: Flow, destinations: Sequence[Endpoint]) -> UnresolvedEnd:
    """What is wrong with a named port that no destination declares."""
    return UnresolvedEnd(
        "port",
        "NamedPortNotFound",
        f"{destinations[0]} declares no {flow.protocol} port named {flow.port!r}",
    )


def _pairs(caller: Party, callee: Party) -> int:
    """How many pairs of different endpoints two parties make."""
    own = {id(each) for each in caller.members} & {id(each) for each in callee.members}
    return len(caller.members) * len(callee.members) - len(own)


def _between(
    caller: Party, callee: Party, point: int, called: Family | None, *, apart: bool
) -> list[Attempt]:
    pairs = len(caller.members) * len(callee.members)
    if apart:
        pairs = _pairs(caller, callee)
        caller, callee = _distinct(caller, callee)
    if not may_meet(caller.speaker, callee.speaker, called):
        raise no_shared_family(caller.speaker, callee.speaker)
    families = shared_families(caller.speaker, callee.speaker)
    return [
        Attempt(
            caller,
            callee,
            echo(point, family),
            family,
            connections=pairs,
            choice=ADDRESS_FAMILY if len(families) > 1 else PODS_DIFFER,
        )
        for family in families
    ]


def no_shared_family(caller: Endpoint, callee: Endpoint) -> NoNetwork:
    """What is wrong about two ends that cannot speak with each other."""
    return no_network(f"{caller} has no address of the family that {callee} is called with")


def _distinct(caller: Party, callee: Party) -> tuple[Party, Party]:
    """The same parties with speakers that are not one and the same endpoint."""
    if caller.speaker is not callee.speaker:
        return caller, callee
    if len(callee.members) > 1:
        return caller, Party((*callee.members[1:], callee.members[0]))
    return Party((*caller.members[1:], caller.members[0])), callee


def echo(point: int, family: Family) -> int:
    """For ICMP the echo request of the family in use; other points as they are."""
    if point >> 16 in {Protocol.ICMP, Protocol.ICMPv6}:
        return ECHO_REQUEST[family]
    return point


def shared_families(source: Endpoint, destination: Endpoint) -> tuple[Family, ...]:
    """The address families that two endpoints may use with each other, IPv4 first."""
    mine, theirs = _families(source.addresses), _families(destination.addresses)
    if mine and theirs:
        shared = [each for each in _BOTH if each in mine and each in theirs]
        # An outside address settles the family, even of a pod that is not known to have it.
        outside = theirs if destination.kind is EndpointKind.EXTERNAL else mine
        return tuple(shared) or tuple(outside)
    known = mine or theirs
    return tuple(each for each in _BOTH if each in known)[:1] or (Family.IPV4,)


def may_meet(source: Endpoint, destination: Endpoint, called: Family | None = None) -> bool:
    """Whether there may be an address family that both use; `called` is that of a called address.

    "IPv4/IPv6 dual-stack": a pod has the addresses of its status and no other
    (https://kubernetes.io/docs/concepts/services-networking/dual-stack/).
    """
    if EndpointKind.EXTERNAL in {source.kind, destination.kind}:
        return True
    mine, theirs = _families(source.addresses), _families(destination.addresses)
    if called is not None:
        theirs = frozenset((called,))
    return not mine or not theirs or not mine.isdisjoint(theirs)


@lru_cache(_REMEMBERED)
def _families(addresses: tuple[int, ...]) -> frozenset[Family]:
    return frozenset(map(family_of, addresses))
