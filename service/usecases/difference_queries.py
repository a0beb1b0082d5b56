"""Questions about what differs between two maps, answered as JSON values where both are held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from service.analysis.compare import Block, Change, Comparison, Difference, compare
from service.analysis.difference_groups import DifferenceGroup, groups_of
from service.analysis.filters import DESTINATION, EVERY_UNIT, SOURCE, UnitFilter
from service.analysis.joint import Solved
from service.analysis.service_changes import ServiceChange
from service.analysis.units import Seat, Seating, Unit
from service.analysis.witness import Court, Side, Witness, witness_of
from service.model.addresses import Family, parse_address
from service.usecases.flow_json import flow_body
from service.usecases.map_json import (
    Body,
    assumptions_body,
    changed_connections_body,
    endpoint_body,
)
from service.usecases.map_members import EVERYWHERE, NamedEnds, about
from service.usecases.map_names import Names
from service.usecases.map_queries import Chunk, Position
from service.usecases.map_solving import (
    SolvedMap,
    collection_paused,
    families_asked_for,
    pair_for_families,
)
from service.usecases.verdict_json import direction_body


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """Which differences are wanted."""

    change: Change | None = None
    source: UnitFilter = EVERY_UNIT
    destination: UnitFilter = EVERY_UNIT

    def settled(self, names: Names) -> DifferenceFilter:
        """The same, with its ends looked up; `InvalidParameter` for names that are not there."""
        return replace(
            self,
            source=names.settle(self.source, SOURCE),
            destination=names.settle(self.destination, DESTINATION),
        )

    def accepts_call(self, change: ServiceChange, seating: Seating) -> bool:
        """Whether a call through a Service is one of them."""
        if self.change not in {None, change.change}:
            return False
        ends = (self.source, change.source), (self.destination, change.destination)
        return all(_unit_accepted(wanted, seating.by_unit.get(unit), unit) for wanted, unit in ends)


class DifferenceList:
    """The differences of a comparison in an order that pages can rely on."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._blocks = sorted(comparison.blocks, key=_block_order)
        self._ends: dict[UnitFilter, NamedEnds] = {}

    @property
    def end(self) -> int:
        """The first number of a position behind all differences."""
        return len(self._blocks)

    def differences(
        self, wanted: DifferenceFilter, after: Position | None
    ) -> Iterator[tuple[Position, Difference]]:
        """The differences behind a position, each with its own."""
        start, seen = after or (0, -1)
        for number in range(start, len(self._blocks)):
            for index, difference in self.differences_of(self._blocks[number], wanted):
                if number > start or index > seen:
                    yield (number, index), difference

    def differences_of(
        self, block: Block, wanted: DifferenceFilter
    ) -> Iterator[tuple[int, Difference]]:
        """The differences of a block that a filter leaves, each with its number.

        They have the pods that the filter means, so that a witness is one of these.
        """
        if wanted.change not in {None, block.change}:
            return
        sources, destinations = (self._named(each) for each in (wanted.source, wanted.destination))
        if sources.places == destinations.places == EVERYWHERE:
            yield from enumerate(self.comparison.differences(block))
            return
        part = replace(
            block,
            sources=block.sources & sources.places,
            destinations=block.destinations & destinations.places,
        )
        left = self.comparison.differences(part, lambda each: about(each, sources, destinations))
        for index, difference in enumerate(left):
            yield index, replace(difference, block=block)

    def _named(self, wanted: UnitFilter) -> NamedEnds:
        known = self._ends.get(wanted)
        if known is None:
            if len(self._ends) >= _FILTERS:
                self._ends.clear()
            known = self._ends[wanted] = NamedEnds(wanted, self.comparison.joint.positions)
        return known


_FILTERS = 8
_Grouped = tuple[tuple[int, DifferenceFilter], tuple[DifferenceGroup, ...]]


