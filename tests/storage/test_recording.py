"""Evaluations are recorded whole, whoever else records at the same time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from service.storage import clusters, evaluations, revisions
from service.storage.database import Database
from service.storage.errors import UNAVAILABLE, Gone
from service.storage.evaluations import NewEvaluation
from tests.postgresql import Server
from tests.storage.rows import DIGEST, NOW, VERDICT_BODY, add_cluster, add_revision

VERDICT = {
    "flow_key": DIGEST,
    "source": "pod:web/a",
    "destination": "pod:web/b",
    "protocol": "TCP",
    "port": "80",
    "decision": "Deny",
    "body": VERDICT_BODY,
}
THREADS = 8
EACH = 12
GONE = 1 << 40


@pytest.fixture
def revision(database: Database) -> int:
    with database.write() as session:
        return add_revision(session, add_cluster(session)).id


def _evaluation(key: str, revision: int, **changed: Any) -> NewEvaluation:
    values: dict[str, Any] = {
        "id": key,
        "revision_id": revision,
        "engine": "cilium:1.17?policyAuditMode=on",
        "engine_name": "cilium",
        "engine_version": "1.17",
        "engine_options": {"policyAuditMode": "on"},
        "flow_count": 2,
        "decisions": {"Deny": 2},
        "created_at": NOW,
        **changed,
    }
    return NewEvaluation(**values)


def _count(database: Database, table: str) -> int:
    with database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


@pytest.mark.parametrize("verdicts", [0, 1, 3])
def test_what_is_recorded_comes_back(database: Database, revision: int, verdicts: int) -> None:
    new = _evaluation("e1", revision)
    evaluations.record(database, new, [VERDICT] * verdicts)
    with database.read() as session:
        found = evaluations.find(session, "e1")
        assert found is not None
        row, number, cluster = found
        assert (number, cluster) == (1, "payments")
        for name in NewEvaluation._fields:
            assert getattr(row, name) == getattr(new, name), name
        stored = evaluations.verdicts_of(session, row)
    assert [each.position for each in stored] == list(range(verdicts))
    for each in stored:
        assert {name: getattr(each, name) for name in VERDICT} == VERDICT
        assert list(each.body) == list(VERDICT_BODY)
        assert (each.revision_id, each.engine, each.engine_name, each.created_at) == (
            revision,
            new.engine,
            "cilium",
            NOW,
        )


def test_threads_record_at_the_same_time_and_fail_alone(database: Database, revision: int) -> None:
    """Every fourth evaluation is of a revision that is gone."""

    def record(thread: int) -> int:
        gone = 0
        for number in range(EACH):
            where = GONE if number % 4 == 3 else revision
            try:
                new = _evaluation(f"{thread}-{number}", where)
                evaluations.record(database, new, [VERDICT, VERDICT])
            except Gone:
                gone += 1
        return gone

    with ThreadPoolExecutor(THREADS) as threads:
        assert list(threads.map(record, range(THREADS))) == [EACH // 4] * THREADS
    kept = THREADS * EACH * 3 // 4
    assert _count(database, "evaluations") == kept
    assert _count(database, "verdicts") == kept * 2
    with database.read() as session:
        for thread in range(THREADS):
            found = evaluations.find(session, f"{thread}-0")
            assert found is not None
            assert len(evaluations.verdicts_of(session, found[0])) == 2


def test_a_failure_leaves_the_connection_as_it_was(database: Database, revision: int) -> None:
    single = Database(database.url, pool_size=1)
    try:
        with pytest.raises(Gone):
            evaluations.record(single, _evaluation("e1", GONE), [VERDICT])
        evaluations.record(single, _evaluation("e1", revision), [VERDICT])
        with pytest.raises(IntegrityError):
            evaluations.record(single, _evaluation("e1", revision), [VERDICT])
        with single.write() as session:
            add_cluster(session, "other")
    finally:
        single.close()
    assert _count(database, "verdicts") == 1


def test_a_cluster_deleted_meanwhile_takes_its_evaluations_along(
    database: Database, revision: int
) -> None:
    """Whichever comes first, nothing is left that belongs to nothing."""

    def record(number: int) -> None:
        try:
            evaluations.record(database, _evaluation(f"e{number}", revision), [VERDICT])
        except Gone:
            return

    def delete() -> None:
        with database.write() as session:
            row = clusters.find(session, "payments", lock=True)
            assert row is not None
            clusters.remove(session, row)

    with ThreadPoolExecutor(THREADS) as threads:
        recording = [threads.submit(record, number) for number in range(40)]
        threads.submit(delete).result(60)
        for each in recording:
            each.result(60)
    for table in ("revisions", "evaluations", "verdicts"):
        assert _count(database, table) == 0


_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def _end_all_others(database: Database) -> None:
    """End every other connection; the server takes a moment to do so after it was asked."""
    with database.read() as session:
        session.execute(text(f"SELECT pg_terminate_backend(pid) {_OTHERS}"))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # A transaction sees the connections that there were when it first looked.
        with database.read() as session:
            if not session.scalar(text(f"SELECT count(*) {_OTHERS}")):
                return
        time.sleep(0.01)
    raise AssertionError("the server did not end the connections")


def test_connections_that_the_server_closed_are_made_anew(
    postgresql: Server,
) -> None:
    with postgresql.database() as url:
        ours, other = Database(url), Database(url)
        try:
            with ours.write() as session:
                revision = add_revision(session, add_cluster(session)).id
            for key in ("e1", "e2"):
                evaluations.record(ours, _evaluation(key, revision), [VERDICT])
                assert revisions.locate(ours, "payments") is not None
                _end_all_others(other)
            assert _count(ours, "verdicts") == 2
        finally:
            ours.close()
            other.close()


def test_a_database_that_is_not_migrated_is_unavailable(tmp_path: Path) -> None:
    """The same faults as through a session, although the driver is asked itself."""
    for path in (tmp_path / "empty.sqlite3", tmp_path / "no" / "such" / "folder.sqlite3"):
        empty = Database(f"sqlite:///{path}")
        with pytest.raises(UNAVAILABLE):
            revisions.locate(empty, "payments")
        with pytest.raises(OperationalError):
            evaluations.record(empty, _evaluation("e1", 1), [VERDICT])
        empty.close()
