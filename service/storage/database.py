"""The database: one SQLAlchemy engine per process, sessions that know whether they write.

An engine must not cross a fork, so it is made when a process first asks for a session.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from service.storage.columns import json_text
from service.storage.direct import Direct
from service.storage.pipelined import Pipelined, refuse_if_closed
from service.storage.prepared import Addition, Question

__all__ = ["Database", "Session", "connect", "parse_url"]

LOCK_WAIT_SECONDS = 30

# The order matters: whoever switches to WAL first makes the others wait.
_PRAGMAS = (
    f"busy_timeout={LOCK_WAIT_SECONDS * 1000}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
)

_making = threading.Lock()
_inherited: list[_Opened] = []


def _renew_lock() -> None:
    global _making  # noqa: PLW0603 - a lock that was held during the fork would stay held
    _making = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


@dataclass(frozen=True, slots=True)
class _Opened:
    pid: int
    engine: Engine
    reading: sessionmaker[Session]
    writing: sessionmaker[Session]
    driver: Direct | Pipelined
    """A way that costs less, for what every request asks and adds."""


class Database:
    """Sessions on one database; safe to share between threads, to fork with and to pickle."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = parse_url(url).render_as_string(hide_password=False)
        self.pool_size = pool_size
        self._opened: _Opened | None = None

    def __repr__(self) -> str:
        return f"Database({make_url(self.url)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.url, self.pool_size)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database throughout and changes nothing."""
        with self._open().reading() as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at its end; any exception undoes all of it."""
        with self._open().writing() as session, session.begin():
            yield session

    def first(self, question: Question, values: Mapping[str, Any]) -> list[Any] | None:
        """The first row that answers one question, without a session and a transaction.

        For what is asked in every request: one statement sees one state of the database anyway.
        """
        return self._open().driver.first(question, values)

    def add(self, additions: Sequence[Addition]) -> None:
        """Add rows that no session needs to know, all of them or none; they are there then."""
        self._open().driver.add(additions)

    @property
    def engine(self) -> Engine:
        """This process's engine."""
        return self._open().engine

    def ping(self) -> None:
        """Ask the database for anything; raises what the driver raises."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close this process's connections; the next session opens new ones."""
        opened, self._opened = self._opened, None
        if opened is not None and opened.pid == os.getpid():
            opened.driver.close()
            opened.engine.dispose()

    def _open(self) -> _Opened:
        opened = self._opened
        if opened is not None and opened.pid == os.getpid():
            return opened
        with _making:
            opened = self._opened
            if opened is None or opened.pid != os.getpid():
                if opened is not None:
                    # These connections belong to the parent process: neither use nor close them.
                    _inherited.append(opened)
                opened = self._opened = _opened(connect(self.url, pool_size=self.pool_size))
            return opened


def _restore(url: str, pool_size: int) -> Database:
    return Database(url, pool_size=pool_size)


def _opened(engine: Engine) -> _Opened:
    reading: dict[str, Any] = {}
    is_sqlite = engine.dialect.name == "sqlite"
    if not is_sqlite:
        reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return _Opened(
        os.getpid(),
        engine,
        sessionmaker(engine, execution_options=reading, expire_on_commit=False),
        sessionmaker(engine, execution_options={"write": True}, expire_on_commit=False),
        Direct(engine) if is_sqlite else Pipelined(engine),
    )


def parse_url(url: str) -> URL:
    """The URL with its driver; `ValueError` for a database that is not supported."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("the database URL cannot be read") from error
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if parsed.database in {None, "", ":memory:"}:
                raise ValueError("SQLite needs a file: a database in memory is lost on restart")
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgres" | "postgresql" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise ValueError(f"{other} is not supported: use sqlite:///FILE or postgresql://...")


def connect(url: str, *, pool_size: int = 8, foreign_keys: bool = True) -> Engine:
    """A new engine with the settings that the tables rely on.

    Migrations switch SQLite's foreign keys off, for rebuilding a table there must not cascade.
    """
    parsed = parse_url(url)
    if parsed.drivername.startswith("postgresql"):
        served = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            hide_parameters=True,
            json_serializer=json_text,
            connect_args={
                "application_name": "netverdict",
                "connect_timeout": 10,
                "options": f"-c lock_timeout={LOCK_WAIT_SECONDS}s",
            },
        )
        event.listen(served, "checkout", refuse_if_closed)
        return served
    engine = create_engine(
        parsed, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True
    )
    pragmas = (*_PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}")

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # We say BEGIN ourselves; the driver would say it too late and without IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later fails at once when another one has written
    # in between; IMMEDIATE waits for its turn instead.
    writes = connection.get_execution_options().get("write")
    # The driver's own connection: this is no statement for SQLAlchemy to look into.
    connection.connection.driver_connection.execute(
        "BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED"
    )
