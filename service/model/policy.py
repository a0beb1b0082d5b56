"""What every uploaded policy has: an identity, and the place it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class PolicyRef:
    """Identity of a policy object; `namespace` is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str
    api_version: str = "networking.k8s.io/v1"

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a document was read: its number in the upload and its first line, both from 1."""

    document: int = 1
    line: int = 1


class Policy(Protocol):
    """A policy of any API; engines ask for the concrete types that they read."""

    @property
    def ref(self) -> PolicyRef:
        """Its identity."""
        ...

    @property
    def position(self) -> Position:
        """Where it was read."""
        ...


@dataclass(frozen=True, slots=True)
class UnreadPolicy:
    """A policy of a kind that no module reads yet; every engine reports it."""

    ref: PolicyRef
    position: Position = Position()
