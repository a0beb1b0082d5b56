"""What an engine makes of a revision otherwise than its policies say."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from service.model.finding import Severity
from service.usecases import findings
from service.web import problem_types as types
from service.web.blueprint import LINK, ApiBlueprint
from service.web.paging import page_answer, page_request
from service.web.routes.evaluations import engine_choice
from service.web.schemas.finding import FindingPageSchema, FindingQuerySchema
from service.web.scope import context

blueprint = ApiBlueprint(
    "findings",
    __name__,
    description="Findings: policies that an engine does not read, or reads in its own way.",
)


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/findings")
class Findings(MethodView):
    @blueprint.operation("listFindings", refuses=[types.NOT_FOUND])
    @blueprint.arguments(FindingQuerySchema, location="query")
    @blueprint.response(200, FindingPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List what an engine does not apply of a revision, or applies in its own way."""
        page = page_request(query)
        severity = query.get("severity")
        found = findings.list_findings(
            context(),
            cluster,
            revision,
            page,
            engine=engine_choice(query.get("engine")),
            severity=Severity(severity) if severity else None,
        )
        return page_answer(found)
