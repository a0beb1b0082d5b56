"""Queries on reports. There is none that changes one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, undefer

from service.storage.database import Session
from service.storage.tables import ClusterRow, ReportRow, RevisionRow

__all__ = ["by_digest", "find", "insert", "lock_revision", "newest_of_revisions", "page"]

#: What reports can be filtered by, all by equality.
_FILTERS: Mapping[str, InstrumentedAttribute[str]] = {
    "engine": ReportRow.engine,
    "engine_name": ReportRow.engine_name,
}

Found = tuple[ReportRow, RevisionRow, str]
"""A report with its revision and the name of its cluster."""


def lock_revision(session: Session, revision_id: int) -> bool:
    """Make others who store a report of the revision wait; False where it is gone.

    The same report can be asked for several times at once, and only one of them is stored.
    """
    query = select(RevisionRow.id).where(RevisionRow.id == revision_id)
    return session.scalar(query.with_for_update(key_share=True)) is not None


def insert(session: Session, row: ReportRow) -> None:
    """Add a report whose content is stored, under the lock of its revision."""
    session.add(row)
    session.flush()


def by_digest(session: Session, revision_id: int, kind: str, digest: str) -> ReportRow | None:
    """The report of a revision with a digest."""
    return session.scalar(
        select(ReportRow).where(
            ReportRow.revision_id == revision_id,
            ReportRow.kind == kind,
            ReportRow.digest == digest,
        )
    )


def find(session: Session, kind: str, report: str) -> Found | None:
    """A report by its id, with what it was asked from."""
    found = session.execute(
        select(ReportRow, RevisionRow, ClusterRow.name)
        .join(RevisionRow, RevisionRow.id == ReportRow.revision_id)
        .join(ClusterRow, ClusterRow.id == RevisionRow.cluster_id)
        .where(ReportRow.kind == kind, ReportRow.id == report)
        .options(undefer(ReportRow.asked))
    ).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def page(
    session: Session,
    revision_id: int,
    kind: str,
    limit: int,
    *,
    before: int | None = None,
    filters: Mapping[str, str] = {},
) -> list[ReportRow]:
    """The reports of a revision, newest first; filtered by `engine` or `engine_name`."""
    query = select(ReportRow).where(ReportRow.revision_id == revision_id, ReportRow.kind == kind)
    if before is not None:
        query = query.where(ReportRow.sequence < before)
    query = query.where(*_wanted(filters))
    return list(session.scalars(query.order_by(ReportRow.sequence.desc()).limit(limit)))


def newest_of_revisions(
    session: Session,
    cluster_id: int,
    kind: str,
    limit: int,
    *,
    after: int = 0,
    filters: Mapping[str, str] = {},
) -> list[tuple[ReportRow, RevisionRow]]:
    """The newest report of each revision that has one, by the revisions' numbers."""
    newest = (
        select(func.max(ReportRow.sequence))
        .join(RevisionRow, RevisionRow.id == ReportRow.revision_id)
        .where(
            RevisionRow.cluster_id == cluster_id,
            RevisionRow.number > after,
            ReportRow.kind == kind,
            *_wanted(filters),
        )
        .group_by(ReportRow.revision_id)
    )
    found = session.execute(
        select(ReportRow, RevisionRow)
        .join(RevisionRow, RevisionRow.id == ReportRow.revision_id)
        .where(ReportRow.sequence.in_(newest))
        .order_by(RevisionRow.number)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in found]


def _wanted(filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    return [_FILTERS[name] == value for name, value in filters.items()]
