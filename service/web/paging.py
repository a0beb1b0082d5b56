"""Pages of lists: `items` and an opaque token for the next page.

A token is signed, and only good for the address and the filters of the list it came from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import request
from itsdangerous import BadData, URLSafeSerializer

from service.usecases.paging import (
    DEFAULT_PAGE_SIZE,
    LARGEST_PAGE_SIZE,
    Cursor,
    Page,
    PageRequest,
)
from service.web import problem_types as types
from service.web.problems import RequestProblem
from service.web.scope import scope

_SIZE = "pageSize"
_TOKEN = "pageToken"


def page_request(query: dict[str, Any]) -> PageRequest:
    """Take the paging parameters out of a loaded query."""
    size = min(query.pop("page_size", DEFAULT_PAGE_SIZE), LARGEST_PAGE_SIZE)
    token = query.pop("page_token", None)
    return PageRequest(size, None if token is None else _cursor(token))


def page_answer(
    page: Page[Any], items: Iterable[Any] | None = None
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The body of a page and its `Link` header."""
    token = None if page.next_cursor is None else _token(page.next_cursor)
    body = {"items": list(page.items if items is None else items), "next_page_token": token}
    if token is None:
        return body, {}
    query = [*_filters(), *(("pageSize", size) for size in request.args.getlist(_SIZE))]
    following = urlencode([*query, (_TOKEN, token)])
    return body, {"Link": f'<{quote(request.path, safe="/:")}?{following}>; rel="next"'}


def _token(cursor: Cursor) -> str:
    found: str | bytes = _serializer().dumps(list(cursor))
    return found if isinstance(found, str) else found.decode()


def _cursor(token: str) -> Cursor:
    try:
        values = _serializer().loads(token)
    except BadData as error:
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            "The page token is none of this list with these filters.",
            code="InvalidPageToken",
            errors=[{"parameter": _TOKEN, "detail": "Not a token of this list."}],
        ) from error
    return tuple(values)


def _serializer() -> URLSafeSerializer:
    bound = hashlib.sha256(f"{request.path}?{urlencode(sorted(_filters()))}".encode())
    return URLSafeSerializer(scope().page_token_key, salt=bound.digest())


def _filters() -> list[tuple[str, str]]:
    return [each for each in request.args.items(multi=True) if each[0] not in {_SIZE, _TOKEN}]
