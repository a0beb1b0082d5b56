"""What changes between pods and nodes that the input does not list.

Every pod runs on a node, and engines differ in what they let it reach there. Without nodes in
the inventory a map has no pair that shows it, so the rules of every row are asked about a node of
which nothing is known: once as the pod's own one, and once as another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from service.analysis.attempts import echo, shared_families
from service.analysis.cause_parts import Parts
from service.analysis.cause_signals import Changed
from service.analysis.causes import Cause, Causes
from service.analysis.compare import CHANGES, Change
from service.analysis.deciding import Connection, decide
from service.analysis.pings import PORTS_AND_PING
from service.analysis.responsible import step
from service.analysis.row_changes import RowPair
from service.analysis.space import Space, Standing
from service.analysis.units import Seating
from service.analysis.witness import Court
from service.model.addresses import EVERY_ADDRESS, Family
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction, Pipeline
from service.model.verdict import Decision

_NODE = Endpoint(EndpointKind.NODE, "a node that is not listed", possible_addresses=EVERY_ADDRESS)


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What changes between some workloads and the nodes, without pairs that could be listed."""

    change: Change
    cause: Cause | None
    workloads: int
    traffic: Intervals

    @property
    def rule(self) -> str:
        """The id of the rule that explains it; nothing where none does."""
        return self.cause.rule.id if self.cause else ""


@dataclass(slots=True)
class _Growing:
    change: Change
    cause: Cause | None
    places: set[int] = field(default_factory=set)
    traffic: Intervals = NOTHING

    def finished(self, seating: Seating) -> NodeChange:
        workloads = sum(len(seating.at_place[each]) for each in self.places)
        return NodeChange(self.change, self.cause, workloads, self.traffic)


def has_unlisted_nodes(pipeline: Pipeline) -> bool:
    """Whether a pod runs on a node that is not among the endpoints."""
    pods = [each for each in pipeline.endpoints if each.kind is EndpointKind.POD]
    nodes = {each.name for each in pipeline.endpoints if each.kind is EndpointKind.NODE}
    placed = {each.node for each in pods if each.node is not None}
    return bool(pods) and (not nodes or not placed <= nodes)


class UnlistedNodes:
    """Asks about nodes that are not listed."""

    def __init__(
        self, causes: Causes, parts: Parts, courts: tuple[Court, Court], seating: Seating
    ) -> None:
        self._causes = causes
        self._parts = parts
        self._courts = courts
        self._seating = seating

    def changes(self, pairs: Iterable[RowPair], space: Space) -> tuple[NodeChange, ...]:
        """What changes, by its cause; which policies are responsible differs by workload."""
        nodes = {each.name for each in self._courts[0].pipeline.endpoints if _is_node(each)}
        found: dict[tuple[object, ...], _Growing] = {}
        for pair in pairs:
            places = [each for each in pair.members if _unlisted(space, each, nodes)]
            if places:
                pod = space.places[places[0]].endpoint
                for change, cause, traffic in self._of_row(pair, pod):
                    key = (change, cause.rule.id, cause.why) if cause else (change,)
                    known = found.setdefault(key, _Growing(change, cause))
                    known.places.update(places)
                    known.traffic = known.traffic | traffic
        return tuple(each.finished(self._seating) for each in found.values())

    def _of_row(
        self, pair: RowPair, pod: Endpoint
    ) -> Iterator[tuple[Change, Cause | None, Intervals]]:
        inwards = pair.direction is Direction.INGRESS
        ends = (_NODE, pod) if inwards else (pod, _NODE)
        spoken = list(dict.fromkeys(self._parts.spoken(ends, (pair.direction,))))
        for traffic in self._parts.stretches(spoken, PORTS_AND_PING):
            for family in shared_families(*ends):
                for same_node in (True, False):
                    point = traffic.spans[0][0]
                    changed = self._changed(pair.direction, ends, point, family, same_node)
                    if step(changed.before.decision, changed.after.decision):
                        after = changed.after.decision
                        passed = Decision.ALLOW if after is Decision.NOT_APPLICABLE else after
                        cause = self._causes.of_change(changed)
                        general = replace(cause, policies=()) if cause else None
                        yield CHANGES[passed], general, traffic

    def _changed(
        self,
        direction: Direction,
        ends: tuple[Endpoint, Endpoint],
        point: int,
        family: Family,
        same_node: bool,
    ) -> Changed:
        sides = []
        for court in self._courts:
            source, destination = (court.endpoint(each) or each for each in ends)
            connection = Connection(source, destination, echo(point, family), family, same_node)
            verdict = decide(court.index[direction], direction, connection, explains=False)
            sides.append((verdict, connection))
        (was, before), (now, after) = sides
        return Changed(direction, was, now, before, after)


def _is_node(endpoint: Endpoint) -> bool:
    return endpoint.kind is EndpointKind.NODE


def _unlisted(space: Space, place: int, nodes: set[str]) -> bool:
    """Whether pods at a place run on a node that is not listed."""
    chosen = space.places[place]
    if chosen.standing is not Standing.PLAIN or chosen.is_external:
        return False
    return not nodes or any(
        each.node is not None and each.node not in nodes for each in chosen.members
    )
