"""One space for two connectivity maps, so that their columns can be compared bit by bit.

Where both maps were solved over the same space nothing needs to move. Else units are matched by
name (a ReplicaSet by the name it has without its template hash), and the address ranges of
both are cut at the edges of either.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.analysis.columns import CLOSED, Column
from service.analysis.solve import Connectivity
from service.analysis.space import Space, Standing
from service.analysis.twins import matched, parted
from service.analysis.units import Home, Seat, Seating
from service.model.endpoint import Endpoint


@dataclass(frozen=True)
class Position:
    """One bit of the joint space: seats of the first and second map, or a range of addresses.

    Where one side has no seats the units came or went.
    """

    first: tuple[Seat, ...] = ()
    second: tuple[Seat, ...] = ()
    standing: Standing = Standing.PLAIN
    low: int = 0
    high: int = 0
    divided: bool = False
    """Whether several seats of the first map became its second one, or may have."""

    @property
    def is_external(self) -> bool:
        """Whether it is a range of addresses outside the cluster."""
        return not self.first and not self.second

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The seats under which lines are written: those of the second map where there are any."""
        return self.second or self.first

    def pods_of(self, seat: Seat) -> tuple[Endpoint, ...]:
        """The members of one of its seats that pairs are made of.

        What is new beside pods that the first map told apart may be like any of them, so that it
        makes no pairs where some of them stayed.
        """
        return self._lasting if self.divided else seat.members

    @cached_property
    def _lasting(self) -> tuple[Endpoint, ...]:
        (one,), (other,) = self.first, self.second
        names = {each.name for each in one.members}
        return tuple(each for each in other.members if each.name in names) or other.members

    @cached_property
    def homes(self) -> tuple[Home, ...]:
        """Where each seat's pods run: as the second map says, else as the first does."""
        homes = tuple(each.home for each in self.seats)
        if all(each.is_known for each in homes) and not self.divided:
            return homes
        earlier = {
            (each.namespace, each.name): each.node for seat in self.first for each in seat.members
        }
        return tuple(
            Home.of(
                each.node or earlier.get((each.namespace, each.name)) for each in self.pods_of(seat)
            )
            for seat in self.seats
        )

    @property
    def went(self) -> bool:
        """Whether its units are in the first map only."""
        return bool(self.first) and not self.second

    def homes_beside(self, other: Position) -> tuple[Home, ...]:
        """Where each seat's pods run when they meet those of another position.

        What went has met them in the first map alone, where they ran then.
        """
        return self._earlier_homes if self._meets_in_first(other) else self.homes

    def seated_beside(self, other: Position) -> tuple[tuple[Seat, Home], ...]:
        """The seats with their homes when they meet those of another position."""
        return self._seated_then if self._meets_in_first(other) else self._seated

    def _meets_in_first(self, other: Position) -> bool:
        return bool(self.first) and (other.went or self.went)

    @cached_property
    def _earlier_homes(self) -> tuple[Home, ...]:
        return tuple(each.home for each in self.first)

    @cached_property
    def _seated(self) -> tuple[tuple[Seat, Home], ...]:
        return tuple(zip(self.seats, self.homes, strict=True))

    @cached_property
    def _seated_then(self) -> tuple[tuple[Seat, Home], ...]:
        return tuple(zip(self.seats, self._earlier_homes, strict=True))


@dataclass(frozen=True, slots=True)
class Solved:
    """A map with its units."""

    connectivity: Connectivity
    seating: Seating


