"""Frozen dataclasses as JSON documents and back, their field names in camelCase.

Reading collects every fault instead of stopping at the first one. Absent, null and (for lists
and maps) empty mean the same, as they do after a JSON merge patch.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

from service.usecases.errors import FieldError
from service.usecases.texts import fault_of_text

Value = TypeVar("Value")

LONGEST_TEXT = 1000
MOST_ITEMS = 1000
LARGEST_NUMBER = 1 << 31


def camel(name: str) -> str:
    """`pod_subnet_id` to `podSubnetId`."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def pointer_to(pointer: str, key: str | int) -> str:
    """A JSON pointer one step further down."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def write_document(value: Any) -> Any:
    """A value as JSON values; whatever is not known or empty is left out of objects."""
    if is_dataclass(value):
        members = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {camel(name): write_document(each) for name, each in members if _is_told(each)}
    if isinstance(value, tuple):
        return [write_document(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def read_document(
    kind: type[Value], document: Any, pointer: str, faults: list[FieldError]
) -> Value | None:
    """The dataclass of a document; None where that cannot be made, and then `faults` say why."""
    if not isinstance(document, Mapping):
        faults.append(FieldError(pointer, "must be an object", "NotAnObject"))
        return None
    found: dict[str, Any] = {}
    before = len(faults)
    known = _members(typing.cast(Any, kind))
    faults.extend(
        FieldError(pointer_to(pointer, key), "is not known", "UnknownField")
        for key in document
        if key not in known
    )
    for key, (field, hint) in known.items():
        given = document.get(key)
        if given is not None:
            found[field.name] = _read(hint, given, pointer_to(pointer, key), faults)
        elif field.default is MISSING and field.default_factory is MISSING:
            faults.append(FieldError(pointer_to(pointer, key), "is required", "Required"))
    return kind(**found) if len(faults) == before else None


def _is_told(value: Any) -> bool:
    return value is not None and value not in ((), {})


@lru_cache(maxsize=64)
def _members(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {camel(field.name): (field, _without_none(hints[field.name])) for field in fields(kind)}


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return hint


def _read(hint: Any, given: Any, pointer: str, faults: list[FieldError]) -> Any:
    if is_dataclass(hint):
        return read_document(typing.cast("type[Any]", hint), given, pointer, faults)
    origin = typing.get_origin(hint)
    if origin is tuple:
        return tuple(_items(typing.get_args(hint)[0], given, pointer, faults))
    if origin is not None:
        return dict(_pairs(given, pointer, faults))
    return _scalar(hint, given, pointer, faults)


def _items(hint: Any, given: Any, pointer: str, faults: list[FieldError]) -> Iterator[Any]:
    if not isinstance(given, list) or len(given) > MOST_ITEMS:
        faults.append(FieldError(pointer, f"must be a list of at most {MOST_ITEMS}", "NotAList"))
        return
    for index, each in enumerate(given):
        yield _read(hint, each, pointer_to(pointer, index), faults)


def _pairs(given: Any, pointer: str, faults: list[FieldError]) -> Iterator[tuple[str, str]]:
    if not isinstance(given, Mapping) or len(given) > MOST_ITEMS:
        detail = f"must be an object with at most {MOST_ITEMS} members"
        faults.append(FieldError(pointer, detail, "NotAnObject"))
        return
    for key, each in given.items():
        if key and not fault_of_text(key, LONGEST_TEXT):
            yield key, _scalar(str, each, pointer_to(pointer, key), faults)
        else:
            faults.append(FieldError(pointer, f"{key[:80]!r} cannot be a key", "BadKey"))


def _scalar(hint: Any, given: Any, pointer: str, faults: list[FieldError]) -> Any:
    if hint is str and isinstance(given, str):
        fault = fault_of_text(given, LONGEST_TEXT)
    elif hint is bool:
        fault = "" if isinstance(given, bool) else "must be true or false"
    elif hint is int and isinstance(given, int) and not isinstance(given, bool):
        fault = "" if 0 <= given < LARGEST_NUMBER else f"must be from 0 to {LARGEST_NUMBER - 1}"
    else:
        fault = "must be a text" if hint is str else "must be a whole number"
    if fault:
        faults.append(FieldError(pointer, fault, "BadValue"))
    return given
