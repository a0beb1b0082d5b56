"""Reports as JSON values and in the other forms in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from flask import Response

from service.model.finding import Severity
from service.usecases.readiness import ReadinessEntry
from service.usecases.report_content import ReportContent
from service.usecases.report_junit import render_junit
from service.usecases.report_lists import FindingFilters
from service.usecases.report_markdown import render_markdown
from service.usecases.report_sarif import render_sarif
from service.usecases.report_script import render_script
from service.usecases.report_views import ReportName, ReportSummary, ReportView
from service.web.conditional import tagged
from service.web.negotiation import choose
from service.web.parser import JSON
from service.web.schemas.base import Timestamp

Body = dict[str, Any]
Answer = tuple[Any, int, Mapping[str, str]]
Renderer = Callable[[Body, ReportContent], str]

MARKDOWN = "text/markdown"
SARIF = "application/sarif+json"
JUNIT = "application/junit+xml"
#: What some tools ask for that read JUnit's files.
XML = "application/xml"
SHELL = "text/x-shellscript"

FORMS: Mapping[str, Renderer] = {
    MARKDOWN: render_markdown,
    SARIF: render_sarif,
    JUNIT: render_junit,
    XML: render_junit,
}
#: A change has commands besides.
MIGRATION_FORMS: Mapping[str, Renderer] = {**FORMS, SHELL: render_script}


def report_body(view: ReportView) -> Body:
    """A whole report."""
    return {**_name_body(view.name), **view.content.body, "record": view.record}


def summary_body(report: ReportSummary) -> Body:
    """A report in a list."""
    shown = {name: each for name, each in report.summary.items() if name != "hits"}
    return {**_name_body(report.name), **shown}


def readiness_body(entry: ReadinessEntry) -> Body:
    """The report of a revision with what is new against the one before."""
    name, summary = entry.report.name, entry.report.summary
    shown = ("source", "target", "asOf", "rulebook", "verdict", "severities", "pairs")
    return {
        "revision": name.revision,
        "revisionDigest": name.revision_digest,
        "report": name.id,
        "createdAt": Timestamp.text(name.created_at),
        **{each: summary[each] for each in shown},
        "change": entry.trend.value if entry.trend else None,
        "changes": entry.changes,
    }


def stored_answer(view: ReportView, path: str, *, created: bool, dry_run: bool) -> Answer:
    """What a request that makes a report is answered."""
    body = report_body(view)
    if dry_run:
        return body, 200, {"Cache-Control": "no-store"}
    headers = {"Location": f"{path}/{view.name.id}", **tagged(view.name.digest, immutable=True)}
    return body, 201 if created else 200, headers


def rendered(view: ReportView, forms: Mapping[str, Renderer]) -> Any:
    """A report in the form that `Accept` prefers."""
    media_type = choose(JSON, *forms)
    digest, body = view.name.digest, report_body(view)
    if media_type == JSON:
        return body, 200, {"Vary": "Accept", **tagged(digest, immutable=True)}
    response = Response(forms[media_type](body, view.content), content_type=media_type)
    # The report never changes; how a later version of the service words it may.
    tag = f"{digest}.{media_type.rpartition('/')[2]}.{version('netverdict')}"
    response.headers.update({"Vary": "Accept", **tagged(tag)})
    return response


def _name_body(name: ReportName) -> Body:
    return {
        "id": name.id or None,
        "kind": name.kind,
        "cluster": name.cluster,
        "revision": name.revision,
        "revisionDigest": name.revision_digest,
        "digest": name.digest,
        "createdAt": Timestamp.text(name.created_at),
    }


def finding_filters(query: Mapping[str, str]) -> FindingFilters:
    """Which findings a query asks for."""
    severity = query.get("severity")
    return FindingFilters(Severity(severity) if severity else None, query.get("rule"))