class Joint:
    """The positions of two maps, and the columns of each over them."""

    def __init__(self, first: Solved, second: Solved) -> None:
        spaces = first.connectivity.space, second.connectivity.space
        if spaces[0].families != spaces[1].families:
            raise ValueError("maps to compare are solved for the same address families")
        self.first, self.second = first, second
        self.same_space = first.connectivity.space is second.connectivity.space
        self.positions: list[Position] = []
        self._sources: tuple[list[int | None], list[int | None]] = ([], [])
        self._moved: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._columns: tuple[dict[int, Column], dict[int, Column]] = ({}, {})
        if self.same_space:
            self._keep()
        else:
            self._match()

    @cached_property
    def repeats_units(self) -> bool:
        """Whether a unit stands at several positions: its pods were told apart by one map only."""
        # What stands as own node stands as another node too.
        told = [
            seat.unit
            for each in self.positions
            if each.standing is not Standing.OWN_NODE
            for seat in each.seats
        ]
        return len(told) > len(set(told))

    @cached_property
    def inside(self) -> int:
        """Ranges of which one of the maps knows that all addresses are those of pods and nodes."""
        return self._ranges(Space.is_inside)

    @cached_property
    def called_inside(self) -> int:
        """Ranges of which one of the maps knows that whoever calls an address calls a pod."""
        return self._ranges(Space.leads_inside)

    def _ranges(self, lies_inside: Callable[[Space, int, int], bool]) -> int:
        spaces = self.first.connectivity.space, self.second.connectivity.space
        return _bits_of(
            each.is_external and any(lies_inside(space, each.low, each.high) for space in spaces)
            for each in self.positions
        )

    @cached_property
    def mixes_standings(self) -> bool:
        """Whether a unit is on its node's network in one map only."""
        return any(
            one.on_node_network != other.on_node_network
            for each in self.positions
            for one in each.first
            for other in each.second
        )

    def meeting(self, position: int) -> int:
        """The positions whose connections to this one are a question at all.

        A unit that is on its node's network in one map only stands there in the other map as well,
        where nothing that it says depends on the node.
        """
        standing = self.positions[position].standing
        if standing is Standing.OWN_NODE:
            return (
                self._standing[Standing.OWN_NODE] | self._standing[Standing.PLAIN] & ~self._outside
            )
        if standing is Standing.OTHER_NODE or self.positions[position].is_external:
            return ~self._standing[Standing.OWN_NODE]
        return -1

    @cached_property
    def _standing(self) -> dict[Standing, int]:
        return {
            standing: _bits_of(each.standing is standing for each in self.positions)
            for standing in Standing
        }

    @cached_property
    def _outside(self) -> int:
        return _bits_of(each.is_external for each in self.positions)

    def columns(self, position: int) -> tuple[Column, Column]:
        """The columns of both maps at a position, over the positions as sources."""
        return self._column(0, position), self._column(1, position)

    def _column(self, side: int, position: int) -> Column:
        solved = (self.first, self.second)[side].connectivity
        if self.same_space:
            return solved.columns[position]
        place = self._sources[side][position]
        if place is None:
            return CLOSED
        column = solved.columns[place]
        known = self._columns[side].get(id(column))
        if known is None:
            known = Column(
                tuple((traffic, self._move(side, found)) for traffic, found in column.certain),
                tuple(
                    (traffic, self._move(side, found), why)
                    for traffic, found, why in column.unknown
                ),
            )
            self._columns[side][id(column)] = known
        return known

    def _move(self, side: int, places: int) -> int:
        """A set of places as a set of positions, by looking up each position's place."""
        known = self._moved[side].get(places)
        if known is None:
            size = self._sizes[side]
            packed = np.frombuffer(places.to_bytes(size // 8 + 1, "little"), np.uint8)
            flags = np.unpackbits(packed, bitorder="little")
            chosen = np.packbits(flags[self._lookups[side]], bitorder="little")
            known = self._moved[side][places] = int.from_bytes(chosen.tobytes(), "little")
        return known

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        return (self.first.connectivity.space.size, self.second.connectivity.space.size)

    @cached_property
    def _lookups(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Per position the place it stands for; one past the end, never set, for none."""
        one, other = (
            np.array([size if each is None else each for each in places], dtype=np.intp)
            for places, size in zip(self._sources, self._sizes, strict=True)
        )
        return one, other

    def _keep(self) -> None:
        space = self.first.connectivity.space
        for index, place in enumerate(space.places):
            if place.is_external:
                self.positions.append(Position(low=place.low, high=place.high))
                continue
            # The place as own node is told by the seats of the one as another node.
            named = index + 1 if place.standing is Standing.OWN_NODE else index
            self.positions.append(
                Position(
                    self.first.seating.at_place.get(named, ()),
                    self.second.seating.at_place.get(named, ()),
                    place.standing,
                )
            )

    def _match(self) -> None:
        for twins in parted(matched(self.first.seating.seats, self.second.seating.seats)):
            one, other = twins.first, twins.second
            seats = ((one,) if one else (), (other,) if other else ())
            # A unit that is on its node's network in one of the maps stands there as that.
            on_nodes = any(each.on_node_network for each in (one, other) if each is not None)
            standings = (Standing.OWN_NODE, Standing.OTHER_NODE) if on_nodes else (Standing.PLAIN,)
            for standing in standings:
                self._add(
                    Position(*seats, standing, divided=twins.divided),
                    [None if each is None else _place(each, standing) for each in (one, other)],
                )
        self._match_ranges()

    def _match_ranges(self) -> None:
        spaces = [each.connectivity.space for each in (self.first, self.second)]
        outside = [space.places[space.first_external :] for space in spaces]
        edges = sorted({place.low for places in outside for place in places})
        ends = sorted({place.high + 1 for places in outside for place in places})
        cuts = sorted({*edges, *ends})
        cursors = [0, 0]
        for low, after in itertools.pairwise(cuts):
            covering: list[int | None] = []
            for side, places in enumerate(outside):
                while cursors[side] < len(places) and places[cursors[side]].high < low:
                    cursors[side] += 1
                cursor = cursors[side]
                inside = cursor < len(places) and places[cursor].low <= low
                covering.append(spaces[side].first_external + cursor if inside else None)
            if any(each is not None for each in covering):
                self._add(Position(low=low, high=after - 1), covering)

    def _add(self, position: Position, places: Sequence[int | None]) -> None:
        self.positions.append(position)
        for side, place in enumerate(places):
            self._sources[side].append(place)


def _bits_of(flags: Iterable[bool]) -> int:
    return sum(1 << index for index, flag in enumerate(flags) if flag)


def _place(seat: Seat, standing: Standing) -> int:
    if standing is Standing.OWN_NODE and seat.own_place is not None:
        return seat.own_place
    return seat.place
