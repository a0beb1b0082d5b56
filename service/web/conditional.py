"""Strong entity tags, and requests that depend on them (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request

from service.usecases.errors import NotFound
from service.web import problem_types as types
from service.web.problems import RequestProblem

IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"


def install(app: Flask) -> None:
    """Answer 304 where the client has the representation already."""
    app.after_request(_conclude)


def tagged(tag: str, *, immutable: bool = False) -> dict[str, str]:
    """The headers of a representation with this version."""
    return {"ETag": f'"{tag}"', "Cache-Control": IMMUTABLE if immutable else REVALIDATE}


def expected_version(current: Callable[[], str]) -> str | None:
    """The version that `If-Match` asks for, None where the header is absent.

    `current` looks up the version that there is; it is asked only where the header does not
    name exactly one. The use case compares again when it writes.
    """
    if "If-Match" not in request.headers:
        return None
    wanted = request.if_match
    tags = [tag for tag in wanted.as_set() if wanted.is_strong(tag)]
    if len(tags) == 1 and not wanted.star_tag:
        return tags[0]
    return matching(current)


def matching(current: Callable[[], str]) -> str:
    """The current version where `If-Match` names it, else 412."""
    check_tags()
    wanted = request.if_match
    try:
        now = current()
    except NotFound as error:
        # Where the request could make the resource, its absence is what the client ruled out.
        if request.method == "PUT":
            raise RequestProblem(types.PRECONDITION_FAILED, "There is nothing yet.") from error
        raise
    # Comparison is strong here (RFC 9110, section 13.1.1), so weak tags never match.
    if wanted.star_tag or wanted.is_strong(now):
        return now
    raise RequestProblem(types.PRECONDITION_FAILED, "No tag in If-Match is the current one.")


def only_if_absent() -> bool:
    """Whether `If-None-Match: *` asks to create and not to replace."""
    if "If-None-Match" not in request.headers:
        return False
    if request.if_none_match.star_tag:
        return True
    raise RequestProblem(
        types.MALFORMED_REQUEST,
        "With this method, If-None-Match can only be *.",
        code="InvalidHeader",
        errors=[{"header": "If-None-Match", "detail": "Must be *."}],
    )


def check_tags() -> None:
    """Refuse an `If-Match` that names nothing: it must not count as none."""
    wanted = request.if_match
    if not wanted.star_tag and not wanted.as_set(include_weak=True):
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            "If-Match has no entity tag.",
            code="InvalidHeader",
            errors=[{"header": "If-Match", "detail": 'Must be * or tags such as "3".'}],
        )


def _conclude(response: Response) -> Response:
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return response
    response.headers.setdefault("Cache-Control", REVALIDATE)
    tag, _ = response.get_etag()
    if tag is None or not _client_has(tag):
        return response
    unchanged = Response(status=304)
    for name in ("ETag", "Cache-Control", "Vary"):
        if name in response.headers:
            unchanged.headers[name] = response.headers[name]
    # A 304 has no body, so nothing to describe.
    unchanged.headers.remove("Content-Type")
    return unchanged


def _client_has(tag: str) -> bool:
    known = request.if_none_match
    return "If-None-Match" in request.headers and (known.star_tag or known.contains_weak(tag))
