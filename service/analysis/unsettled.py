"""What policies alone do not settle, put over the columns of a map.

Ends without a common address family, and ports of nodes that lead to pods: a single flow is told
to be open there, and so is a pair.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from service.analysis.attempts import may_meet
from service.analysis.columns import Column, Why
from service.analysis.forwarding import NO_SHARED_FAMILY, Forwarding
from service.analysis.layers import Layer
from service.analysis.space import bits
from service.model.addresses import Family, family_of
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction
from service.model.ports import ALL_TRAFFIC
from service.model.surroundings import PublishedPort

#: Traffic, the sources for which it is open, and what it rests on.
Opened = tuple[Intervals, int, Why]


class Unsettled:
    """The open connections of a space under one pipeline."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layer = layers[0]
        self._layers = {each.family: each for each in layers}
        self._space = self._layer.space
        self._published = self._layer.pipeline.surroundings.published
        self._forwarding = Forwarding(self._layer.pipeline, self._stops)
        self._callers: dict[frozenset[int], list[tuple[Endpoint, int]]] = {}

    def over(self, columns: Sequence[Column]) -> Sequence[Column]:
        """The columns with what is open; the same ones where nothing is."""
        found = list(columns)
        known: dict[Hashable, Column] = {}
        for place, opened in self._opened():
            key = (id(columns[place]), opened)
            if key not in known:
                known[key] = _reopened(columns[place], opened)
            found[place] = known[key]
        return found

    def _opened(self) -> Iterator[tuple[int, tuple[Opened, ...]]]:
        if not self._published and not any(self._unmet.values()):
            return
        by_node: dict[Hashable, list[Opened]] = {}
        for place in bits(self._layer.destinations & self._inside):
            endpoint = self._layer.endpoints[place]
            opened: list[Opened] = []
            if endpoint.is_on_node_network:
                key = (endpoint.node, tuple(each >> place & 1 for each in self._stopping_calls))
                if key not in by_node:
                    by_node[key] = list(self._at_node(endpoint))
                opened += by_node[key]
            unmet = self._unmet[_families(endpoint)]
            if unmet:
                opened = [(each, sources & ~unmet, why) for each, sources, why in opened]
                opened.append((ALL_TRAFFIC, unmet, frozenset((NO_SHARED_FAMILY,))))
            meeting = self._layer.meeting(place)
            asked = tuple(
                (each, kept, why) for each, found, why in opened if (kept := found & meeting)
            )
            if asked:
                yield place, asked

    @property
    def _inside(self) -> int:
        return (1 << self._space.first_external) - 1

    @cached_property
    def _unmet(self) -> Mapping[frozenset[Family], int]:
        """By the families of an end inside, who shares none of them."""
        speaking: dict[frozenset[Family], tuple[Endpoint, int]] = {}
        for place, endpoint in enumerate(self._layer.endpoints[: self._space.first_external]):
            families = _families(endpoint)
            speaker, places = speaking.get(families, (endpoint, 0))
            speaking[families] = speaker, places | 1 << place
        return {
            families: sum(
                places for other, places in speaking.values() if not may_meet(other, endpoint)
            )
            for families, (endpoint, _) in speaking.items()
        }

    @cached_property
    def _stopping_calls(self) -> Sequence[int]:
        """Who has policies that may stop what calls a published port, by protocol and family."""
        found = {
            target.point >> 16
            for port in self._published
            for targets in port.targets.values()
            for target in targets
        }
        return [
            self._stopping(Direction.INGRESS, protocol, family)
            for protocol in sorted(found)
            for family in self._layers
        ]

    def _at_node(self, callee: Endpoint) -> Iterator[Opened]:
        """What is open about a callee's ports; of two things about one port the first is told.

        The callee is a node, or uses the network of one.
        """
        told: dict[int, int] = {}
        found: dict[tuple[int, Why], list[tuple[int, int]]] = {}
        for port in self._published:
            doubted: dict[Why, int] = {}
            for caller, places in self._callers_of(port):
                doubt = self._forwarding.doubt(port, caller, callee)
                new = places & ~told.get(port.point, 0)
                if doubt is not None and new:
                    why = frozenset((doubt,))
                    doubted[why] = doubted.get(why, 0) | new
                    told[port.point] = told.get(port.point, 0) | new
            for why, places in doubted.items():
                found.setdefault((places, why), []).append((port.point, port.point))
        for (places, why), spans in found.items():
            yield Intervals.of(spans), places, why

    def _callers_of(self, port: PublishedPort) -> list[tuple[Endpoint, int]]:
        """Everybody, taken together as far as what is open about a port is the same for them."""
        protocols = frozenset(
            each.point >> 16 for targets in port.targets.values() for each in targets
        )
        known = self._callers.get(protocols)
        if known is None:
            known = self._callers[protocols] = list(self._grouped(sorted(protocols)))
        return known

    def _grouped(self, protocols: Iterable[int]) -> Iterator[tuple[Endpoint, int]]:
        stopping = [
            self._stopping(Direction.EGRESS, protocol, family)
            for protocol in protocols
            for family in self._layers
        ]
        groups: dict[Hashable, tuple[Endpoint, int]] = {}
        for place, endpoint in enumerate(self._layer.endpoints):
            stopped = tuple(each >> place & 1 for each in stopping)
            key = (endpoint.kind is EndpointKind.EXTERNAL, _families(endpoint), stopped)
            caller, places = groups.get(key, (endpoint, 0))
            groups[key] = caller, places | 1 << place
        yield from groups.values()

    def _stops(
        self, direction: Direction, endpoint: Endpoint, protocol: int, family: Family
    ) -> bool:
        if endpoint.kind is EndpointKind.EXTERNAL:
            return False
        place, *_ = self._space.places_of[endpoint.namespace, endpoint.name]
        return bool(self._stopping(direction, protocol, family) >> place & 1)

    def _stopping(self, direction: Direction, protocol: int, family: Family) -> int:
        # A Service may be of a family that no end is known to have, and no policy speaks of.
        layer = self._layers.get(family, self._layer)
        return layer.rows_of(direction).stopping(protocol)


def _families(endpoint: Endpoint) -> frozenset[Family]:
    return frozenset(map(family_of, endpoint.addresses))


def _reopened(column: Column, opened: Iterable[Opened]) -> Column:
    """A column with what is open; no two things are open about one connection."""
    cut: dict[int, Intervals] = {}
    for traffic, sources, _ in opened:
        cut[sources] = cut.get(sources, NOTHING) | traffic
    certain = column.certain
    unknown = column.unknown
    for sources, traffic in cut.items():
        certain = tuple(_without(certain, traffic, sources))
        unknown = tuple(
            (kept, places, why)
            for each, found, why in unknown
            for kept, places in _without(((each, found),), traffic, sources)
        )
    return Column(certain, (*unknown, *opened))


def _without(
    entries: Iterable[tuple[Intervals, int]], traffic: Intervals, sources: int
) -> Iterator[tuple[Intervals, int]]:
    """Traffic and sources but for some traffic of some sources."""
    for each, found in entries:
        both = found & sources
        if not both or not each.overlaps(traffic):
            yield each, found
            continue
        if found & ~sources:
            yield each, found & ~sources
        rest = each - traffic
        if rest:
            yield rest, both
