"""All pairs at once: for every destination, which sources reach it and on what.

Egress rows are turned round so that each destination holds the sources that are let out to it;
they meet the destination's ingress row as whole bit sets. Nothing loops over pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.analysis.attempts import ADDRESS_FAMILY
from service.analysis.cases import Cases
from service.analysis.columns import Column
from service.analysis.layers import Layer
from service.analysis.mentions import Mentions
from service.analysis.placements import Placements, narrowed
from service.analysis.space import Space
from service.analysis.unsettled import Unsettled
from service.model.addresses import Family
from service.model.endpoint import Endpoint
from service.model.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Connectivity:
    """For each place of the space, the sources that reach it; those not listed are denied."""

    space: Space
    pipeline: Pipeline
    view: int
    columns: tuple[Column, ...]

    def endpoint(self, place: int) -> Endpoint:
        """The endpoint of a place as the pipeline sees it."""
        return self.space.view(self.view)[place]


def space_of(*pipelines: Pipeline, families: Iterable[Family] = ()) -> Space:
    """A space that is fine enough for each of some pipelines over the same inventory."""
    views = [each.endpoints for each in pipelines]
    return Space(views, Mentions.of(pipelines), families=families)


def solve(
    pipeline: Pipeline,
    space: Space | None = None,
    view: int = 0,
    *,
    sources: int | None = None,
    destinations: int | None = None,
) -> Connectivity:
    """The connectivity of a pipeline; `sources` and `destinations` narrow it to some places.

    `view` is the pipeline's number in a space that was made for several.
    """
    if space is None:
        space, view = space_of(pipeline), 0
    wanted = space.everything if destinations is None else destinations
    callers = space.everything if sources is None else sources
    placements = Placements(space)
    if placements.are_open:
        chosen = callers, wanted
        callers, wanted = map(placements.both_standings, chosen)
    layers = [Layer(pipeline, space, view, family, callers, wanted) for family in space.families]
    columns = joined_columns(layers, [each.columns() for each in layers])
    if placements.are_open:
        columns = narrowed(columns, *chosen)
    return Connectivity(space, pipeline, view, tuple(columns))


def joined_columns(layers: Sequence[Layer], found: Sequence[list[Column]]) -> Sequence[Column]:
    """One column a place for the columns of each layer, with what is open beyond the layers."""
    columns = found[0] if len(layers) == 1 else _both_families(layers, *found)
    placements = Placements(layers[0].space)
    settled = placements.settled(columns) if placements.are_open else columns
    return Unsettled(layers).over(settled)


def _both_families(
    layers: Sequence[Layer], first: Sequence[Column], second: Sequence[Column]
) -> list[Column]:
    cases = Cases(ADDRESS_FAMILY)
    known: dict[tuple[int, int, int], Column] = {}
    found: list[Column] = []
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        dual = layers[0].valid_sources(place) & layers[1].valid_sources(place)
        key = (id(one), id(other), dual)
        if key not in known:
            known[key] = cases.united(one, other, dual)
        found.append(known[key])
    return found