class ComparedMaps(DifferenceList):
    """Two maps and what differs, with a witness for each difference that is looked at."""

    def __init__(self, first: SolvedMap, second: SolvedMap) -> None:
        self._maps = first, second
        self._wider: ComparedMaps | None = None
        self._grouped: _Grouped | None = None
        self.names = Names(first.known, second.known)
        super().__init__(
            compare(Solved(first.whole(), first.seating), Solved(second.whole(), second.seating))
        )
        self.before, self.after = (Court(each.pipeline) for each in (first, second))

    def for_families(self, families: Iterable[Family]) -> ComparedMaps:
        """What differs with addresses of some families, where nothing has to do with one too."""
        if set(families) <= set(self._maps[0].space.families):
            return self
        if self._wider is None:
            with collection_paused():
                self._wider = ComparedMaps(*pair_for_families(*self._maps, Family))
        return self._wider

    def summary(self) -> Body:
        """How many differences there are, by change, and units that came or went."""
        counts = {each.value: 0 for each in Change}
        for block in self._blocks:
            counts[block.change.value] += self.comparison.pairs(block)
        return {
            **counts,
            "workloadsAdded": list(map(endpoint_body, self.comparison.came)),
            "workloadsRemoved": list(map(endpoint_body, self.comparison.went)),
        }

    def page(self, wanted: DifferenceFilter, after: Position | None, size: int) -> Chunk:
        """Differences as JSON values, one for each pair of units and set of traffic."""
        wanted = wanted.settled(self.names)
        wide = self.for_families(families_asked_for(wanted.source, wanted.destination))
        items: list[Body] = []
        last: Position | None = None
        for place, difference in wide.differences(wanted, after):
            if len(items) == size:
                return Chunk(tuple(items), last)
            items.append(difference_body(difference, wide.witness(difference)))
            last = place
        return Chunk(tuple(items), None)

    def group_page(self, wanted: DifferenceFilter, after: Position | None, size: int) -> Chunk:
        """Differences as groups of sources and destinations, each with one witness."""
        wanted = wanted.settled(self.names)
        wide = self.for_families(families_asked_for(wanted.source, wanted.destination))
        return wide._group_page(wanted, after, size)

    def _group_page(self, wanted: DifferenceFilter, after: Position | None, size: int) -> Chunk:
        items: list[Body] = []
        last: Position | None = None
        start, seen = after or (0, -1)
        for number in range(start, len(self._blocks)):
            first = seen + 1 if number == start else 0
            for index, group in enumerate(self._groups_of(number, wanted)[first:], first):
                if len(items) == size:
                    return Chunk(tuple(items), last)
                items.append(self._group_body(group))
                last = (number, index)
        return Chunk(tuple(items), None)

    def _groups_of(self, number: int, wanted: DifferenceFilter) -> tuple[DifferenceGroup, ...]:
        """The groups of a block; the next page may begin among those that were made last."""
        known = self._grouped
        if known is None or known[0] != (number, wanted):
            left = self.differences_of(self._blocks[number], wanted)
            known = self._grouped = (number, wanted), groups_of(each for _, each in left)
        return known[1]

    def _group_body(self, group: DifferenceGroup) -> Body:
        return {
            "sources": list(map(endpoint_body, group.sources)),
            "destinations": list(map(endpoint_body, group.destinations)),
            "pairs": group.pairs,
            **change_body(group.example.block),
            **placement_body(group.example.same_node),
            **_witness_body(self.witness(group.example)),
        }

    def witness(self, difference: Difference) -> Witness:
        """A concrete connection of a difference, decided under both maps."""
        return witness_of(difference, self.before, self.after)


def difference_body(difference: Difference, witness: Witness) -> Body:
    """A difference as JSON values."""
    return {
        "source": endpoint_body(difference.source),
        "destination": endpoint_body(difference.destination),
        **change_body(difference.block),
        **placement_body(difference.same_node),
        **_witness_body(witness),
    }


def change_body(block: Block) -> Body:
    """What differs in a block of connections, without their ends."""
    body: Body = {
        "change": block.change.value,
        "before": block.before.value,
        "after": block.after.value,
        "connections": changed_connections_body(block.traffic),
    }
    if block.assumptions:
        body["assumptions"] = assumptions_body(block.assumptions)
    return body


def _witness_body(witness: Witness) -> Body:
    return {
        "witness": flow_body(witness.flow),
        "decidedBefore": side_body(witness.before),
        "decidedAfter": side_body(witness.after),
    }


def side_body(side: Side | None) -> Body | None:
    """What one map says to a witness; None where an end is not part of it."""
    if side is None:
        return None
    return {
        "verdict": side.decision.value,
        "egress": direction_body(side.egress),
        "ingress": direction_body(side.ingress),
    }


def placement_body(same_node: bool | None) -> Body:
    """Where a node is involved: whether it is about ends on the same node or on two."""
    if same_node is None:
        return {}
    return {"placement": "SameNode" if same_node else "OtherNode"}


def _block_order(block: Block) -> tuple[str, int, int]:
    return (json.dumps(change_body(block), sort_keys=True), block.destinations, block.sources)


def _unit_accepted(wanted: UnitFilter, seat: Seat | None, unit: Unit) -> bool:
    if seat is not None:
        return wanted.accepts(seat)
    low, _, high = unit.name.partition("-")
    return wanted.accepts_range(parse_address(low), parse_address(high or low))
