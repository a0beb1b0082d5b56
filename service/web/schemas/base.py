"""The base of every schema and the fields that they are made of.

On the wire names are camelCase, in Python snake_case. JSON values are not converted: "80" is no
number and "yes" no boolean. Query parameters are text, so they have fields of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields

from service.web.schemas.plain import Check, plain_check

DIGEST = r"^sha256:[0-9a-f]{64}$"
#: A number, the newest one, or the newest one with a digest.
REVISION = r"^([1-9][0-9]{0,8}|latest|sha256:[0-9a-f]{64})$"
CLUSTER_NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"


def camel(name: str) -> str:
    """`network_profile` as `networkProfile`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Pattern(ma.validate.Regexp):
    """The whole text must match; `$` alone would let a line break pass."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ma.ValidationError(self._format_error(value))
        return value


class ApiSchema(ma.Schema):
    """camelCase on the wire."""

    EXAMPLES: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    """For the OpenAPI document."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel(field_name)


class RequestSchema(ApiSchema):
    """A body or a query; what it does not name is refused."""

    class Meta:
        unknown = ma.RAISE


class AnswerSchema(ApiSchema):
    """An answer; clients must expect members that are not listed yet."""

    class Meta:
        unknown = ma.EXCLUDE


class DocumentSchema(RequestSchema):
    """A body that is checked here and read further in: loading gives it as it was sent."""

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Load what is not plain already."""
        return data if self._is_plain(data) else super().load(data, **kwargs)

    @cached_property
    def _is_plain(self) -> Check:
        return plain_check(self)

    @ma.post_load(pass_original=True)
    def keep(self, _loaded: Any, original: Any, **_: Any) -> Any:
        return original


class ReadySchema(AnswerSchema):
    """An answer that use cases have already given its final form; this only documents it."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return list(obj) if (self.many if many is None else many) else obj


class Choice(fields.String):
    """One of some texts; a component of its own in the OpenAPI document."""

    def __init__(
        self, component: str, values: Iterable[str], *, description: str = "", **kwargs: Any
    ) -> None:
        self.component = component
        self.values = tuple(str(each) for each in values)
        self.description = description
        super().__init__(validate=ma.validate.OneOf(self.values), **kwargs)


class Whole(fields.Integer):
    """A JSON number without a fraction."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Flag(fields.Boolean):
    """JSON true or false."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class TextMap(fields.Dict):
    """An object whose values are texts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), values=fields.String(), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        wrong = {key: ["Not a text."] for key, each in value.items() if not isinstance(each, str)}
        if wrong:
            raise ma.ValidationError(wrong)
        return dict(value)


class Timestamp(fields.DateTime):
    """RFC 3339 in UTC, such as 2026-11-22T20:45:00Z."""

    @staticmethod
    def text(moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else self.text(value)


class QueryNumber(fields.Integer):
    """A whole number in a query."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        # int() would take spaces, underscores and other scripts' digits as well.
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise self.make_error("invalid", input=value)
        return int(value)


class QueryFlag(fields.Boolean):
    """`true` or `false` in a query."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if value not in {"true", "false"}:
            raise self.make_error("invalid", input=value)
        return bool(value == "true")
