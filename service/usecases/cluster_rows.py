"""Cluster rows as views, and the rules that every change of one keeps."""

from __future__ import annotations

from datetime import datetime

from service.model.cluster import ClusterRecord
from service.storage import clusters as rows
from service.storage.database import Session
from service.storage.errors import Taken
from service.storage.tables import ClusterRow
from service.usecases.cluster_json import record_document, stored_record
from service.usecases.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from service.usecases.texts import SLUG
from service.usecases.views import ClusterView


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
        raise no_cluster(name)
    return row


def no_cluster(name: str) -> NotFound:
    """What to say of a cluster that is not there."""
    return NotFound("ClusterNotFound", f"there is no cluster {name[:80]!r}")


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
    name = row.name
    if record != stored_record(row.record):
        _fill(row, record)
        row.version += 1
        row.updated_at = now
    try:
        rows.save(session)
    except Taken as taken:
        raise _conflict(taken, name, record) from taken
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
