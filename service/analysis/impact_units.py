"""The units behind pairs of places: which pairs exist, how many they are, and who they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.analysis.compare import Block, Comparison, Difference
from service.analysis.impact import LISTED_UNITS
from service.analysis.space import Space, Standing, bits
from service.analysis.units import Home, Unit, external_unit
from service.analysis.witness import Court, ends_of
from service.model.endpoint import Endpoint
from service.model.intervals import NOTHING
from service.model.pipeline import Direction
from service.model.verdict import Decision

#: Places at one end with those at the other.
Pairs = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Units:
    """The first of some units, and how many there are."""

    listed: tuple[Unit, ...]
    count: int


class ImpactUnits:
    """Looks behind the places of a comparison over one space."""

    def __init__(self, comparison: Comparison, space: Space) -> None:
        self.comparison = comparison
        self._positions = comparison.joint.positions
        self._unplaced = space.unplaced
        self._by_standing = dict.fromkeys(Standing, 0)
        self._alone = 0
        for index, position in enumerate(self._positions):
            self._by_standing[position.standing] |= 1 << index
            if len(position.seats) == 1 and len(position.seats[0].members) == 1:
                self._alone |= 1 << index
        self._met: dict[int, int] = {}
        self._homes: dict[int, Home] = {}
        self._hosts: dict[int, dict[str | None, Endpoint]] = {}

    @property
    def size(self) -> int:
        """The number of places."""
        return len(self._positions)

    def met(self, place: int) -> int:
        """The places that make pairs with a place, open placements at each place of a node.

        Nothing is paired with itself, and a pod has one node of its own.
        """
        known = self._met.get(place)
        if known is None:
            here = self._positions[place].standing
            own, plain = self._by_standing[Standing.OWN_NODE], self._by_standing[Standing.PLAIN]
            other = self._by_standing[Standing.OTHER_NODE]
            open_here = -1 if self._unplaced >> place & 1 else self._unplaced
            if here is Standing.PLAIN:
                known = plain & ~(1 << place) if self._alone >> place & 1 else plain
                known |= self._meeting_places(place, own & ~open_here | other)
                known |= own & open_here
            elif here is Standing.OWN_NODE:
                known = self._meeting_places(place, (plain | own) & ~open_here)
                known |= (plain | own) & open_here
            else:
                known = self._meeting_places(place, plain | other)
            self._met[place] = known
        return known

    def existing(self, subject: int, peers: int) -> Iterator[tuple[int, int]]:
        """The pairs of a place with others that it meets, each under the one place it counts at.

        Where nobody knows whether a node is the pod's own, it stands as another one.
        """
        own, plain = self._by_standing[Standing.OWN_NODE], self._by_standing[Standing.PLAIN]
        here = self._positions[subject].standing
        open_here = -1 if self._unplaced >> subject & 1 else self._unplaced
        found: tuple[tuple[int, int], ...] = ((subject, peers),)
        if here is Standing.PLAIN:
            unsure = peers & own & open_here
            found = ((subject, peers & ~unsure | unsure << 1),)
        elif here is Standing.OWN_NODE:
            unsure = peers & open_here
            moved = unsure & plain | (unsure & own) << 1
            found = ((subject, peers & ~unsure), (subject + 1, moved))
        for place, others in found:
            kept = others & self.met(place)
            if kept:
                yield place, kept

    def existing_among(self, pairs: Pairs) -> dict[int, int]:
        """As `existing`, for several places."""
        found: dict[int, int] = {}
        for subject, peers in pairs.items():
            for place, others in self.existing(subject, peers):
                found[place] = found.get(place, 0) | others
        return found

    def _meeting_places(self, place: int, others: int) -> int:
        """Those of some places that make a pair of units with a place."""
        here = self._positions[place]
        found = 0
        for other in bits(others):
            there = self._positions[other]
            if Standing.PLAIN not in {here.standing, there.standing}:
                meets = self._count(1 << place, 1 << other) > 0
            elif here.is_external or there.is_external:
                meets = Standing.OWN_NODE not in {here.standing, there.standing}
            else:
                standing = here.standing if there.standing is Standing.PLAIN else there.standing
                meets = self._home(place).meets(self._home(other), standing)
            if meets:
                found |= 1 << other
        return found

    def _count(self, sources: int, destinations: int) -> int:
        return self.comparison.pairs(_block(sources, destinations))

    def count(self, direction: Direction, pairs: Pairs) -> int:
        """How many pairs of units some pairs of places are."""
        return sum(
            self._count(*_ends(direction, subjects, peers))
            for peers, subjects in _rectangles(pairs).items()
        )

    def difference(self, direction: Direction, subject: int, peer: int) -> Difference:
        """One pair of units of two places that exist together."""
        sources, destinations = _ends(direction, 1 << subject, 1 << peer)
        return next(self.comparison.differences(_block(sources, destinations)))

    def ends(
        self, direction: Direction, subject: int, peer: int, court: Court
    ) -> tuple[Endpoint, Endpoint]:
        """A source and a destination at two places that exist together."""
        found = self._placed_ends(subject, peer)
        if found is None:
            return ends_of(self.difference(direction, subject, peer), court)
        return found if direction is Direction.EGRESS else found[::-1]

    def _placed_ends(self, subject: int, peer: int) -> tuple[Endpoint, Endpoint] | None:
        """Members of two places, where that is easy: most places are pods."""
        here, there = self._positions[subject], self._positions[peer]
        standings = {here.standing, there.standing}
        if Standing.PLAIN not in standings or here.is_external or there.is_external:
            return None
        if standings == {Standing.PLAIN}:
            one, other = here.seats[0].members[0], there.seats[0].members[0]
            return (one, other) if subject != peer else None
        if here.standing is not Standing.PLAIN:
            turned = self._placed_ends(peer, subject)
            return turned[::-1] if turned else None
        for pod in (member for seat in here.seats for member in seat.members):
            if there.standing is Standing.OWN_NODE:
                host = self._by_node(peer).get(pod.node)
                if host is not None:
                    return pod, host
                continue
            for node, host in self._by_node(peer).items():
                if node != pod.node or node is None:
                    return pod, host
        return None

    def _by_node(self, place: int) -> dict[str | None, Endpoint]:
        """What is at a place on the node network, by its node."""
        known = self._hosts.get(place)
        if known is None:
            members = (each for seat in self._positions[place].seats for each in seat.members)
            known = self._hosts[place] = {each.node: each for each in members}
        return known

    def sides(self, pairs: Pairs) -> tuple[Units, Units]:
        """The units that are the subjects, and those that are the peers."""
        rectangles = _rectangles(pairs)
        return (
            self._side((subjects, peers) for peers, subjects in rectangles.items()),
            self._side(rectangles.items()),
        )

    def _side(self, rectangles: Iterable[tuple[int, int]]) -> Units:
        """The units at some places, given with the places that they meet."""
        whole = 0
        partly: dict[int, int] = {}
        plain = self._by_standing[Standing.PLAIN]
        for places, others in rectangles:
            narrow = places
            if others & plain:
                whole |= places & plain
                narrow &= ~plain
            for place in bits(narrow):
                partly[place] = partly.get(place, 0) | others
        # Units at a place are all of them there, but those on the node network, which hold two
        # places, and those that meet nothing but nodes.
        found = {
            rank
            for place, others in partly.items()
            if not whole >> place & 1
            for rank in self._meeting(place, others)
        }
        count = sum(size * (whole & places).bit_count() for size, places in self._sizes.items())
        listed = sorted(found.union(self._first(whole)))[:LISTED_UNITS]
        return Units(tuple(self._ranked[rank][0] for rank in listed), count + len(found))

    def _meeting(self, place: int, others: int) -> Iterable[int]:
        """The ranks of the units at a place that make a pair with one at the other places."""
        here = self._positions[place]
        plain = self._by_standing[Standing.PLAIN]
        if here.is_external:
            return self._ranks[place]
        between_nodes = 0 if plain >> place & 1 else others & ~plain
        found: dict[int, None] = {}
        for other in bits(between_nodes):
            pairs = self.comparison.differences(_block(1 << place, 1 << other))
            units = {each.source for each in pairs}
            found.update(
                (rank, None)
                for rank, seat in zip(self._ranks[place], here.seats, strict=True)
                if seat.unit in units
            )
        beside = others & ~between_nodes
        if beside:
            found.update(dict.fromkeys(self._beside(place, beside)))
        return found

    def _beside(self, place: int, others: int) -> Iterator[int]:
        """The same, of a node or of what is not one, beside places of the other sort."""
        here = self._positions[place]
        left = dict(zip(self._ranks[place], here.homes, strict=True))
        for other in bits(others):
            there = self._positions[other]
            standing = here.standing if there.standing is Standing.PLAIN else there.standing
            goal = self._home(other)
            met = [
                rank
                for rank, home in left.items()
                if there.is_external or home.meets(goal, standing)
            ]
            yield from met
            for rank in met:
                del left[rank]
            if not left:
                return

    def _home(self, place: int) -> Home:
        """Where the units of a place run, together."""
        known = self._homes.get(place)
        if known is None:
            homes = self._positions[place].homes
            known = Home(frozenset().union(*(each.nodes for each in homes)))
            self._homes[place] = known
        return known

    @cached_property
    def _sizes(self) -> dict[int, int]:
        """Plain places by the number of their units."""
        found: dict[int, int] = {}
        for place in bits(self._by_standing[Standing.PLAIN]):
            size = len(self._positions[place].seats) or 1
            found[size] = found.get(size, 0) | 1 << place
        return found

    @cached_property
    def _ranked(self) -> list[tuple[Unit, int]]:
        """Every unit with a place of it, in order; those on nodes with the one as another node."""
        places = ~self._by_standing[Standing.OWN_NODE] & (1 << self.size) - 1
        units = ((unit, place) for place in bits(places) for unit in self._at(place))
        return sorted(units, key=lambda each: _order(each[0]))

    @cached_property
    def _ranks(self) -> dict[int, tuple[int, ...]]:
        """The numbers of the units of each place in that order."""
        number = {unit: rank for rank, (unit, _) in enumerate(self._ranked)}
        return {
            place: tuple(number[unit] for unit in self._at(place)) for place in range(self.size)
        }

    def _at(self, place: int) -> Iterable[Unit]:
        position = self._positions[place]
        if position.is_external:
            return (external_unit(position.low, position.high),)
        return (seat.unit for seat in position.seats)

    def _first(self, places: int) -> list[int]:
        """The first ranks of the units of some places."""
        if places.bit_count() <= LISTED_UNITS:
            return [rank for place in bits(places) for rank in self._ranks[place]]
        found: list[int] = []
        for rank, (_, place) in enumerate(self._ranked):
            if places >> place & 1:
                found.append(rank)
                if len(found) == LISTED_UNITS:
                    break
        return found


def _order(unit: Unit) -> tuple[int, str, str, int]:
    return unit.rank, unit.namespace, unit.name, unit.variant


def _rectangles(pairs: Pairs) -> dict[int, int]:
    """The subjects of each set of peers."""
    found: dict[int, int] = {}
    for subject, peers in pairs.items():
        found[peers] = found.get(peers, 0) | 1 << subject
    return found


def _ends(direction: Direction, subjects: int, peers: int) -> tuple[int, int]:
    """Sources and destinations."""
    return (peers, subjects) if direction is Direction.INGRESS else (subjects, peers)


def _block(sources: int, destinations: int) -> Block:
    return Block(sources, destinations, NOTHING, Decision.UNKNOWN, Decision.UNKNOWN)
