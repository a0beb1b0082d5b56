"""The body of a request, whole or not at all.

A client that goes away in the middle, or sends more than it may, must not leave behind what came
so far: half of a YAML file can be a whole one.
"""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from service.web import problem_types as types
from service.web.problems import RequestProblem


def whole_body(request: Request) -> bytes:
    """All bytes of the body; raises where fewer came than announced, or more than allowed."""
    announced = request.content_length
    if announced is None:
        return _chunks(request)
    content = request.get_data(cache=False)
    if len(content) < announced:
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            f"The body ended after {len(content):,} of {announced:,} bytes.",
            code="IncompleteBody",
        )
    return content


def _chunks(request: Request) -> bytes:
    """A body that does not say how long it is; reading it ends silently at the limit."""
    limit = request.max_content_length
    if limit is None:
        return request.get_data(cache=False)
    request.max_content_length = limit + 1
    content = request.get_data(cache=False)
    if len(content) > limit:
        raise RequestEntityTooLarge
    return content
