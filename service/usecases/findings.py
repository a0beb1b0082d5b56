"""Findings: what an engine does not make of a revision's policies, or makes otherwise."""

from __future__ import annotations

from typing import Any

from service.model.cluster import EngineChoice
from service.model.finding import Finding, Severity
from service.usecases.context import Context
from service.usecases.paging import Page, PageRequest, page_of_sorted
from service.usecases.selecting import find_revision
from service.usecases.snapshots import PartKeys, evaluator_of, facts_of, profile_for
from service.usecases.verdict_json import policy_body


def list_findings(
    context: Context,
    cluster: str,
    revision: str,
    page: PageRequest,
    *,
    engine: EngineChoice | None = None,
    severity: Severity | None = None,
) -> Page[dict[str, Any]]:
    """What compiling a revision for an engine (default: the cluster's) found, in stable order."""
    _, record, row = find_revision(context, cluster, revision)
    profile = profile_for(record, engine)
    pipeline = evaluator_of(context, PartKeys.of(row), facts_of(record), profile).pipeline
    found = [
        (number, each)
        for number, each in enumerate(pipeline.findings)
        if severity is None or each.severity is severity
    ]
    chosen = page_of_sorted(found, page, lambda each: (each[0],))
    return Page(tuple(_body(each) for _, each in chosen.items), chosen.next_cursor)


def _body(finding: Finding) -> dict[str, Any]:
    body: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "detail": finding.detail,
    }
    if finding.policy is not None:
        body["policy"] = policy_body(finding.policy)
    if finding.pointer:
        body["pointer"] = finding.pointer
    return body
