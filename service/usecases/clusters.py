"""Clusters: registered, imported from `az aks show`, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.model.cluster import ClusterRecord
from service.usecases.context import Context
from service.usecases.paging import Page, PageRequest
from service.usecases.views import ClusterView, ImportedCluster


@dataclass(frozen=True, slots=True)
class ClusterFilters:
    """Equality filters; `label_selector` is in kubectl's syntax."""

    engine: str | None = None
    location: str | None = None
    azure_resource_id: str | None = None
    label_selector: str | None = None


def list_clusters(
    context: Context, filters: ClusterFilters, page: PageRequest
) -> Page[ClusterView]:
    """All clusters by name."""
    raise NotImplementedError


def create_cluster(context: Context, name: str, record: ClusterRecord) -> ClusterView:
    """Register a cluster; a name or Azure resource id that is taken is a `Conflict`."""
    raise NotImplementedError


def import_cluster(
    context: Context,
    document: Mapping[str, Any],
    *,
    name: str | None = None,
    replace: bool = False,
) -> ImportedCluster:
    """Register a cluster from the output of `az aks show -o json`, flat or ARM-nested.

    The name defaults to the one in the record, made a slug. An existing cluster is a `Conflict`
    unless `replace`; its labels and display name are then kept.
    """
    raise NotImplementedError


def get_cluster(context: Context, name: str) -> ClusterView:
    """One cluster, or `NotFound`."""
    raise NotImplementedError


def replace_cluster(
    context: Context,
    name: str,
    record: ClusterRecord,
    *,
    if_match: str | None = None,
    if_absent: bool = False,
) -> tuple[ClusterView, bool]:
    """Put the whole record; says whether that created the cluster.

    `if_absent` only creates, `if_match` only replaces the version with that token; else
    `PreconditionFailed`.
    """
    raise NotImplementedError


def patch_cluster(
    context: Context, name: str, patch: Mapping[str, Any], *, if_match: str | None = None
) -> ClusterView:
    """Apply a JSON merge patch (RFC 7396) to the document of `cluster_json.record_document`."""
    raise NotImplementedError


def delete_cluster(
    context: Context, name: str, *, cascade: bool = False, if_match: str | None = None
) -> None:
    """Remove a cluster; one that has revisions only with `cascade`, which removes all of it."""
    raise NotImplementedError
