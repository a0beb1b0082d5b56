"""Documents that need nothing of marshmallow: every member known, and of its own JSON type.

Most requests are such, and telling takes a tenth of the time of loading. Whatever is not plain is
loaded in full, so that its faults are found and told there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields

Check = Callable[[Any], bool]

_HOOKS = (
    ma.decorators.PRE_LOAD,
    ma.decorators.VALIDATES,
    ma.decorators.VALIDATES_SCHEMA,
)


class PlainField(fields.Field[Any]):
    """A field of ours that can tell by itself whether a value is plain."""

    def is_plain(self, value: Any) -> bool:
        """Whether loading would find no fault in a value; a field that cannot tell says no."""
        return False


def plain_check(schema: ma.Schema) -> Check:
    """What tells whether loading a value with a schema would find no fault in it."""
    if any(schema._hooks[each] for each in _HOOKS) or schema.many or schema.partial:
        return _never
    checks: dict[str, Check] = {}
    required: set[str] = set()
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        checks[key] = _field_check(field)
        if field.required:
            required.add(key)

    def check(value: Any) -> bool:
        if type(value) is not dict or not required <= value.keys():
            return False
        for key, each in value.items():
            found = checks.get(key)
            if found is None or not found(each):
                return False
        return True

    return check


def _field_check(field: fields.Field[Any]) -> Check:
    check = _type_check(field)
    if not field.validators:
        return check

    def validated(value: Any) -> bool:
        if not check(value):
            return False
        try:
            for validate in field.validators:
                if validate(value) is False:
                    return False
        except ma.ValidationError:
            return False
        return True

    return validated


def _type_check(field: fields.Field[Any]) -> Check:
    if isinstance(field, PlainField):
        return field.is_plain
    # Subclasses may mean something else by a value.
    if type(field) is fields.String:
        return lambda value: type(value) is str
    if type(field) is fields.List:
        inner = _field_check(field.inner)
        return lambda value: type(value) is list and all(map(inner, value))
    if type(field) is fields.Nested and not field.many:
        return plain_check(field.schema)
    return _never


def _never(_value: Any) -> bool:
    return False
