"""Verdicts: the answer about one connection, with its evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from service.model.assumption import Assumption
from service.model.flow import Flow
from service.model.policy import PolicyRef


class Decision(StrEnum):
    """Allow and Deny hold whatever the assumptions; Unknown depends on one of them."""

    ALLOW = "Allow"
    DENY = "Deny"
    UNKNOWN = "Unknown"
    NOT_APPLICABLE = "NotApplicable"
    """Of one direction only: nothing polices that end."""


class Evidence(NamedTuple):
    """A rule and what it did: an effect, or `NoMatch` with the one condition that failed."""

    effect: str
    reason: str
    detail: str = ""
    policy: PolicyRef | None = None
    rule: str = ""
    """JSON pointer into the uploaded document."""


class DirectionVerdict(NamedTuple):
    """What one end of the connection says."""

    decision: Decision
    isolated: bool = False
    isolated_by: tuple[PolicyRef, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


class VerdictGroup(NamedTuple):
    """Concrete endpoints of one flow that share an answer."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    decision: Decision
    egress: DirectionVerdict
    ingress: DirectionVerdict
    assumptions: tuple[Assumption, ...] = ()
    connections: int = 1
    """How many concrete connections the group stands for."""


class Verdict(NamedTuple):
    """The answer to one flow.

    `egress` and `ingress` are those of the first group; where several groups differ the verdict
    is Unknown unless all share the decision, and `groups` lists each.
    """

    flow: Flow
    decision: Decision
    egress: DirectionVerdict
    ingress: DirectionVerdict
    assumptions: tuple[Assumption, ...] = ()
    groups: tuple[VerdictGroup, ...] = ()
