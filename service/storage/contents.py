"""Contents: bytes stored once under their own digest.

A content that nobody refers to any more is removed with the last cluster that did. On PostgreSQL
that could happen between storing a content and referring to it, so writers share a lock that a
removal takes alone. Both take it before they lock any row: so they never wait for each other in
a circle. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete, exists, or_, select, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from service.storage.database import Session
from service.storage.tables import ClusterRow, ContentRow, ReportRow, RevisionRow

__all__ = [
    "Content",
    "discard_unused",
    "load",
    "lock_for_removal",
    "lock_for_storing",
    "store",
]

# "netverdc" as a number.
_LOCK = 0x6E65747665726463


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes and their key."""

    key: str
    kind: str
    body: bytes

    @classmethod
    def of(cls, kind: str, body: bytes) -> Content:
        return cls(f"sha256:{sha256(body).hexdigest()}", kind, body)


def lock_for_storing(session: Session) -> None:
    """Keep every content until this transaction ends."""
    if _on_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})


def lock_for_removal(session: Session) -> None:
    """Wait for those who store contents, and make new ones wait."""
    if _on_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def store(session: Session, contents: Iterable[Content]) -> None:
    """Store what is not there yet; the caller holds the lock for storing."""
    insert = insert_postgresql if _on_postgresql(session) else insert_sqlite
    # In one order for all writers, so that two never wait for each other.
    for content in sorted(contents, key=lambda each: each.key):
        if not session.scalar(select(exists().where(ContentRow.key == content.key))):
            session.execute(
                insert(ContentRow)
                .values(
                    key=content.key, kind=content.kind, size=len(content.body), body=content.body
                )
                .on_conflict_do_nothing()
            )


def load(session: Session, key: str) -> bytes:
    """The bytes of a content that a row refers to."""
    body = session.scalar(select(ContentRow.body).where(ContentRow.key == key))
    if body is None:
        raise LookupError(f"content {key} is missing")
    return body


def discard_unused(session: Session, keys: Iterable[str]) -> None:
    """Remove those contents that no row refers to; the caller holds the lock for removal."""
    for key in sorted(set(keys)):
        session.execute(
            delete(ContentRow).where(
                ContentRow.key == key,
                ~exists().where(
                    or_(
                        RevisionRow.policy_set_content == ContentRow.key,
                        RevisionRow.inventory_content == ContentRow.key,
                    )
                ),
                ~exists().where(ClusterRow.source_content == ContentRow.key),
                ~exists().where(ReportRow.content == ContentRow.key),
            )
        )


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
