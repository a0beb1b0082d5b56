"""Prepared statements on PostgreSQL in one round trip each, a transaction included."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from service.storage.prepared import Addition, Question, Statements


class Pipelined:
    """Asks and adds over the connections of a PostgreSQL engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = cast("DefaultDialect", engine.dialect)
        self._statements = Statements(engine.dialect)

    def first(self, question: Question, values: Mapping[str, Any]) -> list[Any] | None:
        """The first row of an answer; one statement sees one state, so there is no transaction."""
        prepared = self._statements.of(question)
        with self._driver() as driver:
            driver.autocommit = True
            try:
                row = driver.execute(prepared.text, prepared.named(values)).fetchone()
            finally:
                if not driver.closed:
                    driver.autocommit = False
        return prepared.row(row)

    def add(self, additions: Iterable[Addition]) -> None:
        """Add rows in a transaction, all of them or none: begin, rows and commit go together."""
        sent = [
            (prepared.text, list(map(prepared.named, rows)))
            for prepared, rows in ((self._statements.of(each), rows) for each, rows in additions)
            if rows
        ]
        with (
            self._driver() as driver,
            driver.pipeline(),
            driver.transaction(),
            driver.cursor() as cursor,
        ):
            for text, rows in sent:
                cursor.executemany(text, rows)

    def close(self) -> None:
        """Nothing to do: the connections are the engine's."""

    @contextmanager
    def _driver(self) -> Iterator[Any]:
        pooled = self._engine.raw_connection()
        try:
            yield pooled.driver_connection
        except self._dialect.loaded_dbapi.Error as error:
            # As it is raised where SQLAlchemy executes; a connection that is lost is not used
            # again.
            lost = self._dialect.is_disconnect(error, pooled, None)
            if lost:
                pooled.invalidate(error)
            raise DBAPIError.instance(
                None,
                None,
                error,
                self._dialect.loaded_dbapi.Error,
                hide_parameters=True,
                connection_invalidated=lost,
                dialect=self._dialect,
            ) from error
        finally:
            pooled.close()


def refuse_if_closed(
    connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Let a pool replace a connection that the server has closed, for its `checkout` event.

    A server says nothing unasked but that it goes, so a connection at rest with something to read
    is not used. Asking the server itself would take a round trip with every request.
    """
    waiting = select.poll()
    waiting.register(cast("Any", connection).fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has closed the connection")
