"""Findings: what somebody should know about an input or about what an engine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.model.policy import PolicyRef


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    BLOCKER = "Blocker"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    INFO = "Info"


@dataclass(frozen=True, slots=True)
class Finding:
    """A stable code, where it was seen, and what it means."""

    code: str
    severity: Severity
    detail: str
    policy: PolicyRef | None = None
    pointer: str = ""
