"""A migration report as JSON values."""

from __future__ import annotations

from service.analysis.impact import Impact
from service.analysis.reports import IsolatedWorkload, MigrationReport, OpenWindow
from service.usecases.impact_body import (
    SHOWN_GROUPS,
    group_bodies,
    impact_body,
    impact_digest,
    pairs_body,
)
from service.usecases.plan_body import plan_body
from service.usecases.report_content import Body, ReportContent, ReportKind
from service.usecases.report_parts import (
    affected_body,
    answer_body,
    finding_bodies,
    missing_bodies,
    profile_body,
    remedy_body,
    severities_body,
)

_SHOWN_REMEDIES = 20
_SHOWN_WORKLOADS = 50


def migration_content(report: MigrationReport, inputs: Body) -> ReportContent:
    """Everything that a report about a change says; `inputs` is what it was asked with."""
    findings = finding_bodies(report.answers)
    remedies = tuple(remedy_body(each) for each in report.remedies)
    impact = report.impact or Impact()
    groups = group_bodies(impact.groups, report.remedies)
    target = report.target
    body: Body = {
        "kind": ReportKind.MIGRATION.value,
        "asOf": report.as_of.isoformat(),
        "rulebook": report.rulebook,
        "source": profile_body(report.source),
        "target": profile_body(target.profile),
    }
    if target.ipam is not None:
        body["targetIpam"] = target.ipam.value
    if target.pod_cidr is not None:
        body["targetPodCidr"] = target.pod_cidr
    body |= {
        "verdict": report.judgement.opinion.value,
        "reasons": list(report.judgement.reasons),
        "settledBy": missing_bodies(report.judgement.settles),
        "severities": severities_body(report.answers),
        "findingCount": len(findings),
        "rules": [answer_body(each) for each in report.answers],
        "missing": missing_bodies(report.missing),
        "path": plan_body(report.plan),
        "impact": impact_body(impact, groups),
    }
    if report.during is not None:
        body["during"] = _during_body(report.during)
    body |= {
        "remedyCount": len(remedies),
        "remedies": list(remedies[:_SHOWN_REMEDIES]),
        "deadPolicies": report.dead_policies,
        **inputs,
    }
    return ReportContent(body, findings, groups, remedies, impact_digest(impact))


def _during_body(during: OpenWindow) -> Body:
    opened = during.impact or Impact()
    return {
        "steps": list(during.steps),
        "worst": during.worst.value,
        "pairs": pairs_body(opened),
        "isolatedCount": len(during.isolated),
        "isolated": [_isolated_body(each) for each in during.isolated[:_SHOWN_WORKLOADS]],
        "groupCount": len(opened.groups),
        "groups": list(group_bodies(opened.groups[:SHOWN_GROUPS], ())),
    }


def _isolated_body(found: IsolatedWorkload) -> Body:
    return {
        "workload": affected_body(found.workload),
        "directions": list(found.directions),
        "policies": found.policies,
        "namedBy": found.named_by,
        "closedBy": found.closed_by,
    }
