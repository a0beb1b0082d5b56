"""Statements that every request sends, compiled once and given to the driver itself.

SQLAlchemy looks up, builds and wraps for each execution, which takes several times as long as
SQLite needs to answer. The text and the conversions are the same as there: both come from the
statement and the types of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from sqlite3 import Connection as Driver
from sqlite3 import Error
from typing import Any, cast

from sqlalchemy import Dialect, Engine, Insert, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from service.storage.turns import Turns

Conversion = Callable[[Any], Any]
Question = Select[*tuple[Any, ...]]
#: Rows for one statement, as mappings from its parameters to values.
Addition = tuple[Insert, Sequence[Mapping[str, Any]]]
_Sent = Sequence[tuple[str, Sequence[tuple[Any, ...]]]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as a driver takes it; conversions are None where a value goes as it is."""

    text: str
    sent: Sequence[tuple[str, Conversion | None]]
    received: Sequence[Conversion | None]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the parameters, in the order in which the text has them."""
        return tuple(
            values[name] if convert is None else convert(values[name])
            for name, convert in self.sent
        )

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same by name, for drivers whose texts have names."""
        return {
            name: values[name] if convert is None else convert(values[name])
            for name, convert in self.sent
        }

    def row(self, received: Sequence[Any]) -> tuple[Any, ...]:
        """A row of the answer as Python values."""
        return tuple(
            value if convert is None else convert(value)
            for convert, value in zip(self.received, received, strict=True)
        )


def prepare(statement: Question | Insert, dialect: Dialect) -> Prepared:
    """Compile a statement whose parameters all have names."""
    compiled = statement.compile(dialect=dialect)
    read = statement.selected_columns if isinstance(statement, Select) else ()
    names = compiled.binds if compiled.positiontup is None else compiled.positiontup
    return Prepared(
        str(compiled),
        [(name, _sent(compiled.binds[name].type, dialect)) for name in names],
        [_received(each.type, dialect) for each in read],
    )


def _sent(kind: TypeEngine[Any], dialect: Dialect) -> Conversion | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _received(kind: TypeEngine[Any], dialect: Dialect) -> Conversion | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


class Statements:
    """Statements prepared for one dialect, each once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[int, tuple[object, Prepared]] = {}

    def of(self, statement: Question | Insert) -> Prepared:
        """The statement as the driver takes it."""
        # By identity: hashing a statement takes as long as looking it up in SQLAlchemy's cache.
        known = self._known.get(id(statement))
        if known is None:
            known = statement, prepare(statement, self._dialect)
            self._known[id(statement)] = known
        return known[1]


class Direct:
    """Prepared statements on the connections of a SQLite engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = Statements(engine.dialect)
        self._adding = Turns(self._add)

    def first(self, question: Question, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of an answer; one statement sees one state, so there is no transaction."""
        prepared = self._statements.of(question)
        with self._driver() as driver:
            row = driver.execute(prepared.text, prepared.parameters(values)).fetchone()
        return None if row is None else prepared.row(row)

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

    def _add(self, group: Sequence[_Sent]) -> None:
        with self._driver() as driver:
            driver.execute("BEGIN IMMEDIATE")
            try:
                for text, rows in chain.from_iterable(group):
                    driver.executemany(text, rows)
                driver.execute("COMMIT")
            except BaseException:
                driver.rollback()
                raise

    @contextmanager
    def _driver(self) -> Iterator[Driver]:
        try:
            pooled = self._engine.raw_connection()
            try:
                yield cast("Driver", pooled.driver_connection)
            finally:
                pooled.close()
        except Error as error:
            # As it is raised where SQLAlchemy executes.
            raise DBAPIError.instance(None, None, error, Error, hide_parameters=True) from error
