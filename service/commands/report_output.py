"""What the commands that write reports print, and what they fail on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.commands.report_inputs import Subject
from service.model.finding import Severity
from service.usecases.map_json import compact
from service.usecases.report_content import ReportContent
from service.usecases.report_junit import render_junit
from service.usecases.report_markdown import render_markdown
from service.usecases.report_sarif import render_sarif

FORMATS = ("markdown", "json", "sarif", "junit")
SEVERITIES = tuple(each.value for each in Severity if each is not Severity.INFO)


def add_fail_on(parser: argparse.ArgumentParser, conditions: Iterable[str]) -> None:
    """The conditions that give exit status 1."""
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=(*conditions, *SEVERITIES),
        help="exit status 1 when this is so; a severity means a finding of it or a graver one that "
        "no step of the path settles; may be given more than once",
    )


def write_report(
    subject: Subject,
    report: Mapping[str, Any],
    content: ReportContent,
    form: str,
    others: Mapping[str, Callable[[Mapping[str, Any], ReportContent], str]],
) -> None:
    """Print a report; JSON has all of its lists whole, for there are no pages here."""
    match form:
        case "markdown":
            text = render_markdown(report, content)
        case "sarif":
            text = render_sarif(report, content, subject.places())
        case "junit":
            text = render_junit(report, content)
        case "json":
            text = compact(_whole(report, content)) + "\n"
        case _:
            text = others[form](report, content)
    sys.stdout.write(text)


def _whole(report: Mapping[str, Any], content: ReportContent) -> dict[str, Any]:
    whole = {**report, "findings": list(content.findings)}
    if "impact" in whole:
        whole["impact"] = {**whole["impact"], "groups": list(content.groups)}
        whole["remedies"] = list(content.remedies)
    return whole


def is_met(conditions: Iterable[str], report: Mapping[str, Any], content: ReportContent) -> bool:
    """Whether a verdict or a finding is what somebody wants to fail on."""
    return any(
        _has_finding(content, each) if each in SEVERITIES else report["verdict"] == each
        for each in conditions
    )


def _has_finding(content: ReportContent, severity: str) -> bool:
    grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return any(each["severity"] in grave and not each["settledBy"] for each in content.findings)
