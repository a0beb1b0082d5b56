"""A compatibility report as JSON values."""

from __future__ import annotations

from service.analysis.fitness import judge_fitness
from service.analysis.reports import CompatibilityReport
from service.analysis.retirements import Retirement
from service.usecases.report_content import Body, ReportContent, ReportKind
from service.usecases.report_parts import (
    answer_body,
    finding_bodies,
    missing_bodies,
    profile_body,
    severities_body,
)
from service.usecases.validator_body import validator_body


def compatibility_content(
    report: CompatibilityReport, ends: tuple[Retirement, ...], inputs: Body
) -> ReportContent:
    """Everything that a report about one engine says; `inputs` is what it was asked with."""
    judged = judge_fitness(report.answers)
    findings = finding_bodies(report.answers)
    body: Body = {
        "kind": ReportKind.COMPATIBILITY.value,
        "asOf": report.as_of.isoformat(),
        "rulebook": report.rulebook,
        "engine": profile_body(report.profile),
        "verdict": judged.fitness.value,
        "reasons": list(judged.reasons),
        "severities": severities_body(report.answers),
        "findingCount": len(findings),
        "rules": [answer_body(each) for each in report.answers],
        "missing": missing_bodies(report.missing),
        "retirements": [_retirement_body(each) for each in ends],
        **inputs,
    }
    if report.validator is not None:
        body["microsoftValidator"] = validator_body(report.validator)
    return ReportContent(body, findings)


def _retirement_body(end: Retirement) -> Body:
    return {
        "what": end.what,
        "date": end.date.isoformat(),
        "isPast": end.is_past,
        "detail": end.detail,
        "source": end.source,
        "asOf": end.as_of,
    }
