"""Rows for PostgreSQL in one round trip: begin, what is added and commit are sent together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError

from service.storage.prepared import Addition, Statements


class Pipelined:
    """Prepared statements on the connections of a PostgreSQL engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = cast("DefaultDialect", engine.dialect)
        self._statements = Statements(engine.dialect)

    def add(self, additions: Iterable[Addition]) -> None:
        """Add rows in a transaction, all of them or none."""
        sent = [
            (prepared.text, list(map(prepared.named, rows)))
            for prepared, rows in ((self._statements.of(each), rows) for each, rows in additions)
            if rows
        ]
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                with driver.pipeline(), driver.transaction(), driver.cursor() as cursor:
                    for text, rows in sent:
                        cursor.executemany(text, rows)
            except self._dialect.loaded_dbapi.Error as error:
                # As it is raised where SQLAlchemy executes; a connection that is lost is not used
                # again, nor are those that were made before it was.
                lost = self._dialect.is_disconnect(error, connection.connection, None)
                if lost:
                    connection.invalidate(error)
                raise DBAPIError.instance(
                    None,
                    None,
                    error,
                    self._dialect.loaded_dbapi.Error,
                    hide_parameters=True,
                    connection_invalidated=lost,
                    dialect=self._dialect,
                ) from error
