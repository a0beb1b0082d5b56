"""Clusters: registered, changed and removed. For imported ones see `cluster_import`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.model.cluster import ClusterRecord
from service.model.labels import LabelSelector
from service.storage import clusters as rows
from service.storage import contents, revisions
from service.storage.database import Session
from service.storage.errors import Taken
from service.storage.tables import ClusterRow
from service.usecases.cluster_json import (
    check_record,
    merge,
    read_record,
    record_document,
    stored_record,
)
from service.usecases.context import Context
from service.usecases.errors import (
    Conflict,
    FieldError,
    Invalid,
    InvalidParameter,
    NotFound,
    PreconditionFailed,
)
from service.usecases.paging import Page, PageRequest, page_of, text_after
from service.usecases.texts import SLUG, is_storable, read_label_selector
from service.usecases.views import ClusterView

_SCANNED_AT_ONCE = 200


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
    selector = filter_selector(filters.label_selector)
    with context.database.read() as session:
        found: list[ClusterRow] = []
        for row in _scan(session, filters, text_after(page)):
            if selector.matches(stored_record(row.record).labels):
                found.append(row)
            if len(found) > page.limit:
                break
    return page_of(found, page, cluster_view, lambda row: row.name)


def create_cluster(context: Context, name: str, record: ClusterRecord) -> ClusterView:
    """Register a cluster; a name or Azure resource id that is taken is a `Conflict`."""
    check_name(name)
    checked = check_record(record)
    with context.database.write() as session:
        return cluster_view(insert_row(session, name, checked, context.clock()))


def get_cluster(context: Context, name: str) -> ClusterView:
    """One cluster, or `NotFound`."""
    with context.database.read() as session:
        return cluster_view(find_row(session, name))


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
    check_name(name)
    checked = check_record(record)
    with context.database.write() as session:
        row = rows.find(session, name, lock=True)
        if row is not None:
            if if_absent:
                raise PreconditionFailed("ClusterExists", f"there is a cluster {name}")
            check_token(row, if_match)
            return update_row(session, row, checked, context.clock()), False
        if if_match is not None:
            raise PreconditionFailed("ClusterNotFound", f"there is no cluster {name}")
        return cluster_view(insert_row(session, name, checked, context.clock())), True


def patch_cluster(
    context: Context, name: str, patch: Mapping[str, Any], *, if_match: str | None = None
) -> ClusterView:
    """Apply a JSON merge patch (RFC 7396) to the document of `cluster_json.record_document`."""
    with context.database.write() as session:
        row = find_row(session, name, lock=True)
        check_token(row, if_match)
        # A record that was imported without an engine may be changed without stating one.
        merged = read_record(merge(row.record, patch), engine_required=row.engine is not None)
        return update_row(session, row, merged, context.clock())


def delete_cluster(
    context: Context, name: str, *, cascade: bool = False, if_match: str | None = None
) -> None:
    """Remove a cluster; one that has revisions only with `cascade`, which removes all of it."""
    with context.database.write() as session:
        contents.lock_for_removal(session)
        row = find_row(session, name, lock=True)
        check_token(row, if_match)
        if not cascade and revisions.latest(session, row.id) is not None:
            detail = f"cluster {name} has revisions, which only a cascading deletion removes"
            raise Conflict("ClusterHasRevisions", detail)
        keys = rows.content_keys(session, row)
        rows.remove(session, row)
        contents.discard_unused(session, keys)


def cluster_view(row: ClusterRow) -> ClusterView:
    """The cluster of a row."""
    return ClusterView(
        name=row.name,
        record=stored_record(row.record),
        latest_revision=row.last_revision or None,
        # The id is in it because a name can be deleted and taken again.
        version_token=f"{row.id}-{row.version}",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def find_row(session: Session, name: str, *, lock: bool = False) -> ClusterRow:
    """A cluster's row, or `NotFound`."""
    row = rows.find(session, name, lock=lock) if SLUG.fullmatch(name) else None
    if row is None:
        raise NotFound("ClusterNotFound", f"there is no cluster {name[:80]!r}")
    return row


def insert_row(session: Session, name: str, record: ClusterRecord, now: datetime) -> ClusterRow:
    """A new cluster; `Conflict` where its name or Azure resource id is taken."""
    if rows.find(session, name) is not None:
        raise Conflict("ClusterExists", f"there is a cluster {name}")
    row = ClusterRow(name=name, version=1, last_revision=0, created_at=now, updated_at=now)
    _fill(row, record)
    try:
        rows.insert(session, row)
    except Taken as taken:
        raise _conflict(taken, name, record) from taken
    return row


def update_row(
    session: Session, row: ClusterRow, record: ClusterRecord, now: datetime
) -> ClusterView:
    """Write a changed record; what changes nothing keeps its version."""
    if record != stored_record(row.record):
        _fill(row, record)
        row.version += 1
        row.updated_at = now
    try:
        rows.save(session)
    except Taken as taken:
        raise _conflict(taken, row.name, record) from taken
    return cluster_view(row)


def check_name(name: str) -> None:
    """`Invalid` for a name that is no slug."""
    if not SLUG.fullmatch(name):
        detail = "must be 1 to 63 of a-z, 0-9 and -, and begin and end with a letter or digit"
        raise Invalid("InvalidName", detail, [FieldError("/name", detail, "BadValue")])


def check_token(row: ClusterRow, if_match: str | None) -> None:
    """`PreconditionFailed` where the caller has seen another version."""
    current = cluster_view(row).version_token
    if if_match is not None and if_match != current:
        raise PreconditionFailed("VersionChanged", f"cluster {row.name} has changed meanwhile")


def resource_key(resource_id: str | None) -> str | None:
    """An Azure resource id as it is compared: without regard to case."""
    return resource_id.lower() if resource_id else None


def _fill(row: ClusterRow, record: ClusterRecord) -> None:
    row.engine = record.engine.name if record.engine else None
    row.location = record.location
    row.azure_resource_key = resource_key(record.azure_resource_id)
    row.record = record_document(record)


def _conflict(taken: Taken, name: str, record: ClusterRecord) -> Conflict:
    if taken.column == "azure_resource_key":
        detail = f"{record.azure_resource_id} belongs to another cluster"
        pointer = FieldError("/azureResourceId", "belongs to another cluster", "Taken")
        return Conflict("AzureResourceIdTaken", detail, [pointer])
    return Conflict("ClusterExists", f"there is a cluster {name}")


def _scan(session: Session, filters: ClusterFilters, after: str | None) -> Iterator[ClusterRow]:
    texts = (filters.engine, filters.location, filters.azure_resource_id)
    if not all(is_storable(text) for text in texts if text is not None):
        return
    while True:
        batch = rows.page(
            session,
            _SCANNED_AT_ONCE,
            after=after,
            engine=filters.engine,
            location=filters.location,
            azure_resource_key=resource_key(filters.azure_resource_id),
        )
        yield from batch
        if len(batch) < _SCANNED_AT_ONCE:
            return
        after = batch[-1].name


def filter_selector(text: str | None) -> LabelSelector:
    """The label selector of a filter; none selects everything."""
    try:
        return read_label_selector(text or "")
    except ValueError as error:
        raise InvalidParameter("InvalidLabelSelector", str(error)) from error
