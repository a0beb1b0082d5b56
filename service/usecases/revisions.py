"""Revisions: the immutable history of a cluster's policies and inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.analysis.workloads import WorkloadEndpoint
from service.manifests.reader import UploadPart
from service.usecases.context import Context
from service.usecases.paging import Page, PageRequest
from service.usecases.views import PolicyView, RevisionView


class Replace(StrEnum):
    """Which part of the cluster an upload replaces; the other is inherited from the parent."""

    ALL = "all"
    POLICIES = "policies"
    INVENTORY = "inventory"


class ManifestForm(StrEnum):
    """How stored manifests are written out."""

    YAML = "yaml"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class PolicyFilters:
    """Equality filters on policies."""

    namespace: str | None = None
    kind: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class WorkloadFilters:
    """Filters on workloads; `label_selector` is in kubectl's syntax."""

    namespace: str | None = None
    workload: str | None = None
    label_selector: str | None = None


def create_revision(
    context: Context,
    cluster: str,
    parts: Sequence[UploadPart],
    *,
    replace: Replace = Replace.ALL,
    note: str = "",
    dry_run: bool = False,
    if_match: str | None = None,
) -> tuple[RevisionView, bool]:
    """Store an upload as the next revision; says whether that made one.

    An upload that changes nothing answers the latest revision and False. `if_match` is the digest
    that the latest revision must have. A dry run stores nothing and answers False with the
    revision as it would be.
    """
    raise NotImplementedError


def list_revisions(context: Context, cluster: str, page: PageRequest) -> Page[RevisionView]:
    """The revisions of a cluster, newest first."""
    raise NotImplementedError


def get_revision(context: Context, cluster: str, selector: str) -> RevisionView:
    """One revision by number, `latest`, or `sha256:...` (the newest with that digest)."""
    raise NotImplementedError


def list_policies(
    context: Context, cluster: str, selector: str, filters: PolicyFilters, page: PageRequest
) -> Page[PolicyView]:
    """The policies of a revision by kind, namespace and name."""
    raise NotImplementedError


def list_workloads(
    context: Context, cluster: str, selector: str, filters: WorkloadFilters, page: PageRequest
) -> Page[WorkloadEndpoint]:
    """The workload endpoints of a revision by namespace and workload."""
    raise NotImplementedError


def read_manifests(
    context: Context,
    cluster: str,
    selector: str,
    form: ManifestForm = ManifestForm.YAML,
    part: Replace = Replace.ALL,
) -> tuple[RevisionView, str]:
    """The manifests of a revision: policies as uploaded, the inventory as modelled."""
    raise NotImplementedError
