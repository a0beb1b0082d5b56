"""JSON as this API reads and writes it.

Reading is strict where leniency would end in a fault further in: UTF-8 only, no NaN, no lone
surrogates, no NUL (PostgreSQL's text cannot hold it), no equal names in an object, bounded depth
and numbers.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response
from flask.json.provider import DefaultJSONProvider

DEEPEST = 64
MEDIA_TYPE = "application/json"


class MalformedJson(ValueError):
    """The text is not JSON, or not JSON that can be stored and given back.

    `line` is where, from 1, as far as that is known.
    """

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.line = line


def decode(text: bytes) -> Any:
    """The value of a JSON text; raises `MalformedJson`."""
    try:
        value = msgspec.json.decode(text)
    except UnicodeDecodeError as error:
        at = _undecodable(text)
        line = text.count(b"\n", 0, at) + 1
        raise MalformedJson(f"not UTF-8 at byte {at}", line) from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedJson(
            str(error).removeprefix("JSON is malformed: "), _line(text, error)
        ) from error
    # Neither can be there without its characters, and looking for them takes no time.
    if b"\\u0000" in text or text.count(b"{") + text.count(b"[") > DEEPEST:
        _check(value)
    # Of members with one name the last is kept, and the others' colons are gone.
    # An escaped colon could make up for one of them.
    if b"\\u003" in text or text.count(b":") != msgspec.json.encode(value).count(b":"):
        json.loads(text, object_pairs_hook=_refuse_repeated)
    return value


def _undecodable(text: bytes) -> int:
    """The first byte that is not UTF-8; the decoder counts from the beginning of a string."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _line(text: bytes, error: Exception) -> int | None:
    """The line of a fault, from the byte that the message names."""
    found = re.search(r"\(byte (\d+)\)", str(error))
    return None if found is None else text.count(b"\n", 0, int(found[1])) + 1


def _refuse_repeated(members: list[tuple[str, Any]]) -> None:
    """RFC 8259, section 4: what becomes of an object with equal names is unpredictable."""
    repeated = [name for name, count in Counter(name for name, _ in members).items() if count > 1]
    if repeated:
        raise MalformedJson(f"an object has the member {repeated[0][:100]!r} twice")


def _check(value: Any) -> None:
    """Refuse depth and NUL; level by level, so that depth costs no stack."""
    level = [value]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise MalformedJson(f"nested deeper than {DEEPEST} levels")
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                if "\0" in each:
                    raise MalformedJson("a text holds the character U+0000")
            elif isinstance(each, dict):
                below.extend(each)
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        level = below


def answer(value: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A value as the body of an answer."""
    # Whole at once: each header and status that is set afterwards takes its time.
    return Response(encode(value), status, headers, content_type=MEDIA_TYPE)


def encode(value: Any) -> bytes:
    """The text of a value, with a line break at its end."""
    # Several times faster than the standard library.
    return msgspec.json.encode(value) + b"\n"


class JsonProvider(DefaultJSONProvider):
    """Lets Flask write JSON in the same way."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return msgspec.json.encode(obj).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return answer(self._prepare_response_obj(args, kwargs), 200)
