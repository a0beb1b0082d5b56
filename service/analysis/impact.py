"""What a change of engine changes, put together by cause.

The comparison of two maps tells which connections are decided differently; witnesses among them
are asked for their cause. What has the same cause and the same policies becomes one group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from heapq import nsmallest

from service.analysis.causes import Cause, Causes
from service.analysis.compare import Change, Comparison, Difference
from service.analysis.units import Unit
from service.analysis.witness import Court, Witness, witness_of
from service.model.finding import Severity
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction
from service.model.policy import PolicyRef

#: A group lists this many units of each side; the counts tell how many there are.
LISTED_UNITS = 50


@dataclass(frozen=True, slots=True)
class ImpactGroup:
    """Connections that change for the same reason, through the same policies.

    `cause` None: nothing in the rulebook explains them. `is_sampled`: the cause was asked of one
    pair for pods that share their answers and each kind of peer; `pairs` counts those that change
    at both ends in the groups of both, and a few that cannot be, such as a pod and the node that
    it does not run on.
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
    supposed_same_node: bool | None = None
    """What the witness supposes about the nodes of its ends, where the input does not tell."""

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
    """Everything that a change of engine changes; `pairs` counts pairs of units by change."""

    groups: tuple[ImpactGroup, ...] = ()
    pairs: dict[Change, int] = field(default_factory=dict)

    @property
    def explained(self) -> tuple[ImpactGroup, ...]:
        """The groups with a cause."""
        return tuple(each for each in self.groups if each.cause is not None)

    @property
    def unexplained(self) -> tuple[ImpactGroup, ...]:
        """The groups that no rule explains; there should be none."""
        return tuple(each for each in self.groups if each.cause is None)


@dataclass(slots=True)
class _Gathered:
    """A group while it grows."""

    cause: Cause | None
    witness: Witness
    is_sampled: bool
    supposed: bool | None
    sources: set[Unit] = field(default_factory=set)
    destinations: set[Unit] = field(default_factory=set)
    traffic: Intervals = NOTHING
    pairs: int = 0

    def finished(self, change: Change) -> ImpactGroup:
        """The group with its ends in order."""
        sources = nsmallest(LISTED_UNITS, self.sources)
        destinations = nsmallest(LISTED_UNITS, self.destinations)
        return ImpactGroup(
            change=change,
            cause=self.cause,
            sources=tuple(sources),
            destinations=tuple(destinations),
            source_count=len(self.sources),
            destination_count=len(self.destinations),
            traffic=self.traffic,
            pairs=self.pairs,
            witness=self.witness,
            is_sampled=self.is_sampled,
            supposed_same_node=self.supposed,
        )


@dataclass(frozen=True, slots=True)
class Share:
    """What one witness speaks for."""

    traffic: Intervals
    sources: Iterable[Unit]
    destinations: Iterable[Unit]
    pairs: int


class Gathering:
    """Groups by cause while witnesses come in."""

    def __init__(self, comparison: Comparison, causes: Causes, courts: tuple[Court, Court]) -> None:
        self.comparison = comparison
        self._causes = causes
        self._courts = courts
        self._found: dict[tuple[Change, str, tuple[tuple[PolicyRef, str], ...]], _Gathered] = {}

    def take(self, witnessed: Difference, share: Share, direction: Direction | None = None) -> None:
        """Ask for the cause of one difference, in one direction or the gravest of both."""
        witness = witness_of(witnessed, *self._courts)
        causes = [
            each
            for each in self._causes.of_witness(witness)
            if direction is None or each is None or each.direction is direction
        ]
        cause = _leading(causes or [None])
        if cause is not None and cause.rule.whole_cluster:
            cause = replace(cause, policies=())
        change = witnessed.block.change
        key = (change, cause.rule.id if cause else "", cause.policies if cause else ())
        gathered = self._found.get(key)
        if gathered is None:
            supposed = _supposed(witnessed)
            gathered = _Gathered(cause, witness, direction is not None, supposed)
            self._found[key] = gathered
        gathered.traffic = gathered.traffic | share.traffic
        gathered.pairs += share.pairs
        gathered.sources.update(share.sources)
        gathered.destinations.update(share.destinations)

    def impact(self) -> Impact:
        """The groups, the gravest and largest first."""
        groups = [each.finished(key[0]) for key, each in self._found.items()]
        pairs: dict[Change, int] = dict.fromkeys(Change, 0)
        for block in self.comparison.blocks:
            pairs[block.change] += self.comparison.pairs(block)
        return Impact(tuple(sorted(groups, key=_order)), pairs)


def _supposed(witnessed: Difference) -> bool | None:
    seats = (*witnessed.source_seats, *witnessed.destination_seats)
    unplaced = any(not seat.home.is_known for seat in seats if seat is not None)
    return witnessed.same_node if unplaced else None


def _leading(causes: list[Cause | None]) -> Cause | None:
    """The gravest cause; None where some part is not explained."""
    order = tuple(Severity)
    found = [each for each in causes if each is not None]
    if len(found) < len(causes):
        return None
    return min(found, key=lambda each: order.index(each.rule.severity))


def _order(group: ImpactGroup) -> tuple[object, ...]:
    severities = tuple(Severity)
    return (
        severities.index(group.severity),
        -group.pairs,
        group.rule,
        group.change.value,
        group.sources,
        group.destinations,
        group.traffic.spans,
    )
