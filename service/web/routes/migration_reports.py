"""Migration reports of a revision, and whether a cluster gets readier."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from service.analysis.compare import Change
from service.usecases import report_lists, reports
from service.usecases.difference_queries import DifferenceFilter
from service.usecases.readiness import readiness
from service.usecases.report_content import ReportKind
from service.usecases.report_worker import ImpactFilter
from service.web import bodies
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, LOCATION, ApiBlueprint
from service.web.negotiation import choose
from service.web.paging import page_answer, page_request
from service.web.parser import JSON
from service.web.routes.connectivity import chained, difference_end
from service.web.routes.report_bodies import (
    JUNIT,
    MARKDOWN,
    MIGRATION_FORMS,
    SARIF,
    SHELL,
    XML,
    Answer,
    finding_filters,
    readiness_body,
    rendered,
    stored_answer,
    summary_body,
)
from service.web.schemas.impact import (
    ImpactGroupPageSchema,
    ImpactPageSchema,
    ImpactQuerySchema,
    RemedyPageSchema,
    RemedyQuerySchema,
)
from service.web.schemas.migration import (
    MigrationReportCreateSchema,
    MigrationReportPageSchema,
    MigrationReportQuerySchema,
    MigrationReportSchema,
)
from service.web.schemas.paging import PageQuerySchema
from service.web.schemas.readiness import ClusterReadinessQuerySchema, ReadinessPageSchema
from service.web.schemas.report import (
    ReportCreateQuerySchema,
    ReportFindingPageSchema,
    ReportFindingQuerySchema,
)
from service.web.scope import context

_KIND = ReportKind.MIGRATION
_PATH = "/v1/migration-reports"
_OF_REPORT = {"report": "$response.body#/id"}
_FROM_REPORT = {
    name: {"operationId": name, "parameters": _OF_REPORT}
    for name in (
        "getMigrationReport",
        "listMigrationFindings",
        "listImpacts",
        "listImpactGroups",
        "listRemedies",
    )
}

blueprint = ApiBlueprint(
    "migration-reports",
    __name__,
    description="Migration reports: what a change of engine needs, changes and leaves behind.",
)


@blueprint.resource(
    "/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/migration-reports"
)
class MigrationReports(MethodView):
    @blueprint.operation("listMigrationReports", refuses=[types.NOT_FOUND])
    @blueprint.arguments(MigrationReportQuerySchema, location="query")
    @blueprint.response(200, MigrationReportPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the migration reports of a revision, newest first."""
        page = page_request(query)
        found = reports.list_reports(
            context(), _KIND, cluster, revision, page, engine=query.get("target")
        )
        return page_answer(found, map(summary_body, found.items))

    @blueprint.operation(
        "createMigrationReport",
        refuses=[types.NOT_FOUND, types.NOT_READY],
        links={201: _FROM_REPORT},
    )
    @blueprint.arguments(ReportCreateQuerySchema, location="query")
    @blueprint.arguments(MigrationReportCreateSchema)
    @blueprint.response(201, MigrationReportSchema, headers=[ETAG, LOCATION])
    @blueprint.also(
        200,
        MigrationReportSchema,
        description="Nothing was stored: a dry run, or the same report is there already.",
        headers=[ETAG, LOCATION],
    )
    def post(
        self, query: dict[str, bool], document: dict[str, Any], cluster: str, revision: str
    ) -> Answer:
        """Report on moving a revision to another engine; the same report is stored once."""
        dry_run = query["dry_run"]
        made, created = reports.create_report(
            context(), _KIND, cluster, revision, document, dry_run=dry_run
        )
        return stored_answer(made, _PATH, created=created, dry_run=dry_run)


@blueprint.resource(f"{_PATH}/<report:report>")
class MigrationReport(MethodView):
    @blueprint.operation(
        "getMigrationReport", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH]
    )
    @blueprint.response(200, MigrationReportSchema, headers=[ETAG], negotiated=True)
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
    @blueprint.also(
        200, {"type": "string"}, content_type=SHELL, description="The commands of the path."
    )
    def get(self, report: str) -> Any:
        """Read a migration report, in the form that `Accept` prefers."""
        return rendered(reports.get_report(context(), _KIND, report), MIGRATION_FORMS)


