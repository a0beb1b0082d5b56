"""Reads bodies and queries strictly, and says in RFC 9457 terms what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from webargs.flaskparser import FlaskParser

from service.web import problem_types as types
from service.web import strict_json
from service.web.problems import RequestProblem
from service.web.sent import whole_body

JSON = strict_json.MEDIA_TYPE
MERGE_PATCH = "application/merge-patch+json"

_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_LONGEST_REMEMBERED = 500
_MOST_REMEMBERED = 200


class StrictParser(FlaskParser):
    """Unknown and repeated query parameters are refused; a body must say what it is."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as its base declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
    }
    __location_map__ = {  # noqa: RUF012 - as its base declares it
        **FlaskParser.__location_map__,
        "merge_patch": "load_merge_patch",
    }

    def reader(self, schema: ma.Schema, location: str) -> Callable[[Request], Any]:
        """What `parse` does, without looking anew for what is the same in every request."""
        locate = self._get_loader(location)
        unknown: Any = self.DEFAULT_UNKNOWN_BY_LOCATION.get(location)

        def read(req: Request) -> Any:
            try:
                return schema.load(locate(req, schema), unknown=unknown)
            except ma.ValidationError as error:
                error.messages = {location: error.messages}
                self.handle_error(error, req, schema, error_status_code=None, error_headers=None)

        return _remembering(read) if location == "query" else read

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return json_body(req, JSON)

    def load_merge_patch(self, req: Request, schema: ma.Schema) -> Any:
        return json_body(req, MERGE_PATCH)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        query = super().load_querystring(req, schema)
        repeated = [
            {"parameter": name, "detail": "Given more than once."}
            for name, values in req.args.lists()
            if len(values) > 1 and name not in query.multiple_keys
        ]
        if repeated:
            raise RequestProblem(
                types.MALFORMED_REQUEST, "A query parameter is repeated.", errors=repeated
            )
        return query

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        for location, messages in error.normalized_messages().items():  # type: ignore[no-untyped-call]
            found = list(_flatten(messages, ()))
            if location == "query":
                errors = [
                    {"parameter": ".".join(path), "detail": text.replace("field", "parameter")}
                    for path, text in found
                ]
                raise RequestProblem(
                    types.MALFORMED_REQUEST,
                    _count(len(errors), "query parameter"),
                    code="InvalidQuery",
                    errors=errors,
                )
            errors = [{"pointer": pointer(path), "detail": text} for path, text in found]
            raise RequestProblem(types.INVALID_BODY, _count(len(errors), "field"), errors=errors)
        raise AssertionError("marshmallow found a fault and named none")


def _remembering(read: Callable[[Request], dict[str, Any]]) -> Callable[[Request], dict[str, Any]]:
    """Queries repeat: most have none, or the same few parameters as the request before."""
    known: dict[bytes, dict[str, Any]] = {}

    def read_once(req: Request) -> dict[str, Any]:
        text = req.query_string
        found = known.get(text)
        if found is None:
            found = read(req)
            if len(text) > _LONGEST_REMEMBERED:
                return found
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            known[text] = found
        # Routes take out of it what they have read.
        return dict(found)

    return read_once


def json_body(req: Request, media_type: str) -> Any:
    """The JSON value that a request carries as this media type."""
    check_media_type(req, (media_type,))
    encoding = req.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise RequestProblem(
            types.UNSUPPORTED_MEDIA_TYPE,
            f"The content encoding {encoding!r} is not supported here.",
            code="UnsupportedContentEncoding",
            headers={"Accept-Encoding": "identity"},
        )
    text = whole_body(req)
    if not text.strip():
        raise RequestProblem(types.MALFORMED_REQUEST, "The body is empty.", code="EmptyBody")
    try:
        return strict_json.decode(text)
    except strict_json.MalformedJson as error:
        fault: dict[str, Any] = {"detail": str(error)}
        if error.line is not None:
            fault["line"] = error.line
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            f"The body is not usable JSON: {error}.",
            code="MalformedJson",
            errors=[fault],
        ) from error


def check_media_type(req: Request, accepted: tuple[str, ...]) -> None:
    """Refuse a body of another type or in another charset than UTF-8."""
    if req.content_type in accepted:
        return
    name = "Accept-Patch" if req.method == "PATCH" else "Accept-Post"
    headers = {name: ", ".join(accepted)}
    if req.mimetype not in accepted:
        given = f"not {req.mimetype}" if req.mimetype else "and must say so"
        raise RequestProblem(
            types.UNSUPPORTED_MEDIA_TYPE,
            f"The body must be {' or '.join(accepted)}, {given}.",
            headers=headers,
        )
    charset = req.mimetype_params.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise RequestProblem(
            types.UNSUPPORTED_MEDIA_TYPE,
            f"The charset must be utf-8, not {charset}.",
            code="UnsupportedCharset",
            headers=headers,
        )


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901) from its parts."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def _flatten(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """marshmallow's nested messages as places and texts; `_schema` is the object itself."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flatten(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for each in messages:
            yield from _flatten(each, path)
    else:
        yield path, str(messages)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun} is wrong." if number == 1 else f"{number} {noun}s are wrong."
