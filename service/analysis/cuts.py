"""Traffic cut into pieces on which columns can be read bit by bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.columns import Column
from service.model.intervals import Intervals
from service.model.ports import ALL_TRAFFIC


@dataclass(frozen=True, slots=True)
class Cut:
    """Traffic cut into pieces, and which pieces each given set of traffic is made of."""

    pieces: tuple[Intervals, ...]
    parts: dict[Intervals, tuple[int, ...]]

    @classmethod
    def of(cls, traffics: Iterable[Intervals]) -> Cut:
        """Fine enough for some sets of traffic."""
        chosen = set(traffics)
        found = pieces(chosen)
        return cls(
            tuple(found),
            {
                each: tuple(at for at, piece in enumerate(found) if each.overlaps(piece))
                for each in chosen
            },
        )

    def sure(self, column: Column) -> list[int]:
        """Per piece the sources that certainly get through."""
        found = [0] * len(self.pieces)
        for traffic, sources in column.certain:
            for part in self.parts[traffic]:
                found[part] |= sources
        return found

    def unsure(self, column: Column) -> list[int]:
        """Per piece the sources that depend on assumptions."""
        found = [0] * len(self.pieces)
        for traffic, sources, _ in column.unknown:
            for part in self.parts[traffic]:
                found[part] |= sources
        return found


class Cuts:
    """Cuts for columns; those that speak of the same traffic share one."""

    def __init__(self) -> None:
        self._known: dict[frozenset[Intervals], Cut] = {}

    def of(self, *columns: Column) -> Cut:
        """A cut that is fine enough for some columns."""
        key = frozenset(
            traffic
            for column in columns
            for entries in (column.certain, column.unknown)
            for traffic, *_ in entries
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Cut.of(key)
        return known


def pieces(traffics: Iterable[Intervals]) -> list[Intervals]:
    """All traffic, cut so that each given set holds a piece entirely or not at all."""
    points = {0}
    for each in traffics:
        for low, high in each:
            points.update((low, high + 1))
    end = ALL_TRAFFIC.spans[0][1] + 1
    edges = [*sorted(point for point in points if point < end), end]
    return [Intervals(((low, after - 1),)) for low, after in itertools.pairwise(edges)]
