"""Calico's tiers: one stage each, with policies in order.

Order: projectcalico/calico felix/calc/policy_sorter.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from service.model.calico import DEFAULT_TIER, NETWORK_POLICY_ORDER
from service.model.pipeline import Direction, Effect, Stage, StagePolicy
from service.model.policy import PolicyRef


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a policy stands in its tier; `tie` decides among equal orders."""

    order: float
    tie: str


@dataclass(slots=True)
class TierParts:
    """A tier as it is put together from policies of several kinds.

    Other policy APIs that Calico implements as tiers of their own join with one of these each.
    """

    name: str
    order: float
    end: Effect = Effect.DENY
    parts: dict[Direction, list[tuple[Place, StagePolicy]]] = field(
        default_factory=lambda: {each: [] for each in Direction}
    )

    def add(self, direction: Direction, place: Place, policy: StagePolicy) -> None:
        """Put a policy into its place."""
        self.parts[direction].append((place, policy))

    def stage(self, direction: Direction, gate: str = "") -> Stage | None:
        """The tier's stage; None where it has no policy in that direction."""
        found = sorted(self.parts[direction], key=lambda each: each[0])
        if not found:
            return None
        name = f"{gate}:{self.name}" if gate else self.name
        return Stage(name, tuple(policy for _, policy in found), self.end, gate)


def in_order(tiers: Iterable[TierParts]) -> list[TierParts]:
    """Tiers by order, then by name."""
    return sorted(tiers, key=lambda each: (each.order, each.name))


def place_of(
    policy: PolicyRef, kind: str, tier: str, order: float | None, *, by_name: bool
) -> Place:
    """Where a policy stands; `by_name`: versions that break ties by name first."""
    number = math.inf if order is None else order
    if by_name:
        return Place(number, f"{policy.name}/{policy.namespace}/{kind}")
    name = policy.name if policy.name.startswith(f"{tier}.") else f"{tier}.{policy.name}"
    return Place(number, f"{policy.namespace}/{name}" if policy.namespace else name)


def network_policy_place(policy: PolicyRef, *, by_name: bool) -> Place:
    """Where a Kubernetes NetworkPolicy stands in the default tier."""
    if by_name:
        return Place(
            NETWORK_POLICY_ORDER, f"{policy.name}/{policy.namespace}/KubernetesNetworkPolicy"
        )
    return Place(NETWORK_POLICY_ORDER, f"{policy.namespace}/knp.{DEFAULT_TIER}.{policy.name}")
