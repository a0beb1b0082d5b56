"""Engines: the catalogue, and how requests choose one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields

from service.engines.registry import engine_names
from service.web.schemas.base import AnswerSchema, ApiSchema, Choice, TextMap
from service.web.schemas.plain import PlainField


def engine_name(**kwargs: Any) -> Choice:
    """The field of an engine's name in answers."""
    return Choice(
        "EngineName",
        engine_names(),
        description="A policy engine. `kubernetes` is the reference reading of the API's text, "
        "`none` a cluster without an engine.",
        **kwargs,
    )


class EngineChoiceSchema(ApiSchema):
    """An engine, perhaps with the version and the options that decide what it does.

    Without a version, it follows from the cluster's Kubernetes version.
    """

    EXAMPLES = ({"name": "cilium", "version": "1.17"}, {"name": "npm"})

    class Meta:
        unknown = "exclude"

    name = fields.String(
        required=True,
        metadata={"description": "Name of an engine, or `azure` for npm.", "examples": ["npm"]},
    )
    version = fields.String(
        metadata={"description": "For example 1.17.", "examples": ["1.17"]},
    )
    options = TextMap(metadata={"description": "Options that the engine has, see its catalogue."})


class EngineSelection(PlainField, fields.Nested):
    """An engine in a request: an object, or a text such as `cilium:1.17`."""

    def is_plain(self, value: Any) -> bool:
        return type(value) is str

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(EngineChoiceSchema, **kwargs)

    def _deserialize(
        self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, Mapping):
            raise ValidationError("Not an engine: give a text or an object.")
        return super()._deserialize(value, attr, data, partial, **kwargs)


class EngineProfileSchema(AnswerSchema):
    """The engine, version and options that an answer holds for."""

    EXAMPLES = ({"name": "cilium", "version": "1.17", "options": {}, "profile": "cilium:1.17"},)

    name = engine_name(required=True)
    version = fields.String(required=True, allow_none=True)
    options = TextMap(required=True)
    profile = fields.String(
        required=True, metadata={"description": "All of it as one text.", "examples": ["npm"]}
    )


def profile_body(text: str) -> dict[str, Any]:
    """A profile's parts from its text, such as `cilium:1.17?policyAuditMode=on`."""
    parts = _profile_parts(text)
    return {**parts, "options": {**parts["options"]}}


@lru_cache(maxsize=256)
def _profile_parts(text: str) -> Mapping[str, Any]:
    engine, _, options = text.partition("?")
    name, _, version = engine.partition(":")
    pairs = (each.partition("=") for each in options.split("&") if each)
    return {
        "name": name,
        "version": version or None,
        "options": {key: value for key, _, value in pairs},
        "profile": text,
    }
