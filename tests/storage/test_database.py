from __future__ import annotations

import os
import pickle
import threading
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from service.storage import clusters, contents, evaluations
from service.storage.contents import Content
from service.storage.database import Database, parse_url
from service.storage.tables import ClusterRow
from tests.storage.rows import NOW, VERDICT_BODY, add_cluster, add_evaluation, add_revision


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////var/lib/x.sqlite3", "sqlite+pysqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_urls_that_are_supported(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://h/d", "postgresql+asyncpg://h/d"],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"supported|SQLite|read"):
        Database(url)


def test_a_password_is_not_shown_but_used() -> None:
    database = Database("postgresql://user:s3cret@localhost/x")
    assert "s3cret" not in repr(database)
    assert "s3cret" in database.url


def test_what_a_write_raises_undoes_it(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as session:
            add_cluster(session)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.read() as session:
        assert clusters.find(session, "payments") is None


def test_a_read_sees_one_state_throughout(database: Database) -> None:
    with database.read() as reading:
        assert clusters.page(reading, 10) == []
        with database.write() as writing:
            add_cluster(writing)
        assert clusters.page(reading, 10) == []
    with database.read() as reading:
        assert len(clusters.page(reading, 10)) == 1


def test_a_writer_that_read_first_is_not_refused(database: Database) -> None:
    """The deferred transactions that SQLite begins by itself fail here."""
    with database.write() as session:
        add_cluster(session)

    def count_up(times: int) -> None:
        for _ in range(times):
            with database.write() as session:
                row = clusters.find(session, "payments", lock=True)
                assert row is not None
                row.version += 1

    threads = [threading.Thread(target=count_up, args=(20,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with database.read() as session:
        found = clusters.find(session, "payments")
        assert found is not None
        assert found.version == 81


def test_postgresql_refuses_to_write_in_a_read(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        # SQLite has no read-only transactions; that reads don't write is seen from the code.
        return
    with pytest.raises(DBAPIError, match="read-only"), database.read() as session:
        add_cluster(session)


def test_a_pickled_database_opens_its_own_connections(database: Database) -> None:
    with database.write() as session:
        add_cluster(session)
    copy = pickle.loads(pickle.dumps(database))
    assert copy.engine is not database.engine
    with copy.read() as session:
        assert clusters.find(session, "payments") is not None
    copy.close()


def test_a_forked_process_makes_its_own_engine(database: Database) -> None:
    with database.write() as session:
        add_cluster(session)
    before = database.engine
    child = os.fork()
    if child == 0:
        # Leave without pytest's own clean-up, whatever happens.
        try:
            with database.read() as session:
                found = clusters.find(session, "payments") is not None
            os._exit(0 if found and database.engine is not before else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    with database.read() as session:
        assert clusters.find(session, "payments") is not None


def test_ping(database: Database, tmp_path: Path) -> None:
    database.ping()
    unreachable = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite3'}")
    with pytest.raises(DBAPIError):
        unreachable.ping()
    unreachable.close()


def test_values_come_back_as_they_went(database: Database) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with database.write() as session:
        source = Content.of("aks-record", b"\x00\xff")
        contents.store(session, [source])
        cluster = add_cluster(session, created_at=east, source_content=source.key)
        add_evaluation(session, add_revision(session, cluster))
    with database.read() as session:
        row = clusters.find(session, "payments")
        assert row is not None
        assert (row.created_at, row.created_at.utcoffset()) == (NOW, timedelta(0))
        assert row.source_content == source.key
        assert contents.load(session, source.key) == b"\x00\xff"
        found = evaluations.find(session, "e1")
        assert found is not None
        verdict = evaluations.verdicts_of(session, found[0])[0]
        assert verdict.body == VERDICT_BODY
        assert list(verdict.body) == list(VERDICT_BODY)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created_at", NOW.replace(tzinfo=None)),
        ("source_content", "md5:abc"),
        ("source_content", "sha256:abc"),
    ],
)
def test_values_without_meaning_are_refused(database: Database, column: str, value: Any) -> None:
    with pytest.raises(StatementError), database.write() as session:
        add_cluster(session, **{column: value})


def test_sqlite_is_strict_about_types(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(DBAPIError, match="cannot store TEXT"), database.write() as session:
        session.execute(
            text(
                "INSERT INTO clusters"
                " (name, version, last_revision, record, created_at, updated_at)"
                " VALUES ('a', 'one', 0, '{}', 0, 0)"
            )
        )
    database.close()


def test_keys_are_not_given_again(database: Database) -> None:
    with database.write() as session:
        first = add_cluster(session).id
    with database.write() as session:
        row = clusters.find(session, "payments")
        assert isinstance(row, ClusterRow)
        clusters.remove(session, row)
    with database.write() as session:
        assert add_cluster(session).id > first
