"""Queries on clusters."""

from __future__ import annotations

from sqlalchemy import delete, select, union
from sqlalchemy.exc import IntegrityError

from service.storage.database import Session
from service.storage.errors import Taken
from service.storage.tables import ClusterRow, ReportRow, RevisionRow

__all__ = ["content_keys", "find", "insert", "page", "remove", "save"]


def find(session: Session, name: str, *, lock: bool = False) -> ClusterRow | None:
    """A cluster by name; `lock` makes other writers wait for this transaction's end."""
    query = select(ClusterRow).where(ClusterRow.name == name)
    return session.scalar(query.with_for_update() if lock else query)


def page(
    session: Session,
    limit: int,
    *,
    after: str | None = None,
    engine: str | None = None,
    location: str | None = None,
    azure_resource_key: str | None = None,
) -> list[ClusterRow]:
    """Clusters by name, those after one name."""
    query = select(ClusterRow).order_by(ClusterRow.name).limit(limit)
    if after is not None:
        query = query.where(ClusterRow.name > after)
    if engine is not None:
        query = query.where(ClusterRow.engine == engine)
    if location is not None:
        query = query.where(ClusterRow.location == location)
    if azure_resource_key is not None:
        query = query.where(ClusterRow.azure_resource_key == azure_resource_key)
    return list(session.scalars(query))


def insert(session: Session, row: ClusterRow) -> None:
    """Add a cluster; `Taken` where its name or Azure resource id is in use."""
    session.add(row)
    save(session)


def save(session: Session) -> None:
    """Write what was changed; `Taken` as for `insert`."""
    try:
        session.flush()
    except IntegrityError as error:
        message = str(error.orig)
        for column in ("azure_resource_key", "name"):
            if f"clusters_{column}" in message or f"clusters.{column}" in message:
                raise Taken(column) from error
        raise


def content_keys(session: Session, row: ClusterRow) -> list[str]:
    """The contents that a cluster, its revisions and their reports refer to."""
    policies = select(RevisionRow.policy_set_content).where(RevisionRow.cluster_id == row.id)
    inventories = select(RevisionRow.inventory_content).where(RevisionRow.cluster_id == row.id)
    reports = (
        select(ReportRow.content)
        .join(RevisionRow, RevisionRow.id == ReportRow.revision_id)
        .where(RevisionRow.cluster_id == row.id)
    )
    keys = list(session.scalars(union(policies, inventories, reports)))
    return keys if row.source_content is None else [*keys, row.source_content]


def remove(session: Session, row: ClusterRow) -> None:
    """Delete a cluster with all its revisions, evaluations, verdicts and reports."""
    session.execute(delete(ClusterRow).where(ClusterRow.id == row.id))
