"""Traffic cut into pieces on which columns can be read bit by bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.columns import Column
from service.analysis.masks import Masks
from service.model.intervals import Intervals
from service.model.ports import ALL_TRAFFIC


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Traffic cut into pieces, and which pieces each given set of traffic is made of.

    A piece may have gaps: what the same sets hold is one piece. `parts` goes by the identity of
    the sets, which `sets` keeps alive.
    """

    pieces: tuple[Intervals, ...]
    parts: dict[int, tuple[int, ...]]
    sets: tuple[Intervals, ...]

    @classmethod
    def of(cls, sets: Iterable[Intervals]) -> Cut:
        """Fine enough for some sets of traffic; what none of them holds is in no piece."""
        chosen = tuple(sets)
        masks = Masks(chosen)
        mask_of = {id(each): masks[each] for each in chosen}
        distinct = set(mask_of.values())
        whole = 0
        for mask in distinct:
            whole |= mask
        found = [whole] if whole else []
        for mask in distinct:
            found = [part for piece in found for part in (piece & mask, piece & ~mask) if part]
        made_of = {
            mask: tuple([at for at, piece in enumerate(found) if piece & mask]) for mask in distinct
        }
        return cls(
            tuple(map(masks.traffic, found)),
            {number: made_of[mask] for number, mask in mask_of.items()},
            chosen,
        )

    def sure(self, column: Column) -> list[int]:
        """Per piece the sources that certainly get through."""
        found = [0] * len(self.pieces)
        for traffic, sources in column.certain:
            for part in self.parts[id(traffic)]:
                found[part] |= sources
        return found

    def unsure(self, column: Column) -> list[int]:
        """Per piece the sources that depend on assumptions."""
        found = [0] * len(self.pieces)
        for traffic, sources, _ in column.unknown:
            for part in self.parts[id(traffic)]:
                found[part] |= sources
        return found


class Cuts:
    """Cuts for columns; those that speak of the same traffic share one."""

    def __init__(self) -> None:
        self._known: dict[frozenset[int], Cut] = {}

    def of(self, *columns: Column) -> Cut:
        """A cut that is fine enough for some columns."""
        sets = {
            id(traffic): traffic
            for column in columns
            for entries in (column.certain, column.unknown)
            for traffic, *_ in entries
        }
        key = frozenset(sets)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Cut.of(sets.values())
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
