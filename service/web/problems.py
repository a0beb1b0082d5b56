"""Every refusal as application/problem+json, wherever in the service it was raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    RequestEntityTooLarge,
)
from werkzeug.exceptions import NotFound as HttpNotFound

from service.manifests.faults import Fault, UnsupportedContent, UploadRefused, UploadTooLarge
from service.storage.errors import UNAVAILABLE
from service.telemetry import logs
from service.usecases.analysis_pool import AnalysisFailed
from service.usecases.errors import (
    Conflict,
    EmptyUpload,
    Invalid,
    InvalidParameter,
    NotFound,
    PreconditionFailed,
    UsecaseError,
)
from service.web import problem_types as types
from service.web.problem_types import ProblemType
from service.web.request_scope import request_id

log = logs.logger("netverdict.problems")

MEDIA_TYPE = "application/problem+json"
#: A faulty upload can have a fault in each of 200,000 documents.
MOST_ERRORS = 1000

_OF_USECASE: Mapping[type[UsecaseError], ProblemType] = {
    NotFound: types.NOT_FOUND,
    Conflict: types.CONFLICT,
    PreconditionFailed: types.PRECONDITION_FAILED,
    Invalid: types.INVALID_BODY,
    InvalidParameter: types.MALFORMED_REQUEST,
    EmptyUpload: types.MALFORMED_REQUEST,
}
#: What is wrong with the text itself, before it means anything.
SYNTAX_CODES = frozenset({"MalformedDocument"})


class RequestProblem(Exception):
    """A refusal found in this layer."""

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str,
        *,
        code: str = "",
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem_type = problem_type
        self.detail = detail
        self.code = code or problem_type.code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def install(app: Flask) -> None:
    """Answer every exception of the application as a problem."""
    app.register_error_handler(RequestProblem, _of_request)
    app.register_error_handler(UsecaseError, _of_usecase)
    app.register_error_handler(UploadRefused, _of_upload)
    app.register_error_handler(UploadTooLarge, _of_size)
    app.register_error_handler(UnsupportedContent, _of_content)
    for unavailable in UNAVAILABLE:
        app.register_error_handler(unavailable, _of_database)
    app.register_error_handler(AnalysisFailed, _of_analysis)
    app.register_error_handler(HTTPException, _of_http)


def problem(
    problem_type: ProblemType,
    detail: str,
    *,
    code: str = "",
    errors: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    count: int = 0,
) -> Response:
    """The answer itself; `count` is how many errors there are where not all are given."""
    listed = list(errors)
    count = max(count, len(listed))
    body: dict[str, Any] = {
        "type": problem_type.uri,
        "title": problem_type.title,
        "status": problem_type.status,
        "code": code or problem_type.code,
        "detail": detail,
        "instance": request.path,
        "requestId": request_id(),
    }
    if listed:
        body["errors"] = listed[:MOST_ERRORS]
    if count > MOST_ERRORS:
        body["errorCount"] = count
    response = Response(
        msgspec.json.encode(body) + b"\n", problem_type.status, content_type=MEDIA_TYPE
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def _of_request(error: RequestProblem) -> Response:
    return problem(
        error.problem_type,
        error.detail,
        code=error.code,
        errors=error.errors,
        headers=error.headers,
    )


def _of_usecase(error: UsecaseError) -> Response:
    problem_type = next(
        (_OF_USECASE[kind] for kind in type(error).__mro__ if kind in _OF_USECASE),
        types.INVALID_BODY,
    )
    # Where there is no body, what breaks a rule came in the query.
    in_query = request.method in {"GET", "HEAD", "DELETE"}
    if in_query and problem_type is types.INVALID_BODY:
        problem_type = types.MALFORMED_REQUEST
    errors = []
    for each in error.errors:
        body = {"detail": each.detail}
        body |= {"code": each.code} if each.code else {}
        body |= {"parameter" if in_query else "pointer": _place(each.pointer, in_query=in_query)}
        errors.append(body)
    return problem(problem_type, _sentence(error.detail), code=error.code, errors=errors)


def _place(pointer: str, *, in_query: bool) -> str:
    """`/source/ip` is the member of a body, or the query parameter `sourceIp`."""
    if not in_query:
        return pointer
    first, *rest = pointer.lstrip("/").split("/")
    name = first + "".join(part[:1].upper() + part[1:] for part in rest)
    # `direction` says of which end `namespace` is, and that end is not what was written.
    return rest[-1] if rest and name not in request.args and rest[-1] in request.args else name


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _of_upload(error: UploadRefused) -> Response:
    faults = error.faults
    syntax_only = all(fault.code in SYNTAX_CODES for fault in faults)
    count = error.count
    detail = f"The manifests have {count} fault{'' if count == 1 else 's'}; nothing was stored."
    return problem(
        types.MALFORMED_REQUEST if syntax_only else types.INVALID_BODY,
        detail,
        code="MalformedManifests" if syntax_only else "InvalidManifests",
        errors=map(_fault, faults),
        count=count,
    )


def _fault(fault: Fault) -> dict[str, Any]:
    body: dict[str, Any] = {
        "code": fault.code,
        "pointer": fault.pointer,
        "detail": fault.detail,
    }
    if fault.document:
        body["document"] = fault.document
    if fault.line:
        body["line"] = fault.line
    if fault.part:
        body["part"] = fault.part
    return body


def _of_size(error: UploadTooLarge) -> Response:
    return problem(types.TOO_LARGE, _sentence(error.detail), code=error.code)


def _of_content(error: UnsupportedContent) -> Response:
    return problem(types.UNSUPPORTED_MEDIA_TYPE, _sentence(error.detail))


def _of_database(error: Exception) -> Response:
    log.error("database unavailable", exc_info=error)
    return problem(
        types.NOT_READY,
        "The database cannot be used just now; nothing was stored.",
        code="DatabaseUnavailable",
        headers={"Retry-After": "5"},
    )


def _of_analysis(error: AnalysisFailed) -> Response:
    log.error("analysis failed", exc_info=error)
    return problem(
        types.NOT_READY,
        _sentence(str(error)),
        code="AnalysisFailed",
        headers={"Retry-After": "10"},
    )


def _of_http(error: HTTPException) -> Response | HTTPException:
    """What Flask and Werkzeug raise, unhandled exceptions included (as 500)."""
    status = error.code or 500
    if status < 400:
        return error
    problem_type = types.BY_STATUS.get(status)
    if problem_type is None:
        problem_type = types.MALFORMED_REQUEST if status < 500 else types.INTERNAL
    detail = str(error.description or problem_type.title)
    headers: dict[str, str] = {}
    match error:
        case InternalServerError():
            # Flask has logged the exception; its text is not for the outside.
            detail = "The service failed; its log has the request id."
        case HttpNotFound():
            detail = f"Nothing is at {request.path}."
        case MethodNotAllowed():
            allowed = ", ".join(sorted(error.valid_methods or ()))
            detail = f"{request.path} has {allowed}, and no {request.method}."
            headers["Allow"] = allowed
        case ClientDisconnected() if isinstance(error.__context__, BlockingIOError | TimeoutError):
            # The connection is there, and its time limit is over.
            return problem(types.REQUEST_TIMEOUT, "The rest of the body did not arrive in time.")
        case RequestEntityTooLarge():
            return problem(types.TOO_LARGE, "The body is too large.", code="SentBytesExceeded")
    return problem(problem_type, detail, headers=headers)
