"""How many pairs of units a block of differences stands for, without making the pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service.analysis.joint import Position
from service.analysis.space import Standing, bits
from service.analysis.units import Home

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
            host = self.positions[position]
            by_homes: dict[int, _Hosts] = {}
            for place in bits(self._plain):
                other = self.positions[place]
                own = host.homes_beside(other)
                hosts = by_homes.get(id(own))
                if hosts is None:
                    hosts = by_homes[id(own)] = _Hosts(host.standing, own)
                homes = other.homes_beside(host)
                # A range of addresses outside the cluster meets every node, as another node.
                pairs = hosts.outside if other.is_external else sum(map(hosts.pairs, homes))
                _count(known, pairs, 1 << place)
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
            for one, host in here.seated_beside(there)
            for other, home in there.seated_beside(here)
            if not (one.unit == other.unit and len(other.members) < _SEVERAL)
            and host.meets(home, standing, itself=one.unit == other.unit)
        )


class _Hosts:
    """The units on a node position; most of them are nodes, each on itself alone."""

    def __init__(self, standing: Standing, homes: Sequence[Home]) -> None:
        self._standing = standing
        self._homes = homes
        self._nodes: Counter[str | None] | None = None
        if all(len(each.nodes) == 1 and each.is_known for each in self._homes):
            self._nodes = Counter(node for each in self._homes for node in each.nodes)
        self._known: dict[Home, int] = {}

    @property
    def outside(self) -> int:
        """How many pairs a range of addresses makes with them."""
        return len(self._homes) if self._standing is Standing.OTHER_NODE else 0

    def pairs(self, home: Home) -> int:
        """How many pairs pods make with them."""
        known = self._known.get(home)
        if known is None:
            known = self._known[home] = self._pairs(home)
        return known

    def _pairs(self, home: Home) -> int:
        if self._nodes is None or not home.is_known:
            return sum(each.meets(home, self._standing) for each in self._homes)
        if self._standing is Standing.OWN_NODE:
            return sum(self._nodes[node] for node in home.nodes)
        # Whatever runs on one node alone has no other node in it.
        alone = self._nodes[next(iter(home.nodes))] if len(home.nodes) == 1 else 0
        return len(self._homes) - alone


def _count(weights: _Weights, number: int, place: int) -> None:
    if number:
        weights[number] = weights.get(number, 0) | place


def _sum(weights: _Weights, places: int) -> int:
    return sum(number * (found & places).bit_count() for number, found in weights.items())
