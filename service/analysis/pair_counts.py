"""How many pairs of units a block of differences stands for, without making the pairs."""

from __future__ import annotations

from collections.abc import Sequence

from service.analysis.joint import Position
from service.analysis.space import Standing, bits

_SEVERAL = 2

#: Positions by a number that each of them counts for.
_Weights = dict[int, int]


class PairCounter:
    """Counts over the positions of a joint space."""

    def __init__(self, positions: Sequence[Position]) -> None:
        self.positions = positions
        self._units: _Weights = {}
        self._singles: _Weights = {}
        self._plain = 0
        for index, position in enumerate(positions):
            if position.standing is not Standing.PLAIN:
                continue
            one = 1 << index
            self._plain |= one
            _count(self._units, len(position.seats) or 1, one)
            alone = sum(1 for seat in position.seats if len(seat.members) < _SEVERAL)
            _count(self._singles, alone, one)
        #: Plain positions with where each of their units runs.
        self._homes = [(1 << place, positions[place].homes) for place in bits(self._plain)]
        self._beside: dict[int, _Weights] = {}

    def pairs(self, sources: int, destinations: int) -> int:
        """The pairs of units between two sets of positions."""
        plain = self._plain
        callers, callees = sources & plain, destinations & plain
        count = _sum(self._units, callers) * _sum(self._units, callees)
        # A unit of one pod is not paired with itself; one of several pods is.
        count -= _sum(self._singles, callers & callees)
        for position in bits(sources & ~plain):
            count += _sum(self._beside_node(position), callees)
            count += sum(
                self._between_nodes(position, other) for other in bits(destinations & ~plain)
            )
        for position in bits(destinations & ~plain):
            count += _sum(self._beside_node(position), callers)
        return count

    def _beside_node(self, position: int) -> _Weights:
        """Plain positions by the pairs that they make with the units on a node position."""
        known = self._beside.get(position)
        if known is None:
            known = self._beside[position] = {}
            here = self.positions[position]
            hosts = here.homes
            # A range of addresses outside the cluster meets every node, as another node.
            outside = len(hosts) if here.standing is Standing.OTHER_NODE else 0
            for one, homes in self._homes:
                pairs = outside
                if homes:
                    pairs = sum(
                        mine.meets(theirs, here.standing) for mine in hosts for theirs in homes
                    )
                _count(known, pairs, one)
        return known

    def _between_nodes(self, first: int, second: int) -> int:
        here, there = self.positions[first], self.positions[second]
        standing = (
            Standing.OWN_NODE
            if Standing.OWN_NODE in {here.standing, there.standing}
            else Standing.OTHER_NODE
        )
        return sum(
            1
            for one, host in zip(here.seats, here.homes, strict=True)
            for other, home in zip(there.seats, there.homes, strict=True)
            if not (one.unit == other.unit and len(other.members) < _SEVERAL)
            and host.meets(home, standing, itself=one.unit == other.unit)
        )


def _count(weights: _Weights, number: int, place: int) -> None:
    if number:
        weights[number] = weights.get(number, 0) | place


def _sum(weights: _Weights, places: int) -> int:
    return sum(number * (found & places).bit_count() for number, found in weights.items())
