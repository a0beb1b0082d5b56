"""Which inventory objects are modelled, in which versions of their APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.manifests.inventory_draft import InventoryDraft
from service.manifests.source import Source
from service.manifests.stand_ins import READERS

Add = Callable[[InventoryDraft, Source], None]


@dataclass(frozen=True, slots=True)
class InventoryKind:
    """How a kind is taken up."""

    add: Add
    is_served: bool = True
    """False for an API version that Kubernetes has removed; what is read of it is the same."""


_APPS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_REMOVED = {
    "extensions/v1beta1": ("Deployment", "ReplicaSet", "DaemonSet"),
    "apps/v1beta1": ("Deployment", "StatefulSet"),
    "apps/v1beta2": _APPS,
    "batch/v1beta1": ("CronJob",),
    "batch/v2alpha1": ("CronJob",),
}

INVENTORY_KINDS: dict[tuple[str, str], InventoryKind] = {
    ("v1", "Namespace"): InventoryKind(InventoryDraft.add_namespace),
    ("v1", "Pod"): InventoryKind(InventoryDraft.add_pod),
    ("v1", "Node"): InventoryKind(InventoryDraft.add_node),
    ("v1", "Service"): InventoryKind(InventoryDraft.add_service),
    ("v1", "ServiceAccount"): InventoryKind(InventoryDraft.add_service_account),
    ("v1", "ReplicationController"): InventoryKind(InventoryDraft.add_workload),
    **{("apps/v1", kind): InventoryKind(InventoryDraft.add_workload) for kind in _APPS},
    ("batch/v1", "Job"): InventoryKind(InventoryDraft.add_workload),
    ("batch/v1", "CronJob"): InventoryKind(InventoryDraft.add_workload),
    **dict.fromkeys(READERS, InventoryKind(InventoryDraft.add_stand_in)),
    **{
        (version, kind): InventoryKind(InventoryDraft.add_workload, is_served=False)
        for version, kinds in _REMOVED.items()
        for kind in kinds
    },
}

_GROUPS = frozenset((version.rpartition("/")[0], kind) for version, kind in INVENTORY_KINDS)


def is_unknown_version(api_version: str, kind: str) -> bool:
    """Whether a kind is modelled, but not in this version of its API."""
    return (api_version.rpartition("/")[0], kind) in _GROUPS
