"""Collects what is found while an upload is read, with the places it was found at."""

from __future__ import annotations

from typing import Protocol

from service.manifests.faults import Fault, Problem, UploadRefused
from service.model.finding import Severity

#: More faults than these help nobody; the rest is counted.
MOST_LISTED = 1000
_LONGEST = 1000


def _shown(text: str) -> str:
    """What is told of a text: a name may be as long as the whole upload."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class Place(Protocol):
    """Where something was found: in a document, or in a part that is no document yet."""

    @property
    def part(self) -> str: ...

    @property
    def document(self) -> int: ...

    def line_of(self, pointer: str) -> int:
        """The line of what a pointer points at, in the whole part."""
        ...


class Report:
    """Faults and problems in the order they were found."""

    def __init__(self, most_listed: int = MOST_LISTED) -> None:
        self.most_listed = most_listed
        self._faults: list[Fault] = []
        self._problems: list[Problem] = []
        self._unlisted_faults = 0
        self._unlisted_problems = 0

    def fault(self, place: Place, code: str, detail: str, pointer: str = "") -> None:
        """Note a reason to refuse the upload."""
        if len(self._faults) >= self.most_listed:
            self._unlisted_faults += 1
            return
        line = place.line_of(pointer)
        self._faults.append(
            Fault(code, _shown(detail), place.document, line, _shown(pointer), place.part)
        )

    def problem(
        self, place: Place, code: str, severity: Severity, detail: str, pointer: str = ""
    ) -> None:
        """Note something that is worth telling."""
        if len(self._problems) >= self.most_listed:
            self._unlisted_problems += 1
            return
        line = place.line_of(pointer)
        self._problems.append(
            Problem(
                code, severity, _shown(detail), place.document, line, _shown(pointer), place.part
            )
        )

    def refuse_if_faulty(self) -> None:
        """Raise `UploadRefused` with every fault, if there is any."""
        if not self._faults:
            return
        raise UploadRefused(self._faults, self._unlisted_faults)

    def problems(self) -> tuple[Problem, ...]:
        """Every problem; a last one says how many are not listed."""
        if not self._unlisted_problems:
            return tuple(self._problems)
        detail = f"{self._unlisted_problems} more problems are not listed"
        return (*self._problems, Problem("MoreProblems", Severity.INFO, detail))
