"""One space for two connectivity maps, so that their columns can be compared bit by bit.

Where both maps were solved over the same space nothing needs to move. Else units are matched by
name (a ReplicaSet by the name it has without its template hash), and the address ranges of
both are cut at the edges of either.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.analysis.columns import CLOSED, Column
from service.analysis.solve import Connectivity
from service.analysis.space import Standing
from service.analysis.units import Home, Seat, Seating

TEMPLATE_HASH = "pod-template-hash"


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

    @property
    def is_external(self) -> bool:
        """Whether it is a range of addresses outside the cluster."""
        return not self.first and not self.second

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The seats under which lines are written: those of the second map where there are any."""
        return self.second or self.first

    @cached_property
    def homes(self) -> tuple[Home, ...]:
        """Where each seat's pods run: as the second map says, else as the first does."""
        homes = tuple(each.home for each in self.seats)
        if all(each.is_known for each in homes):
            return homes
        earlier = {
            (each.namespace, each.name): each.node for seat in self.first for each in seat.members
        }
        return tuple(
            Home.of(each.node or earlier.get((each.namespace, each.name)) for each in seat.members)
            for seat in self.seats
        )

    @cached_property
    def seated(self) -> tuple[tuple[Seat, Home], ...]:
        """The seats with their homes."""
        return tuple(zip(self.seats, self.homes, strict=True))


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
        told = [(seat.unit, each.standing) for each in self.positions for seat in each.seats]
        return len(told) > len(set(told))

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
        for one, other in _pairs(self.first.seating.seats, self.second.seating.seats):
            seats = ((one,) if one else (), (other,) if other else ())
            on_nodes = (one or other or _nobody()).on_node_network
            standings = (
                ((Standing.OWN_NODE, "own_place"), (Standing.OTHER_NODE, "place"))
                if on_nodes
                else ((Standing.PLAIN, "place"),)
            )
            for standing, attribute in standings:
                self._add(
                    Position(*seats, standing),
                    [getattr(each, attribute) if each else None for each in (one, other)],
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


def _nobody() -> Seat:
    raise ValueError("a pair needs at least one seat")


def identity(seat: Seat) -> tuple[int, str, str]:
    """What a unit is called in any map."""
    unit = seat.unit
    name = unit.name
    if unit.is_workload and seat.members:
        # A Deployment's ReplicaSet is named after the hash of its template; a new template is
        # not a new workload.
        suffix = "-" + seat.members[0].labels.get(TEMPLATE_HASH, "")
        hidden = "-" + seat.members[0].hidden_labels.get(TEMPLATE_HASH, "")
        for ending in (suffix, hidden):
            if len(ending) > 1:
                name = name.removesuffix(ending)
    return unit.rank, unit.namespace, name


def _pairs(first: Sequence[Seat], second: Sequence[Seat]) -> list[tuple[Seat | None, Seat | None]]:
    """Seats of both maps that are the same unit; several of one owner are told by their pods."""
    mine: dict[tuple[int, str, str], list[Seat]] = {}
    theirs: dict[tuple[int, str, str], list[Seat]] = {}
    for seats, found in ((first, mine), (second, theirs)):
        for seat in seats:
            found.setdefault(identity(seat), []).append(seat)
    pairs: list[tuple[Seat | None, Seat | None]] = []
    for key in sorted({*mine, *theirs}):
        pairs.extend(_same_owner(mine.get(key, []), theirs.get(key, [])))
    return pairs


def _same_owner(mine: list[Seat], theirs: list[Seat]) -> list[tuple[Seat | None, Seat | None]]:
    if not mine or not theirs:
        return [*((one, None) for one in mine), *((None, other) for other in theirs)]
    pods = [{each.name for each in seat.members} for seat in theirs]
    pairs: list[tuple[Seat | None, Seat | None]] = []
    left: list[Seat] = []
    met: set[int] = set()
    for one in mine:
        names = {each.name for each in one.members}
        same = [place for place, found in enumerate(pods) if found & names]
        met.update(same)
        pairs.extend((one, theirs[place]) for place in same)
        if not same:
            left.append(one)
    fresh = [each for place, each in enumerate(theirs) if place not in met]
    # Pods that were all replaced may have become any of those that are new; pods that are new
    # beside the others are held against those. Of pods that went alone there is nothing to say.
    return [*pairs, *((one, other) for other in fresh for one in left or mine[:1])]
