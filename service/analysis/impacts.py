"""Impacts of several changes of engine over one snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from service.analysis.causes import Causes
from service.analysis.compare import compare
from service.analysis.impact import Gathering, Impact
from service.analysis.impact_pairs import ask_each_pair, pairs_of_places
from service.analysis.impact_rows import RowAsker
from service.analysis.joint import Solved
from service.analysis.row_changes import row_changes
from service.analysis.solve import solve, space_of
from service.analysis.units import seat_units
from service.analysis.witness import Court
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot

#: Up to so many pairs of places each pair is asked for its own cause.
EXACT_PAIRS = 5_000


def impacts_between(
    before: Pipeline,
    others: Iterable[Pipeline],
    snapshot: Snapshot,
    *,
    local_dns: bool = False,
    exact_pairs: int = EXACT_PAIRS,
) -> tuple[Impact, ...]:
    """What changes from one pipeline to each of some others over the same snapshot.

    All are solved over one space, so the first one is solved once.
    """
    pipelines = (before, *others)
    space = space_of(*pipelines)
    seating = seat_units(space, snapshot.inventory)
    maps = [Solved(solve(each, space, view), seating) for view, each in enumerate(pipelines)]
    courts = [Court(each) for each in pipelines]
    found: list[Impact] = []
    for view, after in enumerate(pipelines[1:], 1):
        comparison = compare(maps[0], maps[view])
        gathering = Gathering(
            comparison,
            Causes(before, after, snapshot, local_dns=local_dns),
            (courts[0], courts[view]),
        )
        if pairs_of_places(comparison) <= exact_pairs:
            ask_each_pair(gathering, comparison.blocks)
        else:
            RowAsker(gathering).ask(row_changes(before, after, space, view))
        found.append(gathering.impact())
    return tuple(found)
