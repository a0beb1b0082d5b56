"""The impact of a change of engine on a big cluster.

Instead of every pair, each difference of the policies at one end is asked once for each kind of
peer that it really changes something for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.analysis.bit_matrix import transposed
from service.analysis.compare import Block, Change, Difference
from service.analysis.impact import Gathering, Share
from service.analysis.impact_pairs import ask_each_pair, units_at
from service.analysis.row_changes import RowChange
from service.analysis.space import bits
from service.model.pipeline import Direction

_Matrix = list[int]


class RowAsker:
    """Asks for the causes of differences of rows; all over one space."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.comparison = gathering.comparison
        self.size = len(self.comparison.joint.positions)
        self._blocks: dict[int, list[Block]] = {}
        into: dict[Change, _Matrix] = {}
        for block in self.comparison.blocks:
            matrix = into.setdefault(block.change, [0] * self.size)
            for place in bits(block.destinations):
                matrix[place] |= block.sources
                self._blocks.setdefault(place, []).append(block)
        self._changed = {
            change: {
                Direction.INGRESS: matrix,
                Direction.EGRESS: transposed(matrix, self.size),
            }
            for change, matrix in into.items()
        }
        self._left = {
            change: {each: list(found) for each, found in both.items()}
            for change, both in self._changed.items()
        }
        self._kinds = self._kinds_of_places()
        self._units = self._weights()
        self._names = [tuple(units_at(self.comparison, each)) for each in range(self.size)]

    def ask(self, changes: Iterable[RowChange]) -> None:
        """Ask all, and what no row explains pair by pair."""
        for each in changes:
            for change, both in self._changed.items():
                self._ask_one(each, change, both[each.direction])
        rest = tuple(self._unasked())
        if rest:
            ask_each_pair(self.gathering, rest)

    def _ask_one(self, row: RowChange, change: Change, changed: _Matrix) -> None:
        left = self._left[change][row.direction]
        for kind in self._kinds:
            peers = row.peers & kind
            if not peers:
                continue
            touched: list[tuple[int, int]] = []
            for subject in bits(row.subjects):
                found = changed[subject] & peers
                if found:
                    touched.append((subject, found))
            witnessed = self._witnessed(row, change, touched)
            if witnessed is None:
                continue
            for subject, found in touched:
                left[subject] &= ~found
            self.gathering.take(witnessed, self._share(row, witnessed, touched), row.direction)

    def _witnessed(
        self, row: RowChange, change: Change, touched: list[tuple[int, int]]
    ) -> Difference | None:
        """A pair that changes as a whole on the traffic of the row."""
        for subject, peers in touched:
            for peer in bits(peers):
                inwards = row.direction is Direction.INGRESS
                source, destination = (peer, subject) if inwards else (subject, peer)
                for block in self._blocks[destination]:
                    if block.change is not change or not block.sources >> source & 1:
                        continue
                    traffic = block.traffic & row.traffic
                    if traffic:
                        part = replace(
                            block,
                            sources=1 << source,
                            destinations=1 << destination,
                            traffic=traffic,
                        )
                        first = next(iter(self.comparison.differences(part)), None)
                        if first is not None:
                            return first
        return None

    def _share(
        self, row: RowChange, witnessed: Difference, touched: list[tuple[int, int]]
    ) -> Share:
        peers = 0
        pairs = 0
        for subject, found in touched:
            peers |= found
            pairs += self._count(1 << subject) * self._count(found)
        subjects = sum(1 << subject for subject, _ in touched)
        inwards = row.direction is Direction.INGRESS
        sources, destinations = (peers, subjects) if inwards else (subjects, peers)
        return Share(
            witnessed.block.traffic,
            (unit for place in bits(sources) for unit in self._names[place]),
            (unit for place in bits(destinations) for unit in self._names[place]),
            pairs,
        )

    def _unasked(self) -> Iterator[Block]:
        """What changes although no row was found to change for it."""
        for change, left in self._left.items():
            outwards = transposed(left[Direction.EGRESS], self.size)
            for block in self.comparison.blocks:
                if block.change is not change:
                    continue
                for place in bits(block.destinations):
                    rest = block.sources & left[Direction.INGRESS][place] & outwards[place]
                    if rest:
                        yield replace(block, sources=rest, destinations=1 << place)

    def _kinds_of_places(self) -> tuple[int, ...]:
        found: dict[object, int] = {}
        for place, position in enumerate(self.comparison.joint.positions):
            on_nodes = any(seat.on_node_network for seat in position.seats)
            kind = (position.is_external, position.standing, on_nodes)
            found[kind] = found.get(kind, 0) | 1 << place
        return tuple(found.values())

    def _weights(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for place, position in enumerate(self.comparison.joint.positions):
            units = len(position.seats) or 1
            found[units] = found.get(units, 0) | 1 << place
        return found

    def _count(self, places: int) -> int:
        """The units of some places."""
        return sum(units * (found & places).bit_count() for units, found in self._units.items())
