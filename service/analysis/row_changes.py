"""What differs between two pipelines end by end, before both ends of a connection meet.

Places that share their policies share a row, so there are few rows and few differences, however
many pairs of places they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.analysis.columns import Column
from service.analysis.compare import ColumnComparer
from service.analysis.outcomes import Row
from service.analysis.solve import Layer
from service.analysis.space import Space, bits
from service.model.intervals import Intervals
from service.model.pipeline import Direction, Pipeline


@dataclass(frozen=True, slots=True)
class RowChange:
    """Subjects whose own policies decide differently about some peers and some traffic."""

    direction: Direction
    subjects: int
    peers: int
    traffic: Intervals


def row_changes(before: Pipeline, after: Pipeline, space: Space, view: int) -> Iterator[RowChange]:
    """The differences of every family; `before` is view 0 of the space, `after` another one."""
    comparer = ColumnComparer()
    everything = space.everything
    for family in space.families:
        layers = [
            Layer(pipeline, space, number, family, everything, everything)
            for number, pipeline in ((0, before), (view, after))
        ]
        for direction in (Direction.INGRESS, Direction.EGRESS):
            first, second = (list(each.rows_of(direction).rows(each.inside)) for each in layers)
            for subjects, was, now in _joined(first, second):
                changes = [] if was == now else comparer.changes(_column(was), _column(now))
                for peers, _, _, _, traffic in changes:
                    yield RowChange(direction, subjects, peers & everything, traffic)


def _joined(
    first: list[tuple[int, Row]], second: list[tuple[int, Row]]
) -> Iterator[tuple[int, Row, Row]]:
    """Places that share their row on both sides."""
    row_of = {place: number for number, (places, _) in enumerate(second) for place in bits(places)}
    for places, row in first:
        split: dict[int, int] = {}
        for place in bits(places):
            if place in row_of:
                number = row_of[place]
                split[number] = split.get(number, 0) | 1 << place
        for number, shared in split.items():
            yield shared, row, second[number][1]


def _column(row: Row) -> Column:
    return Column(row.certain, row.unknown)
