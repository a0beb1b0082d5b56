"""What differs between two columns of maps: sources whose decision changes, and on what traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.analysis.columns import NO_ASSUMPTION, Column, Why
from service.analysis.cuts import Cut, Cuts
from service.model.intervals import Intervals
from service.model.ports import ALL_PORTS
from service.model.verdict import Decision

#: Sources, their decisions before and after, what these rest on, and the traffic.
Changes = list[tuple[int, Decision, Decision, Why, Intervals]]
_Kind = tuple[Decision, Decision, Why]
_Spans = Sequence[tuple[int, int]]


class ColumnComparer:
    """Compares columns; those that speak of the same traffic share one cut."""

    def __init__(self, traffic: Intervals = ALL_PORTS) -> None:
        """`traffic`: what is looked at."""
        self._cuts = Cuts()
        self._traffic = traffic
        #: By the identity of cuts, which are kept.
        self._pieces: dict[int, list[tuple[int, tuple[tuple[int, int], ...]]]] = {}

    def changes(self, before: Column, after: Column) -> Changes:
        """Sources whose decision differs, each with all the traffic that differs alike."""
        cut = self._cuts.of(before, after)
        merged: dict[_Kind, dict[int, list[tuple[int, int]]]] = {}
        old_sure, old_open = cut.sure(before), cut.unsure(before)
        new_sure, new_open = cut.sure(after), cut.unsure(after)
        for part, spans in self._looked_at(cut):
            was = old_sure[part], old_open[part] & ~old_sure[part]
            now = new_sure[part], new_open[part] & ~new_sure[part]
            if was == now:
                continue
            for changed, earlier, later in _transitions(was, now):
                if changed:
                    for why, kept in _by_reason(changed, after, cut, part, later):
                        by_sources = merged.setdefault((earlier, later, why), {})
                        by_sources.setdefault(kept, []).extend(spans)
        return [
            (sources, *kind, Intervals.of(spans))
            for kind, by_sources in merged.items()
            for sources, spans in _apart(by_sources)
        ]

    def _looked_at(self, cut: Cut) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
        """The pieces of a cut by number, as far as anybody looks at them."""
        known = self._pieces.get(id(cut))
        if known is None:
            known = self._pieces[id(cut)] = [
                (part, kept.spans)
                for part, piece in enumerate(cut.pieces)
                if (kept := piece & self._traffic)
            ]
        return known


def _transitions(
    was: tuple[int, int], now: tuple[int, int]
) -> tuple[tuple[int, Decision, Decision], ...]:
    """The sources by how their decision changes; given are those let through and those open."""
    (sure_then, open_then), (sure, unsure) = was, now
    allowed, denied, unknown = Decision.ALLOW, Decision.DENY, Decision.UNKNOWN
    refused_then, refused = ~(sure_then | open_then), ~(sure | unsure)
    return (
        (sure_then & unsure, allowed, unknown),
        (sure_then & refused, allowed, denied),
        (open_then & sure, unknown, allowed),
        (open_then & refused, unknown, denied),
        (refused_then & sure, denied, allowed),
        (refused_then & unsure, denied, unknown),
    )


def _apart(by_sources: Mapping[int, _Spans]) -> Iterable[tuple[int, _Spans]]:
    """The same traffic of the same sources, with each source once."""
    found: list[tuple[int, _Spans]] = []
    for sources, spans in by_sources.items():
        rest = sources
        apart: list[tuple[int, _Spans]] = []
        for known, others in found:
            both = known & rest
            if not both:
                apart.append((known, others))
                continue
            apart.append((both, [*others, *spans]))
            rest &= ~both
            if known != both:
                apart.append((known & ~both, others))
        if rest:
            apart.append((rest, spans))
        found = apart
    return found


def _by_reason(
    changed: int, after: Column, cut: Cut, part: int, now: Decision
) -> Iterator[tuple[Why, int]]:
    if now is not Decision.UNKNOWN:
        yield NO_ASSUMPTION, changed
        return
    for traffic, found, why in after.unknown:
        if changed & found and part in cut.parts[id(traffic)]:
            yield why, changed & found
            changed &= ~found
