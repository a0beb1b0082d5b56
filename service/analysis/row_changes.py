"""What differs between two engines end by end, before both ends of a connection meet.

Places that share their rules share a row, so there are few rows and few differences, however
many pairs of places they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from service.analysis.column_changes import ColumnComparer
from service.analysis.columns import Column
from service.analysis.engine_views import EngineView, SharedRules
from service.analysis.outcomes import Row
from service.analysis.pings import PORTS_AND_PING, pinged_row
from service.analysis.space import bits
from service.model.addresses import Family
from service.model.intervals import Intervals
from service.model.pipeline import Direction
from service.model.verdict import Decision


@dataclass(frozen=True, slots=True)
class RowPair:
    """Places that share their rules under both engines, in one direction and address family.

    `members` are the places. `number` tells it from all other pairs.
    """

    number: int
    layer: int
    direction: Direction
    members: tuple[int, ...]
    before: SharedRules
    after: SharedRules


@dataclass(frozen=True, slots=True)
class RowChange:
    """Peers about which the rules of a row decide differently, for some traffic."""

    peers: int
    traffic: Intervals
    before: Decision
    after: Decision


def row_pairs(before: EngineView, after: EngineView) -> Iterator[RowPair]:
    """Every row of both engines; both are over one space."""
    numbers = count()
    for layer, (old, new) in enumerate(zip(before.layers, after.layers, strict=True)):
        for direction in Direction:
            for subjects, was, now in _joined(old.rules[direction], new.rules[direction]):
                members = tuple(bits(subjects))
                yield RowPair(next(numbers), layer, direction, members, was, now)


class RowComparer:
    """Tells how the rows of a pair differ."""

    def __init__(self, families: Sequence[Family], everything: int) -> None:
        self._families = families
        self._everything = everything
        self._comparer = ColumnComparer(PORTS_AND_PING)

    def changes(self, pair: RowPair) -> list[RowChange]:
        """Every difference of a pair."""
        first, second = pair.before.row, pair.after.row
        if first == second:
            return []
        family = self._families[pair.layer]
        merged: dict[tuple[Intervals, Decision, Decision], int] = {}
        for peers, was, now, _, traffic in self._comparer.changes(
            _column(first, family), _column(second, family)
        ):
            key = (traffic, was, now)
            merged[key] = merged.get(key, 0) | peers & self._everything
        return [
            RowChange(peers, traffic, was, now)
            for (traffic, was, now), peers in merged.items()
            if peers
        ]


def _joined(
    first: Sequence[SharedRules], second: Sequence[SharedRules]
) -> Iterator[tuple[int, SharedRules, SharedRules]]:
    """Places that share their rules on both sides."""
    number_of = {place: number for number, each in enumerate(second) for place in bits(each.places)}
    for was in first:
        split: dict[int, int] = {}
        for place in bits(was.places):
            number = number_of[place]
            split[number] = split.get(number, 0) | 1 << place
        for number, shared in split.items():
            yield shared, was, second[number]


def _column(row: Row, family: Family) -> Column:
    found = pinged_row(row, family)
    return Column(found.certain, found.unknown)
