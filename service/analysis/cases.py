"""One column for two cases of which either may come about, such as two address families."""

from __future__ import annotations

from collections.abc import Iterable

from service.analysis.columns import NO_ASSUMPTION, Column, Why
from service.analysis.cuts import Cut, Cuts
from service.model.assumption import Assumption
from service.model.intervals import Intervals

#: Per piece the sources that depend on the same assumptions.
_Open = list[list[tuple[int, Why]]]


class Cases:
    """Puts columns of two cases together."""

    def __init__(self, why: Assumption) -> None:
        """`why`: what an answer rests on that only one of the cases gives."""
        self._why = frozenset((why,))
        self._cuts = Cuts()

    def united(self, first: Column, second: Column, shared: int) -> Column:
        """`shared` are the sources to which either case may apply; to others only one does.

        For them certain is what both cases let through, and what may get through in one of them
        is open.
        """
        alone = [_among(each, ~shared) for each in (first, second)]
        certain = [entry for column in alone for entry in column.certain]
        unknown = [entry for column in alone for entry in column.unknown]
        mine, theirs = (_among(each, shared) for each in (first, second))
        if mine.certain or mine.unknown or theirs.certain or theirs.unknown:
            both = self._both(mine, theirs)
            certain += both.certain
            unknown += both.unknown
        return Column(tuple(certain), tuple(unknown))

    def _both(self, mine: Column, theirs: Column) -> Column:
        cut = self._cuts.of(mine, theirs)
        sure, sure_there = cut.sure(mine), cut.sure(theirs)
        unsure, unsure_there = cut.unsure(mine), cut.unsure(theirs)
        reasons, reasons_there = _reasons(cut, mine), _reasons(cut, theirs)
        certain: dict[int, list[tuple[int, int]]] = {}
        unknown: dict[tuple[int, Why], list[tuple[int, int]]] = {}
        for part, piece in enumerate(cut.pieces):
            agreed = sure[part] & sure_there[part]
            if agreed:
                certain.setdefault(agreed, []).extend(piece.spans)
            possible = sure[part] | unsure[part] | sure_there[part] | unsure_there[part]
            left = possible & ~agreed
            if not left:
                continue
            differing = sure[part] ^ sure_there[part] | unsure[part] ^ unsure_there[part]
            given = [*reasons[part], *reasons_there[part], (differing, self._why)]
            for sources, why in _by_reason(left, given):
                unknown.setdefault((sources, why), []).extend(piece.spans)
        return Column(
            tuple((Intervals.of(spans), sources) for sources, spans in certain.items()),
            tuple((Intervals.of(spans), sources, why) for (sources, why), spans in unknown.items()),
        )


def _among(column: Column, chosen: int) -> Column:
    return Column(
        tuple((traffic, kept) for traffic, found in column.certain if (kept := found & chosen)),
        tuple(
            (traffic, kept, why)
            for traffic, found, why in column.unknown
            if (kept := found & chosen)
        ),
    )


def _reasons(cut: Cut, column: Column) -> _Open:
    found: _Open = [[] for _ in cut.pieces]
    for traffic, sources, why in column.unknown:
        for part in cut.parts[id(traffic)]:
            found[part].append((sources, why))
    return found


def _by_reason(sources: int, given: Iterable[tuple[int, Why]]) -> list[tuple[int, Why]]:
    """Sources apart by all the assumptions that are given for them."""
    found: list[tuple[int, Why]] = [(sources, NO_ASSUMPTION)]
    for places, why in given:
        split: list[tuple[int, Why]] = []
        for members, known in found:
            inside, outside = members & places, members & ~places
            if inside:
                split.append((inside, known | why))
            if outside:
                split.append((outside, known))
        found = split
    return found
