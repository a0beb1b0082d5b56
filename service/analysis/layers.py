"""The connections of one address family: what every place lets out and in, and where both meet."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from service.analysis.answers import Questioner
from service.analysis.attempts import may_meet, shared_families
from service.analysis.columns import CLOSED, Column, Why, masked, meet
from service.analysis.masks import Masks
from service.analysis.outcomes import Row
from service.analysis.rows import Outgoing, RowMaker, add_row
from service.analysis.space import Space, Standing, bits
from service.model.addresses import Family, family_of
from service.model.endpoint import EndpointKind
from service.model.pipeline import Direction, Pipeline
from service.model.ports import ALL_TRAFFIC

#: A mask of traffic, the sources that let it out, and what that rests on.
Sent = tuple[int, int, Why]


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
        self.pipeline = pipeline
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
    ) -> tuple[list[Sent], list[Sent], list[tuple[int, ...]]]:
        """Distinct traffic with its sources: per number, everywhere, and the numbers by place."""
        outgoing: list[Sent] = []
        everywhere: list[Sent] = []
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
        return self.meeting(place) & self._same_family(place)

    def meeting(self, place: int) -> int:
        """The places whose connection to this one is a question at all."""
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
        return allowed & self.sources

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
                if self.family in shared_families(source, target) and may_meet(source, target):
                    known |= places
            self._speakers[kind] = known
        return known

    def _address_kind(self, place: int) -> Hashable:
        endpoint = self.endpoints[place]
        outside = endpoint.kind is EndpointKind.EXTERNAL
        return (outside, frozenset(map(family_of, endpoint.addresses)))
