"""The differences of two maps by traffic: pieces on which every pair differs as a whole or not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from service.analysis.bit_matrix import transposed
from service.analysis.compare import Block, Change
from service.analysis.responsible import step
from service.analysis.space import bits
from service.model.intervals import Intervals


@dataclass(frozen=True, slots=True)
class Way:
    """Where a difference leads; what becomes unknown may do so from either side."""

    change: Change
    rises: bool


def way_of(block: Block) -> Way:
    """The way of a block of differences."""
    return Way(block.change, step(block.before, block.after) > 0)


class Matrix:
    """Pairs of places, by destination and by source."""

    def __init__(self, size: int) -> None:
        self.by_destination = [0] * size

    @cached_property
    def by_source(self) -> list[int]:
        """The destinations of each source."""
        return transposed(self.by_destination, len(self.by_destination))


@dataclass(frozen=True, slots=True)
class Piece:
    """Traffic that the same blocks speak of."""

    traffic: Intervals
    blocks: tuple[Block, ...]
    size: int

    def matrices(self, met: Callable[[int], int]) -> dict[Way, Matrix]:
        """The pairs that differ, by the way that they go; made anew at every call.

        `met`: the places that a place makes pairs with.
        """
        found: dict[Way, Matrix] = {}
        for block in self.blocks:
            matrix = found.setdefault(way_of(block), Matrix(self.size)).by_destination
            for place in bits(block.destinations):
                matrix[place] |= block.sources & met(place)
        return found


def pieces_of(blocks: Iterable[Block], size: int) -> tuple[Piece, ...]:
    """The traffic of some blocks, cut where one of them begins or ends, the lowest first."""
    by_traffic: dict[Intervals, list[Block]] = {}
    for block in blocks:
        by_traffic.setdefault(block.traffic, []).append(block)
    edges = sorted({edge for each in by_traffic for low, high in each for edge in (low, high + 1)})
    spoken: list[list[Intervals]] = [[] for _ in edges]
    for traffic in by_traffic:
        for low, high in traffic:
            for number in range(bisect_left(edges, low), bisect_left(edges, high + 1)):
                spoken[number].append(traffic)
    spans: dict[tuple[Intervals, ...], list[tuple[int, int]]] = {}
    for number, traffics in enumerate(spoken):
        if traffics:
            spans.setdefault(tuple(traffics), []).append((edges[number], edges[number + 1] - 1))
    return tuple(
        Piece(
            Intervals.of(found),
            tuple(block for traffic in traffics for block in by_traffic[traffic]),
            size,
        )
        for traffics, found in spans.items()
    )
