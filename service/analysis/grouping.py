"""A map that can be read: lines with the same answer and the same set of ends as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.analysis.columns import Why
from service.analysis.line_answers import LineAnswer
from service.analysis.listing import Line, Listing
from service.analysis.units import Unit
from service.model.intervals import Intervals


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Every source may send this to every destination; an end is never paired with itself."""

    sources: tuple[Unit, ...]
    destinations: tuple[Unit, ...]
    certain: Intervals
    unknown: Intervals
    assumptions: Why


def grouped(listing: Listing) -> Iterator[LineGroup]:
    """The lines of a listing in groups, without a line for each pair in between.

    Destinations are first described by their column of sources; those that share a part of it
    are put together.
    """
    found: dict[tuple[tuple[Unit, ...], LineAnswer], list[Unit]] = {}
    for seat in listing.seating.seats:
        if not listing.wanted.destination.accepts(seat):
            continue
        for sources, answer in listing.source_groups(seat):
            found.setdefault((sources, answer), []).append(seat.unit)
    if listing.wanted.destination.admits_outside:
        for outside, sources, answer in listing.outgoing_groups():
            found.setdefault((sources, answer), []).append(outside)
    for (sources, (certain, unknown, why)), destinations in found.items():
        if set(sources) == set(destinations) and len(destinations) == 1:
            # No end is paired with itself, so it stands for nothing.
            continue
        yield LineGroup(sources, tuple(destinations), certain, unknown, why)


def expand(group: LineGroup) -> Iterator[Line]:
    """The lines that a group stands for."""
    for destination in group.destinations:
        for source in group.sources:
            if source != destination:
                yield Line(source, destination, group.certain, group.unknown, group.assumptions)
