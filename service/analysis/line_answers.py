"""What a line of a map says, and how answers are put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.analysis.attempts import PODS_DIFFER
from service.analysis.columns import NO_ASSUMPTION, Column, Why
from service.analysis.space import Standing
from service.analysis.units import Seat, Unit
from service.model.intervals import NOTHING, Intervals

#: Traffic that is certainly let through, traffic that depends, and what it depends on.
LineAnswer = tuple[Intervals, Intervals, Why]
NO_TRAFFIC: LineAnswer = (NOTHING, NOTHING, NO_ASSUMPTION)


def by_answer(
    found: Iterable[tuple[Unit, LineAnswer]],
) -> Iterator[tuple[tuple[Unit, ...], LineAnswer]]:
    """Units put together by what is said of them."""
    found_by: dict[LineAnswer, list[Unit]] = {}
    for unit, answer in found:
        found_by.setdefault(answer, []).append(unit)
    for answer, units in found_by.items():
        yield tuple(sorted(units)), answer


def placed(node: Seat, pods: Seat, own: LineAnswer, other: LineAnswer) -> LineAnswer:
    """The answer between a unit on the node network and pods, by where they run.

    Where some pods share a node and others do not, only what both answers have in common is
    certain. Where the placement is not given, both say the same already.
    """
    if own == other:
        return own
    itself = node.unit == pods.unit
    if not node.home.meets(pods.home, Standing.OTHER_NODE, itself=itself):
        return own
    if not node.home.meets(pods.home, Standing.OWN_NODE, itself=itself):
        return other
    certain = own[0] & other[0]
    unknown = (own[0] | own[1] | other[0] | other[1]) - certain
    return certain, unknown, own[2] | other[2] | {PODS_DIFFER}


def only(column: Column, wanted: Intervals) -> Column:
    """The part of a column that is about some traffic."""
    return Column(
        tuple((kept, sources) for traffic, sources in column.certain if (kept := traffic & wanted)),
        tuple(
            (kept, sources, why)
            for traffic, sources, why in column.unknown
            if (kept := traffic & wanted)
        ),
    )
