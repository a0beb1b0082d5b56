from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.storage import clusters, contents, evaluations
from service.storage.contents import Content
from service.storage.database import Database
from service.storage.tables import Row
from tests.storage.rows import add_cluster, add_evaluation, add_revision


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as session:
        add_evaluation(session, add_revision(session, add_cluster(session)))
    return database


def _count(database: Database, table: str) -> int:
    with database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdicts SET decision = 'Allow'",
        "UPDATE verdicts SET position = position + 10",
        "UPDATE evaluations SET engine = 'none'",
        "UPDATE revisions SET note = 'rewritten'",
        "UPDATE contents SET size = 0",
        "DELETE FROM verdicts",
        "DELETE FROM evaluations",
        "DELETE FROM revisions",
        "DELETE FROM contents",
    ],
)
def test_what_is_recorded_never_changes(filled: Database, statement: str) -> None:
    with pytest.raises(IntegrityError), filled.write() as session:
        session.execute(text(statement))
    assert _count(filled, "verdicts") == 2


def test_a_verdict_row_cannot_be_changed_through_the_tables(filled: Database) -> None:
    def change() -> None:
        with filled.write() as session:
            found = evaluations.find(session, "e1")
            assert found is not None
            evaluations.verdicts_of(session, found[0])[0].decision = "Allow"

    with pytest.raises(IntegrityError):
        change()


def test_deleting_the_cluster_deletes_everything_of_it(filled: Database) -> None:
    with filled.write() as session:
        contents.lock_for_removal(session)
        row = clusters.find(session, "payments", lock=True)
        assert row is not None
        keys = clusters.content_keys(session, row)
        clusters.remove(session, row)
        contents.discard_unused(session, keys)
    for table in Row.metadata.tables:
        assert _count(filled, table) == 0, table


def test_contents_are_shared_and_survive_while_somebody_needs_them(filled: Database) -> None:
    with filled.write() as session:
        other = add_cluster(session, "orders")
        add_revision(session, other)
    assert _count(filled, "contents") == 2
    for name, left in (("payments", 2), ("orders", 0)):
        with filled.write() as session:
            contents.lock_for_removal(session)
            row = clusters.find(session, name, lock=True)
            assert row is not None
            keys = clusters.content_keys(session, row)
            clusters.remove(session, row)
            contents.discard_unused(session, keys)
        assert _count(filled, "contents") == left


def test_a_content_is_stored_once(database: Database) -> None:
    content = Content.of("inventory", b"same")
    for _ in range(2):
        with database.write() as session:
            contents.store(session, [content, content])
    assert _count(database, "contents") == 1
    with database.read() as session:
        assert contents.load(session, content.key) == b"same"
        with pytest.raises(LookupError):
            contents.load(session, "sha256:" + "00" * 32)
