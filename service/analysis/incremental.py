"""A map solved again after a few policies changed: only what they touch is made anew.

Policies are told apart by identity: a compiler that translates an unchanged policy to the same
value lets its rows and columns be kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.alike import policies_of
from service.analysis.columns import NO_ASSUMPTION, Column, Why, meet
from service.analysis.outcomes import Row
from service.analysis.placements import Placements
from service.analysis.solve import Connectivity, Layer
from service.analysis.space import Mentions, Space, bits
from service.model.intervals import Intervals
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_TRAFFIC

_Outgoing = dict[tuple[Intervals, int, Why], int]


#: Where more than one place in so many is touched, starting anew costs less.
_WORTHWHILE = 8


@dataclass(frozen=True, slots=True)
class Solution:
    """A solved map with what solving a similar one can start from.

    `columns` are those of the map before placements that are open were settled.
    """

    connectivity: Connectivity
    columns: tuple[Column, ...]
    layer: Layer
    outgoing: _Outgoing
    incoming: tuple[Row, ...]


def solve_afresh(pipeline: Pipeline, space: Space, view: int = 0) -> Solution:
    """Solve a map of one address family and keep the parts."""
    layer = Layer(pipeline, space, view, space.families[0], space.everything, space.everything)
    rows = layer.rows()
    outgoing: _Outgoing = {}
    _add(outgoing, rows.egress)
    outside = (ALL_TRAFFIC, space.everything, NO_ASSUMPTION)
    outgoing[outside] = outgoing.get(outside, 0) | layer.outside
    incoming: list[Row] = [Row(())] * space.size
    for places, row in rows.ingress:
        for place in bits(places):
            incoming[place] = row
    columns = layer.columns(rows)
    return Solution(
        _connectivity(space, pipeline, view, columns),
        tuple(columns),
        layer,
        outgoing,
        tuple(incoming),
    )


def _connectivity(
    space: Space, pipeline: Pipeline, view: int, columns: list[Column]
) -> Connectivity:
    placements = Placements(space)
    settled = placements.settled(columns) if placements.are_open else columns
    return Connectivity(space, pipeline, view, tuple(settled))


def solve_again(known: Solution, pipeline: Pipeline) -> Solution | None:
    """The map of a pipeline that differs a little from a solved one.

    None where the difference reaches further: other endpoints, something new that tells
    endpoints apart, stages that end otherwise, or policies that select much of the cluster.
    """
    solved = known.connectivity
    space, view = solved.space, solved.view
    if len(space.families) > 1 or not _same_endpoints(solved.pipeline, pipeline):
        return None
    if not space.mentions.covers(_new_mentions(solved.pipeline, pipeline)):
        return None
    everything = space.everything
    layer = Layer(pipeline, space, view, space.families[0], everything, everything, known.layer)
    for direction in Direction:
        if not layer.rows_of(direction).has_same_stages(known.layer.rows_of(direction)):
            return None
    callers = layer.egress.changed_places(known.layer.egress) & layer.inside
    callees = layer.ingress.changed_places(known.layer.ingress) & layer.inside
    outgoing = {key: kept for key, found in known.outgoing.items() if (kept := found & ~callers)}
    added: _Outgoing = {}
    _add(added, layer.egress.rows(callers))
    for key, found in added.items():
        outgoing[key] = outgoing.get(key, 0) | found
    incoming = list(known.incoming)
    for places, row in layer.ingress.united_rows(callees):
        for place in bits(places):
            incoming[place] = row
    columns = _patched(known.columns, layer, incoming, added, callers, callees)
    leading_there = [(key, found) for key, found in outgoing.items() if key[1] & callees]
    for place in bits(callees):
        one = 1 << place
        leading = [
            (traffic, found, why) for (traffic, peers, why), found in leading_there if peers & one
        ]
        columns[place] = meet(incoming[place], leading, layer.valid_sources(place))
    return Solution(
        _connectivity(space, pipeline, view, columns),
        tuple(columns),
        layer,
        outgoing,
        tuple(incoming),
    )


def _patched(
    columns: tuple[Column, ...],
    layer: Layer,
    incoming: list[Row],
    added: _Outgoing,
    callers: int,
    callees: int,
) -> list[Column]:
    """Columns without the changed sources, and with what those may send now."""
    if not callers:
        return list(columns)
    everywhere: list[tuple[Intervals, int, Why]] = []
    at_place: dict[int, list[tuple[Intervals, int, Why]]] = {}
    for (traffic, peers, why), found in added.items():
        if peers == layer.space.everything:
            everywhere.append((traffic, found, why))
            continue
        for place in bits(peers):
            at_place.setdefault(place, []).append((traffic, found, why))
    stripped: dict[int, Column] = {}
    made: dict[tuple[int, int, int, tuple[tuple[Intervals, int, Why], ...]], Column] = {}
    patched = list(columns)
    for place, column in enumerate(columns):
        if callees >> place & 1:
            continue
        rest = stripped.get(id(column))
        if rest is None:
            rest = stripped[id(column)] = _without(column, callers)
        chosen = (*everywhere, *at_place.get(place, ()))
        if not chosen:
            patched[place] = rest
            continue
        valid = layer.valid_sources(place)
        key = (id(rest), id(incoming[place]), valid, chosen)
        if key not in made:
            more = meet(incoming[place], chosen, valid)
            made[key] = Column(rest.certain + more.certain, rest.unknown + more.unknown)
        patched[place] = made[key]
    return patched


def _without(column: Column, callers: int) -> Column:
    if not any(found & callers for _, found in column.certain) and not any(
        found & callers for _, found, _ in column.unknown
    ):
        return column
    return Column(
        tuple((traffic, kept) for traffic, found in column.certain if (kept := found & ~callers)),
        tuple(
            (traffic, kept, why)
            for traffic, found, why in column.unknown
            if (kept := found & ~callers)
        ),
    )


def _add(outgoing: _Outgoing, rows: Iterable[tuple[int, Row]]) -> None:
    for callers, row in rows:
        for traffic, peers in row.certain:
            key = (traffic, peers, NO_ASSUMPTION)
            outgoing[key] = outgoing.get(key, 0) | callers
        for traffic, peers, why in row.unknown:
            unsure = (traffic, peers, why)
            outgoing[unsure] = outgoing.get(unsure, 0) | callers


def _same_endpoints(one: Pipeline, other: Pipeline) -> bool:
    return one.endpoints is other.endpoints or one.endpoints == other.endpoints


def _new_mentions(known: Pipeline, pipeline: Pipeline) -> Mentions:
    """What the policies speak of that only the second pipeline has."""
    met = set(map(id, policies_of(known)))
    return Mentions.of_policies(policy for policy in policies_of(pipeline) if id(policy) not in met)
