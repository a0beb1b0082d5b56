"""What can be wrong with an upload."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse an upload; document and line count from 1, 0 means unknown."""

    code: str
    detail: str
    document: int = 0
    line: int = 0
    pointer: str = ""
    """JSON pointer into the document as it was uploaded."""
    part: str = ""
    """Name of the file that the document is from, where the upload has several."""

    def __str__(self) -> str:
        place = self.part
        if self.document:
            place += f"{', ' if place else ''}document {self.document}"
        if self.line:
            place += f", line {self.line}"
        if self.pointer:
            place += f", {self.pointer}"
        return f"{place}: {self.detail} [{self.code}]" if place else f"{self.detail} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Problem:
    """Worth telling, but no reason to refuse the upload."""

    code: str
    severity: Severity
    detail: str
    document: int = 0
    line: int = 0
    pointer: str = ""
    part: str = ""


class UploadRefused(Exception):
    """The content is malformed, or the API server would not take it."""

    def __init__(self, faults: Iterable[Fault], unlisted: int = 0) -> None:
        listed = tuple(faults)
        self.count = len(listed) + unlisted
        """How many there are, listed or not."""
        self.faults = listed
        if unlisted:
            self.faults += (Fault("MoreFaults", f"{unlisted} more faults are not listed"),)
        first = str(self.faults[0]) if self.faults else "no fault given"
        more = f" and {self.count - 1} more" if self.count > 1 else ""
        super().__init__(first + more)


class UploadTooLarge(Exception):
    """A bound on size is exceeded; nothing was read."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{detail} [{code}]")


class UnsupportedContent(Exception):
    """The media type or the encoding of a part is none that is read here."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)
