"""The endpoints that a connectivity map speaks of: workloads, nodes and address ranges.

A place of the space may hold several units (workloads that share every answer), and a unit on
the node network holds two places: as the own node of a pod, and as another node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from service.analysis.space import Space, Standing
from service.model.addresses import format_range
from service.model.endpoint import Endpoint, EndpointKind
from service.model.inventory import Inventory, Pod


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """One endpoint of the map, in the order in which maps list them.

    Workloads have `namespace` and `name` (`Kind/name`); nodes and ranges of addresses have a
    `name`. `variant` counts the workloads of one owner whose pods policies can tell apart;
    `has_others` tells that there are more of them than this one.
    """

    rank: int
    namespace: str
    name: str
    variant: int = 1
    has_others: bool = field(default=False, compare=False)

    @property
    def number(self) -> int | None:
        """Which one of its owner's it is; None where there is no other."""
        return self.variant if self.has_others or self.variant > 1 else None

    @property
    def is_workload(self) -> bool:
        """Whether pods stand behind it."""
        return self.rank == WORKLOAD

    @property
    def is_node(self) -> bool:
        """Whether it is a node."""
        return self.rank == NODE

    @property
    def is_external(self) -> bool:
        """Whether it is a range of addresses outside the cluster."""
        return self.rank == EXTERNAL

    def __str__(self) -> str:
        if self.is_workload:
            variant = f" (variant {self.number})" if self.number else ""
            return f"{self.namespace}/{self.name}{variant}"
        return f"node {self.name}" if self.is_node else self.name


WORKLOAD, NODE, EXTERNAL = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Home:
    """The nodes of some pods, None for one that is not placed, and whether two share a node."""

    nodes: frozenset[str | None]
    shared: bool = False

    @classmethod
    def of(cls, nodes: Iterable[str | None]) -> Home:
        """Where pods run, one node each."""
        places = tuple(nodes)
        distinct = frozenset(places)
        return cls(distinct, len(places) > len(distinct))

    @property
    def is_known(self) -> bool:
        """Whether all of them are placed."""
        return None not in self.nodes

    def meets(self, other: Home, standing: Standing, *, itself: bool = False) -> bool:
        """Whether a pair exists of which one stands as own or as another node of the other.

        A pair of which nobody knows that counts as another node. `itself`: both are pods of one
        workload, and no pod is paired with itself.
        """
        if standing is Standing.PLAIN or not (self.is_known and other.is_known):
            return standing is not Standing.OWN_NODE
        if standing is Standing.OWN_NODE:
            return self.shared if itself else not self.nodes.isdisjoint(other.nodes)
        return len(self.nodes | other.nodes) > 1


@dataclass(frozen=True)
class Seat:
    """A unit with its place, its members, and the nodes that they run on.

    `place` is the one for pods, or the one as another node; `own_place` the one as own node.
    """

    unit: Unit
    place: int
    members: tuple[Endpoint, ...]
    own_place: int | None = None
    labels: tuple[Mapping[str, str], ...] = ()
    """Those of each member as its manifest has them, whatever an engine sees of them."""

    @property
    def on_node_network(self) -> bool:
        """Whether it speaks with node addresses."""
        return self.own_place is not None

    @cached_property
    def home(self) -> Home:
        """Where the members run."""
        return Home.of(each.node for each in self.members)


@dataclass(frozen=True, slots=True)
class Seating:
    """All units of a space but the external ranges, and who sits at each place."""

    seats: tuple[Seat, ...]
    at_place: Mapping[int, tuple[Seat, ...]]
    by_unit: Mapping[Unit, Seat]
    ranges: int = 0
    """How many ranges of addresses outside are told apart."""

    @classmethod
    def of(cls, seats: Iterable[Seat], ranges: int) -> Seating:
        """Seats in their order, and who sits where."""
        chosen = tuple(sorted(seats, key=lambda seat: seat.unit))
        at_place: dict[int, list[Seat]] = {}
        for seat in chosen:
            at_place.setdefault(seat.place, []).append(seat)
        return cls(
            chosen,
            {place: tuple(found) for place, found in at_place.items()},
            {seat.unit: seat for seat in chosen},
            ranges,
        )

    def over(self, space: Space) -> Seating:
        """The same units over a space that tells the same endpoints apart, and perhaps more.

        A unit then stands for all of its places by one of them, as they share every answer.
        """
        moved: list[Seat] = []
        for seat in self.seats:
            member = seat.members[0]
            *own, place = space.places_of[member.namespace, member.name]
            moved.append(replace(seat, place=place, own_place=own[0] if own else None))
        return Seating.of(moved, self.ranges)

    def places(self, chosen: Iterable[Seat]) -> int:
        """The places of some seats as a bit set, both places of nodes included."""
        found = 0
        for seat in chosen:
            found |= 1 << seat.place
            if seat.own_place is not None:
                found |= 1 << seat.own_place
        return found


def seat_units(space: Space, inventory: Inventory) -> Seating:
    """The units of a space, sorted."""
    pods = {(each.namespace, each.name): each for each in inventory.pods}
    variants: dict[tuple[str, str], int] = {}
    seats: list[Seat] = []
    for index, place in enumerate(space.places):
        if place.is_external or place.standing is Standing.OWN_NODE:
            continue
        # The place as own node stands just before the one as another node.
        own = index - 1 if place.standing is Standing.OTHER_NODE else None
        workloads: dict[tuple[str, str], list[Endpoint]] = {}
        for member in place.members:
            if member.kind is EndpointKind.NODE:
                seats.append(Seat(Unit(NODE, "", member.name), index, (member,), own))
                continue
            pod = pods.get((member.namespace, member.name))
            name = f"Pod/{member.name}" if pod is None else pod.workload
            workloads.setdefault((member.namespace, name), []).append(member)
        for (namespace, name), members in workloads.items():
            variant = variants[namespace, name] = variants.get((namespace, name), 0) + 1
            unit = Unit(WORKLOAD, namespace, name, variant)
            labels = (_labels(pods.get((each.namespace, each.name))) for each in members)
            seats.append(Seat(unit, index, tuple(members), own, tuple(labels)))
    several = {owner for owner, count in variants.items() if count > 1}
    told = (
        replace(each, unit=replace(each.unit, has_others=True))
        if (each.unit.namespace, each.unit.name) in several
        else each
        for each in seats
    )
    return Seating.of(told, space.size - space.first_external)


def _labels(pod: Pod | None) -> Mapping[str, str]:
    return {} if pod is None else pod.labels


def external_unit(low: int, high: int) -> Unit:
    """A range of addresses outside the cluster."""
    return Unit(EXTERNAL, "", format_range(low, high))
