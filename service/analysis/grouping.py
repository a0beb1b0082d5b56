"""A map that can be read: lines with the same answer and the same set of ends as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.analysis.columns import Why
from service.analysis.line_answers import LineAnswer
from service.analysis.listing import Line, Listing
from service.analysis.units import Seat, Unit
from service.model.addresses import parse_address
from service.model.intervals import Intervals


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Every source may send this to every destination; an end is not paired with itself.

    Only a group of one end with itself is of what the pods of this one send to each other.
    """

    sources: tuple[Unit, ...]
    destinations: tuple[Unit, ...]
    certain: Intervals
    unknown: Intervals
    assumptions: Why

    @property
    def is_itself(self) -> bool:
        """Whether it is of one end with itself."""
        return len(self.sources) == 1 and self.sources == self.destinations


def grouped(listing: Listing) -> Iterator[LineGroup]:
    """The lines of a listing in groups, without a line for each pair in between.

    Destinations are first described by their column of sources; those that share a part of it
    are put together. The order is that of the first destinations, and then of sources, however
    the map was solved: pages count on it.
    """
    found: dict[tuple[tuple[Unit, ...], LineAnswer], list[Unit]] = {}
    ordered = _Ordered(listing)
    for seat in listing.seating.seats:
        if not listing.wanted.destination.accepts(seat):
            continue
        for sources, answer in ordered.source_groups(seat):
            found.setdefault((sources, answer), []).append(seat.unit)
    if listing.wanted.destination.admits_outside:
        for outside, sources, answer in ordered.outgoing_groups():
            found.setdefault((sources, answer), []).append(outside)
    for (sources, answer), destinations in found.items():
        group = LineGroup(sources, tuple(destinations), *answer)
        # What stands for no pair of two ends is no group, but for what is asked of one with itself.
        if not group.is_itself:
            yield group
        if listing.wanted.may_tell_itself:
            for unit in sorted({*sources} & {*destinations}):
                if listing.wanted.tells_itself(listing.seating.by_unit[unit]):
                    yield LineGroup((unit,), (unit,), *answer)


class _Ordered:
    """The groups of a listing in an order that does not depend on how its map was solved."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        #: By the identity of groups that several units share; they are kept with their order.
        self._known: dict[int, tuple[tuple[Unit, ...], tuple[Unit, ...]]] = {}

    def source_groups(self, seat: Seat) -> list[tuple[tuple[Unit, ...], LineAnswer]]:
        """No two groups of one destination share a source, so the first source tells them apart."""
        groups = [
            (self._sorted(sources), answer) for sources, answer in self._listing.source_groups(seat)
        ]
        return sorted(groups, key=lambda each: each[0][0])

    def outgoing_groups(self) -> list[tuple[Unit, tuple[Unit, ...], LineAnswer]]:
        """The ranges outside by their addresses, and then by their sources."""
        return sorted(
            self._listing.outgoing_groups(), key=lambda each: (_span(each[0]), each[1][0])
        )

    def _sorted(self, sources: tuple[Unit, ...]) -> tuple[Unit, ...]:
        if self._listing.wanted.verdict is None:
            # Each is one group of its column, and sorted.
            return sources
        # A verdict lets several groups of a column become one.
        known = self._known.get(id(sources))
        if known is None:
            inside = sorted(each for each in sources if not each.is_external)
            outside = (each for each in sources if each.is_external)
            known = self._known[id(sources)] = (sources, (*inside, *outside))
        return known[1]


def _span(outside: Unit) -> tuple[int, int]:
    low, _, high = outside.name.partition("-")
    return parse_address(low), parse_address(high or low)


def expand(group: LineGroup) -> Iterator[Line]:
    """The lines that a group stands for."""
    for destination in group.destinations:
        for source in group.sources:
            if source != destination or group.is_itself:
                yield Line(source, destination, group.certain, group.unknown, group.assumptions)
