"""JSON from files and options, read as strictly as what decides about an answer should be."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RepeatedKey(ValueError):
    """An object has a key twice, and nobody can tell which one was meant."""


def read_json(content: bytes) -> Any:
    """The value of a JSON text; raises `ValueError`, for equal keys `RepeatedKey`."""
    text = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        value = msgspec.json.decode(text)
        # The standard library lets more through, but it tells of every key.
        json.loads(text, object_pairs_hook=_once)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    found: set[str] = set()
    for key, _ in pairs:
        if key in found:
            raise RepeatedKey(f"the key {key!r} is there twice")
        found.add(key)
