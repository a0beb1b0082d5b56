"""A snapshot: an inventory and a policy set, as Kubernetes reads them."""

from __future__ import annotations

from dataclasses import dataclass

from service.model.inventory import Inventory
from service.model.policy import Policy


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies of a revision, of every kind, sorted by their reference."""

    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What the cluster record tells beyond the upload; everything is optional."""

    pod_cidrs: tuple[str, ...] = ()
    """Where pod addresses come from; settles address questions about pods without one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an engine compiles."""

    inventory: Inventory
    policy_set: PolicySet = PolicySet()
    applied_before: tuple[Policy, ...] = ()
    """Earlier versions, known to have been in force, of policies that this set updates."""
    facts: ClusterFacts = ClusterFacts()
