"""Joins an inventory and a policy set to what engines compile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from service.manifests.faults import Problem
from service.manifests.upload import PolicyDocument
from service.model.finding import Severity
from service.model.inventory import METADATA_NAME_LABEL, Inventory, Namespace
from service.model.policy import Policy
from service.model.snapshot import ClusterFacts, PolicySet, Snapshot


def build_snapshot(
    inventory: Inventory,
    documents: Sequence[PolicyDocument],
    facts: ClusterFacts = ClusterFacts(),
    applied_before: Sequence[Policy] = (),
) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Build a snapshot, with the namespaces that are only named added and told."""
    policies = tuple(each.policy for each in sorted(documents, key=lambda each: each.ref))
    created = _created(inventory, documents)
    namespaces = sorted((*inventory.namespaces, *created), key=lambda each: each.name)
    snapshot = Snapshot(
        inventory=replace(inventory, namespaces=tuple(namespaces)) if created else inventory,
        policy_set=PolicySet(policies),
        applied_before=tuple(applied_before),
        facts=facts,
    )
    return snapshot, tuple(map(_problem, created))


def _created(inventory: Inventory, documents: Iterable[PolicyDocument]) -> list[Namespace]:
    """Namespaces that objects are in but that are not objects of the inventory."""
    named = {each.namespace for each in inventory.pods}
    named.update(each.namespace for each in inventory.services)
    named.update(each.namespace for each in inventory.service_accounts)
    named.update(each.ref.namespace for each in documents)
    named.discard("")
    named -= {each.name for each in inventory.namespaces}
    return [Namespace(name, {METADATA_NAME_LABEL: name}, synthetic=True) for name in sorted(named)]


def _problem(namespace: Namespace) -> Problem:
    detail = (
        f"the namespace {namespace.name} is only named; it is taken to exist with no label but "
        f"{METADATA_NAME_LABEL}"
    )
    return Problem("NamespaceCreated", Severity.INFO, detail)
