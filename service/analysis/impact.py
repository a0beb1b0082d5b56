"""What a change of engine changes, put together by cause.

The comparison of two maps gives blocks: some places, others, and traffic that is decided
differently between them. Each block is asked for a witness, the witness for its cause, and what
has the same cause and the same policies becomes one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from service.analysis.causes import Cause, Causes
from service.analysis.compare import Block, Change, Comparison, Difference, compare
from service.analysis.joint import Solved
from service.analysis.solve import solve, space_of
from service.analysis.space import Standing, bits
from service.analysis.units import Unit, seat_units
from service.analysis.witness import Court, Witness, witness_of
from service.model.finding import Severity
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Pipeline
from service.model.policy import PolicyRef
from service.model.snapshot import Snapshot

#: Up to so many pairs of places each pair is asked for its own cause.
EXACT_PAIRS = 5_000
#: A group lists this many units of each side; the counts tell how many there are.
LISTED_UNITS = 50


@dataclass(frozen=True, slots=True)
class ImpactGroup:
    """Connections that change for the same reason, through the same policies.

    `cause` None: nothing in the rulebook explains them. `is_sampled`: the cause was asked of one
    pair for each place and kind of peer, not of every pair.
    """

    change: Change
    cause: Cause | None
    sources: tuple[Unit, ...]
    destinations: tuple[Unit, ...]
    source_count: int
    destination_count: int
    traffic: Intervals
    pairs: int
    witness: Witness
    is_sampled: bool = False

    @property
    def rule(self) -> str:
        """The id of the rule that explains it; nothing where none does."""
        return self.cause.rule.id if self.cause else ""

    @property
    def severity(self) -> Severity:
        """That of its rule; what nothing explains is grave."""
        return self.cause.rule.severity if self.cause else Severity.HIGH


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that a change of engine changes."""

    groups: tuple[ImpactGroup, ...] = ()

    @property
    def explained(self) -> tuple[ImpactGroup, ...]:
        """The groups with a cause."""
        return tuple(each for each in self.groups if each.cause is not None)

    @property
    def unexplained(self) -> tuple[ImpactGroup, ...]:
        """The groups that no rule explains; there should be none."""
        return tuple(each for each in self.groups if each.cause is None)

    def pairs(self, change: Change) -> int:
        """How many pairs of units change in one way."""
        return sum(each.pairs for each in self.groups if each.change is change)


@dataclass(slots=True)
class _Gathered:
    """A group while it grows."""

    cause: Cause | None
    witness: Witness
    is_sampled: bool
    sources: set[Unit] = field(default_factory=set)
    destinations: set[Unit] = field(default_factory=set)
    traffic: Intervals = NOTHING
    pairs: int = 0


_Key = tuple[Change, str, tuple[tuple[PolicyRef, str], ...]]


