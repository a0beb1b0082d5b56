"""Evaluations, the verdicts they recorded, and the history of a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView

from service.model.cluster import EngineChoice
from service.model.flow import Flow
from service.usecases import evaluations, history
from service.usecases.errors import FieldError, Invalid
from service.usecases.evaluations import VerdictFilters
from service.usecases.flow_json import read_flow
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, LOCATION, ApiBlueprint
from service.web.conditional import tagged
from service.web.paging import page_answer, page_request
from service.web.routes.evaluation_bodies import (
    evaluation_body,
    history_body,
    recorded_verdict_body,
)
from service.web.schemas.base import camel
from service.web.schemas.evaluation import (
    EvaluationCreateQuerySchema,
    EvaluationCreateSchema,
    EvaluationPageSchema,
    EvaluationQuerySchema,
    EvaluationSchema,
    HistoryPageSchema,
    HistoryQuerySchema,
    VerdictPageSchema,
    VerdictQuerySchema,
)
from service.web.scope import context

Answer = tuple[Any, int, Mapping[str, str]]
_FROM_EVALUATION = {
    "getEvaluation": {
        "operationId": "getEvaluation",
        "parameters": {"evaluation": "$response.body#/id"},
    }
}

blueprint = ApiBlueprint(
    "evaluations",
    __name__,
    description="Evaluations: flows asked of a revision under an engine; verdicts are recorded.",
)


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/evaluations")
class Evaluations(MethodView):
    @blueprint.operation("listEvaluations", refuses=[types.NOT_FOUND])
    @blueprint.arguments(EvaluationQuerySchema, location="query")
    @blueprint.response(200, EvaluationPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the evaluations of a revision, newest first, without their verdicts."""
        page = page_request(query)
        found = evaluations.list_evaluations(
            context(), cluster, revision, page, engine=query.get("engine")
        )
        return page_answer(found, map(evaluation_body, found.items))

    @blueprint.operation(
        "createEvaluation", refuses=[types.NOT_FOUND], links={201: _FROM_EVALUATION}
    )
    @blueprint.arguments(EvaluationCreateQuerySchema, location="query")
    @blueprint.arguments(EvaluationCreateSchema)
    @blueprint.response(201, EvaluationSchema, headers=[ETAG, LOCATION])
    @blueprint.also(200, EvaluationSchema, description="A dry run: nothing was recorded.")
    def post(
        self, query: dict[str, bool], document: Mapping[str, Any], cluster: str, revision: str
    ) -> Answer:
        """Ask flows of a revision under an engine, and record the verdicts."""
        made = evaluations.evaluate_flows(
            context(),
            cluster,
            revision,
            read_flows(document["flows"]),
            engine=engine_choice(document.get("engine")),
            dry_run=query["dry_run"],
        )
        body = evaluation_body(made, with_verdicts=True)
        if query["dry_run"]:
            return body, 200, {"Cache-Control": "no-store"}
        return body, 201, {"Location": f"/v1/evaluations/{made.id}", **_immutable(made.id)}


@blueprint.resource("/v1/evaluations/<evaluation:evaluation>")
class Evaluation(MethodView):
    @blueprint.operation("getEvaluation", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.response(200, EvaluationSchema, headers=[ETAG])
    def get(self, evaluation: str) -> Answer:
        """Read an evaluation with its verdicts, in the order of its flows."""
        found = evaluations.get_evaluation(context(), evaluation)
        return evaluation_body(found, with_verdicts=True), 200, _immutable(found.id)


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/verdicts")
class Verdicts(MethodView):
    @blueprint.operation("listVerdicts", refuses=[types.NOT_FOUND])
    @blueprint.arguments(VerdictQuerySchema, location="query")
    @blueprint.response(200, VerdictPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the recorded verdicts of a revision, newest first."""
        page = page_request(query)
        filters = VerdictFilters(decision=query.pop("verdict", None), **query)
        found = evaluations.list_verdicts(context(), cluster, revision, filters, page)
        return page_answer(found, map(recorded_verdict_body, found.items))


@blueprint.resource("/v1/clusters/<cluster:cluster>/verdicts")
class History(MethodView):
    @blueprint.operation("getVerdictHistory", refuses=[types.NOT_FOUND])
    @blueprint.arguments(HistoryQuerySchema, location="query")
    @blueprint.response(200, HistoryPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str) -> Any:
        """Follow one flow over all revisions, oldest first: when it flipped, and what flipped it.

        Recorded verdicts are shown as they were recorded; the others are made for this answer.
        """
        page = page_request(query)
        engine = query.pop("engine", None)
        found = history.flow_history(
            context(), cluster, _flow_of(query), page, engine=engine_choice(engine)
        )
        return page_answer(found, map(history_body, found.items))


def read_flows(documents: list[Any]) -> list[Flow]:
    """The flows of a request; the faults of all are told together."""
    flows: list[Flow] = []
    faults: list[FieldError] = []
    for index, document in enumerate(documents):
        try:
            flows.append(read_flow(document, f"/flows/{index}"))
        except Invalid as error:
            faults.extend(error.errors)
    if faults:
        raise Invalid("InvalidFlow", "a flow cannot be read", faults)
    return flows


def engine_choice(given: Any) -> EngineChoice | None:
    """An engine given as a text or as an object; the use case resolves it."""
    if given is None or isinstance(given, str):
        return None if given is None else EngineChoice(given)
    return EngineChoice(given["name"], given.get("version"), given.get("options", {}))


def _flow_of(query: Mapping[str, str]) -> Flow:
    """`sourcePod` and the like as one flow."""
    document: dict[str, Any] = {"source": {}, "destination": {}}
    for name, value in query.items():
        side, _, member = name.partition("_")
        if member:
            document[side][camel(member)] = value
        else:
            document[name] = value
    return read_flow(document)


def _immutable(evaluation: str) -> dict[str, str]:
    return tagged(evaluation, immutable=True)
