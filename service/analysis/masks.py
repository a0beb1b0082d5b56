"""Sets of traffic as integers with a bit for each piece that none of the sets divides.

Where a map is put together, sets of traffic meet millions of times; integers do that quickest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from service.model.intervals import Intervals


class Masks:
    """The masks of some sets of traffic, and the traffic of every mask made of theirs."""

    def __init__(self, traffics: Iterable[Intervals]) -> None:
        self._sets = {id(each): each for each in traffics}
        points = {
            point
            for each in self._sets.values()
            for low, high in each.spans
            for point in (low, high + 1)
        }
        self._edges = sorted(points)
        self._masks = {number: self._mask(each) for number, each in self._sets.items()}
        self._traffic = {self._masks[number]: each for number, each in self._sets.items()}

    def __getitem__(self, traffic: Intervals) -> int:
        """The mask of one of the very objects that this was made with."""
        return self._masks[id(traffic)]

    def traffic(self, mask: int) -> Intervals:
        """The traffic of a mask; one object for equal masks."""
        known = self._traffic.get(mask)
        if known is None:
            known = self._traffic[mask] = Intervals.of(self._spans(mask))
        return known

    def _mask(self, traffic: Intervals) -> int:
        found = 0
        for low, high in traffic.spans:
            first, after = (bisect_left(self._edges, each) for each in (low, high + 1))
            found |= ((1 << (after - first)) - 1) << first
        return found

    def _spans(self, mask: int) -> Iterable[tuple[int, int]]:
        while mask:
            first = (mask & -mask).bit_length() - 1
            run = mask >> first
            after = first + ((run + 1) & ~run).bit_length() - 1
            yield self._edges[first], self._edges[after] - 1
            mask = mask >> after << after
