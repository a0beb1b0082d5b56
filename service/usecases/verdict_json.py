"""Verdicts as JSON, in the shape of design.md; HTTP and the command line share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.model.assumption import Assumption
from service.model.policy import PolicyRef
from service.model.verdict import DirectionVerdict, Evidence, Verdict, VerdictGroup
from service.usecases.flow_json import flow_body


def verdict_body(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON values; `groups` is there where it stands for several connections."""
    body: dict[str, Any] = {
        "flow": flow_body(verdict.flow),
        "verdict": verdict.decision.value,
        "egress": direction_body(verdict.egress),
        "ingress": direction_body(verdict.ingress),
        "assumptions": _assumption_bodies(verdict.assumptions),
    }
    if sum(group.connections for group in verdict.groups) > 1:
        body["groups"] = [_group_body(group) for group in verdict.groups]
    return body


def policy_body(ref: PolicyRef) -> dict[str, str]:
    """The identity of a policy; `namespace` is left out for cluster-scoped kinds."""
    body = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    if not ref.namespace:
        del body["namespace"]
    return body


def direction_body(direction: DirectionVerdict) -> dict[str, Any]:
    """What one end says, with its evidence."""
    body: dict[str, Any] = {
        "decision": direction.decision.value,
        "isolated": direction.isolated,
        "isolatedBy": [policy_body(ref) for ref in direction.isolated_by],
        "evidence": [_evidence_body(each) for each in direction.evidence],
    }
    if direction.assumptions:
        body["assumptions"] = _assumption_bodies(direction.assumptions)
    return body


def _evidence_body(evidence: Evidence) -> dict[str, Any]:
    body: dict[str, Any] = {"policy": policy_body(evidence.policy)} if evidence.policy else {}
    if evidence.rule:
        body["rule"] = evidence.rule
    return {
        **body,
        "effect": evidence.effect,
        "reason": evidence.reason,
        "detail": evidence.detail,
    }


def _group_body(group: VerdictGroup) -> dict[str, Any]:
    return {
        "sources": list(group.sources),
        "destinations": list(group.destinations),
        "connections": group.connections,
        "verdict": group.decision.value,
        "egress": direction_body(group.egress),
        "ingress": direction_body(group.ingress),
        "assumptions": _assumption_bodies(group.assumptions),
    }


def _assumption_bodies(assumptions: Iterable[Assumption]) -> list[Mapping[str, str]]:
    return [{"code": each.code, "detail": each.detail} for each in assumptions]
