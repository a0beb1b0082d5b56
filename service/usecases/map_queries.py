"""Questions about maps, answered as JSON values or text, in the process that holds the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.analysis.filters import MapFilter
from service.analysis.grouping import grouped
from service.analysis.listing import Line
from service.analysis.map_pages import LinePosition, page_of_lines
from service.analysis.summary import summarize
from service.usecases.map_json import Body, LineWriter, group_bodies, line_bodies, summary_body
from service.usecases.map_solving import SolvedMap
from service.usecases.map_text import csv_header, csv_lines, dot_lines

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer; `after` is where the next one begins, None at the end."""

    items: tuple[Any, ...]
    after: Position | None


def connection_page(
    solved: SolvedMap, wanted: MapFilter, after: Position | None, size: int
) -> Chunk:
    """Connections as JSON values; `size` counts pairs, of which one may give two values."""
    found = page_of_lines(solved.listing(wanted), _position(after), size)
    items = tuple(body for line in found.lines for body in line_bodies(line))
    return Chunk(items, (found.end.destination, found.end.line) if found.end else None)


def connection_text(
    solved: SolvedMap, wanted: MapFilter, form: str, after: Position | None, size: int
) -> Chunk:
    """Connections as text (`ndjson`, `csv` or `dot`), in pieces of at most `size` pairs."""
    found = page_of_lines(solved.listing(wanted), _position(after), size)
    end = (found.end.destination, found.end.line) if found.end else None
    write = TEXT_FORMS[form]
    return Chunk(tuple(write(found.lines, after is None, end is None)), end)


def _ndjson(lines: tuple[Line, ...], first: bool, last: bool) -> Iterator[str]:
    writer = LineWriter()
    for line in lines:
        for text in writer.write(line):
            yield text + "\n"


def _csv(lines: tuple[Line, ...], first: bool, last: bool) -> Iterator[str]:
    if first:
        yield csv_header()
    for line in lines:
        yield from csv_lines(line)


def _dot(lines: tuple[Line, ...], first: bool, last: bool) -> Iterator[str]:
    yield from dot_lines(lines, first=first, last=last)


TEXT_FORMS: dict[str, Callable[[tuple[Line, ...], bool, bool], Iterator[str]]] = {
    "ndjson": _ndjson,
    "csv": _csv,
    "dot": _dot,
}


def group_page(solved: SolvedMap, wanted: MapFilter, after: Position | None, size: int) -> Chunk:
    """Groups of connections as JSON values."""
    start = after[0] if after else 0
    groups = grouped(solved.listing(wanted))
    chosen = list(islice(groups, start, start + size + 1))
    items = tuple(body for each in chosen[:size] for body in group_bodies(each))
    return Chunk(items, (start + size, 0) if len(chosen) > size else None)


def map_summary(solved: SolvedMap) -> Body:
    """The numbers of a map."""
    return summary_body(summarize(solved.whole(), solved.seating))


def _position(after: Position | None) -> LinePosition | None:
    return LinePosition(*after) if after else None
