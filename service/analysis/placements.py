"""One answer for ends of which nobody knows whether they share a node.

Rules may tell a pod's own node from others. Between a pod that is not placed and whatever speaks
with a node's address both answers are possible, so only what they have in common is settled. The
columns of a node as the pod's own one and as another one then say the same about such a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service.analysis.answers import PLACEMENT_UNKNOWN
from service.analysis.cases import Cases
from service.analysis.columns import CLOSED, Column
from service.analysis.space import Space, Standing


class Placements:
    """The pairs of a space whose placement is open, and what their columns become."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._cases = Cases(PLACEMENT_UNKNOWN)
        self._plain = space.standing[Standing.PLAIN] & ((1 << space.first_external) - 1)
        self._own = space.standing[Standing.OWN_NODE]
        self._other = space.standing[Standing.OTHER_NODE]

    @property
    def are_open(self) -> bool:
        """Whether the placement of any pair is open."""
        return bool(self._space.unplaced)

    def both_standings(self, places: int) -> int:
        """Some places, each on the node network as own node and as another one."""
        # A place as another node stands just after the one as own node.
        return places | (places & self._own) << 1 | (places & self._other) >> 1

    def settled(self, columns: Sequence[Column]) -> list[Column]:
        """The columns with one answer for every pair whose placement is open."""
        found = list(columns)
        known: dict[tuple[int, int], Column] = {}
        unplaced = self._space.unplaced
        for index, place in enumerate(self._space.places[: self._space.first_external]):
            open_here = bool(unplaced >> index & 1)
            if place.standing is Standing.PLAIN:
                among = self._other if open_here else self._other & unplaced
                key = (id(columns[index]), among)
                if key not in known:
                    known[key] = self._settled_sources(columns[index], among)
                found[index] = known[key]
            elif place.standing is Standing.OWN_NODE:
                among = self._plain | self._other
                if not open_here:
                    among &= unplaced
                pair = self._settled_node(columns[index], columns[index + 1], among)
                found[index], found[index + 1] = pair
        return found

    def _settled_sources(self, column: Column, among: int) -> Column:
        """A pod's column; `among` are sources as other nodes."""
        nearby = _moved(column, lambda sources: (sources << 1) & among)
        elsewhere = _moved(column, lambda sources: sources & among)
        if nearby == elsewhere:
            return column
        both = self._cases.united(nearby, elsewhere, among)
        rest = _moved(column, lambda sources: sources & ~(among | among >> 1))
        return _united(rest, _moved(both, lambda sources: sources | sources >> 1))

    def _settled_node(self, own: Column, other: Column, among: int) -> tuple[Column, Column]:
        """A node's columns; `among` are pods, and sources as other nodes."""
        plain, nodes = among & self._plain, among & self._other
        nearby = _moved(own, lambda sources: sources & plain | (sources << 1) & nodes)
        elsewhere = _moved(other, lambda sources: sources & among)
        if nearby == elsewhere:
            return own, other
        both = self._cases.united(nearby, elsewhere, among)
        return (
            _united(
                _moved(own, lambda sources: sources & ~(plain | nodes >> 1)),
                _moved(both, lambda sources: sources & plain | (sources & nodes) >> 1),
            ),
            _united(_moved(other, lambda sources: sources & ~among), both),
        )


def narrowed(columns: Sequence[Column], sources: int, destinations: int) -> list[Column]:
    """Columns of some places only, and in them some sources only."""
    known: dict[int, Column] = {}
    for column in columns:
        if id(column) not in known:
            known[id(column)] = _moved(column, lambda found: found & sources)
    return [
        known[id(column)] if destinations >> index & 1 else CLOSED
        for index, column in enumerate(columns)
    ]


def _moved(column: Column, move: Callable[[int], int]) -> Column:
    return Column(
        tuple((traffic, found) for traffic, sources in column.certain if (found := move(sources))),
        tuple(
            (traffic, found, why)
            for traffic, sources, why in column.unknown
            if (found := move(sources))
        ),
    )


def _united(first: Column, second: Column) -> Column:
    return Column(first.certain + second.certain, first.unknown + second.unknown)
