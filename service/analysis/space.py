"""The space of an all-pairs question: every endpoint class, node and address range as one bit.

Pods that no condition, port name or address block of the pipelines can tell apart are one
class; labels that no selector mentions do not count. A node stands twice, as "the node that
the pod runs on" and as "another node", so that pods do not split by node. Addresses outside
are cut at the edges of every block.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from service.analysis.mentions import Mentions, PodKey
from service.analysis.node_ports import told_apart
from service.model.addresses import EVERY_ADDRESS, Family, addresses_of, family_of
from service.model.condition import LabelScope
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import Intervals
from service.model.surroundings import Surroundings

#: What endpoints of a class share: of those in pods, and of those on the node network.
_Order = tuple[tuple[Hashable, ...], tuple[Hashable, ...]]
_Classes = dict[Hashable, list[int]]


class Standing(Enum):
    """How a place relates to the pod at the other end; pods and addresses do not."""

    PLAIN = "Plain"
    OWN_NODE = "OwnNode"
    OTHER_NODE = "OtherNode"


@dataclass(frozen=True, slots=True)
class Place:
    """One bit of the space.

    `members` are endpoints that share every answer; `low` and `high` bound a range of
    addresses outside the cluster.
    """

    endpoint: Endpoint
    members: tuple[Endpoint, ...] = ()
    standing: Standing = Standing.PLAIN
    low: int = 0
    high: int = 0

    @property
    def is_external(self) -> bool:
        """Whether it is a range of addresses outside the cluster."""
        return self.endpoint.kind is EndpointKind.EXTERNAL


class Space:
    """Places in a fixed order: pod classes, hostNetwork pods and nodes, address ranges."""

    def __init__(
        self,
        endpoint_views: Sequence[Sequence[Endpoint]],
        mentions: Mentions,
        order: _Order = ((), ()),
        families: Iterable[Family] = (),
    ) -> None:
        """One view per pipeline, of the same endpoints in the same order.

        `order` names the classes that come first, as far as there are any such endpoints.
        `families` are there even where nothing has to do with them.
        """
        self.mentions = mentions
        self.places: list[Place] = []
        self.places_of: dict[PodKey, tuple[int, ...]] = {}
        """The places of each pod: one on the node network has two."""
        self.families = _families(endpoint_views[0], mentions, families)
        first = endpoint_views[0]
        classes, on_nodes = (_Classes((key, []) for key in keys) for keys in order)
        # Which node a pod runs on matters where there are nodes, and so does that nobody knows it.
        self._by_placement = any(each.is_on_node_network for each in first)
        named = mentions.sets_of_pods()
        self.unplaced = 0
        """Places of which nobody knows the node, where there are nodes at all."""
        keys: list[Hashable] = []
        for index, endpoint in enumerate(first):
            unplaced = self._by_placement and endpoint.node is None
            sets = named.get((endpoint.namespace, endpoint.name), ())
            seen = (_signature(view[index], mentions) for view in endpoint_views)
            keys.append((unplaced, sets, *seen))
        for index, key in enumerate(told_apart(first, keys, mentions.surroundings)):
            group = on_nodes if first[index].is_on_node_network else classes
            group.setdefault(key, []).append(index)
        classes, on_nodes = _with_members(classes), _with_members(on_nodes)
        self._order: _Order = (tuple(classes), tuple(on_nodes))
        self._views: list[list[Endpoint]] = [[] for _ in endpoint_views]
        for members in classes.values():
            self._add(endpoint_views, members, Standing.PLAIN)
        for members in on_nodes.values():
            self._add(endpoint_views, members, Standing.OWN_NODE)
            self._add(endpoint_views, members, Standing.OTHER_NODE)
        self.first_external = len(self.places)
        for family in self.families:
            for low, high in _ranges(family, mentions.boundaries):
                outside = Endpoint(EndpointKind.EXTERNAL, "", addresses=(low,))
                self.places.append(Place(outside, (), Standing.PLAIN, low, high))
                for view in self._views:
                    view.append(outside)
        self.size = len(self.places)
        self.standing: dict[Standing, int] = dict.fromkeys(Standing, 0)
        """Places by how they stand to pods; ranges outside are plain."""
        for index, place in enumerate(self.places):
            self.standing[place.standing] |= 1 << index
        self.everything = (1 << self.size) - 1

    @cached_property
    def _inside(self) -> Intervals:
        endpoints = [each for place in self.places for each in place.members]
        points = Intervals.of((point, point) for each in endpoints for point in each.addresses)
        ranges = {each.possible_addresses for each in endpoints if each.kind is EndpointKind.POD}
        for each in ranges - {EVERY_ADDRESS}:
            points = points | each
        return points | self.mentions.surroundings.inside

    @cached_property
    def _called_inside(self) -> Intervals:
        return self._inside | self.mentions.surroundings.services

    def is_inside(self, low: int, high: int) -> bool:
        """Whether all addresses of a range are those of pods and nodes, so that none is outside."""
        return _covers(self._inside, low, high)

    def leads_inside(self, low: int, high: int) -> bool:
        """As `is_inside`, of what is called: the addresses of Services lead to pods."""
        return _covers(self._called_inside, low, high)

    def with_endpoints(
        self, endpoint_views: Sequence[Sequence[Endpoint]], surroundings: Surroundings
    ) -> Space | None:
        """The same places with other endpoints; None where these differ in more than names."""
        if len(endpoint_views) != len(self._views):
            return None
        mentions = replace(self.mentions, surroundings=surroundings)
        found = Space(endpoint_views, mentions, self._order)
        same = (found._order, found.families) == (self._order, self.families)
        return found if same else None

    def view(self, index: int) -> list[Endpoint]:
        """The endpoint of each place as the pipeline with this index sees it."""
        return self._views[index]

    def _add(
        self, views: Sequence[Sequence[Endpoint]], members: list[int], standing: Standing
    ) -> None:
        place = len(self.places)
        found = tuple(views[0][index] for index in members)
        self.places.append(Place(found[0], found, standing))
        if self._by_placement and found[0].node is None:
            self.unplaced |= 1 << place
        for view, collected in zip(views, self._views, strict=True):
            collected.append(view[members[0]])
        for each in found:
            key = (each.namespace, each.name)
            self.places_of[key] = (*self.places_of.get(key, ()), place)


#: From so many ones on, looking for them in a text costs less than in the number.
_MANY = 48


def bits(value: int) -> list[int]:
    """The positions of the ones in an integer, lowest first."""
    found: list[int] = []
    last = -1
    if value.bit_count() >= _MANY:
        digits = bin(value)[:1:-1]
        while (last := digits.find("1", last + 1)) >= 0:
            found.append(last)
        return found
    while value:
        # What is left is shorter each time, which tells where ones stand close together.
        step = (value & -value).bit_length()
        value >>= step
        last += step
        found.append(last)
    return found


def _covers(known: Intervals, low: int, high: int) -> bool:
    index = bisect_right(known.spans, (low, float("inf"))) - 1
    return index >= 0 and known.spans[index][1] >= high


def _with_members(classes: _Classes) -> _Classes:
    return {key: members for key, members in classes.items() if members}


def _signature(endpoint: Endpoint, mentions: Mentions) -> Hashable:
    keys = mentions.keys
    labels = endpoint.labels
    ports: Hashable = ()
    if mentions.port_names and endpoint.ports:
        ports = frozenset(each for each in endpoint.ports if each.name in mentions.port_names)
    account: Hashable = None
    if LabelScope.SERVICE_ACCOUNT in keys or LabelScope.SERVICE_ACCOUNT_NAME in keys:
        account = endpoint.service_account
    return (
        endpoint.kind,
        endpoint.namespace,
        tuple(map(labels.get, keys.get(LabelScope.POD, ()))),
        # Those of one namespace and account are the same, but another inventory has others.
        tuple(map(endpoint.namespace_labels.get, keys.get(LabelScope.NAMESPACE, ()))),
        tuple(map(endpoint.service_account_labels.get, keys.get(LabelScope.SERVICE_ACCOUNT, ()))),
        account,
        ports,
        endpoint.os,
        tuple(
            (bisect_right(mentions.inner_boundaries, point), family_of(point))
            for point in endpoint.addresses
        ),
        endpoint.node if endpoint.node in mentions.nodes else None,
        bool(mentions.nodes) and endpoint.node is None,
    )


def _families(
    endpoints: Iterable[Endpoint], mentions: Mentions, wanted: Iterable[Family]
) -> tuple[Family, ...]:
    """IPv4, and IPv6 where an endpoint or a policy has to do with it, or somebody wants it."""
    found = set(wanted)
    found |= {family_of(point) for each in endpoints for point in each.addresses}
    found |= {family_of(point) for point in mentions.boundaries}
    found.add(Family.IPV4)
    return tuple(each for each in Family if each in found)


def _ranges(family: Family, boundaries: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    ((lowest, highest),) = addresses_of(family).spans
    cuts = [lowest, *(each for each in boundaries if lowest < each <= highest), highest + 1]
    for low, after in itertools.pairwise(cuts):
        yield low, after - 1
