"""The rulebook, and runbooks."""

from __future__ import annotations

from datetime import UTC
from importlib.metadata import version
from typing import Any

from flask import Response
from flask.views import MethodView

from service.analysis.rulebook.rules import Area
from service.model.finding import Severity
from service.usecases import rules, runbooks
from service.usecases.errors import FieldError, InvalidParameter
from service.usecases.report_asking import read_date
from service.usecases.rules import RuleFilters
from service.usecases.runbook_text import render_runbook, render_runbook_script
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, ApiBlueprint
from service.web.conditional import tagged
from service.web.negotiation import choose
from service.web.paging import page_answer, page_request
from service.web.parser import JSON
from service.web.routes.report_bodies import MARKDOWN, SHELL
from service.web.schemas.base import camel
from service.web.schemas.paging import PageQuerySchema
from service.web.schemas.rulebook import RulePageSchema, RuleQuerySchema, RuleSchema
from service.web.schemas.runbook import RunbookPageSchema, RunbookQuerySchema, RunbookSchema
from service.web.scope import context

_RUNBOOK_FORMS = {MARKDOWN: render_runbook, SHELL: render_runbook_script}

blueprint = ApiBlueprint(
    "rulebook",
    __name__,
    description="The rulebook as data, and runbooks: plans that stand for themselves.",
)


@blueprint.resource("/v1/rules")
class Rules(MethodView):
    @blueprint.operation("listRules")
    @blueprint.arguments(RuleQuerySchema, location="query")
    @blueprint.response(200, RulePageSchema, headers=[LINK])
    def get(self, query: dict[str, Any]) -> Any:
        """List the rules that reports answer."""
        page = page_request(query)
        filters = RuleFilters(
            Area(query["area"]) if "area" in query else None,
            Severity(query["severity"]) if "severity" in query else None,
            query.get("engine"),
            query.get("from_engine"),
            query.get("to_engine"),
        )
        return page_answer(rules.list_rules(filters, page))


@blueprint.resource("/v1/rules/<rule:rule>")
class Rule(MethodView):
    @blueprint.operation("getRule", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.response(200, RuleSchema, headers=[ETAG])
    def get(self, rule: str) -> Any:
        """Read a rule."""
        return rules.get_rule(rule), 200, tagged(f"{rule}.{_book()}")


@blueprint.resource("/v1/runbooks")
class Runbooks(MethodView):
    @blueprint.operation("listRunbooks")
    @blueprint.arguments(PageQuerySchema, location="query")
    @blueprint.response(200, RunbookPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any]) -> Any:
        """List the runbooks with the values that they take."""
        return page_answer(runbooks.list_runbooks(page_request(query)))


@blueprint.resource("/v1/runbooks/<runbook:runbook>")
class Runbook(MethodView):
    @blueprint.operation("getRunbook", refuses=[types.NOT_FOUND])
    @blueprint.arguments(RunbookQuerySchema, location="query")
    @blueprint.response(200, RunbookSchema, negotiated=True)
    @blueprint.also(
        200, {"type": "string"}, content_type=MARKDOWN, description="The runbook, for people."
    )
    @blueprint.also(200, {"type": "string"}, content_type=SHELL, description="Its commands.")
    def get(self, query: dict[str, str], runbook: str) -> Any:
        """Read a runbook, its commands filled in; what is not given becomes a shell variable."""
        media_type = choose(JSON, *_RUNBOOK_FORMS)
        asked = query.pop("as_of", None)
        as_of = context().clock().astimezone(UTC).date() if asked is None else read_date(asked)
        if as_of is None:
            detail = "asOf must be a day such as 2026-11-22"
            fault = FieldError("/asOf", detail, "InvalidDate")
            raise InvalidParameter("InvalidDate", detail, [fault])
        values = {camel(name): each for name, each in query.items()}
        found = runbooks.get_runbook(runbook, values, as_of)
        if media_type == JSON:
            return found, 200, {"Vary": "Accept"}
        response = Response(_RUNBOOK_FORMS[media_type](found), content_type=media_type)
        response.headers["Vary"] = "Accept"
        return response


def _book() -> str:
    """The version of the rulebook: of the program and of the facts that it carries."""
    return f"{version('netverdict')}.{rules.rulebook_edition().removeprefix('sha256:')[:32]}"
