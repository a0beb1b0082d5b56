"""The lines of a connectivity map: one for each pair of units that gets something through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from service.analysis.columns import NO_ASSUMPTION, Group, Why, groups
from service.analysis.filters import ListedVerdict, MapFilter
from service.analysis.line_answers import NO_TRAFFIC, LineAnswer, by_answer, only, placed
from service.analysis.solve import Connectivity
from service.analysis.space import Standing, bits
from service.analysis.units import Seat, Seating, Unit, external_unit
from service.model.intervals import NOTHING, Intervals


@dataclass(frozen=True, slots=True)
class Line:
    """What one unit may send to another, surely and under assumptions; the rest is denied."""

    source: Unit
    destination: Unit
    certain: Intervals
    unknown: Intervals = NOTHING
    assumptions: Why = NO_ASSUMPTION


class Listing:
    """Lines of a solved map, in the order of destinations and then of sources."""

    def __init__(
        self, solved: Connectivity, seating: Seating, wanted: MapFilter | None = None
    ) -> None:
        self.solved = solved
        self.seating = seating
        self.wanted = wanted or MapFilter()
        self._accepted: dict[Unit, bool] = {}
        self._shared: dict[int, tuple[tuple[tuple[Unit, ...], LineAnswer], ...]] = {}
        self._groups: dict[int, tuple[Group, ...]] = {}
        self._node_answers: dict[int, dict[int, LineAnswer]] = {}
        space = solved.space
        self._plain = self._other = self._own = 0
        for index, place in enumerate(space.places[: space.first_external]):
            if place.standing is Standing.PLAIN:
                self._plain |= 1 << index
            elif place.standing is Standing.OTHER_NODE:
                self._other |= 1 << index
            else:
                self._own |= 1 << index
        self._outside = space.everything & ~((1 << space.first_external) - 1)

    def lines(self) -> Iterator[Line]:
        """Every wanted line of the map."""
        for number in range(len(self.seating.seats) + 1):
            yield from self.lines_of(number)

    def lines_of(self, number: int) -> Iterator[Line]:
        """The lines to one unit by its number, or to addresses outside after the last one."""
        if number < len(self.seating.seats):
            seat = self.seating.seats[number]
            if self.wanted.destination.accepts(seat):
                yield from self.lines_to(seat)
        elif self.wanted.destination.admits_outside:
            yield from self.outgoing_lines()

    def lines_to(self, seat: Seat) -> Iterator[Line]:
        """Who reaches one unit."""
        met = self.wanted.either.accepts(seat)
        found = {
            source.unit: answer
            for source, answer in self._sources_of(seat)
            if self._is_source(source) and (met or self.wanted.either.accepts(source))
        }
        if self.wanted.crosses:
            found.clear()
        for unit in sorted(found):
            yield from self._line(unit, seat.unit, found[unit])
        for low, high, answer in self._ranges(seat.place):
            if self.wanted.source.accepts_range(low, high) and (
                met or self.wanted.either.accepts_range(low, high)
            ):
                yield from self._line(external_unit(low, high), seat.unit, answer)

    def _line(self, source: Unit, destination: Unit, answer: LineAnswer) -> Iterator[Line]:
        certain, unknown, why = self._kept(answer)
        if certain or unknown:
            yield Line(source, destination, certain, unknown, why)

    def _kept(self, answer: LineAnswer) -> LineAnswer:
        """The part of an answer with the wanted verdict."""
        match self.wanted.verdict:
            case ListedVerdict.UNKNOWN:
                return NOTHING, answer[1], answer[2]
            case ListedVerdict.ALLOW:
                return answer[0], NOTHING, NO_ASSUMPTION
            case None:
                return answer

    def _is_source(self, seat: Seat) -> bool:
        known = self._accepted.get(seat.unit)
        if known is None:
            known = self._accepted[seat.unit] = self.wanted.source.accepts(seat)
        return known

    def outgoing_lines(self) -> Iterator[Line]:
        """Who reaches which addresses outside, as ranges that are as wide as can be."""
        found = [
            Line(source, outside, *answer)
            for outside, sources, answer in self.outgoing_groups()
            for source in sources
        ]
        yield from sorted(found, key=lambda line: (line.source, line.destination))

    def source_groups(self, seat: Seat) -> Iterator[tuple[tuple[Unit, ...], LineAnswer]]:
        """The wanted sources of a unit by answer, the unit itself among them where its place is.

        Only for units whose sources all stand at one place each is the result shared with other
        units; nodes are told one by one.
        """
        met = self.wanted.either.accepts(seat)
        if seat.on_node_network or not met:
            yield from by_answer(
                (line.source, (line.certain, line.unknown, line.assumptions))
                for line in self.lines_to(seat)
            )
            return
        key = id(self.solved.columns[seat.place])
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self._plain_groups(seat)
        yield from shared
        if self.wanted.crosses:
            return
        kept = (
            (source.unit, self._kept(answer))
            for source, answer in self.from_nodes(seat, self.node_seats)
            if self._is_source(source)
        )
        yield from by_answer((unit, answer) for unit, answer in kept if answer[0] or answer[1])

    def _plain_groups(self, seat: Seat) -> tuple[tuple[tuple[Unit, ...], LineAnswer], ...]:
        found: dict[LineAnswer, list[Unit]] = {}
        for group in self._groups_at(seat.place):
            answer = self._kept((group.certain, group.unknown, group.assumptions))
            units = [
                source.unit
                for place in bits(group.sources & self._plain)
                for source in self.seating.at_place.get(place, ())
                if self._is_source(source)
            ]
            if units and (answer[0] or answer[1]) and not self.wanted.crosses:
                found.setdefault(answer, []).extend(sorted(units))
        for low, high, answer in self._ranges(seat.place):
            kept = self._kept(answer)
            if self.wanted.source.accepts_range(low, high) and (kept[0] or kept[1]):
                found.setdefault(kept, []).append(external_unit(low, high))
        return tuple((tuple(units), answer) for answer, units in found.items())

    def outgoing_groups(self) -> Iterator[tuple[Unit, tuple[Unit, ...], LineAnswer]]:
        """Ranges outside with the wanted units that reach all of each alike."""
        inside = self.solved.space.leads_inside
        for low, high, sources, answer in self._runs():
            if not self.wanted.destination.accepts_range(low, high) or inside(low, high):
                continue
            met = self.wanted.either.accepts_range(low, high)
            units = [
                seat.unit
                for place in bits(sources)
                for seat in self.seating.at_place.get(place, ())
                if self._is_source(seat) and (met or self.wanted.either.accepts(seat))
            ]
            kept = self._kept(answer)
            if units and (kept[0] or kept[1]):
                yield external_unit(low, high), tuple(sorted(units)), kept

    def _groups_at(self, place: int) -> tuple[Group, ...]:
        column = self.solved.columns[place]
        known = self._groups.get(id(column))
        if known is None:
            known = self._groups[id(column)] = groups(only(column, self.wanted.traffic))
        return known

    def _sources_of(self, seat: Seat) -> Iterator[tuple[Seat, LineAnswer]]:
        if seat.own_place is None:
            for group in self._groups_at(seat.place):
                answer = (group.certain, group.unknown, group.assumptions)
                for place in bits(group.sources & self._plain):
                    for source in self.seating.at_place.get(place, ()):
                        if source.unit != seat.unit or self._talks_to_itself(seat):
                            yield source, answer
            yield from self.from_nodes(seat, self.node_seats)
            return
        elsewhere = self._by_place(seat.place, self._plain | self._other)
        nearby = self._by_place(seat.own_place, self._plain | self._own)
        # A place as another node stands just after the one as own node.
        moved = {place + 1 if self._own >> place & 1 else place: place for place in nearby}
        for place in set(elsewhere) | set(moved):
            for source in self.seating.at_place.get(place, ()):
                if source.unit == seat.unit and not self._talks_to_itself(seat):
                    continue
                answer = placed(
                    seat,
                    source,
                    nearby.get(moved.get(place, place), NO_TRAFFIC),
                    elsewhere.get(place, NO_TRAFFIC),
                )
                if answer[0] or answer[1]:
                    yield source, answer

    def from_nodes(self, seat: Seat, sources: Iterable[Seat]) -> Iterator[tuple[Seat, LineAnswer]]:
        """Who of some units on the node network reaches a unit that is not."""
        key = id(self.solved.columns[seat.place])
        answers = self._node_answers.get(key)
        if answers is None:
            answers = self._by_place(seat.place, self._node_places)
            self._node_answers[key] = answers
        if not answers:
            return
        for source in sources:
            own = answers.get(source.own_place or 0, NO_TRAFFIC)
            other = answers.get(source.place, NO_TRAFFIC)
            answer = own if own == other else placed(source, seat, own, other)
            if answer[0] or answer[1]:
                yield source, answer

    @cached_property
    def node_seats(self) -> tuple[Seat, ...]:
        """Nodes, and workloads on the node network."""
        return tuple(seat for seat in self.seating.seats if seat.on_node_network)

    @cached_property
    def _node_places(self) -> int:
        return self.seating.places(self.node_seats)

    def _by_place(self, place: int, among: int) -> dict[int, LineAnswer]:
        return {
            source: (group.certain, group.unknown, group.assumptions)
            for group in self._groups_at(place)
            for source in bits(group.sources & among)
        }

    def _talks_to_itself(self, seat: Seat) -> bool:
        return self.wanted.may_tell_itself and self.wanted.tells_itself(seat)

    def _ranges(self, place: int) -> Iterator[tuple[int, int, LineAnswer]]:
        """The outside addresses that reach a place, neighbours with one answer joined."""
        inside = self.solved.space.is_inside
        for low, high, answer in self._joined(place):
            if not inside(low, high):
                yield low, high, answer

    def _joined(self, place: int) -> Iterator[tuple[int, int, LineAnswer]]:
        answers = self._by_place(place, self._outside)
        places = self.solved.space.places
        run: tuple[int, int, LineAnswer] | None = None
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

    def _runs(self) -> Iterator[tuple[int, int, int, LineAnswer]]:
        """Ranges of outside addresses with the sources that reach all of them alike."""
        space = self.solved.space
        open_runs: dict[tuple[int, LineAnswer], int] = {}
        last = -1
        callers = self._plain | self._other
        for index in range(space.first_external, space.size):
            place = space.places[index]
            now = {
                (group.certain, group.unknown, group.assumptions): group.sources & callers
                for group in self._groups_at(index)
                if group.sources & callers
            }
            going_on: dict[tuple[int, LineAnswer], int] = {}
            continued: dict[LineAnswer, int] = {}
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
