"""Clusters: registered, imported, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.engines.registry import engine_named
from service.model.cluster import ClusterRecord
from service.storage import clusters as rows
from service.storage import contents, revisions
from service.storage.database import Session
from service.storage.tables import ClusterRow
from service.usecases.cluster_import import import_cluster
from service.usecases.cluster_json import check_record, merge, read_record, stored_record
from service.usecases.cluster_rows import (
    check_name,
    check_token,
    cluster_view,
    find_row,
    insert_row,
    resource_key,
    update_row,
)
from service.usecases.context import Context
from service.usecases.errors import Conflict, FieldError, InvalidParameter, PreconditionFailed
from service.usecases.paging import Page, PageRequest, page_of, text_after
from service.usecases.texts import filter_selector, is_storable
from service.usecases.views import ClusterView

__all__ = [
    "ClusterFilters",
    "create_cluster",
    "delete_cluster",
    "get_cluster",
    "import_cluster",
    "list_clusters",
    "patch_cluster",
    "replace_cluster",
]

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
    try:
        return _put(context, name, checked, if_match, if_absent=if_absent)
    except Conflict as error:
        if error.code != "ClusterExists":
            raise
        # Somebody created it between the look and the insertion: now it is there to be seen.
        return _put(context, name, checked, if_match, if_absent=if_absent)


def _put(
    context: Context, name: str, record: ClusterRecord, if_match: str | None, *, if_absent: bool
) -> tuple[ClusterView, bool]:
    with context.database.write() as session:
        row = rows.find(session, name, lock=True)
        if row is not None:
            if if_absent:
                raise PreconditionFailed("ClusterExists", f"there is a cluster {name}")
            check_token(row, if_match)
            return update_row(session, row, record, context.clock()), False
        if if_match is not None:
            raise PreconditionFailed("ClusterNotFound", f"there is no cluster {name}")
        return cluster_view(insert_row(session, name, record, context.clock())), True


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


def _scan(session: Session, filters: ClusterFilters, after: str | None) -> Iterator[ClusterRow]:
    engine = _engine_name(filters.engine)
    texts = (filters.location, filters.azure_resource_id)
    if not all(is_storable(text) for text in texts if text is not None):
        return
    while True:
        batch = rows.page(
            session,
            _SCANNED_AT_ONCE,
            after=after,
            engine=engine,
            location=filters.location,
            azure_resource_key=resource_key(filters.azure_resource_id),
        )
        yield from batch
        if len(batch) < _SCANNED_AT_ONCE:
            return
        after = batch[-1].name


def _engine_name(text: str | None) -> str | None:
    try:
        return engine_named(text).name if text is not None else None
    except ValueError as error:
        fault = FieldError("/engine", str(error), "InvalidEngine")
        raise InvalidParameter("InvalidEngine", str(error), [fault]) from error
