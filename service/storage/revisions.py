"""Queries on revisions."""

from __future__ import annotations

from sqlalchemy import select

from service.storage.database import Session
from service.storage.tables import RevisionRow

__all__ = ["after", "before", "by_digest", "by_number", "exists", "insert", "latest"]


def latest(session: Session, cluster_id: int) -> RevisionRow | None:
    """The newest revision of a cluster."""
    found = before(session, cluster_id, 1)
    return found[0] if found else None


def by_number(session: Session, cluster_id: int, number: int) -> RevisionRow | None:
    """The revision with a number."""
    return session.scalar(
        select(RevisionRow).where(
            RevisionRow.cluster_id == cluster_id, RevisionRow.number == number
        )
    )


def by_digest(session: Session, cluster_id: int, digest: str) -> RevisionRow | None:
    """The newest revision with a digest."""
    return session.scalar(
        select(RevisionRow)
        .where(RevisionRow.cluster_id == cluster_id, RevisionRow.digest == digest)
        .order_by(RevisionRow.number.desc())
        .limit(1)
    )


def before(
    session: Session, cluster_id: int, limit: int, number: int | None = None
) -> list[RevisionRow]:
    """Revisions newest first, those before one number."""
    query = select(RevisionRow).where(RevisionRow.cluster_id == cluster_id)
    if number is not None:
        query = query.where(RevisionRow.number < number)
    return list(session.scalars(query.order_by(RevisionRow.number.desc()).limit(limit)))


def after(session: Session, cluster_id: int, limit: int, number: int = 0) -> list[RevisionRow]:
    """Revisions oldest first, those after one number."""
    query = select(RevisionRow).where(
        RevisionRow.cluster_id == cluster_id, RevisionRow.number > number
    )
    return list(session.scalars(query.order_by(RevisionRow.number).limit(limit)))


def exists(session: Session, revision_id: int) -> bool:
    """Whether a revision is still there; it then stays until this transaction ends."""
    query = select(RevisionRow.id).where(RevisionRow.id == revision_id)
    return session.scalar(query.with_for_update(read=True, key_share=True)) is not None


def insert(session: Session, row: RevisionRow) -> None:
    """Add a revision whose number was given out in this transaction."""
    session.add(row)
    session.flush()
