"""One object of an upload, whatever form it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from service.manifests.faults import UploadTooLarge
from service.manifests.report import Report

T = TypeVar("T")


class Source(Protocol):
    """An object with its kind known and its content not read yet.

    Reading notes what is wrong in the report and answers None where there is nothing to go on
    with.
    """

    part: str
    document: int
    api_version: str
    kind: str

    @property
    def line(self) -> int: ...

    def line_of(self, pointer: str) -> int: ...

    def read(self, struct: type[T], report: Report) -> T | None:
        """The content as a struct; equal keys are not looked for in JSON, the last one counts."""
        ...

    def content(self, report: Report) -> dict[str, Any] | None:
        """The content as plain values; of equal keys in one object the last counts and is told."""
        ...

    def text(self) -> str:
        """This object alone, as it was uploaded."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a part that holds no object that could be read."""

    part: str
    document: int = 0
    line: int = 0

    def line_of(self, pointer: str) -> int:
        return self.line


class Numbering:
    """Counts the objects of an upload from 1; there is a bound."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0

    def next(self) -> int:
        """The number of one more object."""
        self.count += 1
        if self.count > self._most:
            detail = f"the upload has more than {self._most:,} objects"
            raise UploadTooLarge("DocumentsExceeded", detail)
        return self.count
