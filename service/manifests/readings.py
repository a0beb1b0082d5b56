"""What a reader of one policy API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from service.model.finding import Severity
from service.model.policy import Policy, PolicyRef


class NoteLike(Protocol):
    """Something about one place in an object; without a severity a reason to refuse it."""

    @property
    def code(self) -> str: ...

    @property
    def detail(self) -> str: ...

    @property
    def pointer(self) -> str: ...

    @property
    def severity(self) -> Severity | None: ...


class ReadingLike(Protocol):
    """What became of one object; `value` is None where its faults leave nothing of it."""

    @property
    def ref(self) -> PolicyRef: ...

    @property
    def value(self) -> Policy | None: ...

    @property
    def normalised(self) -> Mapping[str, Any]:
        """JSON values with defaults and without what does not matter; they read back the same."""
        ...

    @property
    def notes(self) -> Sequence[NoteLike]: ...


@dataclass(frozen=True, slots=True)
class Note:
    """The plain form of `NoteLike`."""

    code: str
    detail: str
    pointer: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The plain form of `ReadingLike`."""

    ref: PolicyRef
    value: Policy | None
    normalised: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
