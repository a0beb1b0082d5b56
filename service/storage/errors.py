"""What the database refuses, in words of our own."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

#: Raised where the database is away, locked for too long, or not migrated.
UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolExhausted)


class Taken(Exception):
    """A value that must be unique is in use; `column` says which."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} is taken")
        self.column = column


class Gone(Exception):
    """A row that a new one refers to is not there any more; `row` says which."""

    def __init__(self, row: str) -> None:
        super().__init__(f"the {row} is gone")
        self.row = row


#: SQLSTATE foreign_key_violation.
_DANGLING = "23503"


def is_dangling(error: IntegrityError) -> bool:
    """Whether it says that a row refers to one that is not there."""
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return getattr(error.orig, "sqlstate", None) == _DANGLING