class ImpactFinder:
    """Puts the blocks of a comparison together by cause."""

    def __init__(self, comparison: Comparison, causes: Causes, before: Court, after: Court) -> None:
        self._comparison = comparison
        self._causes = causes
        self._before, self._after = before, after
        self._found: dict[_Key, _Gathered] = {}

    def impact(self, exact_pairs: int = EXACT_PAIRS) -> Impact:
        """The groups, the gravest and largest first."""
        blocks = self._comparison.blocks
        pairs = sum(each.sources.bit_count() * each.destinations.bit_count() for each in blocks)
        for block in blocks:
            parts = _each_pair(block) if pairs <= exact_pairs else self._each_kind(block)
            for part in parts:
                self._take(part, is_sampled=pairs > exact_pairs)
        groups = (_group(key, each) for key, each in self._found.items())
        return Impact(tuple(sorted(groups, key=_order)))

    def _each_kind(self, block: Block) -> Iterator[Block]:
        """A part for each destination and each kind of source."""
        positions = self._comparison.joint.positions
        kinds: dict[object, int] = {}
        for source in bits(block.sources):
            position = positions[source]
            kind = (
                position.is_external,
                position.standing,
                any(seat.on_node_network for seat in position.seats),
            )
            kinds[kind] = kinds.get(kind, 0) | 1 << source
        for destination in bits(block.destinations):
            for sources in kinds.values():
                yield replace(block, sources=sources, destinations=1 << destination)

    def _take(self, part: Block, *, is_sampled: bool) -> None:
        first = next(iter(self._comparison.differences(part)), None)
        if first is None:
            return
        witness = witness_of(first, self._before, self._after)
        causes = self._causes.of_witness(witness) or (None,)
        cause = _leading(causes)
        policies = cause.policies if cause else ()
        key = (part.change, cause.rule.id if cause else "", policies)
        gathered = self._found.get(key)
        if gathered is None:
            gathered = self._found[key] = _Gathered(cause, witness, is_sampled)
        gathered.traffic = gathered.traffic | part.traffic
        gathered.pairs += self._comparison.pairs(part)
        self._name_units(gathered, part, first)

    def _name_units(self, gathered: _Gathered, part: Block, first: Difference) -> None:
        positions = self._comparison.joint.positions
        places = part.sources | part.destinations
        by_placement = any(positions[each].standing is not Standing.PLAIN for each in bits(places))
        if by_placement and (part.sources.bit_count() * part.destinations.bit_count()) == 1:
            # Own node or another one: not every unit of a place is meant with every pod.
            for each in self._comparison.differences(part):
                gathered.sources.add(each.source)
                gathered.destinations.add(each.destination)
            return
        for places, units, outside in (
            (part.sources, gathered.sources, first.source),
            (part.destinations, gathered.destinations, first.destination),
        ):
            for place in bits(places):
                if positions[place].is_external:
                    units.add(outside)
                units.update(seat.unit for seat in positions[place].seats)


def impacts_between(
    before: Pipeline, others: Iterable[Pipeline], snapshot: Snapshot, *, local_dns: bool = False
) -> tuple[Impact, ...]:
    """What changes from one pipeline to each of some others over the same snapshot.

    All are solved over one space, so the first one is solved once.
    """
    pipelines = (before, *others)
    space = space_of(*pipelines)
    seating = seat_units(space, snapshot.inventory)
    maps = [Solved(solve(each, space, view), seating) for view, each in enumerate(pipelines)]
    courts = [Court(each) for each in pipelines]
    return tuple(
        ImpactFinder(
            compare(maps[0], maps[view]),
            Causes(before, pipelines[view], snapshot, local_dns=local_dns),
            courts[0],
            courts[view],
        ).impact()
        for view in range(1, len(pipelines))
    )


def _each_pair(block: Block) -> Iterator[Block]:
    for destination in bits(block.destinations):
        for source in bits(block.sources):
            yield replace(block, sources=1 << source, destinations=1 << destination)


def _leading(causes: tuple[Cause | None, ...]) -> Cause | None:
    """The gravest cause; None where some part is not explained."""
    if None in causes:
        return None
    order = tuple(Severity)
    found = [each for each in causes if each is not None]
    return min(found, key=lambda each: order.index(each.rule.severity))


def _group(key: _Key, gathered: _Gathered) -> ImpactGroup:
    sources, destinations = sorted(gathered.sources), sorted(gathered.destinations)
    return ImpactGroup(
        change=key[0],
        cause=gathered.cause,
        sources=tuple(sources[:LISTED_UNITS]),
        destinations=tuple(destinations[:LISTED_UNITS]),
        source_count=len(sources),
        destination_count=len(destinations),
        traffic=gathered.traffic,
        pairs=gathered.pairs,
        witness=gathered.witness,
        is_sampled=gathered.is_sampled,
    )


def _order(group: ImpactGroup) -> tuple[object, ...]:
    severities = tuple(Severity)
    return (
        severities.index(group.severity),
        -group.pairs,
        group.rule,
        group.change.value,
        group.sources,
        group.destinations,
    )
