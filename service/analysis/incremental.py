"""A map solved again after a few policies or pods changed: only what they touch is made anew.

Policies are told apart by identity: a compiler that translates an unchanged policy to the same
value lets its rows and columns be kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from service.analysis.columns import Column, masked, meet
from service.analysis.layers import Layer, LayerRows, Sent
from service.analysis.mentions import Mentions
from service.analysis.outcomes import Row
from service.analysis.rows import Outgoing
from service.analysis.solve import Connectivity, joined_columns
from service.analysis.space import Space, bits
from service.model.pipeline import Direction, Pipeline


@dataclass(frozen=True, slots=True)
class Solution:
    """A solved map with what solving a similar one can start from.

    `columns` are those of the map before placements that are open were settled; `sent` and
    `received` are what the sources let out, and what each place lets in.
    """

    connectivity: Connectivity
    columns: tuple[Column, ...]
    layer: Layer
    sent: dict[Outgoing, int]
    received: tuple[Row, ...]


def solve_afresh(pipeline: Pipeline, space: Space, view: int = 0) -> Solution:
    """Solve a map of one address family and keep the parts."""
    layer = Layer(pipeline, space, view, space.families[0], space.everything, space.everything)
    rows = layer.rows()
    received: list[Row] = [Row(())] * space.size
    for places, row in rows.received:
        for place in bits(places):
            received[place] = row
    return _solution(pipeline, layer, view, layer.columns(rows), rows.sent, received)


def solve_again(known: Solution, pipeline: Pipeline) -> Solution | None:
    """The map of a pipeline that differs a little from a solved one.

    None where the difference reaches further: other endpoints or surroundings, something new that
    tells endpoints apart, or stages that end otherwise.
    """
    solved = known.connectivity
    space, view = solved.space, solved.view
    if len(space.families) > 1 or not _same_endpoints(solved.pipeline, pipeline):
        return None
    if solved.pipeline.surroundings != pipeline.surroundings:
        return None
    everything = space.everything
    layer = Layer(pipeline, space, view, space.families[0], everything, everything, known.layer)
    for direction in Direction:
        if not layer.rows_of(direction).has_same_stages(known.layer.rows_of(direction)):
            return None
    added = (policy for each in Direction for policy in layer.rows_of(each).added)
    if not space.mentions.covers(Mentions.of_policies(added)):
        return None
    callers = layer.egress.changed_places & layer.inside
    callees = layer.ingress.changed_places & layer.inside
    received = list(known.received)
    for places, row in layer.ingress.united_rows(callees):
        for place in bits(places):
            received[place] = row
    sent, before, now = _sent_again(known, layer, callers)
    columns = list(known.columns)
    _patch(columns, layer, received, before, now, callers, callees)
    _remake(columns, layer, received, sent, callees)
    return _solution(pipeline, layer, view, columns, sent, received)


def solve_moved(known: Solution, pipeline: Pipeline) -> Solution | None:
    """The map of a pipeline with other endpoints than a solved one; policies may differ as well.

    None where some endpoint is of a kind that the solved map has no place for, or a place is left
    without endpoints: pods of a workload may come, go and move.
    """
    solved = known.connectivity
    space = solved.space.with_endpoints([pipeline.endpoints], pipeline.surroundings)
    if space is None:
        return None
    around = pipeline.surroundings
    before = replace(solved.pipeline, endpoints=pipeline.endpoints, surroundings=around)
    moved = replace(solved, space=space, pipeline=before)
    return solve_again(replace(known, connectivity=moved), pipeline)


def _solution(
    pipeline: Pipeline,
    layer: Layer,
    view: int,
    columns: list[Column],
    sent: dict[Outgoing, int],
    received: list[Row],
) -> Solution:
    settled = joined_columns([layer], [columns])
    connectivity = Connectivity(layer.space, pipeline, view, tuple(settled))
    return Solution(connectivity, tuple(columns), layer, sent, tuple(received))


def _sent_again(
    known: Solution, layer: Layer, callers: int
) -> tuple[dict[Outgoing, int], list[Outgoing], dict[Outgoing, int]]:
    """What is let out now, what changed sources let out before, and what they let out now."""
    if not callers:
        return known.sent, [], {}
    sent = dict(known.sent)
    before = [key for key, found in known.sent.items() if found & callers]
    for key in before:
        kept = sent[key] & ~callers
        if kept:
            sent[key] = kept
        else:
            del sent[key]
    now = layer.egress.outgoing(callers)
    for key, found in now.items():
        sent[key] = sent.get(key, 0) | found
    return sent, before, now


def _patch(
    columns: list[Column],
    layer: Layer,
    received: list[Row],
    before: Iterable[Outgoing],
    now: dict[Outgoing, int],
    callers: int,
    callees: int,
) -> None:
    """Columns without the changed sources, and with what those let out now."""
    left = reached = 0
    for _, peers, _ in before:
        left |= peers
    for _, peers, _ in now:
        reached |= peers
    stripped: dict[int, Column] = {}
    for place in bits(left & ~callees):
        column = columns[place]
        rest = stripped.get(id(column))
        if rest is None:
            rest = stripped[id(column)] = _without(column, callers)
        columns[place] = rest
    made: dict[tuple[int, int], Column] = {}
    for place, more in _met(layer, received, now, reached & ~callees):
        column = columns[place]
        key = (id(column), id(more))
        if key not in made:
            made[key] = Column(column.certain + more.certain, column.unknown + more.unknown)
        columns[place] = made[key]


def _remake(
    columns: list[Column],
    layer: Layer,
    received: list[Row],
    sent: dict[Outgoing, int],
    callees: int,
) -> None:
    """Columns of places that let in something else than before."""
    for place, column in _met(layer, received, sent, callees):
        columns[place] = column


def _met(
    layer: Layer, received: list[Row], sent: dict[Outgoing, int], places: int
) -> list[tuple[int, Column]]:
    """What some places let in of what is let out to them; equal columns are one object."""
    chosen = bits(places)
    if not chosen:
        return []
    leading = [(key, callers) for key, callers in sent.items() if key[1] & places]
    rows = {id(received[place]): received[place] for place in chosen}
    masks = LayerRows(dict(leading), [(0, row) for row in rows.values()]).masks()
    everywhere: list[Sent] = []
    at_place: dict[int, list[Sent]] = {place: [] for place in chosen}
    for (traffic, peers, why), callers in leading:
        let_out = (masks[traffic], callers, why)
        if peers & places == places:
            everywhere.append(let_out)
        else:
            for place in bits(peers & places):
                at_place[place].append(let_out)
    let_in = {number: masked(row, masks) for number, row in rows.items()}
    made: dict[Hashable, Column] = {}
    found: list[tuple[int, Column]] = []
    for place in chosen:
        number, valid = id(received[place]), layer.valid_sources(place)
        key = (number, valid, *map(id, at_place[place]))
        if key not in made:
            outgoing = (*everywhere, *at_place[place])
            made[key] = meet(let_in[number], outgoing, valid, masks)
        found.append((place, made[key]))
    return found


def _without(column: Column, callers: int) -> Column:
    return Column(
        tuple((traffic, kept) for traffic, found in column.certain if (kept := found & ~callers)),
        tuple(
            (traffic, kept, why)
            for traffic, found, why in column.unknown
            if (kept := found & ~callers)
        ),
    )


def _same_endpoints(one: Pipeline, other: Pipeline) -> bool:
    return one.endpoints is other.endpoints or one.endpoints == other.endpoints
