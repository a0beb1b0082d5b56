"""Revisions: the immutable history of a cluster's policies and inventory, as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.analysis.workloads import WorkloadEndpoint
from service.manifests.archive import manifest_documents
from service.manifests.upload import PolicyDocument
from service.model.inventory import Inventory
from service.storage import revisions as rows
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.paging import (
    Cursor,
    Page,
    PageRequest,
    number_after,
    page_of,
    page_of_sorted,
)
from service.usecases.selecting import Replace, find_revision, revision_view
from service.usecases.snapshots import PartKeys, load_inventory, load_policies, workloads_of
from service.usecases.texts import filter_selector
from service.usecases.uploads import create_revision
from service.usecases.views import PolicyView, RevisionView

__all__ = [
    "ManifestForm",
    "PolicyFilters",
    "Replace",
    "WorkloadFilters",
    "create_revision",
    "get_revision",
    "list_policies",
    "list_revisions",
    "list_workloads",
    "read_manifests",
]


class ManifestForm(StrEnum):
    """How stored manifests are written out, as media types."""

    YAML = "application/yaml"
    NDJSON = "application/x-ndjson"


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


def list_revisions(context: Context, cluster: str, page: PageRequest) -> Page[RevisionView]:
    """The revisions of a cluster, newest first."""
    with context.database.read() as session:
        row = find_row(session, cluster)
        found = rows.before(session, row.id, page.limit + 1, number_after(page))
    return page_of(found, page, lambda each: revision_view(cluster, each), lambda each: each.number)


def get_revision(context: Context, cluster: str, selector: str) -> RevisionView:
    """One revision by number, `latest`, or `sha256:...` (the newest with that digest)."""
    return revision_view(cluster, find_revision(context, cluster, selector)[2])


def list_policies(
    context: Context, cluster: str, selector: str, filters: PolicyFilters, page: PageRequest
) -> Page[PolicyView]:
    """The policies of a revision by kind, namespace and name."""
    row = find_revision(context, cluster, selector)[2]
    wanted = (
        each
        for each in load_policies(context, row.policy_set_content)
        if filters.kind in {None, each.ref.kind}
        and filters.namespace in {None, each.ref.namespace}
        and filters.name in {None, each.ref.name}
    )
    found = page_of_sorted(wanted, page, _policy_key)
    return Page(tuple(map(_policy_view, found.items)), found.next_cursor)


def list_workloads(
    context: Context, cluster: str, selector: str, filters: WorkloadFilters, page: PageRequest
) -> Page[WorkloadEndpoint]:
    """The workload endpoints of a revision by namespace and workload."""
    labels = filter_selector(filters.label_selector)
    row = find_revision(context, cluster, selector)[2]
    wanted = (
        each
        for each in workloads_of(context, PartKeys.of(row))
        if filters.namespace in {None, each.namespace}
        and filters.workload in {None, each.workload}
        and labels.matches(dict(each.labels))
    )
    return page_of_sorted(wanted, page, lambda each: (each.namespace, each.workload, each.variant))


def read_manifests(
    context: Context,
    cluster: str,
    selector: str,
    form: ManifestForm = ManifestForm.YAML,
    part: Replace = Replace.ALL,
) -> tuple[RevisionView, str]:
    """The manifests of a revision: policies as uploaded, the inventory as modelled."""
    row = find_revision(context, cluster, selector)[2]
    policies: tuple[PolicyDocument, ...] = ()
    inventory = Inventory()
    if part is not Replace.INVENTORY:
        policies = load_policies(context, row.policy_set_content)
    if part is not Replace.POLICIES:
        inventory = load_inventory(context, row.inventory_content)
    return revision_view(cluster, row), manifest_documents(policies, inventory, form.value)


def _policy_key(document: PolicyDocument) -> Cursor:
    ref = document.ref
    return ref.kind, ref.namespace, ref.name, ref.api_version


def _policy_view(document: PolicyDocument) -> PolicyView:
    return PolicyView(
        ref=document.ref,
        digest=document.digest,
        document=document.position.document,
        line=document.position.line,
        text=document.text,
        manifest=document.normalised,
    )
