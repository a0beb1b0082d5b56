"""Assumptions: what a verdict would need to know and the input does not tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Assumption:
    """A stable code and a sentence saying what is unknown and what would settle it."""

    code: str
    detail: str
