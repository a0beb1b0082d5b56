"""Queries on revisions."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from service.storage.database import Database, Session
from service.storage.prepared import Question
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


class Place(NamedTuple):
    """A revision and its cluster, as far as an answer about flows depends on them.

    `record` is the text of the cluster's record: whoever knows this version of it, with the text
    of the time when it was made, has no need to read it.
    """

    cluster_id: int
    version: int
    updated_at: str
    record: str
    revision_id: int | None
    number: int
    policy_set_content: str
    inventory_content: str


def _place(*of_revision: ColumnElement[bool]) -> Question:
    """A cluster with the one revision that conditions leave, or with none."""
    return (
        select(
            ClusterRow.id,
            ClusterRow.version,
            cast(ClusterRow.updated_at, Text),
            cast(ClusterRow.record, Text),
            RevisionRow.id,
            RevisionRow.number,
            RevisionRow.policy_set_content,
            RevisionRow.inventory_content,
        )
        .outerjoin(RevisionRow, and_(RevisionRow.cluster_id == ClusterRow.id, *of_revision))
        .where(ClusterRow.name == bindparam("cluster"))
    )


_OTHER = aliased(RevisionRow)
_NEWEST_WITH_DIGEST = (
    select(func.max(_OTHER.number))
    .where(_OTHER.cluster_id == ClusterRow.id, _OTHER.digest == bindparam("digest"))
    .scalar_subquery()
)
# Made once: that costs as much as asking.
_LATEST = _place(RevisionRow.number == ClusterRow.last_revision)
_NUMBERED = _place(RevisionRow.number == bindparam("number"))
_WITH_DIGEST = _place(RevisionRow.number == _NEWEST_WITH_DIGEST)


def locate(
    database: Database, cluster: str, *, number: int | None = None, digest: str | None = None
) -> Place | None:
    """A revision by number, the newest with a digest, or else the newest, in one question.

    None where there is no cluster of that name; no `revision_id` where it has no such revision.
    """
    if number is not None:
        found = database.first(_NUMBERED, {"cluster": cluster, "number": number})
    elif digest is not None:
        found = database.first(_WITH_DIGEST, {"cluster": cluster, "digest": digest})
    else:
        found = database.first(_LATEST, {"cluster": cluster})
    return None if found is None else Place(*found)


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