@blueprint.resource(f"{_PATH}/<report:report>/findings")
class MigrationFindings(MethodView):
    @blueprint.operation("listMigrationFindings", refuses=[types.NOT_FOUND])
    @blueprint.arguments(ReportFindingQuerySchema, location="query")
    @blueprint.response(200, ReportFindingPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], report: str) -> Any:
        """List the findings of a migration report, the gravest first."""
        page = page_request(query)
        filters = finding_filters(query)
        return page_answer(report_lists.list_findings(context(), _KIND, report, filters, page))


@blueprint.resource(f"{_PATH}/<report:report>/impacts")
class Impacts(MethodView):
    @blueprint.operation("listImpacts", refuses=[types.NOT_FOUND, types.CONFLICT, types.NOT_READY])
    @blueprint.arguments(ImpactQuerySchema, location="query")
    @blueprint.response(200, ImpactPageSchema, headers=[LINK], negotiated=True)
    @blueprint.also(
        200,
        {"type": "string"},
        content_type=bodies.NDJSON,
        description="Every connection that changes, each a line, without pages.",
    )
    def get(self, query: dict[str, Any], report: str) -> Any:
        """List the exact connections that a change of engine changes, each with its causes.

        They are made again from the revision. Where this version of the service no longer finds
        the impact that the report tells, the answer is 409 with the code `ImpactChanged`.
        """
        media_type = choose(JSON, bodies.NDJSON)
        page = page_request(query)
        wanted = _impact_filter(query)
        if media_type == JSON:
            return page_answer(report_lists.list_impacts(context(), report, wanted, page))
        text = report_lists.stream_impacts(context(), report, wanted)
        # The first piece is made before the answer begins, so that a fault is still a problem.
        response = Response(chained(next(text), text), content_type=media_type)
        response.headers["Vary"] = "Accept"
        return response


@blueprint.resource(f"{_PATH}/<report:report>/impacts/groups")
class ImpactGroups(MethodView):
    @blueprint.operation("listImpactGroups", refuses=[types.NOT_FOUND])
    @blueprint.arguments(PageQuerySchema, location="query")
    @blueprint.response(200, ImpactGroupPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], report: str) -> Any:
        """List what changes in groups with the same cause and the same policies."""
        return page_answer(report_lists.list_groups(context(), report, page_request(query)))


@blueprint.resource(f"{_PATH}/<report:report>/remedies")
class Remedies(MethodView):
    @blueprint.operation("listRemedies", refuses=[types.NOT_FOUND])
    @blueprint.arguments(RemedyQuerySchema, location="query")
    @blueprint.response(200, RemedyPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], report: str) -> Any:
        """List patches and objects that undo what a change of engine changes."""
        page = page_request(query)
        found = report_lists.list_remedies(context(), report, page, rule=query.get("rule"))
        return page_answer(found)


@blueprint.resource("/v1/clusters/<cluster:cluster>/readiness")
class ClusterReadiness(MethodView):
    @blueprint.operation("listReadiness", refuses=[types.NOT_FOUND])
    @blueprint.arguments(ClusterReadinessQuerySchema, location="query")
    @blueprint.response(200, ReadinessPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str) -> Any:
        """Follow a cluster's readiness for an engine over its revisions, oldest first.

        Each revision that has a migration report to the engine shows its newest one.
        """
        page = page_request(query)
        found = readiness(context(), cluster, query["target"], page)
        return page_answer(found, map(readiness_body, found.items))


def _impact_filter(query: dict[str, Any]) -> ImpactFilter:
    change = query.get("change")
    return ImpactFilter(
        DifferenceFilter(
            Change(change) if change else None,
            difference_end(query, "source_"),
            difference_end(query, "destination_"),
        ),
        query.get("rule"),
    )
