"""Impacts of changes of engine over one snapshot, as a whole and connection by connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from service.analysis.blankets import Blanket
from service.analysis.cause_parts import Part, Parts
from service.analysis.causes import Causes
from service.analysis.changed_pieces import pieces_of
from service.analysis.compare import Block, Change, Comparison, Difference, compare
from service.analysis.engine_views import EngineView
from service.analysis.forwarded_impact import ForwardedImpact, divided_at
from service.analysis.gathering import Gathering, Share, share_of
from service.analysis.impact import Impact, order_of
from service.analysis.impact_rows import RowImpact
from service.analysis.impact_units import ImpactUnits
from service.analysis.isolation import Isolations
from service.analysis.joint import Joint
from service.analysis.peer_classes import PeerClass, PeerClasses
from service.analysis.pings import PORTS_AND_PING
from service.analysis.row_causes import RowCauses
from service.analysis.row_changes import RowComparer, row_pairs
from service.analysis.service_changes import ServiceChange, ServiceComparer, unit_names
from service.analysis.service_impact import call_counts, service_groups
from service.analysis.solve import space_of
from service.analysis.space import Standing, bits
from service.analysis.units import Seating, seat_units
from service.analysis.unlisted_nodes import NodeChange, UnlistedNodes, has_unlisted_nodes
from service.analysis.witness import Court
from service.model.intervals import Intervals
from service.model.pipeline import Direction, Pipeline
from service.model.snapshot import Snapshot
from service.model.surroundings import Surroundings

_NOTHING_CHANGES: dict[Change, dict[int, int]] = {each: {} for each in Change}


class EngineChange:
    """One change of engine: what differs between both maps, and why."""

    def __init__(
        self,
        views: tuple[EngineView, EngineView],
        courts: tuple[Court, Court],
        snapshot: Snapshot,
        *,
        local_dns: bool = False,
    ) -> None:
        self.views = views
        self.courts = courts
        before, after = (each.pipeline for each in views)
        self.causes = Causes(before, after, snapshot, local_dns=local_dns)
        self._parts = Parts(self.causes, courts)
        self._space = views[0].map.connectivity.space
        self._enforces = bool(after.ingress or after.egress)
        self._services = ServiceComparer(
            courts, snapshot, self.causes, unit_names(views[0].map.seating)
        )

    @property
    def seating(self) -> Seating:
        """Who is compared."""
        return self.views[0].map.seating

    @property
    def surroundings(self) -> Surroundings:
        """What is around the endpoints that are compared."""
        return self._space.mentions.surroundings

    @cached_property
    def comparison(self) -> Comparison:
        """Every connection that both engines decide differently."""
        maps = self.views[0].map, self.views[1].map
        return compare(*maps, traffic=PORTS_AND_PING)

    def causes_of_parts(self, difference: Difference) -> tuple[Part, ...]:
        """A difference taken apart, each part with its witness and its causes."""
        return self._parts.causes_of_parts(difference)

    @cached_property
    def impact(self) -> Impact:
        """Everything that changes, put together by cause."""
        joint = Joint(self.views[0].map, self.views[1].map)
        units = ImpactUnits(Comparison(joint, (), (), ()), self._space)
        gathering = Gathering(units, self.courts)
        causes = RowCauses(self.causes, self.courts, self.views, self._space.families)
        layers = [each.layer for each in self.views[0].layers]
        rows = RowImpact(layers, units, causes)
        ports, nodes = self.surroundings.points, ~self._space.standing[Standing.PLAIN]
        if self._enforces:
            plain, forwarded = divided_at(ports, nodes, self.comparison.blocks)
            rows.gather(gathering, pieces_of(plain, self._space.size), self._classes())
            for share in self._left(_changed(plain, units), gathering, plain):
                gathering.take(share)
        else:
            forwarded = self._opening_at(ports, nodes)
            rows.gather_opening(gathering, self._classes(), (ports, nodes))
        at_ports = ForwardedImpact(self.views, units, self.causes_of_parts)
        for share in at_ports.shares(forwarded):
            gathering.take(share)
        if self._enforces:
            changed = _changed(self.comparison.blocks, units)
        else:
            found = gathering.covered(Change.NEWLY_ALLOWED, self._space.size)
            changed = {**_NOTHING_CHANGES, Change.NEWLY_ALLOWED: dict(enumerate(found))}
        isolations = None if self._enforces else Isolations(self.causes.finders[0])
        calls = self.service_changes
        through = service_groups(calls, is_sampled=self._services.is_sampled)
        return Impact(
            tuple(sorted((*gathering.groups(isolations), *through), key=order_of)),
            {each: units.count(Direction.INGRESS, pairs) for each, pairs in changed.items()},
            call_counts(calls),
            self._with_nodes(),
        )

    def _with_nodes(self) -> tuple[NodeChange, ...]:
        if not has_unlisted_nodes(self.views[0].pipeline):
            return ()
        asked = UnlistedNodes(self.causes, self._parts, self.courts, self.seating)
        return asked.changes(row_pairs(*self.views), self._space)

    @cached_property
    def service_changes(self) -> tuple[ServiceChange, ...]:
        """Calls through Services that change, and that the maps do not tell."""
        return tuple(self._services.changes())

    def _classes(self) -> Iterator[PeerClass]:
        comparer = RowComparer(self._space.families, self._space.everything)
        divided = PeerClasses(
            self._space,
            self._parts.special,
            Blanket(self.views[1], self.causes.is_blanket),
            by_kind=not self.causes.asks_nothing,
        )
        for pair in row_pairs(*self.views):
            changes = comparer.changes(pair)
            if changes:
                yield from divided.of(pair, changes)

    def _opening_at(self, ports: Intervals, nodes: int) -> tuple[Block, ...]:
        """What is decided differently at some ports of nodes."""
        if not ports:
            return ()
        maps = self.views[0].map, self.views[1].map
        found = compare(*maps, traffic=ports).blocks
        return divided_at(ports, nodes, found)[1]

    def _left(
        self,
        changed: dict[Change, dict[int, int]],
        gathering: Gathering,
        blocks: Sequence[Block],
    ) -> Iterator[Share]:
        """What no row was found to change for: asked pair by pair."""
        for change, by_destination in changed.items():
            covered = gathering.covered(change, self._space.size)
            for destination, sources in by_destination.items():
                for source in bits(sources & ~covered[destination]):
                    yield from self._pair(change, source, destination, blocks)

    def _pair(
        self, change: Change, source: int, destination: int, blocks: Iterable[Block]
    ) -> Iterator[Share]:
        for block in blocks:
            inside = block.sources >> source & 1 and block.destinations >> destination & 1
            if block.change is not change or not inside:
                continue
            one = replace(block, sources=1 << source, destinations=1 << destination)
            for difference in self.comparison.differences(one):
                for part in self.causes_of_parts(difference):
                    for cause in part.causes or (None,):
                        yield share_of(
                            change, cause, part.traffic, source, destination, 1 << source
                        )


def _changed(blocks: Iterable[Block], units: ImpactUnits) -> dict[Change, dict[int, int]]:
    """Every pair of places with a connection that changes: sources by destination."""
    found: dict[Change, dict[int, int]] = {each: {} for each in Change}
    for block in blocks:
        into = found[block.change]
        for place in bits(block.destinations):
            into[place] = into.get(place, 0) | block.sources
    return {change: units.existing_among(into) for change, into in found.items()}


def engine_changes(
    before: Pipeline,
    others: Iterable[Pipeline],
    snapshot: Snapshot,
    *,
    local_dns: bool = False,
) -> tuple[EngineChange, ...]:
    """The changes from one pipeline to each of some others over the same snapshot.

    All are solved over one space, so the first one is solved once.
    """
    pipelines = (before, *others)
    space = space_of(*pipelines)
    seating = seat_units(space, snapshot.inventory)
    views = [EngineView(each, space, number, seating) for number, each in enumerate(pipelines)]
    courts = list(map(Court, pipelines))
    return tuple(
        EngineChange(
            (views[0], views[number]), (courts[0], courts[number]), snapshot, local_dns=local_dns
        )
        for number in range(1, len(pipelines))
    )


def impacts_between(
    before: Pipeline,
    others: Iterable[Pipeline],
    snapshot: Snapshot,
    *,
    local_dns: bool = False,
) -> tuple[Impact, ...]:
    """What changes from one pipeline to each of some others over the same snapshot."""
    changes = engine_changes(before, others, snapshot, local_dns=local_dns)
    return tuple(each.impact for each in changes)
