"""What a change of engine changes, put together by cause.

Connections that change for the same reason, through the same policies, are one group. A
connection that changes at both of its ends is in the groups of both, for both must be mended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.isolation import Isolation
from service.analysis.units import Unit
from service.analysis.unlisted_nodes import NodeChange
from service.analysis.witness import Court, Witness, witness_between
from service.model.endpoint import Endpoint
from service.model.finding import Severity
from service.model.intervals import Intervals

#: A group lists this many units of each side; the counts tell how many there are.
LISTED_UNITS = 50
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Example:
    """One connection of a group; it is decided when somebody asks for the witness."""

    ends: tuple[Endpoint, Endpoint]
    traffic: Intervals
    courts: tuple[Court, Court]
    same_node: bool | None = None
    """Whether its ends share a node; None where no node is involved, or nobody knows."""

    def witness(self) -> Witness:
        """What both engines say to it."""
        return witness_between(self.ends, self.traffic, *self.courts)


@dataclass(frozen=True, slots=True)
class Decided:
    """A connection of a group that both engines were asked about already."""

    found: Witness
    same_node: bool | None = None

    def witness(self) -> Witness:
        """What both engines say to it."""
        return self.found


@dataclass(frozen=True, slots=True, order=True)
class CalledService:
    """The Service that connections of a group go through."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ImpactGroup:
    """Connections that change for the same reason, through the same policies.

    `cause` None: nothing in the rulebook explains them.
    """

    change: Change
    cause: Cause | None
    sources: tuple[Unit, ...]
    destinations: tuple[Unit, ...]
    source_count: int
    destination_count: int
    traffic: Intervals
    pairs: int
    example: Example | Decided = field(repr=False, compare=False)
    is_sampled: bool = False
    """Whether there may be more of it than was asked."""
    isolation: Isolation | None = None
    """Of what opens because nothing is enforced any more: how deliberately it was closed."""
    service: CalledService | None = None
    """Where only calls through a Service change, and not what reaches its backends directly."""

    @cached_property
    def witness(self) -> Witness:
        """One of its connections, with what both engines say to it."""
        return self.example.witness()

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
    """Everything that a change of engine changes.

    `pairs` counts the pairs of units that have a connection which changes so, each once; `calls`
    the calls through Services that change beyond that.
    """

    groups: tuple[ImpactGroup, ...] = ()
    pairs: dict[Change, int] = field(default_factory=dict)
    calls: dict[Change, int] = field(default_factory=dict)
    with_nodes: tuple[NodeChange, ...] = ()
    """What changes between pods and nodes, where the input does not list the nodes."""

    @property
    def unexplained(self) -> tuple[ImpactGroup, ...]:
        """The groups that no rule explains; there should be none."""
        return tuple(each for each in self.groups if each.cause is None)


def order_of(group: ImpactGroup) -> tuple[object, ...]:
    """The gravest come first, then what was closed most deliberately, then the largest."""
    deliberate = group.isolation or Isolation()
    return (
        _SEVERITIES.index(group.severity),
        deliberate.order,
        -group.pairs,
        group.rule,
        group.change.value,
        group.cause.policies if group.cause else (),
        group.sources,
        group.destinations,
        group.traffic.spans,
        group.cause.why if group.cause else "",
        group.service or CalledService("", ""),
    )
