"""Pages of lists: `items` and an opaque token for the next page.

A token is signed, and only good for the address and the filters of the list it came from, and
for what that listed.
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


def page_request(query: dict[str, Any], content: str = "") -> PageRequest:
    """Take the paging parameters out of a loaded query.

    `content` names what is listed, where that can become something else under the same address.
    """
    size = min(query.pop("page_size", DEFAULT_PAGE_SIZE), LARGEST_PAGE_SIZE)
    token = query.pop("page_token", None)
    return PageRequest(size, None if token is None else _cursor(token, content))


def refuse_pages(media_type: str) -> None:
    """Refuse paging parameters for an answer that gives everything at once."""
    given = [name for name in (_SIZE, _TOKEN) if name in request.args]
    if given:
        detail = f"{media_type} gives everything at once and has no pages."
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            detail,
            code="InvalidQuery",
            errors=[{"parameter": name, "detail": detail} for name in given],
        )


def page_answer(
    page: Page[Any], items: Iterable[Any] | None = None, content: str = ""
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The body of a page and its `Link` header."""
    token = None if page.next_cursor is None else _token(page.next_cursor, content)
    body = {"items": list(page.items if items is None else items), "next_page_token": token}
    if token is None:
        return body, {}
    query = [*_filters(), *(("pageSize", size) for size in request.args.getlist(_SIZE))]
    following = urlencode([*query, (_TOKEN, token)])
    return body, {"Link": f'<{quote(request.path, safe="/:")}?{following}>; rel="next"'}


def _token(cursor: Cursor, content: str) -> str:
    found: str | bytes = _serializer(content).dumps(list(cursor))
    return found if isinstance(found, str) else found.decode()


def _cursor(token: str, content: str) -> Cursor:
    try:
        values = _serializer(content).loads(token)
    except BadData as error:
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            "The page token is none of this list with these filters, as it is now.",
            code="InvalidPageToken",
            errors=[{"parameter": _TOKEN, "detail": "Not a token of this list."}],
        ) from error
    return tuple(values)


def _serializer(content: str) -> URLSafeSerializer:
    told = f"{request.path}?{urlencode(sorted(_filters()))}\n{content}"
    bound = hashlib.sha256(told.encode())
    return URLSafeSerializer(scope().page_token_key, salt=bound.digest())


def _filters() -> list[tuple[str, str]]:
    return [each for each in request.args.items(multi=True) if each[0] not in {_SIZE, _TOKEN}]
