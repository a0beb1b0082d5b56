"""A column: who reaches one destination, on what.

A column lists traffic with the sources that may send it; entries may overlap and their union
counts. `groups` turns it round: disjoint sets of sources, each with all that it may send.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.masks import Masks
from service.analysis.outcomes import Row
from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals

Why = frozenset[Assumption]
NO_ASSUMPTION: Why = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """Traffic and sources that certainly get through, and those that depend on assumptions.

    What is certain for a source is not unknown for it; all else is denied.
    """

    certain: tuple[tuple[Intervals, int], ...] = ()
    unknown: tuple[tuple[Intervals, int, Why], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that share what they may send: surely, and under assumptions."""

    sources: int
    certain: Intervals
    unknown: Intervals = NOTHING
    assumptions: Why = NO_ASSUMPTION


CLOSED = Column()


#: A row with masks in place of traffic: what is certain, and what rests on assumptions.
MaskedRow = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int, Why], ...]]


def masked(row: Row, masks: Masks) -> MaskedRow:
    """A row of traffic that the masks were made with."""
    return (
        tuple([(masks[traffic], peers) for traffic, peers in row.certain]),
        tuple([(masks[traffic], peers, why) for traffic, peers, why in row.unknown]),
    )


def meet(
    row: MaskedRow, outgoing: Iterable[tuple[int, int, Why]], valid: int, masks: Masks
) -> Column:
    """What an ingress row and the sources let out to the same destination have in common."""
    sure: dict[int, int] = {}
    unsure: dict[tuple[int, Why], int] = {}
    for traffic, sources, why in outgoing:
        if why:
            unsure[traffic, why] = unsure.get((traffic, why), 0) | sources
        else:
            sure[traffic] = sure.get(traffic, 0) | sources
    certain: dict[int, int] = {}
    unknown: dict[tuple[int, Why], int] = {}
    row_certain, row_unknown = row
    for (let_out, why_out), sources in (
        *(((traffic, NO_ASSUMPTION), sources) for traffic, sources in sure.items()),
        *unsure.items(),
    ):
        callers = sources & valid
        if not callers:
            continue
        for let_in, peers in row_certain:
            traffic = let_in & let_out
            if traffic and (shared := peers & callers):
                if why_out:
                    unknown[traffic, why_out] = unknown.get((traffic, why_out), 0) | shared
                else:
                    certain[traffic] = certain.get(traffic, 0) | shared
        for let_in, peers, why_in in row_unknown:
            traffic = let_in & let_out
            if traffic and (shared := peers & callers):
                why = why_out | why_in
                unknown[traffic, why] = unknown.get((traffic, why), 0) | shared
    spelled = masks.traffic
    return Column(
        tuple([(spelled(traffic), sources) for traffic, sources in certain.items()]),
        tuple([(spelled(traffic), sources, why) for (traffic, why), sources in unknown.items()]),
    )


def groups(column: Column, among: int = -1) -> tuple[Group, ...]:
    """The sources of a column (those in `among`) as disjoint sets with their traffic."""
    found: list[Group] = []
    for traffic, sources in column.certain:
        if sources & among:
            found = _refined(found, Group(sources & among, traffic))
    for traffic, sources, why in column.unknown:
        if sources & among:
            found = _refined(found, Group(sources & among, NOTHING, traffic, why))
    return _merged(found)


def _refined(known: Iterable[Group], added: Group) -> list[Group]:
    refined: list[Group] = []
    rest = added.sources
    for group in known:
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


def _merged(found: Iterable[Group]) -> tuple[Group, ...]:
    merged: dict[tuple[Intervals, Intervals, Why], int] = {}
    for group in found:
        unknown = group.unknown - group.certain if group.unknown else NOTHING
        why = group.assumptions if unknown else NO_ASSUMPTION
        key = (group.certain, unknown, why)
        merged[key] = merged.get(key, 0) | group.sources
    return tuple(
        Group(sources, certain, unknown, why) for (certain, unknown, why), sources in merged.items()
    )
