"""Compatibility reports of a revision."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from service.usecases import report_lists, reports
from service.usecases.report_content import ReportKind
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, LOCATION, ApiBlueprint
from service.web.paging import page_answer, page_request
from service.web.routes.report_bodies import (
    FORMS,
    JUNIT,
    MARKDOWN,
    SARIF,
    XML,
    Answer,
    finding_filters,
    rendered,
    stored_answer,
    summary_body,
)
from service.web.schemas.compatibility import (
    CompatibilityReportCreateSchema,
    CompatibilityReportPageSchema,
    CompatibilityReportQuerySchema,
    CompatibilityReportSchema,
)
from service.web.schemas.report import (
    ReportCreateQuerySchema,
    ReportFindingPageSchema,
    ReportFindingQuerySchema,
)
from service.web.scope import context

_KIND = ReportKind.COMPATIBILITY
_PATH = "/v1/compatibility-reports"
_OF_REPORT = {"report": "$response.body#/id"}
_FROM_REPORT = {
    name: {"operationId": name, "parameters": _OF_REPORT}
    for name in ("getCompatibilityReport", "listCompatibilityFindings")
}

blueprint = ApiBlueprint(
    "compatibility-reports",
    __name__,
    description="Compatibility reports: what the rulebook says of an engine on a revision.",
)


@blueprint.resource(
    "/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/compatibility-reports"
)
class CompatibilityReports(MethodView):
    @blueprint.operation("listCompatibilityReports", refuses=[types.NOT_FOUND])
    @blueprint.arguments(CompatibilityReportQuerySchema, location="query")
    @blueprint.response(200, CompatibilityReportPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the compatibility reports of a revision, newest first."""
        page = page_request(query)
        found = reports.list_reports(
            context(), _KIND, cluster, revision, page, engine=query.get("engine")
        )
        return page_answer(found, map(summary_body, found.items))

    @blueprint.operation(
        "createCompatibilityReport",
        refuses=[types.NOT_FOUND, types.NOT_READY],
        links={201: _FROM_REPORT},
    )
    @blueprint.arguments(ReportCreateQuerySchema, location="query")
    @blueprint.arguments(CompatibilityReportCreateSchema)
    @blueprint.response(201, CompatibilityReportSchema, headers=[ETAG, LOCATION])
    @blueprint.also(
        200,
        CompatibilityReportSchema,
        description="Nothing was stored: a dry run, or the same report is there already.",
        headers=[ETAG, LOCATION],
    )
    def post(
        self, query: dict[str, bool], document: dict[str, Any], cluster: str, revision: str
    ) -> Answer:
        """Report on a revision under an engine; the same report is stored once."""
        dry_run = query["dry_run"]
        made, created = reports.create_report(
            context(), _KIND, cluster, revision, document, dry_run=dry_run
        )
        return stored_answer(made, _PATH, created=created, dry_run=dry_run)


@blueprint.resource(f"{_PATH}/<report:report>")
class CompatibilityReport(MethodView):
    @blueprint.operation(
        "getCompatibilityReport", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH]
    )
    @blueprint.response(200, CompatibilityReportSchema, headers=[ETAG], negotiated=True)
    @blueprint.also(
        200, {"type": "string"}, content_type=MARKDOWN, description="The report, for people."
    )
    @blueprint.also(
        200, {"type": "object"}, content_type=SARIF, description="The findings as SARIF 2.1.0."
    )
    @blueprint.also(
        200, {"type": "string"}, content_type=JUNIT, description="The rules as test cases."
    )
    @blueprint.also(
        200, {"type": "string"}, content_type=XML, description="The rules as test cases."
    )
    def get(self, report: str) -> Any:
        """Read a compatibility report, in the form that `Accept` prefers."""
        return rendered(reports.get_report(context(), _KIND, report), FORMS)


@blueprint.resource(f"{_PATH}/<report:report>/findings")
class CompatibilityFindings(MethodView):
    @blueprint.operation("listCompatibilityFindings", refuses=[types.NOT_FOUND])
    @blueprint.arguments(ReportFindingQuerySchema, location="query")
    @blueprint.response(200, ReportFindingPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], report: str) -> Any:
        """List the findings of a compatibility report, the gravest first."""
        page = page_request(query)
        filters = finding_filters(query)
        return page_answer(report_lists.list_findings(context(), _KIND, report, filters, page))
