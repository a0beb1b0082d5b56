"""flask-smorest's blueprint in our way: strict, documented in full, with typed decorators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import marshmallow as ma
from flask import Response
from flask.globals import request_ctx
from flask_smorest import Blueprint
from flask_smorest.utils import set_status_and_headers_in_response, unpack_tuple_response

from service.web import problem_types as types
from service.web import strict_json
from service.web.negotiation import choose
from service.web.parser import JSON, MERGE_PATCH, StrictParser
from service.web.problem_types import ProblemType

View = TypeVar("View", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)
Schema = type[ma.Schema] | ma.Schema

#: Names of header components, which `components.py` registers.
ETAG = "ETag"
LOCATION = "Location"
LINK = "Link"
#: Names of parameter components.
IF_MATCH = "IfMatch"
IF_NONE_MATCH = "IfNoneMatch"
IF_ABSENT = "IfAbsent"

_OF_EVERY_BODY = (
    types.MALFORMED_REQUEST,
    types.TOO_LARGE,
    types.UNSUPPORTED_MEDIA_TYPE,
    types.INVALID_BODY,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """What the decorators of flask-smorest do not collect about an operation."""

    operation_id: str
    refuses: tuple[ProblemType, ...]
    conditions: tuple[str, ...]
    links: Mapping[int, Mapping[str, Any]]
    body: Mapping[str, Any] | None


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """One resource: its routes carry its tag, and their decorators its documentation."""

    ARGUMENTS_PARSER = StrictParser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {"json": JSON, "merge_patch": MERGE_PATCH}  # noqa: RUF012

    def __init__(self, name: str, import_name: str, *, description: str) -> None:
        super().__init__(name, import_name, description=description)
        self._prepare_doc_cbks.append(self._prepare_operation_doc)

    def resource(self, rule: str) -> Callable[[Class], Class]:
        """Serve a class of methods at an address."""
        found: Callable[[Class], Class] = super().route(rule)
        return found

    def operation(
        self,
        operation_id: str,
        *,
        refuses: Iterable[ProblemType] = (),
        conditions: Iterable[str] = (),
        links: Mapping[int, Mapping[str, Any]] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Name an operation, the problems it may answer with and what to ask next.

        `body` documents a body that no schema reads.
        """
        described = Operation(operation_id, tuple(refuses), tuple(conditions), links or {}, body)

        def decorate(view: View) -> View:
            decorated: View = _documented(view, self.doc(operationId=operation_id))
            decorated._apidoc["operation"] = described  # type: ignore[attr-defined]
            return decorated

        return decorate

    def arguments(
        self, schema: Schema, *, location: str = "json", **options: Any
    ) -> Callable[[View], View]:
        """Read the body or the query with a schema and pass it on."""
        options.setdefault("error_status_code", 400 if location == "query" else 422)
        # Made once: a schema costs more to make than to use.
        made = schema() if isinstance(schema, type) else schema
        decorator = super().arguments(made, location=location, **options)
        read = self.ARGUMENTS_PARSER.reader(made, location)

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(*args: Any, **kwargs: Any) -> Any:
                # The request itself: its stand-in looks it up for every attribute.
                return view(*args, read(request_ctx.request), **kwargs)

            found: View = _documented(reading, decorator)
            return found

        return decorate

    def response(
        self,
        status_code: int,
        schema: Schema | Mapping[str, Any] | None = None,
        *,
        headers: Iterable[str] = (),
        negotiated: bool = False,
        **options: Any,
    ) -> Callable[[View], View]:
        """Write the answer with a schema; 406 before anything is done where nobody wants it.

        `negotiated` leaves that question to the view, which offers more than this one type.
        """
        documented = {name: name for name in headers}
        writer = schema() if isinstance(schema, type) else schema
        decorator = super().response(status_code, writer, headers=documented, **options)
        offered = "" if schema is None or negotiated else options.get("content_type") or JSON
        dump = writer.dump if isinstance(writer, ma.Schema) else None

        def decorate(view: View) -> View:
            @wraps(view)
            def answering(*args: Any, **kwargs: Any) -> Response:
                if offered:
                    choose(offered)
                body, status, fields = unpack_tuple_response(view(*args, **kwargs))
                if not isinstance(body, Response):
                    value = body if dump is None else dump(body)
                    return strict_json.answer(value, status or status_code, fields)
                set_status_and_headers_in_response(body, status, fields)
                return body

            found: View = _documented(answering, decorator)
            return found

        return decorate

    def also(
        self,
        status_code: int,
        schema: Schema | Mapping[str, Any],
        *,
        description: str,
        headers: Iterable[str] = (),
        **options: Any,
    ) -> Callable[[View], View]:
        """Document another answer of success."""
        documented = {name: name for name in headers}
        decorator = self.alt_response(
            status_code,
            schema=schema,
            description=description,
            headers=documented,
            success=True,
            **options,
        )
        return lambda view: _documented(view, decorator)

    @staticmethod
    def _prepare_operation_doc(
        doc: dict[str, Any], doc_info: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        operation: Operation = doc_info["operation"]
        refused = set(operation.refuses)
        if operation.body:
            doc["requestBody"] = deepcopy(dict(operation.body))
        if doc.get("requestBody"):
            refused.update(_OF_EVERY_BODY)
        if any(
            isinstance(each, dict) and each["in"] == "query" for each in doc.get("parameters", ())
        ):
            refused.add(types.MALFORMED_REQUEST)
        if {IF_MATCH, IF_ABSENT} & set(operation.conditions):
            refused.add(types.PRECONDITION_FAILED)
        if operation.conditions:
            doc.setdefault("parameters", []).extend(operation.conditions)
        responses = doc["responses"]
        # flask-smorest names statuses as Python does, whose names differ between versions.
        for status in [each for each, answer in responses.items() if isinstance(answer, str)]:
            if status != "default":
                refused.add(types.BY_STATUS[status])
                del responses[status]
        if IF_NONE_MATCH in operation.conditions:
            responses[304] = "NotModified"
        for status, answer in responses.items():
            if isinstance(answer, dict):
                refused.update({types.NOT_ACCEPTABLE} if "content" in answer else ())
                answer.setdefault("headers", {})["X-Request-Id"] = "RequestId"
                if status in operation.links:
                    answer["links"] = operation.links[status]
        responses.update({each.status: response_name(each) for each in refused})
        doc["responses"] = dict(sorted(responses.items(), key=lambda each: str(each[0])))
        return doc


def response_name(problem_type: ProblemType) -> str:
    """The component that documents answers of this type."""
    return "".join(word.capitalize() for word in problem_type.slug.split("-"))


def _documented(view: Callable[..., Any], decorator: Callable[..., Any]) -> Any:
    """The view with what a decorator of flask-smorest notes about it.

    What such a decorator does when the view is called we do ourselves, and once instead of in a
    wrapper each.
    """
    # flask-smorest keeps its notes on the function itself, which has no type for that.
    view._apidoc = decorator(view)._apidoc  # type: ignore[attr-defined]
    return view
