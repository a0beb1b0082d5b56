"""Evaluations, verdicts and histories as JSON values."""

from __future__ import annotations

from typing import Any

from service.model.verdict import Decision
from service.usecases.verdict_json import policy_body
from service.usecases.views import EvaluationView, Flip, HistoryEntry, VerdictView
from service.web.schemas.base import Timestamp
from service.web.schemas.engine import profile_body

_COUNTED = (Decision.ALLOW, Decision.DENY, Decision.UNKNOWN)


def evaluation_body(view: EvaluationView, *, with_verdicts: bool = False) -> dict[str, Any]:
    """An evaluation; its verdicts are left out of lists."""
    body = {
        "id": view.id or None,
        "cluster": view.cluster,
        "revision": view.revision,
        "engine": profile_body(view.engine),
        "flowCount": view.flow_count,
        "decisions": {each.value: view.decisions.get(each, 0) for each in _COUNTED},
        "createdAt": Timestamp.text(view.created_at),
    }
    return {**body, "verdicts": [each.body for each in view.verdicts]} if with_verdicts else body


def recorded_verdict_body(view: VerdictView) -> dict[str, Any]:
    """A verdict with where and when it was recorded."""
    return {
        "id": view.id,
        "evaluation": view.evaluation,
        "cluster": view.cluster,
        "revision": view.revision,
        "engine": profile_body(view.engine),
        "recordedAt": Timestamp.text(view.created_at),
        **view.body,
    }


def history_body(entry: HistoryEntry) -> dict[str, Any]:
    """One revision's answer to a flow, and what changed it."""
    body: dict[str, Any] = {
        "revision": entry.revision,
        "revisionDigest": entry.revision_digest,
        "revisionCreatedAt": Timestamp.text(entry.revision_created_at),
        "engine": profile_body(entry.engine),
        "recorded": entry.recorded,
        "evaluation": entry.evaluation or None,
        "recordedAt": Timestamp.text(entry.recorded_at) if entry.recorded_at else None,
        "verdict": None,
        **(entry.body or {}),
    }
    if entry.unresolved is not None:
        body["unresolved"] = {
            "side": entry.unresolved.side,
            "code": entry.unresolved.code,
            "detail": entry.unresolved.detail,
        }
    if entry.flip is not None:
        body["flip"] = _flip_body(entry.flip)
    return body


def _flip_body(flip: Flip) -> dict[str, Any]:
    return {
        "from": flip.from_decision,
        "to": flip.to_decision,
        "previousRevision": flip.previous_revision,
        "evidence": list(flip.evidence),
        "policies": [
            {"change": each.change, "policy": policy_body(each.ref)} for each in flip.policies
        ],
        "workloads": [
            {"change": each.change, "namespace": each.namespace, "workload": each.workload}
            for each in flip.workloads
        ],
    }
