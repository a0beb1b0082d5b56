"""A column: who reaches one destination, as disjoint sets of sources with their traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.analysis.outcomes import Row
from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals
from service.model.ports import ALL_TRAFFIC

NO_ASSUMPTION: frozenset[Assumption] = frozenset()


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that share what they may send: surely, and under assumptions."""

    sources: int
    certain: Intervals
    unknown: Intervals = NOTHING
    assumptions: frozenset[Assumption] = NO_ASSUMPTION


#: Groups with disjoint sources; sources in none of them are denied everything.
Column = tuple[Group, ...]

_Certain = dict[Intervals, int]
_Unknown = dict[tuple[Intervals, frozenset[Assumption]], int]


def meet(
    row: Row, outgoing: Sequence[tuple[Intervals, int, frozenset[Assumption]]], valid: int
) -> Column:
    """What an ingress row and the sources let out to the same destination have in common."""
    certain: _Certain = {}
    unknown: _Unknown = {}
    for out_traffic, out_sources, why_out in outgoing:
        callers = out_sources & valid
        if not callers:
            continue
        for in_traffic, peers in row.certain:
            shared = peers & callers
            if not shared:
                continue
            traffic = _common(out_traffic, in_traffic)
            if not traffic:
                continue
            if why_out:
                key = (traffic, why_out)
                unknown[key] = unknown.get(key, 0) | shared
            else:
                certain[traffic] = certain.get(traffic, 0) | shared
        for in_traffic, peers, why_in in row.unknown:
            shared = peers & callers
            traffic = _common(out_traffic, in_traffic) if shared else NOTHING
            if traffic:
                key = (traffic, why_out | why_in)
                unknown[key] = unknown.get(key, 0) | shared
    return _disjoint(certain, unknown)


def across_families(first: Column, second: Column, dual: int, why: Assumption) -> Column:
    """One column for both address families.

    `dual` are the sources that may use either: for them certain is what both families let
    through, and what only one does rests on `why`.
    """
    found = [
        Group(kept, each.certain, each.unknown, each.assumptions)
        for each in (*first, *second)
        if (kept := each.sources & ~dual)
    ]
    for mine in _completed(first, dual):
        for theirs in _completed(second, dual):
            both = mine.sources & theirs.sources
            if not both:
                continue
            certain = mine.certain & theirs.certain
            possible = mine.certain | mine.unknown | theirs.certain | theirs.unknown
            assumptions = mine.assumptions | theirs.assumptions
            if mine.certain != theirs.certain:
                assumptions |= {why}
            if possible:
                found.append(Group(both, certain, possible - certain, assumptions))
    return _merged(found)


def _completed(column: Column, within: int) -> list[Group]:
    """The groups within some sources, and one without traffic for those in no group."""
    found: list[Group] = []
    rest = within
    for group in column:
        kept = group.sources & within
        if kept:
            rest &= ~kept
            found.append(Group(kept, group.certain, group.unknown, group.assumptions))
    if rest:
        found.append(Group(rest, NOTHING))
    return found


def _common(mine: Intervals, theirs: Intervals) -> Intervals:
    if mine is theirs or theirs is ALL_TRAFFIC:
        return mine
    return theirs if mine is ALL_TRAFFIC else mine & theirs


def _disjoint(certain: _Certain, unknown: _Unknown) -> Column:
    """Unite overlapping entries into groups whose sources are disjoint."""
    if len(certain) == 1 and not unknown:
        ((traffic, sources),) = certain.items()
        return (Group(sources, traffic),)
    groups: list[Group] = []
    for traffic, sources in certain.items():
        groups = _refined(groups, Group(sources, traffic))
    for (traffic, why), sources in unknown.items():
        groups = _refined(groups, Group(sources, NOTHING, traffic, why))
    return _merged(groups)


def _refined(groups: Iterable[Group], added: Group) -> list[Group]:
    refined: list[Group] = []
    rest = added.sources
    for group in groups:
        both = group.sources & rest
        if not both:
            refined.append(group)
            continue
        rest &= ~both
        if both != group.sources:
            refined.append(
                Group(group.sources & ~both, group.certain, group.unknown, group.assumptions)
            )
        refined.append(
            Group(
                both,
                group.certain | added.certain,
                group.unknown | added.unknown,
                group.assumptions | added.assumptions,
            )
        )
    if rest:
        refined.append(Group(rest, added.certain, added.unknown, added.assumptions))
    return refined


def _merged(groups: Iterable[Group]) -> Column:
    found: dict[tuple[Intervals, Intervals, frozenset[Assumption]], int] = {}
    for group in groups:
        unknown = group.unknown - group.certain if group.unknown else NOTHING
        why = group.assumptions if unknown else NO_ASSUMPTION
        key = (group.certain, unknown, why)
        found[key] = found.get(key, 0) | group.sources
    return tuple(
        Group(sources, certain, unknown, why) for (certain, unknown, why), sources in found.items()
    )
