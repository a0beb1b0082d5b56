"""Joins an inventory and a policy set to what engines compile."""

from __future__ import annotations

from collections.abc import Sequence

from service.manifests.faults import Problem
from service.manifests.upload import PolicyDocument
from service.model.inventory import Inventory
from service.model.policy import Policy
from service.model.snapshot import ClusterFacts, Snapshot


def build_snapshot(
    inventory: Inventory,
    documents: Sequence[PolicyDocument],
    facts: ClusterFacts = ClusterFacts(),
    applied_before: Sequence[Policy] = (),
) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Build a snapshot, with the namespaces that are only named added."""
    raise NotImplementedError
