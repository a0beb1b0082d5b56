"""Statements that every request sends, compiled once and given to the driver itself.

SQLAlchemy looks up, builds and wraps for each execution, which takes several times as long as
SQLite needs to answer. The text and the conversions are the same as there: both come from the
statement and the types of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Insert, Select
from sqlalchemy.types import TypeEngine

Conversion = Callable[[Any], Any]
Question = Select[*tuple[Any, ...]]
#: Rows for one statement, as mappings from its parameters to values.
Addition = tuple[Insert, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as a driver takes it; conversions are None where a value goes as it is."""

    text: str
    sent: Sequence[tuple[str, Conversion | None]]
    received: Sequence[Conversion | None]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The values of the parameters, in the order in which the text has them."""
        return [
            values[name] if convert is None else convert(values[name])
            for name, convert in self.sent
        ]

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same by name, for drivers whose texts have names."""
        return {
            name: values[name] if convert is None else convert(values[name])
            for name, convert in self.sent
        }

    def row(self, received: Sequence[Any] | None) -> list[Any] | None:
        """A row of the answer as Python values, None where there is none."""
        if received is None:
            return None
        return [
            value if convert is None else convert(value)
            for convert, value in zip(self.received, received, strict=True)
        ]


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
