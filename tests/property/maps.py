"""Whole maps beside single decisions: every pair of units, at the edges of what a map says."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import product

from service.analysis.attempts import shared_families
from service.analysis.columns import groups
from service.analysis.deciding import Connection, PolicyIndex, both, decide
from service.analysis.evaluate import Evaluator
from service.analysis.filters import MapFilter
from service.analysis.forwarding import NODE_PORT_FROM_OUTSIDE
from service.analysis.listing import Line, Listing
from service.analysis.solve import Connectivity, solve, space_of
from service.analysis.units import Seating, Unit, seat_units
from service.engines.registry import compile_pipeline
from service.model.addresses import format_address
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd
from service.model.intervals import Intervals
from service.model.inventory import Inventory
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_PORTS, Protocol, point_of
from service.model.snapshot import Snapshot
from service.model.verdict import Decision
from tests.builders import Manifest, profile
from tests.property.clusters import Cluster

#: Engines, and the versions and options that make a pipeline of another shape.
PROFILES = [
    "kubernetes",
    "none",
    "npm",
    "npm?fixes=2026-09",
    "calico",
    "calico:3.29",
    "cilium:1.14",
    "cilium:1.18",
    "cilium:1.19",
    "cilium?policyEnforcement=always",
    "cilium?sctp=enabled&cidrMatchMode=nodes&routing=tunnel",
]
ALWAYS_ASKED = frozenset(
    {point_of(Protocol.TCP, 80), point_of(Protocol.UDP, 53), point_of(Protocol.SCTP, 9)}
)


def with_mixed_nodes(cluster: Cluster) -> Cluster:
    """The same cluster, with one of its nodes running Windows."""
    return Cluster([_on_windows(each, "n2") for each in cluster.inventory], cluster.policies)


def _on_windows(manifest: Manifest, name: str) -> Manifest:
    if manifest["kind"] != "Node" or manifest["metadata"]["name"] != name:
        return manifest
    labels = {**manifest["metadata"].get("labels", {}), "kubernetes.io/os": "windows"}
    status = {**manifest["status"], "nodeInfo": {"operatingSystem": "windows"}}
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}, "status": status}


def with_owners(cluster: Cluster) -> Cluster:
    """The same cluster, with every odd pod owned by one ReplicaSet of its namespace."""
    inventory = []
    for each in cluster.inventory:
        name = each["metadata"]["name"]
        if each["kind"] == "Pod" and int(name[1:]) % 2:
            owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "odd", "uid": "odd"}
            metadata = {**each["metadata"], "ownerReferences": [{**owner, "controller": True}]}
            inventory.append({**each, "metadata": metadata})
        else:
            inventory.append(each)
    return Cluster(inventory, cluster.policies)


def pipeline_of(found: Snapshot, engine: str) -> Pipeline:
    return compile_pipeline(found, profile(engine))


EVERY_LINE = MapFilter(itself=True)


class Mapped:
    """A solved map with its units and every line, by pair."""

    def __init__(
        self,
        pipeline: Pipeline,
        inventory: Inventory,
        wanted: MapFilter = EVERY_LINE,
        solved: Connectivity | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.inventory = inventory
        self.solved = solved or solve(pipeline, space_of(pipeline))
        self.seating: Seating = seat_units(self.solved.space, inventory)
        self.listing = Listing(self.solved, self.seating, wanted)
        self.lines: list[Line] = list(self.listing.lines())
        self._by_pair = {(each.source, each.destination): each for each in self.lines}
        assert len(self._by_pair) == len(self.lines)
        self._ranges: dict[tuple[Unit, bool], list[tuple[int, int, Line]]] = defaultdict(list)
        self._bounds = _bounds_of(self.solved)
        for each in self.lines:
            if each.source.is_external:
                self._ranges[each.destination, True].append((*self._range(each.source), each))
            elif each.destination.is_external:
                self._ranges[each.source, False].append((*self._range(each.destination), each))

    def _range(self, unit: Unit) -> tuple[int, int]:
        low, _, high = unit.name.partition("-")
        return self._bounds[low], self._bounds[high or low]

    def line(self, source: Unit, destination: Unit) -> Line | None:
        """The line between two units; none where everything is denied."""
        return self._by_pair.get((source, destination))

    def decision(self, source: Unit | int, destination: Unit | int, point: int) -> Decision:
        """What the lines say to units, or to a unit and an address outside."""
        if isinstance(source, int):
            assert isinstance(destination, Unit)
            found = self._at(destination, source, inward=True)
        elif isinstance(destination, int):
            found = self._at(source, destination, inward=False)
        else:
            found = self._by_pair.get((source, destination))
        if found is None:
            return Decision.DENY
        if point in found.certain:
            assert point not in found.unknown
            return Decision.ALLOW
        return Decision.UNKNOWN if point in found.unknown else Decision.DENY

    def line_from(self, address: int, destination: Unit) -> Line | None:
        """The line from an address outside."""
        return self._at(destination, address, inward=True)

    def _at(self, unit: Unit, address: int, *, inward: bool) -> Line | None:
        lines = [line for low, high, line in self._ranges[unit, inward] if low <= address <= high]
        assert len(lines) < 2, lines
        return lines[0] if lines else None

    @cached_property
    def outside(self) -> list[int]:
        """The first and last address outside in every range of the space that has any."""
        return self._outside(self._inside)

    @cached_property
    def called_outside(self) -> list[int]:
        """The same without addresses of Services, which lead to pods."""
        return self._outside(self._inside | self.pipeline.surroundings.services)

    @cached_property
    def _inside(self) -> Intervals:
        points = (point for each in self.pipeline.endpoints for point in each.addresses)
        known = Intervals.of((point, point) for point in points)
        return known | self.pipeline.surroundings.inside

    def _outside(self, inside: Intervals) -> list[int]:
        ranges = (
            (Intervals.of([(place.low, place.high)]) - inside).spans
            for place in self.solved.space.places
            if place.is_external
        )
        return sorted({edge for each in ranges if each for edge in (each[0][0], each[-1][1])})

    def edges(self) -> set[int]:
        """Points on both sides of every edge of what the map says, and a few more."""
        found = {*ALWAYS_ASKED, *(each.point for each in self.pipeline.surroundings.published)}
        for column in {id(each): each for each in self.solved.columns}.values():
            for group in groups(column):
                for low, high in (*group.certain, *group.unknown):
                    found |= {low - 1, low, high, high + 1}
        return {each for each in found if each in ALL_PORTS}


def _bounds_of(solved: Connectivity) -> dict[str, int]:
    return {
        format_address(edge): edge
        for place in solved.space.places
        if place.is_external
        for edge in (place.low, place.high)
    }


def evaluated(
    evaluator: Evaluator, sources: Iterable[Endpoint], destinations: Iterable[Endpoint], point: int
) -> tuple[Decision, ...]:
    """What single flows between members are told, folded; nothing where there is no pair.

    Two rules may hold for either place that a pod may run at, and decide together: where nothing
    but the place is open, what they decide is right as well.
    """
    verdicts = [
        evaluator.evaluate(_flow(source, destination, point))
        for source, destination in product(sources, destinations)
        if source != destination
    ]
    if not verdicts:
        return ()
    decision = _folded({each.decision for each in verdicts})
    open_about = {why.code for each in verdicts for why in each.assumptions}
    if decision is not Decision.UNKNOWN or "PlacementUnknown" not in open_about:
        return (decision,)
    if open_about & {"HostPort", "NodePortFromPod", "EndpointHasNoNetwork"}:
        return (decision,)
    return decision, _decided_wherever(evaluator.pipeline, sources, destinations, point)


def _folded(found: set[Decision]) -> Decision:
    return found.pop() if len(found) == 1 else Decision.UNKNOWN


def _flow(source: Endpoint, destination: Endpoint, point: int) -> Flow:
    return Flow(_end(source), _end(destination), Protocol(point >> 16).name, point & 0xFFFF)


def _end(endpoint: Endpoint) -> PodEnd | NodeEnd | AddressEnd:
    match endpoint.kind:
        case EndpointKind.NODE:
            return NodeEnd(endpoint.name)
        case EndpointKind.EXTERNAL:
            return AddressEnd(endpoint.name)
        case _:
            return PodEnd(endpoint.namespace, endpoint.name)


def _decided_wherever(
    pipeline: Pipeline, sources: Iterable[Endpoint], destinations: Iterable[Endpoint], point: int
) -> Decision:
    """What policies say, with pods that are not placed put on each node, and on another one."""
    nodes = sorted({each.node for each in pipeline.endpoints if each.node} | {"elsewhere"})
    index = {each: PolicyIndex(pipeline.stages(each)) for each in Direction}
    found: set[Decision] = set()
    for source, destination in product(sources, destinations):
        if source == destination:
            continue
        for caller, callee in product(_placed(source, nodes), _placed(destination, nodes)):
            for family in shared_families(caller, callee):
                connection = Connection(caller, callee, point, family)
                egress, ingress = (decide(index[e], e, connection).decision for e in Direction)
                found.add(both(egress, ingress))
    return _folded(found)


def _placed(endpoint: Endpoint, nodes: Iterable[str]) -> list[Endpoint]:
    if endpoint.node is not None or endpoint.kind is EndpointKind.EXTERNAL:
        return [endpoint]
    return [replace(endpoint, node=each) for each in nodes]


def address_end(address: int) -> Endpoint:
    return Endpoint(EndpointKind.EXTERNAL, format_address(address), addresses=(address,))


End = tuple[Unit | int, tuple[Endpoint, ...]]


def pairs_of(mapped: Mapped) -> Iterator[tuple[End, End]]:
    """Every ordered pair of which one at least is a unit of the cluster."""
    inside: list[End] = [(seat.unit, seat.members) for seat in mapped.seating.seats]
    called, calling = (
        [(each, (address_end(each),)) for each in found]
        for found in (mapped.called_outside, mapped.outside)
    )
    yield from product(inside, inside)
    yield from product(inside, called)
    yield from product(calling, inside)


def assert_agreement(mapped: Mapped, chance: random.Random, points: int = 3) -> int:
    """Lines and single flows say the same about every pair; how many were compared."""
    evaluator = Evaluator(mapped.pipeline, mapped.inventory)
    edges = sorted(mapped.edges())
    compared = 0
    for (source, senders), (destination, receivers) in pairs_of(mapped):
        for point in chance.sample(edges, min(points, len(edges))):
            expected = evaluated(evaluator, senders, receivers, point)
            if not expected:
                continue
            compared += 1
            said = mapped.decision(source, destination, point)
            context = (str(source), str(destination), point >> 16, point & 0xFFFF)
            assert said in expected or _tells_less(mapped, source, destination, point), (
                mapped.pipeline.profile,
                context,
                said,
                expected,
            )
    return compared


def _tells_less(mapped: Mapped, source: Unit | int, destination: Unit | int, point: int) -> bool:
    """Whether the map sends its reader to a single flow: node ports called from outside."""
    if not isinstance(source, int) or not isinstance(destination, Unit):
        return False
    found = mapped.line_from(source, destination)
    return (
        found is not None and point in found.unknown and NODE_PORT_FROM_OUTSIDE in found.assumptions
    )
