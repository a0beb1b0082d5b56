"""What surrounds every request: its id, its line in the log, its place in the metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from random import getrandbits
from typing import NamedTuple

from flask import Flask, Response, g, has_request_context
from flask.globals import request_ctx
from werkzeug.exceptions import BadRequest

from service.telemetry import logs, metrics

HEADER = "X-Request-Id"
_GIVEN_ID, _GIVEN_TRACE = "HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT"
# Harmless in a log, in a header and in a shell.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
# Probes and scrapes come every few seconds and say nothing when all is well.
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


def install(app: Flask) -> None:
    """Give every request of the application its scope."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)
    logs.surround(_bound)


class _Begun(NamedTuple):
    """What is noted of a request when it comes in."""

    request_id: str
    seconds: float
    bound: Mapping[str, str]
    """What every line in the log says of it."""


def request_id() -> str:
    """The id of the request being answered; empty before it has one."""
    begun: _Begun | None = g.get("begun")
    return "" if begun is None else begun.request_id


def _begin() -> None:
    metrics.request_started()
    seconds = time.perf_counter()
    asked = request_ctx.request
    environ = asked.environ
    given = environ.get(_GIVEN_ID, "")
    request_id = given if given and _REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"
    bound = {"request_id": request_id}
    if trace := _TRACEPARENT.fullmatch(environ.get(_GIVEN_TRACE, "")):
        bound["trace_id"] = trace[1]
    g.begun = _Begun(request_id, seconds, bound)
    # No name holds it, and PostgreSQL refuses it in any text.
    if "\0" in asked.path or b"%00" in asked.query_string:
        raise BadRequest("The address holds the character U+0000.")


def _end(response: Response) -> Response:
    asked = request_ctx.request
    begun: _Begun = g.begun
    response.headers[HEADER] = begun.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    seconds = time.perf_counter() - begun.seconds
    status, rule = response.status_code, asked.url_rule
    found = "(none)" if rule is None else rule.rule
    metrics.request_answered(asked.method, found, status, seconds)
    if found not in _QUIET or status >= 400:
        logs.answered(
            **begun.bound,
            method=asked.method,
            path=asked.path,
            route=found,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            bytes=response.content_length,
        )
    return response


def _leave(_error: BaseException | None) -> None:
    if "begun" in g:
        metrics.request_finished()


def _bound() -> Mapping[str, str]:
    begun: _Begun | None = g.get("begun") if has_request_context() else None
    return {} if begun is None else begun.bound
