"""The lines of a connectivity map: one for each pair of units that gets something through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from service.analysis.attempts import PODS_DIFFER
from service.analysis.columns import NO_ASSUMPTION, Column, Group, Why, groups
from service.analysis.solve import Connectivity
from service.analysis.space import Standing, bits
from service.analysis.units import Seat, Seating, Unit, external_unit
from service.model.intervals import NOTHING, Intervals
from service.model.ports import ALL_PORTS


@dataclass(frozen=True, slots=True)
class Line:
    """What one unit may send to another, surely and under assumptions; the rest is denied."""

    source: Unit
    destination: Unit
    certain: Intervals
    unknown: Intervals = NOTHING
    assumptions: Why = NO_ASSUMPTION


_Answer = tuple[Intervals, Intervals, Why]
_NOTHING: _Answer = (NOTHING, NOTHING, NO_ASSUMPTION)


class Listing:
    """Lines of a solved map, in the order of destinations and then of sources."""

    def __init__(self, solved: Connectivity, seating: Seating, *, itself: bool = False) -> None:
        """`itself`: also list what the pods of one workload may send to each other."""
        self.solved = solved
        self.seating = seating
        self.itself = itself
        self._groups: dict[int, tuple[Group, ...]] = {}
        space = solved.space
        self._plain = self._other = 0
        for index, place in enumerate(space.places[: space.first_external]):
            if place.standing is Standing.PLAIN:
                self._plain |= 1 << index
            elif place.standing is Standing.OTHER_NODE:
                self._other |= 1 << index
        self._outside = space.everything & ~((1 << space.first_external) - 1)

    def lines(self) -> Iterator[Line]:
        """Every line of the map."""
        for seat in self.seating.seats:
            yield from self.lines_to(seat)
        yield from self.outgoing_lines()

    def lines_to(self, seat: Seat) -> Iterator[Line]:
        """Who reaches one unit."""
        found = dict(self._sources_of(seat))
        for source in sorted(found):
            certain, unknown, why = found[source]
            yield Line(source, seat.unit, certain, unknown, why)
        for low, high, (certain, unknown, why) in self._ranges(seat.place):
            yield Line(external_unit(low, high), seat.unit, certain, unknown, why)

    def outgoing_lines(self) -> Iterator[Line]:
        """Who reaches which addresses outside, as ranges that are as wide as can be."""
        found: list[Line] = []
        for low, high, sources, answer in self._runs():
            outside = external_unit(low, high)
            for place in bits(sources):
                for seat in self.seating.at_place.get(place, ()):
                    found.append(Line(seat.unit, outside, *answer))
        yield from sorted(found, key=lambda line: (line.source, line.destination))

    def _groups_at(self, place: int) -> tuple[Group, ...]:
        column = self.solved.columns[place]
        known = self._groups.get(id(column))
        if known is None:
            known = self._groups[id(column)] = groups(_with_ports(column))
        return known

    def _sources_of(self, seat: Seat) -> Iterator[tuple[Unit, _Answer]]:
        if seat.own_place is None:
            for group in self._groups_at(seat.place):
                answer = (group.certain, group.unknown, group.assumptions)
                for place in bits(group.sources & self._plain):
                    for source in self.seating.at_place.get(place, ()):
                        if source.unit != seat.unit or self._talks_to_itself(seat):
                            yield source.unit, answer
            yield from self._from_nodes(seat)
            return
        elsewhere = self._by_place(seat.place, self._plain | self._other)
        nearby = self._by_place(seat.own_place, self._plain)
        for place in set(elsewhere) | set(nearby):
            for source in self.seating.at_place.get(place, ()):
                if source.unit == seat.unit:
                    continue
                if source.on_node_network:
                    answer = elsewhere.get(place, _NOTHING)
                else:
                    answer = _placed(
                        seat, source, nearby.get(place, _NOTHING), elsewhere.get(place, _NOTHING)
                    )
                if answer[0] or answer[1]:
                    yield source.unit, answer

    def _from_nodes(self, seat: Seat) -> Iterator[tuple[Unit, _Answer]]:
        column = self._groups_at(seat.place)
        if not any(group.sources & self._node_places for group in column):
            return
        answers = self._by_place(seat.place, self._node_places)
        for source in self.node_seats:
            own = answers.get(source.own_place or 0, _NOTHING)
            other = answers.get(source.place, _NOTHING)
            answer = own if own == other else _placed(source, seat, own, other)
            if answer[0] or answer[1]:
                yield source.unit, answer

    @cached_property
    def node_seats(self) -> tuple[Seat, ...]:
        """Nodes, and workloads on the node network."""
        return tuple(seat for seat in self.seating.seats if seat.on_node_network)

    @cached_property
    def _node_places(self) -> int:
        return self.seating.places(self.node_seats)

    def _by_place(self, place: int, among: int) -> dict[int, _Answer]:
        return {
            source: (group.certain, group.unknown, group.assumptions)
            for group in self._groups_at(place)
            for source in bits(group.sources & among)
        }

    def _talks_to_itself(self, seat: Seat) -> bool:
        return self.itself and len(seat.members) > 1

    def _ranges(self, place: int) -> Iterator[tuple[int, int, _Answer]]:
        """The outside addresses that reach a place, neighbours with one answer joined."""
        answers = self._by_place(place, self._outside)
        places = self.solved.space.places
        run: tuple[int, int, _Answer] | None = None
        for index in sorted(answers):
            low, high, answer = places[index].low, places[index].high, answers[index]
            if run is not None and run[2] == answer and run[1] + 1 == low:
                run = (run[0], high, answer)
                continue
            if run is not None:
                yield run
            run = (low, high, answer)
        if run is not None:
            yield run

    def _runs(self) -> Iterator[tuple[int, int, int, _Answer]]:
        """Ranges of outside addresses with the sources that reach all of them alike."""
        space = self.solved.space
        open_runs: dict[tuple[int, _Answer], int] = {}
        last = -1
        callers = self._plain | self._other
        for index in range(space.first_external, space.size):
            place = space.places[index]
            now = {
                (group.certain, group.unknown, group.assumptions): group.sources & callers
                for group in self._groups_at(index)
                if group.sources & callers
            }
            going_on: dict[tuple[int, _Answer], int] = {}
            continued: dict[_Answer, int] = {}
            for (start, answer), sources in open_runs.items():
                still = sources & now.get(answer, 0) if last + 1 == place.low else 0
                if still:
                    going_on[start, answer] = still
                    continued[answer] = continued.get(answer, 0) | still
                if sources & ~still:
                    yield start, last, sources & ~still, answer
            for answer, sources in now.items():
                fresh = sources & ~continued.get(answer, 0)
                if fresh:
                    going_on[place.low, answer] = fresh
            open_runs, last = going_on, place.high
        for (start, answer), sources in open_runs.items():
            yield start, last, sources, answer


def _placed(node: Seat, pods: Seat, own: _Answer, other: _Answer) -> _Answer:
    """The answer between a unit on the node network and pods, by where they run.

    Where some pods share a node and others do not, or the placement is not given, only what
    both answers have in common is certain.
    """
    if own == other:
        return own
    nodes, placed = node.nodes, pods.nodes
    unplaced = None in nodes or None in placed
    shares = unplaced or bool(nodes & placed)
    apart = unplaced or len(nodes | placed) > 1
    if not apart:
        return own
    if not shares:
        return other
    certain = own[0] & other[0]
    unknown = (own[0] | own[1] | other[0] | other[1]) - certain
    return certain, unknown, own[2] | other[2] | {PODS_DIFFER}


def _with_ports(column: Column) -> Column:
    """The part of a column that is TCP, UDP or SCTP: what maps list."""
    return Column(
        tuple(
            (kept, sources) for traffic, sources in column.certain if (kept := traffic & ALL_PORTS)
        ),
        tuple(
            (kept, sources, why)
            for traffic, sources, why in column.unknown
            if (kept := traffic & ALL_PORTS)
        ),
    )
