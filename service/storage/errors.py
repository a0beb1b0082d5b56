"""What the database refuses, in words of our own."""

from __future__ import annotations


class Taken(Exception):
    """A value that must be unique is in use; `column` says which."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} is taken")
        self.column = column
