from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.storage import clusters, contents, evaluations, reports
from service.storage.contents import Content
from service.storage.database import Database
from service.storage.errors import Gone
from service.storage.evaluations import NewEvaluation
from service.storage.tables import Row
from tests.storage.rows import add_cluster, add_evaluation, add_report, add_revision


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as session:
        revision = add_revision(session, add_cluster(session))
        add_evaluation(session, revision)
        add_report(session, revision)
    return database


def _count(database: Database, table: str) -> int:
    with database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def _delete(database: Database, name: str) -> None:
    with database.write() as session:
        contents.lock_for_removal(session)
        row = clusters.find(session, name, lock=True)
        assert row is not None
        keys = clusters.content_keys(session, row)
        clusters.remove(session, row)
        contents.discard_unused(session, keys)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdicts SET decision = 'Allow'",
        "UPDATE verdicts SET position = position + 10",
        "UPDATE evaluations SET engine = 'none'",
        "UPDATE revisions SET note = 'rewritten'",
        "UPDATE contents SET size = 0",
        "UPDATE reports SET as_of = '2024-01-01'",
        "UPDATE reports SET revision_id = revision_id + 1",
        "DELETE FROM verdicts",
        "DELETE FROM evaluations",
        "DELETE FROM revisions",
        "DELETE FROM contents",
        "DELETE FROM reports",
    ],
)
def test_what_is_recorded_never_changes(filled: Database, statement: str) -> None:
    with pytest.raises(IntegrityError), filled.write() as session:
        session.execute(text(statement))
    assert _count(filled, "verdicts") == 2
    assert _count(filled, "reports") == 1


def test_a_verdict_row_cannot_be_changed_through_the_tables(filled: Database) -> None:
    def change() -> None:
        with filled.write() as session:
            found = evaluations.find(session, "e1")
            assert found is not None
            evaluations.verdicts_of(session, found[0])[0].decision = "Allow"

    with pytest.raises(IntegrityError):
        change()


def _again(filled: Database, **changed: Any) -> NewEvaluation:
    """The evaluation that was recorded, changed."""
    with filled.read() as session:
        found = evaluations.find(session, "e1")
    assert found is not None
    values = {name: getattr(found[0], name) for name in NewEvaluation._fields}
    return NewEvaluation(**{**values, **changed})


def test_an_evaluation_of_a_revision_that_is_gone_is_not_recorded(filled: Database) -> None:
    new = _again(filled, id="e2")
    evaluations.record(filled, new, [])
    assert _count(filled, "evaluations") == 2
    _delete(filled, "payments")
    with pytest.raises(Gone):
        evaluations.record(filled, new, [])
    assert _count(filled, "evaluations") == 0
    assert _count(filled, "verdicts") == 0


@pytest.mark.parametrize("wrong", ["same id", "no decision"])
def test_an_evaluation_is_recorded_whole_or_not_at_all(filled: Database, wrong: str) -> None:
    with filled.read() as session:
        found = evaluations.find(session, "e1")
        assert found is not None
        row = evaluations.verdicts_of(session, found[0])[0]
    names = ("flow_key", "source", "destination", "protocol", "port", "decision", "body")
    verdict = {name: getattr(row, name) for name in names}
    new = _again(filled, id="e1" if wrong == "same id" else "e2")
    if wrong == "no decision":
        verdict["decision"] = None
    with pytest.raises(IntegrityError):
        evaluations.record(filled, new, [verdict])
    assert _count(filled, "evaluations") == 1
    assert _count(filled, "verdicts") == 2


def test_deleting_the_cluster_deletes_everything_of_it(filled: Database) -> None:
    _delete(filled, "payments")
    for table in Row.metadata.tables:
        assert _count(filled, table) == 0, table


def test_contents_are_shared_and_survive_while_somebody_needs_them(filled: Database) -> None:
    with filled.write() as session:
        other = add_cluster(session, "orders")
        add_revision(session, other)
    # The policy set and the inventory of both, and the report of the first one.
    assert _count(filled, "contents") == 3
    for name, left in (("payments", 2), ("orders", 0)):
        _delete(filled, name)
        assert _count(filled, "contents") == left


def test_a_report_row_cannot_be_changed_through_the_tables(filled: Database) -> None:
    def change() -> None:
        with filled.write() as session:
            found = reports.find(session, "Migration", "r1")
            assert found is not None
            found[0].summary = {"verdict": "Blocked"}

    with pytest.raises(IntegrityError):
        change()


def test_a_content_that_two_reports_share_goes_with_the_last(filled: Database) -> None:
    with filled.write() as session:
        add_report(session, add_revision(session, add_cluster(session, "orders")), "r2")
    assert _count(filled, "contents") == 3
    _delete(filled, "payments")
    with filled.read() as session:
        found = reports.find(session, "Migration", "r2")
        assert found is not None
        assert contents.load(session, found[0].content) == b"report"
    _delete(filled, "orders")
    assert _count(filled, "contents") == 0


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
