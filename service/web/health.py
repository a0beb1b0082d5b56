"""Liveness, readiness, metrics, the OpenAPI document and the kinds of problem: all outside /v1."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import msgspec
from flask import Response, current_app
from flask.views import MethodView

from service.telemetry import metrics
from service.web import problem_types as types
from service.web.api import ProblemApi, document, document_text
from service.web.blueprint import ETAG, IF_NONE_MATCH, ApiBlueprint
from service.web.bodies import JSON, YAML
from service.web.conditional import tagged
from service.web.problems import RequestProblem
from service.web.schemas.problem import ProblemTypeListSchema, ProblemTypeSchema
from service.web.schemas.service import HealthSchema, ReadinessQuerySchema, ReadinessSchema
from service.web.scope import scope

blueprint = ApiBlueprint(
    "service", __name__, description="Health, metrics and the description of this API."
)


@blueprint.resource("/livez")
class Liveness(MethodView):
    @blueprint.operation("getLiveness")
    @blueprint.response(200, HealthSchema)
    def get(self) -> dict[str, str]:
        """Tell whether the process answers.

        Nothing else is looked at, so a database that is away does not get the process killed.
        """
        return {"status": "ok"}


@blueprint.resource("/readyz")
class Readiness(MethodView):
    @blueprint.operation("getReadiness", refuses=(types.NOT_READY,))
    @blueprint.arguments(ReadinessQuerySchema, location="query")
    @blueprint.response(200, ReadinessSchema)
    def get(self, query: dict[str, str]) -> dict[str, Any]:
        """Tell whether requests can be answered.

        The database must be reachable and at the newest migration.
        """
        faults = [(check.name, check.fault()) for check in scope().readiness]
        errors = [{"code": name, "detail": fault} for name, fault in faults if fault]
        if errors:
            raise RequestProblem(
                types.NOT_READY,
                " ".join(each["detail"] for each in errors),
                errors=errors,
                headers={"Retry-After": "5"},
            )
        listed = {"checks": [{"name": name, "status": "ok"} for name, _ in faults]}
        return {"status": "ok", **(listed if query["verbose"] != "false" else {})}


@blueprint.resource("/metrics")
class Metrics(MethodView):
    @blueprint.operation("getMetrics")
    @blueprint.response(
        200, {"type": "string"}, content_type="text/plain", description="Prometheus' text form."
    )
    def get(self) -> Response:
        """Read the metrics of all worker processes together."""
        response = Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        return response


@blueprint.resource("/openapi.json")
class OpenApiJson(MethodView):
    @blueprint.operation("getOpenApiJson", conditions=[IF_NONE_MATCH])
    @blueprint.response(200, {"type": "object"}, description="This document.", headers=[ETAG])
    def get(self) -> Response:
        """Read the OpenAPI document as JSON."""
        return _described("json", JSON)


@blueprint.resource("/openapi.yaml")
class OpenApiYaml(MethodView):
    @blueprint.operation("getOpenApiYaml", conditions=[IF_NONE_MATCH])
    @blueprint.response(
        200,
        {"type": "object"},
        content_type=YAML,
        description="This document.",
        headers=[ETAG],
    )
    def get(self) -> Response:
        """Read the OpenAPI document as YAML."""
        return _described("yaml", YAML)


@blueprint.resource("/problems")
class ProblemTypes(MethodView):
    @blueprint.operation("listProblemTypes")
    @blueprint.response(200, ProblemTypeListSchema)
    def get(self) -> dict[str, Any]:
        """List the kinds of problem that this API answers with."""
        return {"items": types.PROBLEM_TYPES}


@blueprint.resource("/problems/<string:slug>")
class OneProblemType(MethodView):
    @blueprint.operation("getProblemType", refuses=(types.NOT_FOUND,))
    @blueprint.response(200, ProblemTypeSchema)
    def get(self, slug: str) -> types.ProblemType:
        """Read what a kind of problem means: the `type` of a problem leads here."""
        for each in types.PROBLEM_TYPES:
            if each.slug == slug:
                return each
        raise RequestProblem(types.NOT_FOUND, f"There is no problem {slug!r}.")


def _api() -> ProblemApi:
    found: ProblemApi = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return found


def _described(form: str, media_type: str) -> Response:
    body = _rendered(_api(), form)
    response = Response(body, content_type=media_type)
    response.headers.update(tagged(hashlib.sha256(body).hexdigest()[:32]))
    return response


# Writing the document takes half a second, and it never changes while the process lives.
@lru_cache(maxsize=8)
def _rendered(api: ProblemApi, form: str) -> bytes:
    found = document(api)
    return document_text(found).encode() if form == "yaml" else msgspec.json.encode(found)
