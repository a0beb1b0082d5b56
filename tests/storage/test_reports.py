"""Reports as rows: found again, listed newest first, and the newest of each revision."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from service.storage import clusters, reports
from service.storage.database import Database
from service.storage.tables import ClusterRow
from tests.storage.rows import NOW, add_cluster, add_report, add_revision


@pytest.fixture
def filled(database: Database) -> Database:
    """Three revisions; the second one without a migration report, another cluster beside."""
    with database.write() as session:
        cluster = add_cluster(session)
        first, second, third = (add_revision(session, cluster) for _ in range(3))
        add_report(session, first, "a", b"a")
        add_report(session, first, "b", b"b", engine="calico:3.31", engine_name="calico")
        add_report(session, first, "c", b"c", engine="cilium:1.18")
        add_report(session, second, "d", b"d", kind="Compatibility", source=None, source_name=None)
        add_report(session, third, "e", b"e")
        add_report(session, add_revision(session, add_cluster(session, "other")), "f", b"a")
    return database


def test_a_report_is_found_with_its_revision_and_cluster(filled: Database) -> None:
    with filled.read() as session:
        found = reports.find(session, "Migration", "b")
        assert found is not None
        row, revision, cluster = found
        assert (row.id, revision.number, cluster) == ("b", 1, "payments")
        assert (row.source, row.engine, row.created_at) == ("npm", "calico:3.31", NOW)
        assert (row.asked, row.summary) == ({"record": {}}, {"verdict": "Safe"})
        # An id is of one kind only.
        assert reports.find(session, "Compatibility", "b") is None
        assert reports.find(session, "Migration", "x") is None


def test_a_report_is_known_by_its_digest(filled: Database) -> None:
    with filled.read() as session:
        found = reports.find(session, "Migration", "a")
        assert found is not None
        row = found[0]
        again = reports.by_digest(session, row.revision_id, "Migration", row.digest)
        assert again is row
        assert reports.by_digest(session, row.revision_id, "Compatibility", row.digest) is None
        assert reports.by_digest(session, row.revision_id + 1, "Migration", row.digest) is None


@pytest.mark.parametrize(
    ("kind", "filters", "expected"),
    [
        ("Migration", {}, ["c", "b", "a"]),
        ("Migration", {"engine_name": "cilium"}, ["c", "a"]),
        ("Migration", {"engine": "cilium:1.17"}, ["a"]),
        ("Compatibility", {}, []),
    ],
)
def test_reports_of_a_revision(
    filled: Database, kind: str, filters: dict[str, str], expected: list[str]
) -> None:
    with filled.read() as session:
        cluster = _payments(filled)
        found = reports.newest_of_revisions(session, cluster.id, "Migration", 1)
        revision_id = found[0][1].id
        listed = reports.page(session, revision_id, kind, 10, filters=filters)
        assert [each.id for each in listed] == expected
        for place, each in enumerate(listed):
            rest = reports.page(
                session, revision_id, kind, 1, before=each.sequence, filters=filters
            )
            assert [one.id for one in rest] == expected[place + 1 : place + 2]


@pytest.mark.parametrize(
    ("filters", "after", "limit", "expected"),
    [
        ({}, 0, 10, [(1, "c"), (3, "e")]),
        ({"engine_name": "cilium"}, 0, 10, [(1, "c"), (3, "e")]),
        ({"engine": "cilium:1.17"}, 0, 10, [(1, "a"), (3, "e")]),
        ({"engine_name": "calico"}, 0, 10, [(1, "b")]),
        ({}, 1, 10, [(3, "e")]),
        ({}, 0, 1, [(1, "c")]),
        ({}, 3, 10, []),
    ],
)
def test_the_newest_of_each_revision(
    filled: Database,
    filters: dict[str, str],
    after: int,
    limit: int,
    expected: list[tuple[int, str]],
) -> None:
    cluster = _payments(filled)
    with filled.read() as session:
        found = reports.newest_of_revisions(
            session, cluster.id, "Migration", limit, after=after, filters=filters
        )
        assert [(revision.number, row.id) for row, revision in found] == expected


def test_the_same_report_is_not_stored_twice(filled: Database) -> None:
    with filled.read() as session:
        found = reports.find(session, "Migration", "a")
        assert found is not None
    with pytest.raises(IntegrityError), filled.write() as session:
        add_report(session, found[1], "again", b"a")
    with filled.write() as session:
        add_report(session, found[1], "other-kind", b"a", kind="Compatibility")


def test_a_revision_that_is_gone_cannot_be_locked(filled: Database) -> None:
    with filled.write() as session:
        found = reports.find(session, "Migration", "a")
        assert found is not None
        assert reports.lock_revision(session, found[1].id)
        assert not reports.lock_revision(session, 1 << 40)


def _payments(database: Database) -> ClusterRow:
    with database.read() as session:
        row = clusters.find(session, "payments")
        assert row is not None
        return row
