"""Checks plain JSON values against the structs that readers decode into, fault by fault.

msgspec decodes fast but stops at the first fault. Where it stops, this walks the same structs
slowly and lists everything. It also reads `null` as Kubernetes does: as the zero value, which for
a field is its absence.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
_PACKAGE = __name__.partition(".")[0]
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}
Note = Callable[[str, str, str], None]
"""Takes a code, a detail and a JSON pointer."""

_SCALARS: dict[type, tuple[type, str]] = {
    inspect.StrType: (str, "a string"),
    inspect.IntType: (int, "an integer"),
    inspect.BoolType: (bool, "true or false"),
}


def escape(key: str) -> str:
    """A key as one step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def decoder_of(struct: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a struct, made once."""
    found = _DECODERS.get(struct)
    if found is None:
        found = _DECODERS[struct] = msgspec.json.Decoder(struct)
    return found


def build_decoders() -> None:
    """Find out about every struct there is by now; to be called while there is one thread.

    msgspec 0.22 crashes the process where a second thread meets what it is just finding out about
    a struct.
    """
    pending: list[type[msgspec.Struct]] = [msgspec.Struct]
    while pending:
        for struct in pending.pop().__subclasses__():
            pending.append(struct)
            if struct.__module__.startswith(_PACKAGE):
                decoder_of(struct)


def convert(value: Any, struct: type[T], note: Note) -> T | None:
    """Read a plain value as a struct, or note every fault and answer None.

    Unknown fields are faults where the struct forbids them.
    """
    try:
        return msgspec.convert(value, struct)
    except msgspec.ValidationError:
        pass
    walk = _Walk(note)
    cleaned = walk.clean(value, inspect.type_info(struct), "")
    if walk.faulty:
        return None
    return msgspec.convert(cleaned, struct)


@cache
def _fields_of(struct: type[msgspec.Struct]) -> tuple[dict[str, inspect.Type], bool]:
    """Its fields by name, and whether it forbids others."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    fields = {each.encode_name: each.type for each in described.fields}
    return fields, struct.__struct_config__.forbid_unknown_fields


class _Walk:
    """One pass over a value; answers it without nulls."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self.faulty = False

    def clean(self, value: Any, expected: inspect.Type, pointer: str) -> Any:
        """The value with nulls replaced by what they mean."""
        match expected:
            case inspect.StructType():
                return self._struct(value, expected.cls, pointer)
            case inspect.ListType():
                return self._list(value, expected.item_type, pointer)
            case inspect.DictType():
                return self._map(value, expected.value_type, pointer)
            case inspect.UnionType():
                return self._union(value, expected, pointer)
            case inspect.AnyType():
                return value
            case _:
                return self._scalar(value, expected, pointer)

    def _struct(self, value: Any, struct: type[msgspec.Struct], pointer: str) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return self._wrong(value, "an object", pointer)
        fields, is_closed = _fields_of(struct)
        cleaned: dict[str, Any] = {}
        for key, each in value.items():
            field = fields.get(key)
            if field is None:
                if is_closed:
                    self.faulty = True
                    detail = f"unknown field {key!r}"
                    self._note("UnknownField", detail, f"{pointer}/{escape(key)}")
            elif each is not None:
                cleaned[key] = self.clean(each, field, f"{pointer}/{escape(key)}")
        return cleaned

    def _list(self, value: Any, item: inspect.Type, pointer: str) -> Any:
        if not isinstance(value, list):
            return self._wrong(value, "a list", pointer)
        return [self.clean(each, item, f"{pointer}/{at}") for at, each in enumerate(value)]

    def _map(self, value: Any, item: inspect.Type, pointer: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong(value, "an object", pointer)
        return {
            key: self.clean(each, item, f"{pointer}/{escape(key)}") for key, each in value.items()
        }

    def _union(self, value: Any, expected: inspect.UnionType, pointer: str) -> Any:
        """An optional value, or the number or string that Kubernetes calls IntOrString."""
        kinds = [each for each in expected.types if not isinstance(each, inspect.NoneType)]
        if len(kinds) == 1:
            return None if value is None else self.clean(value, kinds[0], pointer)
        value = _whole(value)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return value
        return self._wrong(value, "an integer or a string", pointer)

    def _scalar(self, value: Any, expected: inspect.Type, pointer: str) -> Any:
        kind, words = _SCALARS[type(expected)]
        if value is None:
            return kind()
        value = _whole(value) if kind is int else value
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        return self._wrong(value, words, pointer)

    def _wrong(self, value: Any, words: str, pointer: str) -> None:
        self.faulty = True
        detail = f"must be {words}, not {describe(value)}"
        if words == "a string" and isinstance(value, bool | int | float):
            detail += " (in quotes it would be one)"
        self._note("WrongType", detail, pointer)


def _whole(value: Any) -> Any:
    """80.0 is 80: on its way to the API server a number loses an empty fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def describe(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            shown = value if len(value) <= 40 else value[:37] + "..."
            return f"the string {shown!r}"
        case list():
            return "a list"
        case _:
            return "an object"
