"""The API object: flask-smorest with our components, converters and OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from flask import Flask
from flask_smorest import Api
from werkzeug.routing import BaseConverter

from service.web import components
from service.web.schemas.base import CLUSTER_NAME, REVISION
from service.web.spec import SchemaPlugin

DESCRIPTION = """\
What Kubernetes network policies really do on each AKS policy engine, and what a change of engine
would change.

A cluster has revisions: each upload of manifests makes one, and none ever changes. Flows are
evaluated on a revision under an engine; the verdicts are recorded with their evidence. Reports
tell whether an engine suits a revision, and what a move to another one needs and changes.

* Errors are `application/problem+json` with a stable `code`.
* Lists have `items` and `nextPageToken`; pass it on as `pageToken`, with the same filters.
* Values of enumerations and members of answers may be added; nothing is taken away within v1.
* Times are RFC 3339 in UTC.
"""


class ClusterName(BaseConverter):
    """A cluster in a path. Any text is looked up; one that cannot be a name is not found."""


class RevisionSelector(BaseConverter):
    """A revision in a path."""


class EngineNameInPath(BaseConverter):
    """An engine in a path."""


class EvaluationId(BaseConverter):
    """An evaluation in a path."""


class ReportId(BaseConverter):
    """A report in a path."""


class RuleId(BaseConverter):
    """A rule in a path."""


class RunbookId(BaseConverter):
    """A runbook in a path."""


_STORED_ID = "^[0-9A-Za-z-]{1,64}$"

CONVERTERS: Mapping[str, tuple[type[BaseConverter], str, dict[str, Any]]] = {
    "cluster": (
        ClusterName,
        "ClusterName",
        {
            "type": "string",
            "pattern": CLUSTER_NAME,
            "maxLength": 63,
            "description": "A name chosen by the client: lower case, digits and hyphens.",
            "examples": ["payments-weu"],
        },
    ),
    "revision": (
        RevisionSelector,
        "RevisionSelector",
        {
            "type": "string",
            "pattern": REVISION,
            "description": "A revision's number, its digest (the newest with it), or `latest`.",
            "examples": ["3", "latest"],
        },
    ),
    "engine": (
        EngineNameInPath,
        "EngineKey",
        {
            "type": "string",
            "pattern": "^[a-z]{1,32}$",
            "description": "An engine's name.",
            "examples": ["cilium"],
        },
    ),
    "evaluation": (
        EvaluationId,
        "EvaluationId",
        {
            "type": "string",
            "pattern": _STORED_ID,
            "description": "Id of an evaluation.",
            "examples": ["01KAQ3V7ZJ8W2M5T6X9B4C1D0E"],
        },
    ),
    "report": (
        ReportId,
        "ReportId",
        {
            "type": "string",
            "pattern": _STORED_ID,
            "description": "Id of a report.",
            "examples": ["01KAQ3V7ZJ8W2M5T6X9B4C1D0E"],
        },
    ),
    "rule": (
        RuleId,
        "RuleId",
        {
            "type": "string",
            "pattern": "^[A-Z]{1,8}-[0-9]{3}$",
            "description": "Id of a rule.",
            "examples": ["MIG-001"],
        },
    ),
    "runbook": (
        RunbookId,
        "RunbookId",
        {
            "type": "string",
            "pattern": "^[a-z0-9-]{1,64}$",
            "description": "Id of a runbook.",
            "examples": ["create-cilium-overlay"],
        },
    ),
}


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest ships no types
    """Documents what our blueprints do; errors are the business of `service.web.problems`."""

    DEFAULT_ERROR_RESPONSE_NAME = "Problem"

    def _register_responses(self) -> None:
        components.register(self.spec)
        for converter, name, schema in CONVERTERS.values():
            self.spec.components.schema(name, schema, lazy=True)
            self.flask_plugin.register_converter(converter, _reference(self, name))

    def _register_etag_headers(self) -> None:
        """Ours are in `components`."""

    def _register_pagination_header(self) -> None:
        """Pages are described by their schemas."""

    def _register_error_handlers(self) -> None:
        """`problems.install` has done so."""


def _reference(api: ProblemApi, name: str) -> Any:
    def refer(_converter: BaseConverter) -> dict[str, Any]:
        found: dict[str, Any] = api.spec.components.get_ref("schema", name)
        return found

    return refer


def install(app: Flask, version: str) -> ProblemApi:
    """Prepare the application for blueprints."""
    app.config["ETAG_DISABLED"] = True
    app.url_map.converters |= {name: each[0] for name, each in CONVERTERS.items()}
    return ProblemApi(
        app,
        spec_kwargs={
            "title": "Netverdict",
            "version": version,
            "openapi_version": "3.1.0",
            "marshmallow_plugin": SchemaPlugin(),
            "info": {
                "description": DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            # Either is fine: nothing, or a token for a proxy in front.
            "security": [{}, {"bearer": []}],
        },
    )


def document(api: ProblemApi) -> dict[str, Any]:
    """The OpenAPI document as JSON values."""
    found = api.spec.to_dict()
    information = found["info"]
    components = {name: dict(sorted(each.items())) for name, each in found["components"].items()}
    return {
        "openapi": found["openapi"],
        "info": {
            name: information[name] for name in ("title", "version", "description", "license")
        },
        "servers": found["servers"],
        "security": found["security"],
        "tags": found["tags"],
        "paths": {path: _in_order(item) for path, item in sorted(found["paths"].items())},
        "components": components,
    }


def _in_order(item: Mapping[str, Any]) -> dict[str, Any]:
    """A path with what matters to readers first."""
    parts = ("operationId", "tags", "summary", "description", "parameters", "requestBody")
    ordered: dict[str, Any] = {"parameters": item["parameters"]} if "parameters" in item else {}
    for method, operation in item.items():
        if method != "parameters":
            first = {name: operation[name] for name in parts if name in operation}
            ordered[method] = {**first, **operation}
    return ordered


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@cache
def _text_dumper() -> type[yaml.SafeDumper]:
    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    _Dumper.add_representer(str, text)
    return _Dumper


def document_text(values: Mapping[str, Any]) -> str:
    """The OpenAPI document as YAML."""
    return yaml.dump(dict(values), Dumper=_text_dumper(), sort_keys=False, width=100)
