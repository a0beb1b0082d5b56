"""A part of a map's lines, beginning after one that was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.analysis.listing import Line, Listing


@dataclass(frozen=True, slots=True)
class LinePosition:
    """Where a line stands: its destination's number and its own among those of the destination.

    Lines to addresses outside come last, under the number after the last unit.
    """

    destination: int
    line: int


@dataclass(frozen=True, slots=True)
class LinePage:
    """Lines in order; `end` is the position of the last one, None where nothing follows."""

    lines: tuple[Line, ...]
    end: LinePosition | None


def page_of_lines(listing: Listing, after: LinePosition | None, size: int) -> LinePage:
    """At most `size` lines that follow a position."""
    found: list[Line] = []
    last: LinePosition | None = None
    for position, line in _positions(listing, after):
        if len(found) == size:
            return LinePage(tuple(found), last)
        found.append(line)
        last = position
    return LinePage(tuple(found), None)


def _positions(listing: Listing, after: LinePosition | None) -> Iterator[tuple[LinePosition, Line]]:
    seats = listing.seating.seats
    start, seen = (after.destination, after.line) if after else (0, -1)
    for number in range(start, len(seats) + 1):
        lines = listing.lines_of(number)
        for index, line in enumerate(lines):
            if number == start and index <= seen:
                continue
            yield LinePosition(number, index), line
