"""A witness for a difference: one concrete connection, decided under both maps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from service.analysis.attempts import echo, may_meet, shared_families
from service.analysis.compare import Difference
from service.analysis.deciding import Connection, both, decide, suppositions
from service.analysis.forwarding import NO_SHARED_FAMILY, Forwarding
from service.analysis.selected import selected_index
from service.analysis.stoppable import may_stop
from service.analysis.units import Seat, Unit
from service.model.addresses import Family, format_address, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd, SourceEnd
from service.model.intervals import Intervals
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_PORTS, PORT_PROTOCOLS, Protocol
from service.model.surroundings import PublishedPort
from service.model.verdict import Decision, DirectionVerdict, Evidence

_Seats = tuple[Seat | None, Seat | None]


@dataclass(frozen=True, slots=True)
class Case:
    """Both ends' answers for one address family and one placement."""

    connection: Connection
    egress: DirectionVerdict
    ingress: DirectionVerdict

    def of(self, direction: Direction) -> DirectionVerdict:
        """The answer of one end."""
        return self.ingress if direction is Direction.INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class Side:
    """What one map says to the witness; absent where a unit is not part of it."""

    decision: Decision
    egress: DirectionVerdict
    ingress: DirectionVerdict
    cases: tuple[Case, ...] = ()
    """Every case that the decision speaks of; the first is shown."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A flow whose decision differs, with the answers and their evidence."""

    flow: Flow
    before: Side | None
    after: Side | None


class Court:
    """Decides single connections between endpoints of one pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.index = selected_index(pipeline)

    @cached_property
    def _endpoints(self) -> dict[tuple[bool, str, str], Endpoint]:
        return {each.key: each for each in self.pipeline.endpoints}

    def endpoint(self, like: Endpoint) -> Endpoint | None:
        """The endpoint of the same name as this pipeline sees it."""
        if like.kind is EndpointKind.EXTERNAL:
            return like
        return self._endpoints.get(like.key)

    @cached_property
    def inside(self) -> Intervals:
        """The addresses that nobody outside the cluster has."""
        points = (point for each in self.pipeline.endpoints for point in each.addresses)
        known = Intervals.of((point, point) for point in points)
        return known | self.pipeline.surroundings.inside

    @cached_property
    def _called_inside(self) -> Intervals:
        return self.inside | self.pipeline.surroundings.services

    def first_outside(self, point: int) -> int:
        """The first address from one on that is nobody's in the cluster."""
        spans = self._called_inside.spans
        index = bisect_right(spans, (point, float("inf"))) - 1
        # Ranges do not touch, so what follows one of them is free.
        return max(point, spans[index][1] + 1) if index >= 0 else point

    def hear(
        self,
        source: Endpoint,
        destination: Endpoint,
        point: int,
        *,
        same_node: bool | None = None,
    ) -> Side | None:
        """The decision on one connection; None where an end is not known here.

        `same_node` supposes whether both are on one node, wherever they are known to run. Where
        the input does not tell that, either case counts.
        """
        caller, callee = self.endpoint(source), self.endpoint(destination)
        if caller is None or callee is None:
            return None
        doubt = self._doubt(caller, callee, point)
        placed = suppositions(caller, callee)
        if placed == (None,):
            placed = (same_node,)
        heard: list[Case] = []
        cases = product(shared_families(caller, callee), placed)
        for family, supposed in cases:
            connection = Connection(caller, callee, echo(point, family), family, supposed)
            egress, ingress = (
                doubt or decide(self.index[each], each, connection)
                for each in (Direction.EGRESS, Direction.INGRESS)
            )
            heard.append(Case(connection, egress, ingress))
        decisions = {both(each.egress.decision, each.ingress.decision) for each in heard}
        decision = decisions.pop() if len(decisions) == 1 else Decision.UNKNOWN
        return Side(decision, heard[0].egress, heard[0].ingress, tuple(heard))

    def _doubt(self, caller: Endpoint, callee: Endpoint, point: int) -> DirectionVerdict | None:
        """What both ends say where policies alone settle nothing; None where they do."""
        if not may_meet(caller, callee):
            return _unknown(NO_SHARED_FAMILY)
        if callee.is_on_node_network:
            for port in self._published.get(point, ()):
                found = self._forwarding.doubt(port, caller, callee)
                if found is not None:
                    return _unknown(found)
        return None

    def forwarded(self, caller: Endpoint, callee: Endpoint) -> Iterator[Intervals]:
        """The ports of a node that lead to pods and are open to question, by the code of why."""
        if not callee.is_on_node_network:
            return
        found: dict[str, list[tuple[int, int]]] = {}
        for port in self.pipeline.surroundings.published:
            doubt = self._forwarding.doubt(port, caller, callee)
            if doubt is not None:
                found.setdefault(doubt.code, []).append((port.point, port.point))
        yield from map(Intervals.of, found.values())

    @cached_property
    def _published(self) -> Mapping[int, Sequence[PublishedPort]]:
        found: dict[int, list[PublishedPort]] = {}
        for each in self.pipeline.surroundings.published:
            found.setdefault(each.point, []).append(each)
        return found

    @cached_property
    def _forwarding(self) -> Forwarding:
        return Forwarding(self.pipeline, self._stops)

    def _stops(
        self, direction: Direction, endpoint: Endpoint, protocol: int, family: Family
    ) -> bool:
        return may_stop(self.index[direction], endpoint, protocol << 16, family)


