"""Components of the OpenAPI document that several operations share."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from service.web import bodies
from service.web.blueprint import (
    ETAG,
    IF_ABSENT,
    IF_MATCH,
    IF_NONE_MATCH,
    LINK,
    LOCATION,
    response_name,
)
from service.web.problem_types import NOT_READY, PROBLEM_TYPES, UNSUPPORTED_MEDIA_TYPE
from service.web.problems import MEDIA_TYPE
from service.web.schemas.problem import ProblemSchema

_TEXT = {"type": "string"}

HEADERS: dict[str, dict[str, Any]] = {
    ETAG: {"description": "Version of the representation, strong.", "schema": _TEXT},
    LOCATION: {
        "description": "Address of what was made.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    LINK: {"description": 'The next page, as `<...>; rel="next"`.', "schema": _TEXT},
    "RequestId": {
        "description": "The id given in the request's X-Request-Id, or one made for it.",
        "schema": _TEXT,
    },
    "Allow": {"description": "The methods that the resource has.", "schema": _TEXT},
}

PARAMETERS: dict[str, dict[str, Any]] = {
    IF_MATCH: {
        "name": "If-Match",
        "description": "Entity tags of which one must be the current one, or `*`; else 412.",
        "schema": _TEXT,
    },
    IF_NONE_MATCH: {
        "name": "If-None-Match",
        "description": "Entity tags that the client has; 304 when one is current.",
        "schema": _TEXT,
    },
    IF_ABSENT: {
        "name": "If-None-Match",
        "description": "`*` only creates; 412 when the resource exists.",
        # A constant says the same, and generators refuse one in a header.
        "schema": {"type": "string", "pattern": r"^\*$"},
    },
}


def register(spec: APISpec) -> None:
    """Add them all, each when something refers to it."""
    for name, header in HEADERS.items():
        spec.components.header(name, header, lazy=True)
    for name, parameter in PARAMETERS.items():
        spec.components.parameter(name, "header", parameter, lazy=True)
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.response(
        "Problem", _problem("Any other refusal or failure, as problem details.")
    )
    spec.components.response(
        "NotModified",
        {"description": "The client has the current representation.", "headers": {"ETag": ETAG}},
        lazy=True,
    )
    for each in PROBLEM_TYPES:
        answer = _problem(f"{each.title}. {each.description}")
        if each is UNSUPPORTED_MEDIA_TYPE:
            for name in ("Accept-Post", "Accept-Patch", "Accept-Encoding"):
                answer["headers"][name] = {"description": "What is accepted.", "schema": _TEXT}
        if each is NOT_READY:
            answer["headers"]["Retry-After"] = {
                "description": "Seconds to wait before another attempt.",
                "schema": {"type": "integer"},
            }
        spec.components.response(response_name(each), answer, lazy=True)
    for name, schema in bodies.COMPONENTS.items():
        spec.components.schema(name, schema, lazy=True)
    spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The service itself asks for no credentials and looks at none. It is "
            "meant to listen on loopback or behind a proxy that authenticates; where that proxy "
            "wants a bearer token, send it.",
        },
    )


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {"X-Request-Id": "RequestId"},
        "content": {MEDIA_TYPE: {"schema": "Problem"}},
    }
