"""Revisions brought back to life: their parts, snapshots and evaluators, each made once."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from service.analysis.evaluate import Evaluator
from service.analysis.workloads import WorkloadEndpoint, list_workloads
from service.engines.registry import compile_pipeline, resolve_profile
from service.manifests.archive import decode_inventory, decode_policies
from service.manifests.faults import Problem
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import PolicyDocument
from service.model.cluster import ClusterRecord, EngineChoice
from service.model.engine import EngineProfile
from service.model.inventory import Inventory
from service.model.snapshot import ClusterFacts, Snapshot
from service.storage import contents
from service.storage.tables import RevisionRow
from service.usecases.context import Context
from service.usecases.errors import FieldError, Invalid, NotFound


class PartKeys(NamedTuple):
    """Where the two parts of a revision are stored."""

    policies: str
    inventory: str

    @classmethod
    def of(cls, row: RevisionRow) -> PartKeys:
        """The keys of a revision."""
        return cls(row.policy_set_content, row.inventory_content)


def facts_of(record: ClusterRecord) -> ClusterFacts:
    """What a cluster's record tells that its manifests don't."""
    return ClusterFacts(pod_cidrs=record.network_profile.pod_cidrs)


def load_policies(context: Context, key: str) -> tuple[PolicyDocument, ...]:
    """A stored policy set."""
    return context.caches.policies.get(key, lambda: decode_policies(_load(context, key)))


def load_inventory(context: Context, key: str) -> Inventory:
    """A stored inventory, without the namespaces that are only named."""
    return context.caches.inventories.get(key, lambda: decode_inventory(_load(context, key)))


def snapshot_of(
    context: Context, keys: PartKeys, facts: ClusterFacts
) -> tuple[Snapshot, tuple[Problem, ...]]:
    """The snapshot of a revision, and what is worth telling about it."""

    def make() -> tuple[Snapshot, tuple[Problem, ...]]:
        return build_snapshot(
            load_inventory(context, keys.inventory), load_policies(context, keys.policies), facts
        )

    return context.caches.snapshots.get((keys, facts), make)


def workloads_of(context: Context, keys: PartKeys) -> tuple[WorkloadEndpoint, ...]:
    """The workload endpoints of a revision."""
    return context.caches.workloads.get(
        keys.inventory, lambda: list_workloads(load_inventory(context, keys.inventory))
    )


def evaluator_of(
    context: Context, keys: PartKeys, facts: ClusterFacts, profile: EngineProfile
) -> Evaluator:
    """What answers flows on a revision under an engine."""

    def make() -> Evaluator:
        snapshot, _ = snapshot_of(context, keys, facts)
        return Evaluator(compile_pipeline(snapshot, profile), snapshot.inventory, facts.pod_cidrs)

    return context.caches.evaluators.get((keys, facts, str(profile)), make)


def profile_for(record: ClusterRecord, choice: EngineChoice | None) -> EngineProfile:
    """The profile that was asked for, else the cluster's; `Invalid` where there is none."""
    asked = choice or record.engine
    if asked is None:
        detail = "the cluster's engine is not known; name one"
        raise Invalid("EngineNotKnown", detail, [FieldError("/engine", detail, "Required")])
    try:
        if asked.options:
            return resolve_profile(
                asked.name, asked.version, asked.options, record.kubernetes_version
            )
        return _plain_profile(asked.name, asked.version, record.kubernetes_version)
    except ValueError as error:
        fault = FieldError("/engine", str(error), "InvalidEngine")
        raise Invalid("InvalidEngine", str(error), [fault]) from error


# Few profiles are asked for, again and again.
@lru_cache(maxsize=256)
def _plain_profile(name: str, version: str | None, kubernetes_version: str | None) -> EngineProfile:
    return resolve_profile(name, version, None, kubernetes_version)


def _load(context: Context, key: str) -> bytes:
    try:
        with context.database.read() as session:
            return contents.load(session, key)
    except LookupError as error:
        # Its cluster was deleted between finding the revision and reading it.
        raise NotFound("RevisionNotFound", "the revision has just been deleted") from error
