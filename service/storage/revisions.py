"""Queries on revisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, select

from service.storage.database import Connection, Session
from service.storage.tables import ClusterRow, RevisionRow

__all__ = [
    "Place",
    "after",
    "before",
    "by_digest",
    "by_number",
    "insert",
    "latest",
    "locate",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A revision and its cluster, as far as an answer about flows depends on them.

    `record` is the text of the cluster's record: whoever knows this version of it has no need
    to read it.
    """

    cluster_id: int
    version: int
    updated_at: datetime
    record: str
    revision_id: int | None
    number: int
    policy_set_content: str
    inventory_content: str


def _places(*among: Any) -> Select[*tuple[Any, ...]]:
    """The revision of a cluster among some; a row without one where there is only the cluster."""
    return (
        select(
            ClusterRow.id,
            ClusterRow.version,
            ClusterRow.updated_at,
            cast(ClusterRow.record, Text),
            RevisionRow.id,
            RevisionRow.number,
            RevisionRow.policy_set_content,
            RevisionRow.inventory_content,
        )
        .outerjoin(RevisionRow, and_(RevisionRow.cluster_id == ClusterRow.id, *among))
        .where(ClusterRow.name == bindparam("cluster"))
        .order_by(RevisionRow.number.desc())
        .limit(1)
    )


# Built once: that costs as much as running them.
_LATEST = _places(RevisionRow.number == ClusterRow.last_revision)
_NUMBERED = _places(RevisionRow.number == bindparam("number"))
_WITH_DIGEST = _places(RevisionRow.digest == bindparam("digest"))


def locate(
    connection: Connection, cluster: str, *, number: int | None = None, digest: str | None = None
) -> Place | None:
    """A revision by number, the newest with a digest, or else the newest, in one question.

    None where there is no cluster of that name; no `revision_id` where it has no such revision.
    """
    if number is not None:
        found = connection.execute(_NUMBERED, {"cluster": cluster, "number": number})
    elif digest is not None:
        found = connection.execute(_WITH_DIGEST, {"cluster": cluster, "digest": digest})
    else:
        found = connection.execute(_LATEST, {"cluster": cluster})
    row = found.first()
    return None if row is None else Place(*row)


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


def insert(session: Session, row: RevisionRow) -> None:
    """Add a revision whose number was given out in this transaction."""
    session.add(row)
    session.flush()
