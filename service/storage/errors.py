"""What the database refuses, in words of our own."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

#: Raised where the database is away, locked for too long, or not migrated.
UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolExhausted)


class Taken(Exception):
    """A value that must be unique is in use; `column` says which."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} is taken")
        self.column = column
