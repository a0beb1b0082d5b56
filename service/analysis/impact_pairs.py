"""The impact of a change of engine with every pair of places asked for its own cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.analysis.compare import Block, Comparison, Difference
from service.analysis.impact import Gathering, Share
from service.analysis.space import Standing, bits
from service.analysis.units import Unit, external_unit


def pairs_of_places(comparison: Comparison) -> int:
    """How many pairs there are to ask."""
    return sum(
        each.sources.bit_count() * each.destinations.bit_count() for each in comparison.blocks
    )


def ask_each_pair(gathering: Gathering, blocks: Iterable[Block]) -> None:
    """Ask every pair of some blocks."""
    comparison = gathering.comparison
    for block in blocks:
        for destination in bits(block.destinations):
            for source in bits(block.sources):
                part = replace(block, sources=1 << source, destinations=1 << destination)
                first = next(iter(comparison.differences(part)), None)
                if first is not None:
                    gathering.take(first, _share(comparison, part, first))


def _share(comparison: Comparison, part: Block, first: Difference) -> Share:
    positions = comparison.joint.positions
    ends = [each.bit_length() - 1 for each in (part.sources, part.destinations)]
    pairs = comparison.pairs(part)
    if any(positions[each].standing is not Standing.PLAIN for each in ends):
        # Own node or another one: not every unit of a place is meant with every pod.
        found = list(comparison.differences(part))
        return Share(
            part.traffic,
            {each.source for each in found},
            {each.destination for each in found},
            pairs,
        )
    return Share(
        part.traffic,
        units_at(comparison, ends[0]),
        units_at(comparison, ends[1]),
        pairs,
    )


def units_at(comparison: Comparison, place: int) -> Iterator[Unit]:
    """The units of a place; a range of addresses stands for itself."""
    position = comparison.joint.positions[place]
    if position.is_external:
        yield external_unit(position.low, position.high)
    for seat in position.seats:
        yield seat.unit
