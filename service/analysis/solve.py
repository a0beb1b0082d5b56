"""All pairs at once: for every destination, which sources reach it and on what.

Egress rows are turned round so that each destination holds the sources that are let out to it;
they meet the destination's ingress row as whole bit sets. Nothing loops over pairs.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from service.analysis.answers import Questioner
from service.analysis.attempts import ADDRESS_FAMILY, shared_families
from service.analysis.cases import Cases
from service.analysis.columns import CLOSED, Column, Why, masked, meet
from service.analysis.masks import Masks
from service.analysis.outcomes import Row
from service.analysis.placements import Placements, narrowed
from service.analysis.rows import Outgoing, RowMaker, add_row
from service.analysis.space import Mentions, Space, Standing, bits
from service.model.addresses import Family, family_of
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_TRAFFIC

#: A mask of traffic, the sources that let it out, and what that rests on.
_Sent = tuple[int, int, Why]


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


def joined_columns(layers: Sequence[Layer], found: Sequence[list[Column]]) -> list[Column]:
    """One column a place for the columns of each layer, with open placements settled."""
    columns = found[0] if len(layers) == 1 else _both_families(layers, *found)
    placements = Placements(layers[0].space)
    return placements.settled(columns) if placements.are_open else columns


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


@dataclass(frozen=True, slots=True)
class LayerRows:
    """What places let out, with the places that do; and places with what they let in."""

    sent: dict[Outgoing, int]
    received: list[tuple[int, Row]]

    def masks(self) -> Masks:
        """Masks for all traffic that these speak of."""
        sets = [traffic for traffic, _, _ in self.sent]
        for _, row in self.received:
            sets.extend([traffic for traffic, _ in row.certain])
            sets.extend([traffic for traffic, _, _ in row.unknown])
        return Masks(sets)


class Layer:
    """The connections of one address family."""

    questioner: Questioner

    def __init__(
        self,
        pipeline: Pipeline,
        space: Space,
        view: int,
        family: Family,
        sources: int,
        destinations: int,
        known: Layer | None = None,
    ) -> None:
        """`known`: a layer over the same space and view, of a pipeline that differs a little."""
        self.space = space
        self.endpoints = space.view(view)
        self.family = family
        self.destinations = destinations
        self.sources = sources
        self.inside = (1 << space.first_external) - 1
        self.outside = space.everything & ~self.inside
        self.questioner = known.questioner if known else Questioner(space, self.endpoints, family)
        self.egress, self.ingress = (
            RowMaker(
                direction,
                pipeline.stages(direction),
                self.questioner,
                self.endpoints,
                known.rows_of(direction) if known else None,
            )
            for direction in (Direction.EGRESS, Direction.INGRESS)
        )
        self._by_address_kind: dict[Hashable, int] = {}
        self._speakers: dict[Hashable, int] = {}
        if len(space.families) > 1:
            for index in range(space.size):
                kind = self._address_kind(index)
                self._by_address_kind[kind] = self._by_address_kind.get(kind, 0) | 1 << index

    def rows_of(self, direction: Direction) -> RowMaker:
        """The rows of one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress

    def columns(self, rows: LayerRows | None = None) -> list[Column]:
        """A column per place; closed for places that were not asked about."""
        rows = rows or self.rows()
        masks = rows.masks()
        found: list[Column] = [CLOSED] * self.space.size
        outgoing, everywhere, at_place = self._by_place(rows.sent, masks)
        known: dict[Hashable, Column] = {}
        for number, (places, row) in enumerate(rows.received):
            let_in = masked(row, masks)
            for place in bits(places):
                valid = self.valid_sources(place)
                key = (number, at_place[place], valid)
                column = known.get(key)
                if column is None:
                    chosen = [*everywhere, *[outgoing[each] for each in at_place[place]]]
                    column = known[key] = meet(let_in, chosen, valid, masks)
                found[place] = column
        return found

    def rows(self) -> LayerRows:
        """What both directions let through."""
        return self.with_outside(
            self.egress.outgoing(self.sources & self.inside),
            list(self.ingress.united_rows(self.destinations & self.inside)),
        )

    def with_outside(self, sent: dict[Outgoing, int], received: list[tuple[int, Row]]) -> LayerRows:
        """What places in the cluster let through, and what is outside, which lets everything."""
        open_row = Row(((ALL_TRAFFIC, self.space.everything),))
        if self.destinations & self.outside:
            received.append((self.destinations & self.outside, open_row))
        if self.sources & self.outside:
            add_row(sent, self.sources & self.outside, open_row)
        return LayerRows(sent, received)

    def _by_place(
        self, sent: dict[Outgoing, int], masks: Masks
    ) -> tuple[list[_Sent], list[_Sent], list[tuple[int, ...]]]:
        """Distinct traffic with its sources: per number, everywhere, and the numbers by place."""
        outgoing: list[_Sent] = []
        everywhere: list[_Sent] = []
        at_place: list[list[int]] = [[] for _ in range(self.space.size)]
        for (traffic, peers, why), callers in sent.items():
            let_out = (masks[traffic], callers, why)
            reached = peers & self.destinations
            if reached == self.destinations:
                everywhere.append(let_out)
                continue
            for place in bits(reached):
                at_place[place].append(len(outgoing))
            outgoing.append(let_out)
        return outgoing, everywhere, [tuple(each) for each in at_place]

    def valid_sources(self, place: int) -> int:
        """The places whose connection to this one is a question at all, in this family."""
        chosen = self.space.places[place]
        own = self.space.standing[Standing.OWN_NODE]
        plain = self.space.standing[Standing.PLAIN]
        if chosen.is_external:
            allowed = self.inside & ~own
        elif chosen.standing is Standing.OWN_NODE:
            # A pod and the node that it runs on, or two ends on the network of one node.
            allowed = plain & self.inside | own
        elif chosen.standing is Standing.OTHER_NODE:
            allowed = self.space.everything & ~own
        else:
            allowed = self.space.everything
        return allowed & self._same_family(place) & self.sources

    def _same_family(self, place: int) -> int:
        """The sources that use this address family towards a place."""
        if len(self.space.families) == 1:
            return self.space.everything
        kind = self._address_kind(place)
        known = self._speakers.get(kind)
        if known is None:
            target = self.endpoints[place]
            known = 0
            for places in self._by_address_kind.values():
                source = self.endpoints[next(iter(bits(places)))]
                if self.family in shared_families(source, target):
                    known |= places
            self._speakers[kind] = known
        return known

    def _address_kind(self, place: int) -> Hashable:
        endpoint = self.endpoints[place]
        outside = endpoint.kind is EndpointKind.EXTERNAL
        return (outside, frozenset(map(family_of, endpoint.addresses)))