def _unknown(why: Assumption) -> DirectionVerdict:
    evidence = Evidence(Decision.UNKNOWN.value, why.code, why.detail)
    return DirectionVerdict(Decision.UNKNOWN, assumptions=(why,), evidence=(evidence,))


def witness_of(difference: Difference, before: Court, after: Court) -> Witness:
    """A connection out of a difference, with what both maps say to it."""
    ends = ends_of(difference, before, after)
    found = witness_between(
        ends, difference.block.traffic, before, after, same_node=difference.same_node
    )
    # Where a pod is not one of the unit's, what bears its name in that map is something else.
    sides = tuple(zip(ends, (difference.source_seats, difference.destination_seats), strict=True))
    was, now = (all(_stands(*each, side) for each in sides) for side in (0, 1))
    return replace(found, before=found.before if was else None, after=found.after if now else None)


def witness_between(
    ends: tuple[Endpoint, Endpoint],
    traffic: Intervals,
    before: Court,
    after: Court,
    *,
    same_node: bool | None = None,
) -> Witness:
    """A connection between two ends with the first port of some traffic, or else a ping.

    Both sides decide it for ends on one node or apart, as `same_node` supposes.
    """
    source, destination = ends
    low, _ = (traffic & ALL_PORTS or traffic).spans[0]
    protocol = Protocol(low >> 16)
    port = low & 0xFFFF if protocol in PORT_PROTOCOLS else None
    return Witness(
        Flow(_end(source), _end(destination), protocol.name, port),
        before.hear(source, destination, low, same_node=same_node),
        after.hear(source, destination, low, same_node=same_node),
    )


def ends_of(difference: Difference, *courts: Court) -> tuple[Endpoint, Endpoint]:
    """Members of both units that the difference is about; who is outside is so for all courts."""
    gone = difference.has_gone
    source = _members(difference.source, difference.source_seats, courts, gone)
    destination = _members(difference.destination, difference.destination_seats, courts, gone)
    # Who is in both maps shows the change best, but a pair may need somebody who is new, or the
    # two have met in the first map only.
    for senders, receivers in (
        (source.both, destination.both),
        (source.both, destination.later),
        (source.later, destination.both),
        (source.later, destination.later),
        (source.earlier, destination.earlier),
    ):
        for one in senders:
            for other in receivers:
                if one.key == other.key:
                    continue
                if difference.same_node in {None, _same_node(one, other)}:
                    return one, other
    return (source.later or source.earlier)[0], (destination.later or destination.earlier)[-1]


@dataclass(frozen=True, slots=True)
class _Members:
    """Who a unit is in both maps, in the later and in the earlier one."""

    both: tuple[Endpoint, ...]
    later: tuple[Endpoint, ...]
    earlier: tuple[Endpoint, ...]


def _members(unit: Unit, seats: _Seats, courts: Sequence[Court], gone: bool) -> _Members:
    if not any(seats):
        low, _, high = unit.name.partition("-")
        outside = (_outside(parse_address(low), parse_address(high or low), courts),)
        return _Members(outside, outside, outside)
    first, second = (seat.members if seat else () for seat in seats)
    if gone:
        return _Members((), (), first)
    if first is second:
        return _Members(first, first, first)
    before = {each.key: each for each in first}
    # Where a pod runs may be known to one of the maps only.
    later = tuple(before.get(each.key, each) if each.node is None else each for each in second)
    shared = {each.key: each for each in later if each.key in before}
    both = tuple(shared.values())
    went = tuple(each for each in first if each.key not in shared)
    return _Members(both, later, (*both, *went))


def _outside(low: int, high: int, courts: Sequence[Court]) -> Endpoint:
    """Something outside the cluster with an address of a range."""
    point = low
    while (following := max(each.first_outside(point) for each in courts)) > point:
        point = following
    point = point if point <= high else low
    return Endpoint(EndpointKind.EXTERNAL, format_address(point), addresses=(point,))


def _stands(end: Endpoint, seats: _Seats, side: int) -> bool:
    """Whether an end is there in the first or in the second map."""
    seat = seats[side]
    if seat is None:
        return not any(seats)
    return any(each.key == end.key for each in seat.members)


def _same_node(source: Endpoint, destination: Endpoint) -> bool:
    return source.node is not None and source.node == destination.node


def _end(endpoint: Endpoint) -> SourceEnd:
    match endpoint.kind:
        case EndpointKind.NODE:
            return NodeEnd(endpoint.name)
        case EndpointKind.EXTERNAL:
            return AddressEnd(endpoint.name)
        case _:
            return PodEnd(endpoint.namespace, endpoint.name)
