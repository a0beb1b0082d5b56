"""Immutable sets of integers, kept as sorted, disjoint, non-touching closed ranges.

Addresses and ports are both points on a line of integers (see `addresses` and `ports`), so one
set algebra serves both.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BEYOND = float("inf")


@dataclass(frozen=True, slots=True)
class Intervals:
    """A set of integers; `spans` are closed ranges in ascending order with gaps between them."""

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Intervals:
        """Merge ranges given in any order; a range whose end precedes its start is empty."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted(span for span in spans if span[0] <= span[1]):
            if merged and low <= merged[-1][1] + 1:
                if high > merged[-1][1]:
                    merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    @classmethod
    def point(cls, value: int) -> Intervals:
        """The set that holds one integer."""
        return cls(((value, value),))

    def __contains__(self, value: int) -> bool:
        if len(self.spans) == 1:
            ((low, high),) = self.spans
            return low <= value <= high
        index = bisect_right(self.spans, (value, _BEYOND)) - 1
        return index >= 0 and self.spans[index][0] <= value <= self.spans[index][1]

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.spans)

    def __or__(self, other: Intervals) -> Intervals:
        if not other.spans or other is self:
            return self
        if not self.spans:
            return other
        return Intervals.of((*self.spans, *other.spans))

    def __and__(self, other: Intervals) -> Intervals:
        mine, theirs = self.spans, other.spans
        # Most sets are one range. The same object again where nothing is cut off spares whoever
        # compares and hashes it.
        if len(mine) == len(theirs) == 1:
            (low, high), (least, most) = mine[0], theirs[0]
            if least <= low and high <= most:
                return self
            if low <= least and most <= high:
                return other
            if high < least or most < low:
                return NOTHING
            return Intervals(((max(low, least), min(high, most)),))
        shared: list[tuple[int, int]] = []
        i = j = 0
        while i < len(mine) and j < len(theirs):
            (low, high), (least, most) = mine[i], theirs[j]
            if low <= most and least <= high:
                shared.append((low if low > least else least, high if high < most else most))
            if high < most:
                i += 1
            else:
                j += 1
        spans = tuple(shared)
        if spans == mine:
            return self
        return other if spans == theirs else Intervals(spans)

    def __sub__(self, other: Intervals) -> Intervals:
        kept: list[tuple[int, int]] = []
        cuts = other.spans
        start = 0
        for low, high in self.spans:
            while start < len(cuts) and cuts[start][1] < low:
                start += 1
            index, cursor = start, low
            while index < len(cuts) and cuts[index][0] <= high:
                if cuts[index][0] > cursor:
                    kept.append((cursor, cuts[index][0] - 1))
                cursor = max(cursor, cuts[index][1] + 1)
                index += 1
            if cursor <= high:
                kept.append((cursor, high))
        return Intervals(tuple(kept))

    def covers(self, other: Intervals) -> bool:
        """Whether every integer of `other` is in this set."""
        return not (other - self)

    def overlaps(self, other: Intervals) -> bool:
        """Whether the two sets share an integer."""
        mine, theirs = self.spans, other.spans
        i = j = 0
        while i < len(mine) and j < len(theirs):
            if mine[i][1] < theirs[j][0]:
                i += 1
            elif theirs[j][1] < mine[i][0]:
                j += 1
            else:
                return True
        return False


NOTHING = Intervals()
