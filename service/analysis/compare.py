"""What differs between two connectivity maps, found on the compressed columns.

Like the maps themselves the differences are about TCP, UDP and SCTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from service.analysis.column_changes import Changes, ColumnComparer
from service.analysis.columns import NO_ASSUMPTION, Why
from service.analysis.joint import Joint, Position, Solved
from service.analysis.pair_counts import PairCounter
from service.analysis.space import Standing, bits
from service.analysis.twins import identity
from service.analysis.units import Home, Seat, Unit, external_unit
from service.model.endpoint import Endpoint
from service.model.intervals import Intervals
from service.model.ports import ALL_PORTS
from service.model.verdict import Decision


class Change(StrEnum):
    """How a connection differs between the first and the second map."""

    NEWLY_ALLOWED = "newlyAllowed"
    NEWLY_DENIED = "newlyDenied"
    NEWLY_UNKNOWN = "newlyUnknown"


#: Told by the decision of the second map.
CHANGES = {
    Decision.ALLOW: Change.NEWLY_ALLOWED,
    Decision.DENY: Change.NEWLY_DENIED,
    Decision.UNKNOWN: Change.NEWLY_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Block:
    """Every connection from some positions to others whose decision differs alike."""

    sources: int
    destinations: int
    traffic: Intervals
    before: Decision
    after: Decision
    assumptions: Why = NO_ASSUMPTION

    @property
    def change(self) -> Change:
        """Told by the decision of the second map."""
        return CHANGES[self.after]


@dataclass(frozen=True, slots=True)
class Difference:
    """One pair of units out of a block, with seats to take a witness from."""

    source: Unit
    destination: Unit
    block: Block
    source_seats: tuple[Seat | None, Seat | None]
    destination_seats: tuple[Seat | None, Seat | None]
    addresses: tuple[int, int] | None = None
    """A first address of the source and of the destination, 0 where they are units."""
    same_node: bool | None = None
    """Whether it is about ends on one node (True) or apart (False).

    None where no node is involved, and where nobody knows.
    """

    @property
    def has_gone(self) -> bool:
        """Whether an end is in the first map only, so that both have met there alone."""
        ends = self.source_seats, self.destination_seats
        return any(first is not None and second is None for first, second in ends)


@dataclass(frozen=True)
class Comparison:
    """The differences of two maps."""

    joint: Joint
    blocks: tuple[Block, ...]
    came: tuple[Unit, ...]
    went: tuple[Unit, ...]

    def pairs(self, block: Block) -> int:
        """How many pairs of units a block stands for, counted without making them where it can."""
        if self.joint.repeats_units:
            return sum(1 for _ in self.differences(block))
        return self._counter.pairs(block.sources, block.destinations)

    @cached_property
    def _counter(self) -> PairCounter:
        return PairCounter(self.joint.positions)

    def differences(
        self, block: Block, about: Callable[[Difference], Difference | None] | None = None
    ) -> Iterator[Difference]:
        """The pairs of units that a block stands for; `about` may leave some, or parts of them.

        A pair that stands at several positions is told once: by the first that is left.
        """
        told: set[object] | None = set() if self.joint.repeats_units else None
        for each in self._pairs(block):
            found = each if about is None else about(each)
            if found is None:
                continue
            if told is not None:
                pair = (found.source, found.destination, found.same_node)
                if pair in told:
                    continue
                told.add(pair)
            yield found

    def _pairs(self, block: Block) -> Iterator[Difference]:
        positions = self.joint.positions
        for destination in bits(block.destinations):
            target = positions[destination]
            for source in bits(block.sources):
                yield from _pairs_of(positions[source], target, block)


def compare(first: Solved, second: Solved, *, traffic: Intervals = ALL_PORTS) -> Comparison:
    """What the second map allows, denies or leaves open that the first did not.

    Nothing is told of ranges that nobody outside has an address of.
    """
    joint = Joint(first, second)
    found: dict[tuple[int, Decision, Decision, Why, Intervals], int] = {}
    known: dict[tuple[int, int], Changes] = {}
    comparer = ColumnComparer(traffic)
    for index in range(len(joint.positions)):
        before, after = joint.columns(index)
        if before is after or joint.called_inside >> index & 1:
            continue
        key = (id(before), id(after))
        changed = known.get(key)
        if changed is None:
            changed = known[key] = [] if before == after else comparer.changes(before, after)
        meeting = (joint.meeting(index) if joint.mixes_standings else -1) & ~joint.inside
        for each in changed:
            sources = each[0] & meeting
            if sources:
                kind = (sources, *each[1:])
                found[kind] = found.get(kind, 0) | 1 << index
    blocks = tuple(
        Block(sources, destinations, changed_traffic, before, after, why)
        for (sources, before, after, why, changed_traffic), destinations in found.items()
    )
    came, went = (_only_in(joint, side) for side in (1, 0))
    return Comparison(joint, blocks, came, went)


def _only_in(joint: Joint, side: int) -> tuple[Unit, ...]:
    """The units of one map whose owner has no pods at all in the other."""
    sides = [(each.first, each.second) for each in joint.positions]
    there = {identity(seat) for both in sides for seat in both[1 - side]}
    found = {
        seat.unit
        for both in sides
        if not both[1 - side]
        for seat in both[side]
        if identity(seat) not in there
    }
    return tuple(sorted(found))


def _pairs_of(source: Position, target: Position, block: Block) -> Iterator[Difference]:
    addresses = (source.low, target.low)
    standing = _together(source.standing, target.standing)
    known = standing is not Standing.PLAIN
    senders, receivers = _seats(source, target, known), _seats(target, source, known)
    for sender, home in senders:
        for receiver, goal in receivers:
            placed = False
            if sender is not None and receiver is not None:
                itself = False
                if sender.unit == receiver.unit:
                    mine, theirs = source.pods_of(sender), target.pods_of(receiver)
                    itself = _same(mine, theirs)
                    if itself and len(mine) == 1:
                        continue
                    if source.divided and _was_one_pod(source, target):
                        continue
                if known:
                    if not home.meets(goal, standing, itself=itself):
                        continue
                    placed = home.is_known and goal.is_known
            yield Difference(
                sender.unit if sender else external_unit(source.low, source.high),
                receiver.unit if receiver else external_unit(target.low, target.high),
                block,
                (_twin(sender, source.first), _twin(sender, source.second)),
                (_twin(receiver, target.first), _twin(receiver, target.second)),
                addresses if sender is None or receiver is None else None,
                standing is Standing.OWN_NODE if placed else None,
            )


def _same(mine: tuple[Endpoint, ...], theirs: tuple[Endpoint, ...]) -> bool:
    """Whether they are the same pods; those of two positions of a unit share all or none."""
    return len(mine) == len(theirs) and mine[0].name == theirs[0].name


def _was_one_pod(source: Position, target: Position) -> bool:
    """Whether both are of what was one pod, though others may have become the unit as well."""
    mine, theirs = source.first[0].members, target.first[0].members
    return len(mine) == 1 and _same(mine, theirs)


_NOWHERE = Home(frozenset())


def _seats(
    position: Position, other: Position, with_home: bool
) -> Sequence[tuple[Seat | None, Home]]:
    """The seats of a position, with where their pods run if that matters beside another one."""
    if not position.seats:
        return [(None, _NOWHERE)]
    if not with_home:
        return [(each, _NOWHERE) for each in position.seats]
    return position.seated_beside(other)


def _together(here: Standing, there: Standing) -> Standing:
    """How two ends stand to each other, of which one at least may be on the node network."""
    return here if there is Standing.PLAIN else there


def _twin(seat: Seat | None, seats: tuple[Seat, ...]) -> Seat | None:
    """The same unit among the seats of one map."""
    if seat is None or not seats:
        return None
    return next((each for each in seats if each.unit == seat.unit), seats[0])
