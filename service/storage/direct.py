"""Prepared statements on SQLite, without what SQLAlchemy does around each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from sqlite3 import Connection as Driver
from sqlite3 import Error
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from service.storage.prepared import Addition, Question, Statements
from service.storage.turns import Turns

Result = TypeVar("Result")
_Sent = Sequence[tuple[str, Sequence[Sequence[Any]]]]


class Direct:
    """Asks and adds over connections of its own, as many as there are threads that do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = Statements(engine.dialect)
        self._adding = Turns(self._add)
        self._idle: list[tuple[PoolProxiedConnection, Driver]] = []

    def first(self, question: Question, values: Mapping[str, Any]) -> list[Any] | None:
        """The first row of an answer; one statement sees one state, so there is no transaction."""
        prepared = self._statements.of(question)
        sent = prepared.parameters(values)
        found = self._with(lambda driver: driver.execute(prepared.text, sent).fetchone())
        return prepared.row(found)

    def add(self, additions: Iterable[Addition]) -> None:
        """Add rows, all of them or none; what other threads add may share the transaction."""
        # Whatever can be done before the database is locked is done before.
        self._adding.run(
            [
                (prepared.text, list(map(prepared.parameters, rows)))
                for prepared, rows in (
                    (self._statements.of(each), rows) for each, rows in additions
                )
            ]
        )

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop()[0].close()

    def _add(self, group: Sequence[_Sent]) -> None:
        def add(driver: Driver) -> None:
            driver.execute("BEGIN IMMEDIATE")
            for text, rows in chain.from_iterable(group):
                driver.executemany(text, rows)
            driver.execute("COMMIT")

        self._with(add)

    def _with(self, do: Callable[[Driver], Result]) -> Result:
        # A pool counts, resets and asks for the age of what it gives, with every question.
        try:
            try:
                pooled, driver = self._idle.pop()
            except IndexError:
                pooled, driver = self._connected()
            try:
                done = do(driver)
            except BaseException:
                # Closing undoes what is not committed, and nobody has to know how far it went.
                pooled.close()
                raise
        except Error as error:
            # As it is raised where SQLAlchemy executes.
            raise DBAPIError.instance(None, None, error, Error, hide_parameters=True) from error
        self._idle.append((pooled, driver))
        return done

    def _connected(self) -> tuple[PoolProxiedConnection, Driver]:
        pooled = self._engine.raw_connection()
        driver = cast("Driver", pooled.driver_connection)
        pooled.detach()
        return pooled, driver
