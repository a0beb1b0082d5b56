"""Who a filter of differences is about: certain pods of a unit, and not all that stand with them.

A difference is told of two units. Pods may share their unit in one map and not in the other; what
changes for some of them is no answer to a question about the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from service.analysis.compare import Difference
from service.analysis.filters import EVERY_UNIT, UnitFilter
from service.analysis.joint import Position
from service.analysis.units import Seat, Unit
from service.model.addresses import parse_address

Seats = tuple[Seat | None, Seat | None]
_Key = tuple[bool, str, str]
_Keys = frozenset[_Key]

#: Every position.
EVERYWHERE = -1


class NamedEnds:
    """What one filter of ends leaves of the positions that two maps are compared over.

    A pod of both maps is looked for where it stands in both; a pod of one of them, or one that
    changed its owner, where it stands in either.
    """

    def __init__(self, wanted: UnitFilter, positions: Sequence[Position]) -> None:
        self._wanted = wanted
        self._by_member = wanted.tells_members_apart
        #: By the identity of seats, which the comparison keeps.
        self._narrowed: dict[tuple[int, int], Seats | None] = {}
        #: The members that are meant, and whether some position has each of them in both maps.
        self._meant: dict[_Key, bool] = self._members(positions) if self._by_member else {}
        self.places = EVERYWHERE if wanted == EVERY_UNIT else self._places(positions)
        """The positions that are left, as a bit set."""

    def of(self, unit: Unit, seats: Seats) -> Seats | None:
        """The seats of a difference with the members that are meant; None where there are none."""
        if self._wanted == EVERY_UNIT:
            return seats
        present = [each for each in seats if each is not None]
        if not present:
            low, _, high = unit.name.partition("-")
            inside = self._wanted.accepts_range(parse_address(low), parse_address(high or low))
            return seats if inside else None
        if not self._by_member:
            return seats if any(map(self._wanted.accepts, present)) else None
        key = (id(seats[0]), id(seats[1]))
        if key not in self._narrowed:
            self._narrowed[key] = self._narrow(*seats)
        return self._narrowed[key]

    def _members(self, positions: Sequence[Position]) -> dict[_Key, bool]:
        accepted = frozenset(
            member.key
            for position in positions
            for seat in (*position.first, *position.second)
            for member in self._wanted.members_of(seat)
        )
        shared = frozenset(
            key
            for position in positions
            for key in accepted & _keys(position.first) & _keys(position.second)
        )
        return {key: key in shared for key in accepted}

    def _places(self, positions: Sequence[Position]) -> int:
        return sum(1 << index for index, each in enumerate(positions) if self._leaves(each))

    def _leaves(self, position: Position) -> bool:
        if position.is_external:
            return self._wanted.accepts_range(position.low, position.high)
        if not self._by_member:
            return any(map(self._wanted.accepts, (*position.first, *position.second)))
        return bool(self._meant_of(_keys(position.first), _keys(position.second)))

    def _narrow(self, first: Seat | None, second: Seat | None) -> Seats | None:
        meant = self._meant_of(_keys([first] if first else ()), _keys([second] if second else ()))
        return (_only(first, meant), _only(second, meant)) if meant else None

    def _meant_of(self, first: _Keys, second: _Keys) -> _Keys:
        """The members that are meant of those on both sides of a position."""
        meant = self._meant
        return frozenset(
            key
            for key in (first | second) & meant.keys()
            if not meant[key] or (key in first and key in second)
        )


def about(difference: Difference, sources: NamedEnds, destinations: NamedEnds) -> Difference | None:
    """A difference with those of its pods that two filters mean; None where it is not theirs."""
    senders = sources.of(difference.source, difference.source_seats)
    receivers = destinations.of(difference.destination, difference.destination_seats)
    if senders is None or receivers is None:
        return None
    if senders is difference.source_seats and receivers is difference.destination_seats:
        return difference
    if not _meet(senders, receivers, difference):
        return None
    return replace(difference, source_seats=senders, destination_seats=receivers)


def _meet(sources: Seats, destinations: Seats, difference: Difference) -> bool:
    """Whether some map has two pods, one at each end, that stand to each other as it is about."""
    if not any(sources) or not any(destinations):
        return True
    same_node = difference.same_node
    earlier = difference.has_gone
    nodes = _nodes(sources, earlier=earlier), _nodes(destinations, earlier=earlier)
    return any(
        one != other and same_node in {None, _share(nodes[0][one], nodes[1][other])}
        for side in (0, 1)
        for one, other in product(_keys_of(sources[side]), _keys_of(destinations[side]))
    )


def _share(node: str | None, other: str | None) -> bool:
    return node is not None and node == other


def _nodes(seats: Seats, *, earlier: bool) -> dict[_Key, str | None]:
    """Where members run: as the second map says, else as the first does; or as that does alone."""
    found: dict[_Key, str | None] = {}
    for seat in seats[:1] if earlier else seats:
        for member in seat.members if seat else ():
            key = member.key
            found[key] = member.node or found.get(key)
    return found


def _only(seat: Seat | None, kept: _Keys) -> Seat | None:
    # Where it has none of them it is still there: the unit is part of that map.
    if seat is None:
        return None
    return replace(seat, members=tuple(e for e in seat.members if e.key in kept), labels=())


def _keys(seats: Iterable[Seat]) -> _Keys:
    return frozenset(member.key for seat in seats for member in seat.members)


def _keys_of(seat: Seat | None) -> list[_Key]:
    return [member.key for member in seat.members] if seat else []
