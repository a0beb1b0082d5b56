"""A witness for a difference: one concrete connection, decided under both maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from service.analysis.attempts import shared_families
from service.analysis.compare import Difference
from service.analysis.deciding import Connection, both, decide, index_of, suppositions
from service.analysis.units import Seat
from service.model.addresses import Family, format_address
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd, SourceEnd
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_PORTS, Protocol
from service.model.verdict import Decision, DirectionVerdict


@dataclass(frozen=True, slots=True)
class Case:
    """Both ends' answers for one address family and one placement."""

    family: Family
    egress: DirectionVerdict
    ingress: DirectionVerdict


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
        self._index = index_of(pipeline)

    @cached_property
    def _endpoints(self) -> dict[tuple[EndpointKind, str, str], Endpoint]:
        return {(each.kind, each.namespace, each.name): each for each in self.pipeline.endpoints}

    def endpoint(self, like: Endpoint) -> Endpoint | None:
        """The endpoint of the same name as this pipeline sees it."""
        if like.kind is EndpointKind.EXTERNAL:
            return like
        return self._endpoints.get((like.kind, like.namespace, like.name))

    def hear(
        self,
        source: Endpoint,
        destination: Endpoint,
        point: int,
        same_node: bool | None = None,
    ) -> Side | None:
        """The decision on one connection; None where an end is not known here.

        Where the input does not tell whether both are on one node, `same_node` may suppose it;
        without that every case counts.
        """
        caller, callee = self.endpoint(source), self.endpoint(destination)
        if caller is None or callee is None:
            return None
        heard: list[Case] = []
        cases = suppositions(caller, callee)
        if same_node in cases:
            cases = (same_node,)
        for family, supposed in product(shared_families(caller, callee), cases):
            connection = Connection(caller, callee, point, family, supposed)
            egress, ingress = (
                decide(self._index[each], each, connection)
                for each in (Direction.EGRESS, Direction.INGRESS)
            )
            heard.append(Case(family, egress, ingress))
        decisions = {both(each.egress.decision, each.ingress.decision) for each in heard}
        decision = decisions.pop() if len(decisions) == 1 else Decision.UNKNOWN
        return Side(decision, heard[0].egress, heard[0].ingress, tuple(heard))


def witness_of(difference: Difference, before: Court, after: Court) -> Witness:
    """A connection out of a difference, with what both maps say to it."""
    low, _ = (difference.block.traffic & ALL_PORTS).spans[0]
    source, destination = _ends(difference)
    flow = Flow(_end(source), _end(destination), Protocol(low >> 16).name, low & 0xFFFF)
    case = difference.same_node
    return Witness(
        flow,
        before.hear(source, destination, low, case),
        after.hear(source, destination, low, case),
    )


def _ends(difference: Difference) -> tuple[Endpoint, Endpoint]:
    """Members of both units that the difference is about."""
    low_source, low_destination = difference.addresses or (0, 0)
    sources = _members(difference.source_seats, low_source)
    destinations = _members(difference.destination_seats, low_destination)
    wants_same_node = difference.same_node
    for source in sources:
        for destination in destinations:
            if (source.namespace, source.name, source.kind) == (
                destination.namespace,
                destination.name,
                destination.kind,
            ):
                continue
            if wants_same_node is None or wants_same_node == _same_node(source, destination):
                return source, destination
    return sources[0], destinations[-1]


def _members(seats: tuple[Seat | None, Seat | None], low: int) -> tuple[Endpoint, ...]:
    """Endpoints that are in both maps where there are any."""
    first, second = (seat.members if seat else () for seat in seats)
    if not first and not second:
        return (Endpoint(EndpointKind.EXTERNAL, format_address(low), addresses=(low,)),)
    names = {(each.namespace, each.name) for each in first}
    shared = tuple(each for each in second if (each.namespace, each.name) in names)
    return shared or second or first


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


def courts(pipelines: Iterable[Pipeline]) -> tuple[Court, ...]:
    """A court for each pipeline."""
    return tuple(map(Court, pipelines))
