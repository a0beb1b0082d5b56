"""What answers depend on beside endpoints and policies: ports of nodes, and other addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals


@dataclass(frozen=True, slots=True)
class PublishedTarget:
    """A pod that a port of a node leads to, and the protocol and port that it is called on."""

    namespace: str
    pod: str
    point: int


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A protocol and port of nodes that leads to pods: a `hostPort`, or a Service's node port.

    What is `None` in `targets` leads there from every node, the rest from the node of its name.
    """

    point: int
    targets: Mapping[str | None, tuple[PublishedTarget, ...]] = field(default_factory=dict)
    service: str = ""
    """`namespace/name` of the Service; nothing for a `hostPort`."""
    families: frozenset[Family] = frozenset(Family)
    """Those in which the Service is called."""
    problem: Assumption | None = None
    """Why nobody knows where it leads."""
    missing: Assumption | None = None
    """What is open about a node from which it leads nowhere; None where that is a port as any."""

    def at(self, node: str | None) -> tuple[PublishedTarget, ...]:
        """Where it leads from a node, or may lead from one that nobody knows."""
        if node is None:
            return tuple(each for found in self.targets.values() for each in found)
        return (*self.targets.get(None, ()), *self.targets.get(node, ()))

    @property
    def differs_by_node(self) -> bool:
        """Whether it leads elsewhere from some nodes."""
        return bool(self.targets.keys() - {None}) or self.missing is not None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Ports of nodes that lead elsewhere, and addresses that are not outside the cluster.

    Those that pods and listed nodes speak with are not repeated here.
    """

    published: tuple[PublishedPort, ...] = ()
    inside: Intervals = NOTHING
    """Nobody outside has such an address: pod ranges, external addresses of nodes, other nodes."""
    services: Intervals = NOTHING
    """Whoever calls such an address calls a Service."""

    @property
    def points(self) -> Intervals:
        """The protocols and ports of all that is published."""
        return Intervals.of((each.point, each.point) for each in self.published)

    def united(self, other: Surroundings) -> Surroundings:
        """Those of one inventory, of which two may know different ranges."""
        return Surroundings(
            self.published, self.inside | other.inside, self.services | other.services
        )


NO_SURROUNDINGS = Surroundings()
