"""The graph of changes in `service/knowledge/steps.json`, and the cheapest way through it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from service.analysis.paths.plan import ClusterState
from service.knowledge import value

#: What a way costs, the gravest first: steps that are not verified, steps that AKS waits for,
#: steps without a way back, reimages, steps.
Cost = tuple[int, int, int, int, int]
FREE: Cost = (0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Edge:
    """A change with the states that it can start from."""

    id: str
    template: Mapping[str, Any]

    def fits(self, state: ClusterState) -> bool:
        """Whether a state allows it; what is not known is no obstacle, but a prerequisite."""
        for name, allowed in self.template["from"].items():
            found = state.value(name)
            if found is not None and found not in allowed:
                return False
        changes = self.template["to"]
        return any(state.value(name) != to for name, to in changes.items())

    @property
    def cost(self) -> Cost:
        """What it adds to the cost of a way."""
        return (
            int(self.template.get("unverified", False)),
            int(self.template.get("blocks", False)),
            int(self.template.get("irreversible", False)),
            int(self.template["reimages"]),
            1,
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """An edge with the states before and after it."""

    edge: Edge
    before: ClusterState
    after: ClusterState


@dataclass(frozen=True, slots=True)
class Goal:
    """What a state must be like at the end; None does not matter."""

    engine: str
    ipam: str | None = None
    auto_provisioning: bool | None = None

    def reached(self, state: ClusterState) -> bool:
        """Whether a state is one of those wanted."""
        return (
            state.engine == self.engine
            and (self.ipam is None or state.value("ipam") == self.ipam)
            and (
                self.auto_provisioning is None or state.auto_provisioning == self.auto_provisioning
            )
        )


@cache
def edges() -> tuple[Edge, ...]:
    """Every change, in the order of the file."""
    return tuple(Edge(each["id"], each) for each in value("steps", "changes"))


def cheapest(start: ClusterState, goal: Goal) -> tuple[Taken, ...] | None:
    """The cheapest way to a goal; None where there is none."""
    tie = count()
    frontier: list[tuple[Cost, int, ClusterState, tuple[Taken, ...]]] = [
        (FREE, next(tie), start, ())
    ]
    settled: set[ClusterState] = set()
    while frontier:
        cost, _, state, taken = heapq.heappop(frontier)
        if goal.reached(state):
            return taken
        if state in settled:
            continue
        settled.add(state)
        for edge, after in _next(state):
            total: Cost = tuple(map(sum, zip(cost, edge.cost, strict=True)))  # type: ignore[assignment]
            heapq.heappush(frontier, (total, next(tie), after, (*taken, Taken(edge, state, after))))
    return None


def _next(state: ClusterState) -> Iterator[tuple[Edge, ClusterState]]:
    for edge in edges():
        if edge.fits(state):
            yield edge, state.changed(edge.template["to"])
