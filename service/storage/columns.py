"""Column types that mean the same on SQLite's STRICT tables and on PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGEST_PREFIX = "sha256:"

#: A 64-bit integer. STRICT tables know INTEGER only, which has 64 bits there.
Whole = BigInteger().with_variant(Integer(), "sqlite")


class Timestamp(TypeDecorator[datetime]):
    """An aware time: whole microseconds since 1970 on SQLite, timestamptz on PostgreSQL."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return (value - _EPOCH) // _MICROSECOND if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + int(value) * _MICROSECOND
        assert isinstance(value, datetime)
        return value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON values, kept in the order and spelling in which they were written.

    That is why it is json and not jsonb on PostgreSQL: a recorded verdict comes back as it was.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(JSON())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        # On PostgreSQL the JSON type writes the text itself.
        if value is None or dialect.name != "sqlite":
            return value
        return json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return json.loads(value)


def json_text(value: Any) -> str:
    """The text of JSON values, in their order."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; escaped it can be kept.
        return json.dumps(value, separators=(",", ":"))


class Digest(TypeDecorator[str]):
    """`sha256:<hex>`, stored as its 32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(LargeBinary())
        return dialect.type_descriptor(BYTEA())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        prefix, digits = value[: len(_DIGEST_PREFIX)], value[len(_DIGEST_PREFIX) :]
        if prefix != _DIGEST_PREFIX or len(digits) != 64:
            raise ValueError(f"{value!r} is not a sha256 digest")
        return bytes.fromhex(digits)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _DIGEST_PREFIX + bytes(value).hex()
